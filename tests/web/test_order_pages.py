"""Order pages: who may open them, what they show, what their buttons do, and how many queries they take."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

import ordering
import planning
from ordering import FAR, GOOD_ROW, TODAY, workbook
from punctual.domain.orders.models import Order, OrderImport, ReviewRule
from punctual.domain.orders.services.review import submit_for_review
from punctual.platform.attachments.models import Attachment
from punctual.platform.comments.models import Comment

pytestmark = pytest.mark.django_db

EVERYBODY = ("order_manager", "sales", "supply_chain", "planner", "quality", "finance", "manager", "administrator")
ENTERERS = ("order_manager", "sales", "administrator")


@pytest.fixture(autouse=True)
def _frozen_day(monkeypatch):
    monkeypatch.setattr("django.utils.timezone.localdate", lambda *_a, **_k: TODAY)


def entry(**changes):
    ordering.catalogue()
    return {"header": {"customer": str(ordering.customer().pk)}, "lines": [ordering.line(**changes)]}


def save(client, url, data, **more):
    return client.post(url, {"data": json.dumps(data), **more}, HTTP_ACCEPT="application/json")


@pytest.mark.parametrize("url", ["/orders/", "/reviews/", "/settings/orders/", "/orders/{key}/", "/orders/{key}/peek/"])
def test_pages_for_the_office_are_closed_to_the_shop_floor(signed_in, person, url):
    order = ordering.confirmed(person("order_manager"))
    assert signed_in("worker").get(url.format(key=order.key)).status_code in (403, 404)
    for role in EVERYBODY:
        assert signed_in(role).get(url.format(key=order.key)).status_code == 200, role


@pytest.mark.parametrize("url", ["/orders/new/", "/imports/", "/imports/template/", "/orders/{key}/edit/"])
def test_entry_pages_open_only_for_those_who_enter(signed_in, person, url):
    order = ordering.draft(person("sales"))
    for role in (*EVERYBODY, "worker"):
        status = signed_in(role).get(url.format(key=order.key)).status_code
        assert status == 200 if role in ENTERERS else status in (403, 404), role


def test_what_is_not_there_is_told_in_one_language(signed_in, person):
    text = signed_in("order_manager").get("/orders/nirgends/").content.decode()
    assert "这里没有您能看到的“nirgends”。" in text


def test_home_opens_for_every_role(signed_in, person):
    ordering.confirmed(person("order_manager"))
    for role in (*EVERYBODY, "worker"):
        assert signed_in(role).get("/").status_code == 200


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_pages_speak_both_languages(signed_in, person, language):
    client = signed_in("order_manager")
    client.cookies["django_language"] = language
    order = submit_for_review(actor=person("order_manager"), order_id=ordering.draft(person("sales")).pk, today=TODAY)
    words = {"zh-hans": "订单评审", "en": "Order review"}
    assert words[language] in client.get(f"/orders/{order.number}/").content.decode()


def test_the_list_takes_the_same_queries_for_ten_orders_as_for_forty(signed_in, person):
    client, actor = signed_in("order_manager"), person("sales")
    taken = []
    for count in (3, 10, 40):
        while Order.objects.count() < count:
            ordering.draft(actor)
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/orders/").status_code == 200
        taken.append(len(queries))
    assert taken[1] == taken[2]
    assert taken[2] < 60


def _same_effort_for_more(client, person, address):
    """Three orders more take no more SQL."""
    with CaptureQueriesContext(connection) as few:
        client.get(address)
    for _n in range(3):
        ordering.confirmed(person("order_manager"))
    with CaptureQueriesContext(connection) as more:
        client.get(address)
    assert len(more) == len(few)


def test_the_same_orders_are_bars_over_time(signed_in, person):
    plan = planning.plan(person("planner"))
    Order.objects.update(number="SO-2026-09001")
    running = ordering.confirmed(person("order_manager"))
    draft = ordering.draft(person("sales"))
    assert signed_in("worker").get("/orders/?view=timeline").status_code in (403, 404)
    client = signed_in("sales")
    page = client.get("/orders/?view=timeline&sort=order")
    bars = {order.pk: str(bar) for order, _health, bar in page.context["bars"]}
    assert set(bars) == {row.item.pk for row in client.get("/orders/?sort=order").context["page_rows"]}
    assert "tl-due" in bars[plan.order_id]
    assert f"{plan.progress}%" in bars[plan.order_id]
    assert draft.label in page.content.decode()
    narrowed = client.get("/orders/?view=timeline&state=draft")
    assert [order.pk for order, _health, _bar in narrowed.context["bars"]] == [draft.pk]
    assert running.label not in narrowed.content.decode()
    assert 'href="?state=draft&amp;view=timeline"' in client.get("/orders/?state=draft").content.decode()
    assert client.get("/orders/?view=timeline&q=nowhere").context["bars"] == []
    _same_effort_for_more(client, person, "/orders/?view=timeline")


def test_the_same_orders_are_a_board_by_state_and_a_month_by_promise(signed_in, person):
    running = ordering.confirmed(person("order_manager"))
    ordering.draft(person("sales"))
    Order.objects.filter(pk=running.pk).update(promised_date=dt.date(2026, 12, 17))
    assert signed_in("worker").get("/orders/?view=board").status_code in (403, 404)
    client = signed_in("sales")
    board = client.get("/orders/?view=board").content.decode()
    assert board.count('class="kc"') == 1
    assert running.label in board
    month = client.get("/orders/?view=calendar&month=2026-12").content.decode()
    assert f'title="{running.label} ' in month
    for away in ("view=calendar&month=2026-11", "view=calendar&month=2026-12&state=draft", "view=board&state=draft"):
        assert running.label not in client.get(f"/orders/?{away}").content.decode(), away
    assert client.get("/orders/?view=calendar&month=9999-99").status_code == 200
    _same_effort_for_more(client, person, "/orders/?view=board")


def test_home_and_the_order_page_take_few_queries(signed_in, person, django_assert_max_num_queries):
    actor = person("order_manager")
    order = ordering.draft(actor, *[ordering.line() for _ in range(30)])
    for _ in range(8):
        ordering.confirmed(actor)
    client = signed_in("order_manager")
    with django_assert_max_num_queries(48):
        client.get(f"/orders/{order.key}/")
    client.get("/")
    with CaptureQueriesContext(connection) as eight:
        client.get("/")
    for _ in range(4):
        ordering.confirmed(actor)
    with CaptureQueriesContext(connection) as twelve:
        client.get("/")
    assert len(eight) == len(twelve)
    assert len(eight) < 60


def test_the_list_searches_filters_and_exports(signed_in, person):
    actor = person("order_manager")
    order, other = ordering.confirmed(actor), ordering.draft(actor, customer_po_number="LK-9")
    client = signed_in("order_manager")
    assert order.number in client.get("/orders/?q=锂科&state=confirmed").content.decode()
    page = client.get("/orders/?q=LK-9").content.decode()
    assert f"/orders/{other.pk}/" in page
    assert order.number not in page
    answer = client.get(f"/orders/?ids={order.pk}&export=csv")
    assert order.number in answer.content.decode()
    assert len(answer.content.decode().strip().splitlines()) == 2


@pytest.mark.parametrize(
    "query", ["health=late,at_risk", "due=month", "due=past", "owner=me", "grade=A", "sort=-amount"]
)
def test_every_filter_answers(signed_in, person, query):
    ordering.confirmed(person("order_manager"))
    assert signed_in("order_manager").get(f"/orders/?{query}").status_code == 200


# — entering —


def test_a_form_makes_one_order_however_often_it_is_sent(signed_in):
    client = signed_in("sales")
    data = entry()
    first = save(client, "/orders/new/", data, form_key="k1")
    again = save(client, "/orders/new/", data, form_key="k1")
    assert first.status_code == again.status_code == 200
    assert first.json() == again.json()
    assert Order.objects.count() == 1


def test_a_cell_that_can_not_be_read_is_said_and_nothing_is_saved(signed_in):
    answer = save(signed_in("sales"), "/orders/new/", entry(quantity="zwei"))
    assert answer.status_code == 422
    assert [(one["field"], one["row"]) for one in answer.json()["reasons"]] == [("quantity", 10)]
    assert not Order.objects.exists()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"lines": [1]}'])
def test_a_broken_form_is_refused(signed_in, text):
    assert signed_in("sales").post("/orders/new/", {"data": text}).status_code == 422


def test_an_edit_of_an_older_version_shows_what_changed(signed_in, person):
    order = ordering.draft(person("sales"))
    line = order.lines.get()
    client = signed_in("order_manager")
    url = f"/orders/{order.key}/edit/"
    data = entry(id=line.pk, line_no=10)
    data["header"]["notes"] = "甲"
    assert save(client, url, data, version="1").json()["version"] == 2
    data["header"]["notes"] = "乙"
    conflict = save(client, url, data, version="1")
    assert conflict.status_code == 409
    assert [(one["label"] != "", one["new"]) for one in conflict.json()["changes"]] == [(True, "甲")]
    assert Order.objects.get().notes == "甲"


def test_the_checks_follow_what_stands_on_the_screen(signed_in):
    data = entry(revision="A", unit_price="500000", requested_date="3/19")
    answer = signed_in("sales").post("/orders/check/", json.dumps(data), content_type="application/json").json()
    found = {(one["field"], one["severity"]): one for one in answer["findings"]}
    assert found["revision", "error"]["fixes"][0]["value"] == "B"
    assert found["requested_date", "error"]["fixes"][0]["value"] == "2027-03-19"
    assert found["unit_price", "warning"]["short"]
    assert (answer["errors"], answer["warnings"]) == (2, 1)
    assert answer["lines"][0]["unit"] == "台"
    assert not Order.objects.exists()


def test_the_grid_is_offered_models_and_terms(signed_in):
    ordering.catalogue()
    client = signed_in("sales")
    (product,) = client.get("/orders/products/?q=vi30").json()["products"]
    assert (product["model"], product["revision"], product["price"]) == ("HC-VI30", "B", "710000")
    terms = client.get(f"/orders/customers/{ordering.customer().pk}/").json()
    assert terms["payment_terms"] == "30/60/10"


# — buttons —


def test_from_draft_to_confirmed_on_the_pages(signed_in, person):
    ReviewRule.objects.create(roles=["finance"])
    order = ordering.draft(person("sales"))
    client = signed_in("order_manager")
    client.post(f"/orders/{order.pk}/do/submit/", {"version": order.version})
    order.refresh_from_db()
    assert order.number == "SO-2026-00001"
    refused = client.post(f"/orders/{order.number}/do/confirm/", HTTP_HX_REQUEST="true")
    assert refused.status_code == 422
    assert "财务" in refused.content.decode() or "Finance" in refused.content.decode()
    finance = signed_in("finance")
    assert order.number in finance.get("/reviews/").content.decode()
    finance.post(f"/orders/{order.number}/review/", {"verb": "sign", "comment": "同意"})
    answer = signed_in("order_manager").post(f"/orders/{order.number}/do/confirm/", HTTP_HX_REQUEST="true")
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, f"/orders/{order.number}/")
    assert Order.objects.get().state == "confirmed"


def test_buttons_of_others_are_refused(signed_in, person):
    order = ordering.confirmed(person("order_manager"))
    for verb in ("hold", "start", "cancel"):
        assert signed_in("sales").post(f"/orders/{order.number}/do/{verb}/", {"reason": "x"}).status_code == 403
    assert signed_in("order_manager").post(f"/orders/{order.number}/do/fly/").status_code == 404
    assert Order.objects.get().state == "confirmed"


def test_comments_files_copy_and_owner(signed_in, person):
    order = ordering.confirmed(person("order_manager"))
    client, url = signed_in("order_manager"), f"/orders/{order.number}/"
    client.post(f"{url}comment/", {"text": "现场多留一天"})
    assert "现场多留一天" in client.get(f"{url}?feed=comments").content.decode()
    client.post(f"{url}files/", {"file": SimpleUploadedFile("协议.html", b"<script>alert(1)</script>")})
    file = Attachment.objects.get()
    answer = client.get(f"{url}files/{file.pk}/")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert client.post(f"{url}copy/").status_code == 302
    client.post("/orders/owner/", {"ids": str(order.pk), "owner": person("sales").pk})
    order.refresh_from_db()
    assert order.owner == person("sales")
    assert Comment.objects.count() == 1


def test_a_warning_is_waived_and_taken_back_on_the_page(signed_in, person):
    order = ordering.draft(person("sales"), ordering.line(unit_price="600000"))
    client, url = signed_in("sales"), f"/orders/{order.pk}/"
    assert (
        client.post(f"{url}waive/", {"code": "order.line.price_off_list", "line": "10", "reason": ""}).status_code
        == 422
    )
    client.post(f"{url}waive/", {"code": "order.line.price_off_list", "line": "10", "reason": "框架价"})
    assert "框架价" in client.get(url).content.decode()
    waiver = order.waivers.get()
    client.post(f"{url}waivers/{waiver.pk}/withdraw/")
    waiver.refresh_from_db()
    assert waiver.withdrawn_at is not None


# — import —


def test_a_file_is_uploaded_settled_and_taken_over(signed_in):
    ordering.catalogue()
    ordering.customer()
    client = signed_in("sales")
    content = workbook([GOOD_ROW, (20, "HC-VI30", "A", "", 2, "台", 710_000, FAR)])
    answer = client.post("/imports/", {"file": SimpleUploadedFile("po.xlsx", content)})
    item = OrderImport.objects.get()
    url = f"/imports/{item.pk}/"
    assert answer.headers["Location"] == url
    page = client.get(url).content.decode()
    assert "data-problem" in page
    promise = f"/promise/imports/{item.pk}/"
    assert promise in page
    assert [client.get(one).status_code for one in (promise, "/promise/imports/99/")] == [200, 404]
    assert signed_in("planner").get(promise).status_code == 403  # who enters no orders asks for no date
    client = signed_in("sales")
    assert client.post(f"{url}take-over/").status_code == 422
    fixed = {"index": "1", "field": "revision", "choice": "fix:B", "remember": "1", "version": str(item.version)}
    answer = client.post(f"{url}cell/", fixed, HTTP_HX_REQUEST="true")
    assert answer.status_code == 200
    assert "data-problem" not in answer.content.decode()
    for query in ("show=errors", "show=fixed", "show=warnings", "at=1.revision", "page=9"):
        assert client.get(f"{url}?{query}").status_code == 200
    assert client.get(f"{url}original/").content == content
    assert client.get(f"{url}errors/").status_code == 200
    client.post(f"{url}take-over/")
    assert Order.objects.get().line_count == 2
    assert client.get(url).status_code == 200


@pytest.mark.parametrize(("content", "name"), [(b"", "po.xlsx"), (b"junk", "po.xlsx"), (b"x", "po.exe")])
def test_a_bad_file_is_said_on_the_page(signed_in, content, name):
    client = signed_in("sales")
    answer = client.post("/imports/", {"file": SimpleUploadedFile(name, content)})
    assert answer.status_code == 422
    assert client.post("/imports/").status_code == 422
    assert not OrderImport.objects.exists()


def test_header_columns_and_sheet_of_an_import_are_changed(signed_in):
    ordering.catalogue()
    other = ordering.customer("C002", "苏州恒拓电子股份有限公司")
    client = signed_in("sales")
    client.post("/imports/", {"file": SimpleUploadedFile("po.xlsx", workbook([GOOD_ROW], buyer="无名"))})
    item = OrderImport.objects.get()
    url = f"/imports/{item.pk}/"
    client.post(f"{url}header/", {"customer": other.pk, "customer_po_number": "HT-1"})
    item.refresh_from_db()
    assert (item.customer, item.header_values["customer_po_number"]) == (other, "HT-1")
    client.post(f"{url}columns/", {f"col-{index}": name for index, name in item.mapping.items() if name != "unit"})
    item.refresh_from_db()
    assert "unit" not in item.mapping.values()
    assert client.post(f"{url}columns/", {"sheet": "采购订单", "header_row": "99"}).status_code == 422
    client.post(f"{url}columns/", {"sheet": "采购订单", "header_row": "4"})
    client.post(f"{url}drop/")
    assert not OrderImport.objects.exists()


# — settings —


def test_tolerances_and_review_rules_are_set(signed_in):
    ordering.catalogue()
    client = signed_in("order_manager")
    values = {
        "price_tolerance_percent": "8",
        "review_hours": "8",
        "at_risk_days": "3",
        "quote_days": "14",
        "version": "1",
    }
    assert client.post("/settings/orders/", values).status_code == 302
    assert client.post("/settings/orders/", {**values, "version": "1"}).status_code == 409
    assert client.post("/settings/orders/", {**values, "version": "2", "quote_days": "999"}).status_code == 422
    rules = {"part": "rules", "rows": "2", "roles-0": ["sales", "finance"], "amount-0": "1,000", "family-0": ""}
    assert client.post("/settings/orders/", rules).status_code == 302
    assert [(one.minimum_amount, one.roles) for one in ReviewRule.objects.all()] == [(1000, ["finance", "sales"])]
    assert client.post("/settings/orders/", {**rules, "amount-0": "viel"}).status_code == 422
    assert signed_in("sales").post("/settings/orders/", rules).status_code in (403, 422)
    assert ReviewRule.objects.count() == 1
