"""Pages of materials, stock, shortages and purchases, and the same through the API."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

import supplying
from punctual.domain.supply.models import BomLine, Material, PurchaseOrder, Shortage, StockItem
from punctual.domain.supply.services import links
from punctual.platform.sheets.writer import write_csv
from punctual.web.templatetags.supply import gap

pytestmark = pytest.mark.django_db
Enter = Callable[[str], Client]
PAGES = (
    "/shortages/", "/materials/", "/stock-items/", "/boms/", "/purchase-orders/", "/purchase-requests/",
    "/supplier-scorecard/",
)  # fmt: skip


@pytest.fixture
def admin(person: Any) -> Any:
    return person("administrator")


@pytest.fixture
def world(admin: Any, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Six pumps on order that come ten working days after they are needed."""
    monkeypatch.setattr(timezone, "localdate", lambda *more: supplying.TODAY)
    pump = supplying.material()
    supplying.bom(pump)
    bought = supplying.purchase(admin, pump, "6", dt.date(2026, 12, 11))
    order = supplying.order(admin, promised=dt.date(2026, 12, 2))
    return {"pump": pump, "purchase": bought, "order": order, "shortage": Shortage.objects.get()}


def words(response: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def api(client: Client, method: str, path: str, **body: Any) -> Any:
    more = {"data": json.dumps(body), "content_type": "application/json"} if method == "post" else {}
    return client.generic(method.upper(), f"/api/v1{path}", **more)


@pytest.mark.parametrize("role", ["worker", "sales", "order_manager", "supply_chain"])
def test_the_office_reads_and_the_shop_floor_does_not(world: dict[str, Any], signed_in: Enter, role: str) -> None:
    client = signed_in(role)
    for path in PAGES:
        assert client.get(path).status_code == (403 if role == "worker" else 200), path
    for path in (f"/materials/{world['pump'].pk}/", f"/purchase-orders/{world['purchase'].number}/"):
        assert client.get(path).status_code == (200 if role != "worker" else 404 if "mat" in path else 403), path


def test_costs_are_hidden_from_those_who_do_not_answer_for_them(world: dict[str, Any], signed_in: Enter) -> None:
    number = world["purchase"].number
    client = signed_in("sales")
    assert "¥6,000" not in words(client.get(f"/purchase-orders/{number}/"))
    assert client.get(f"/purchase-orders/{number}/pdf/").status_code == 403
    assert api(client, "get", f"/purchase-orders/{number}").json()["total_amount"] is None
    assert api(client, "get", f"/shortages/{world['shortage'].pk}/ways-out").json()[0]["cost"] is None
    client = signed_in("finance")
    assert "¥6,000" in words(client.get(f"/purchase-orders/{number}/"))
    assert client.get(f"/purchase-orders/{number}/pdf/").content.startswith(b"%PDF")


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_shortage_says_what_where_when_and_the_ways_out(
    world: dict[str, Any], signed_in: Enter, language: str
) -> None:
    client = signed_in("order_manager")
    client.cookies["django_language"] = language
    text = words(client.get("/shortages/"))
    for part in ("注液泵 NP-25", "SO-2026-00001", "2 装配", "¥10,000", world["purchase"].number):
        assert part in text, part
    assert ("断料" if language == "zh-hans" else "Stops the work") in text
    ways = f"/shortages/{world['shortage'].pk}/ways/"
    assert f'hx-get="{ways}"' in client.get("/shortages/").content.decode()
    text = words(client.get(ways))
    assert ("加急 PO-2026-00001" if language == "zh-hans" else "Expedite PO-2026-00001") in text


def test_the_purchase_lines_below_the_shortages_come_by_themselves(world: dict[str, Any], signed_in: Enter) -> None:
    client = signed_in("order_manager")
    assert 'hx-get="/shortages/lines/?lines=all"' in client.get("/shortages/?lines=all").content.decode()
    for lines in ("", "?lines=all"):
        assert world["purchase"].number in words(client.get(f"/shortages/lines/{lines}"))
    worker = signed_in("worker")
    for part in ("lines", f"{world['shortage'].pk}/ways"):
        assert worker.get(f"/shortages/{part}/").status_code == 403


def test_a_changed_date_is_shown_before_it_is_done(world: dict[str, Any], signed_in: Enter) -> None:
    client = signed_in("order_manager")
    line = world["purchase"].lines.get()
    address = f"/purchase-orders/{world['purchase'].number}/revise/"
    form = {"line": line.pk, "day": "2026-12-18", "reason": "返工"}
    answer = client.post(address, form)
    assert "12-23" in words(answer)
    line.refresh_from_db()
    assert line.expected_date == dt.date(2026, 12, 11)
    answer = client.post(address, {**form, "commit": "1"})
    assert answer["Location"] == "/shortages/?order=SO-2026-00001"
    line.refresh_from_db()
    assert line.expected_date == dt.date(2026, 12, 18)
    assert signed_in("sales").post(address, {**form, "commit": "1"}).status_code == 403


@pytest.mark.parametrize("day", ["", "morgen", "2026-13-01", "2026-11-01"])
def test_a_day_that_is_none_is_one_sentence(world: dict[str, Any], signed_in: Enter, day: str) -> None:
    line = world["purchase"].lines.get()
    address = f"/purchase-orders/{world['purchase'].number}/revise/"
    answer = signed_in("supply_chain").post(address, {"line": line.pk, "day": day})
    assert answer.status_code == 422


def test_the_order_shows_its_materials(world: dict[str, Any], signed_in: Enter) -> None:
    text = words(signed_in("order_manager").get(f"/orders/{world['order'].number}/later/"))
    assert "物料与缺料" in text
    assert "注液泵" in text


def test_a_purchase_order_is_entered_sent_confirmed_and_received(world: dict[str, Any], signed_in: Enter) -> None:
    client = signed_in("supply_chain")
    form = {
        "supplier": world["purchase"].supplier_id,
        "material": ["NP-25 注液泵", ""],
        "description": ["", ""],
        "quantity": ["4", ""],
        "unit_price": ["1,000.5", ""],
        "asked_date": ["2026-12-20", ""],
    }
    bad = client.post("/purchase-orders/new/", {**form, "quantity": ["vier", ""]})
    assert bad.status_code == 422
    assert "vier" in bad.content.decode()
    address = client.post("/purchase-orders/new/", form)["Location"]
    order = PurchaseOrder.objects.get(number=address.split("/")[2])
    assert order.total_amount == Decimal("4002.00")
    client.post(f"{address}do/send/", {"version": order.version})
    line = order.lines.get()
    client.post(f"{address}confirm/", {f"day-{line.pk}": "2026-12-22"})
    assert client.post(f"{address}receive/", {"line": line.pk, "quantity": "5"}).status_code == 422
    client.post(f"{address}receive/", {"line": line.pk, "quantity": "4"})
    order.refresh_from_db()
    assert order.state == "received"
    assert StockItem.objects.get(material=world["pump"]).on_hand == 4
    assert client.get(address).status_code == 200


def test_lists_read_the_database_equally_often_however_long_they_are(
    world: dict[str, Any], admin: Any, signed_in: Enter
) -> None:
    client = signed_in("supply_chain")

    def reads() -> dict[str, int]:
        found = {}
        for path in PAGES:
            client.get(path)
            with CaptureQueriesContext(
                connection,
            ) as queries:
                client.get(path)
            found[path] = len(queries)
        return found

    supplying.stock(admin, supplying.material("X-9", "阀 9"), "3")
    before = reads()
    for number in range(6):
        other = supplying.material(f"X-{number}", f"阀 {number}")
        supplying.stock(admin, other, "3")
        supplying.purchase(admin, other, "2", dt.date(2026, 12, 20))
    assert reads() == before
    assert max(before.values()) < 60


def test_the_suppliers_page_opens_without_a_sign_in_and_shows_nothing_else(world: dict[str, Any], admin: Any) -> None:
    order = supplying.purchase(admin, world["pump"], "2", dt.date(2026, 12, 20), confirmed=False)
    token = links.make_link(actor=admin, purchase_id=order.pk, today=supplying.TODAY)[1]
    stranger = Client()
    page = stranger.get(f"/supplier-link/{token}/")
    assert page.status_code == 200
    assert "SO-2026" not in words(page)
    assert "¥" not in words(page)
    line = order.lines.get()
    assert stranger.post(f"/supplier-link/{token}/", {f"day-{line.pk}": "2026-12-28"}).status_code == 200
    order.refresh_from_db()
    assert order.state == "confirmed"
    assert stranger.post(f"/supplier-link/{token}/", {f"day-{line.pk}": "2026-12-29"}).status_code == 422
    assert stranger.get("/supplier-link/none/").status_code == 404


@pytest.mark.parametrize("end", ["replaced", "withdrawn", "expired", "used and expired"])
def test_a_suppliers_link_that_has_ended_shows_nothing_of_the_order(
    world: dict[str, Any], admin: Any, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    order = supplying.purchase(admin, world["pump"], "2", dt.date(2026, 12, 20), confirmed=False)
    link, token = links.make_link(actor=admin, purchase_id=order.pk, today=supplying.TODAY)
    line, stranger = order.lines.get(), Client()
    if "used" in end:
        stranger.post(f"/supplier-link/{token}/", {f"day-{line.pk}": "2026-12-28"})
        assert line.description in words(stranger.get(f"/supplier-link/{token}/"))
    if end == "replaced":
        links.make_link(actor=admin, purchase_id=order.pk, today=supplying.TODAY)
    if end == "withdrawn":
        links.withdraw_link(actor=admin, link_id=link.pk)
    if "expired" in end:
        later = supplying.TODAY + dt.timedelta(days=links.DAYS + 1)
        monkeypatch.setattr(timezone, "localdate", lambda *more: later)
    for page in (
        stranger.get(f"/supplier-link/{token}/"),
        stranger.post(f"/supplier-link/{token}/", {f"day-{line.pk}": "2026-12-29"}),
    ):
        assert page.status_code == 422
        for shown in (order.number, line.description, order.supplier.name):
            assert shown not in words(page)


@pytest.mark.parametrize("subject", ["materials", "boms", "stock-counts"])
def test_what_is_exported_is_read_back(world: dict[str, Any], admin: Any, signed_in: Enter, subject: str) -> None:
    supplying.stock(admin, world["pump"], "3")
    client = signed_in("supply_chain")
    address = {"materials": "/materials/", "boms": "/boms/", "stock-counts": "/stock-items/"}[subject]
    content = client.get(f"{address}?export=csv").content
    assert content.count(b"NP-25") >= 1
    upload = client.post(f"{address}import/", {"file": SimpleUploadedFile("x.csv", content)})
    assert upload.status_code == 302
    preview = client.get(upload["Location"])
    assert preview.status_code == 200


def test_a_sheet_of_lines_makes_a_bill_of_material(world: dict[str, Any], signed_in: Enter) -> None:
    Material.objects.create(code="KF-25", name="真空阀", unit="个")
    header = ["产品型号", "产品版本", "物料编码", "用量", "损耗率", "使用任务"]
    sheet = write_csv(header, [["HC-1", "A", "KF-25", 2, 5, "装配"]])
    client = signed_in("supply_chain")
    upload = client.post("/boms/import/", {"file": SimpleUploadedFile("bom.csv", sheet)})
    client.post(upload["Location"])
    line = BomLine.objects.get(material__code="KF-25")
    assert (line.quantity, line.scrap_percent, line.used_in) == (2, 5, "装配")
    assert line.bom.revision is not None
    assert line.bom.revision.product.model == "HC-1"


def test_the_api_does_what_the_pages_do(world: dict[str, Any], signed_in: Enter) -> None:
    client = signed_in("supply_chain")
    number = world["purchase"].number
    short = api(client, "get", "/shortages?state=stops").json()
    assert [(one["material"], one["moves"], one["damages"]) for one in short["items"]] == [("NP-25", 10, "10000.00")]
    shown = api(client, "post", f"/purchase-orders/{number}/lines/10/date", day="2026-11-27", preview=True).json()
    assert [hit["planned_after"] for hit in shown["hits"]] == ["2026-12-02"]
    assert api(client, "get", "/shortages").json()["items"][0]["moves"] == 10
    api(client, "post", f"/purchase-orders/{number}/lines/10/date", day="2026-11-27")
    assert api(client, "get", "/shortages").json()["items"][0]["moves"] == 0
    atp = api(client, "get", f"/materials/{world['pump'].pk}/atp").json()
    assert [one["quantity"] for one in atp][-1] in ("0", "0.000000")
    needs = api(client, "get", "/requirements?order=SO-2026-00001").json()
    assert needs[0]["on_the_way"] == "6.000000"
    refused = api(client, "post", f"/purchase-orders/{number}/lines/10/receive", quantity="7")
    assert (refused.status_code, refused.json()["code"]) == (422, "receipt.over")


@pytest.mark.parametrize(("days", "says"), [(1, "1 day late"), (2, "2 days late")])
def test_a_single_day_late_is_no_plural(days: int, says: str) -> None:
    due = dt.date(2026, 3, 2)
    with translation.override("en"):
        assert says in gap(due + dt.timedelta(days=days), due)
