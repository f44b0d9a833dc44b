"""Fields that a company adds: who defines them, what is refused, where the values are seen and used."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import translation

import ordering
import planning
from punctual.domain.orders.import_custom import own_fields
from punctual.domain.orders.importing import guess_mapping
from punctual.domain.orders.models import Order, OrderState
from punctual.domain.orders.services.bulk_import import import_file
from punctual.domain.orders.services.custom import set_order_fields
from punctual.domain.orders.services.imports import evaluated, set_cell, take_over, upload
from punctual.domain.orders.services.review import submit_for_review
from punctual.domain.parties.models import Customer
from punctual.flows.master_import import SUBJECTS
from punctual.flows.master_import.reading import guess, read_rows, read_table
from punctual.flows.master_import.running import run
from punctual.kernel.refusal import Conflict, Forbidden, Refusal
from punctual.platform.accounts.models import User
from punctual.platform.accounts.services import issue_token
from punctual.platform.audit.services import story_of
from punctual.platform.custom_fields.models import CustomField, CustomValue
from punctual.platform.custom_fields.rules import FieldFacts, read_value
from punctual.platform.custom_fields.selectors import data_of, fields_of, narrowed, with_values
from punctual.platform.custom_fields.services import archive_field, change_field, define_field
from punctual.platform.sheets.reader import read_sheets

Person = Callable[[str], User]
MODES = (("海运", "Sea freight"), ("空运", "Air freight"))
MODE = FieldFacts("order", "mode", "运输方式", "Shipping mode", "choice", MODES)
ROLES = ["order_manager", "sales", "supply_chain", "planner", "quality", "finance", "worker", "manager"]


@pytest.fixture
def order(person: Person) -> Order:
    return ordering.draft(person("sales"))


def _define(person: Person, *facts: FieldFacts) -> list[CustomField]:
    return [define_field(actor=person("administrator"), facts=one) for one in facts]


@pytest.mark.parametrize("role", ROLES)
def test_only_administrators_define_fields(person: Person, role: str) -> None:
    with pytest.raises(Forbidden):
        define_field(actor=person(role), facts=MODE)
    assert not CustomField.objects.exists()


@pytest.mark.parametrize(
    ("wish", "codes"),
    [
        ({"key": "Mode 1"}, {"custom_field.key.form"}),
        ({"label_zh": "", "label_en": " "}, {"custom_field.label_zh.missing"}),
        ({"options": (("海运", ""),)}, {"custom_field.options.count"}),
        ({"options": (("海运", ""), ("海运", ""))}, {"custom_field.options.twice"}),
        ({"options": (("a,b", ""), ("c", ""))}, {"custom_field.options.form"}),
        ({"kind": "colour", "subject": "supplier"}, {"custom_field.kind.unknown", "custom_field.subject.unknown"}),
    ],
)
def test_every_reason_against_a_field_comes_at_once(person: Person, wish: dict[str, Any], codes: set[str]) -> None:
    with pytest.raises(Refusal) as refusal:
        define_field(actor=person("administrator"), facts=FieldFacts(**{**_as_dict(MODE), **wish}))
    assert refusal.value.codes == codes
    assert not CustomField.objects.exists()


def _as_dict(facts: FieldFacts) -> dict[str, Any]:
    return {name: getattr(facts, name) for name in FieldFacts.__dataclass_fields__}


@pytest.mark.parametrize(
    ("kind", "given", "kept"),
    [
        ("number", "１２．５", Decimal("12.5")),
        ("number", "a lot", None),
        ("number", "1e400", None),
        ("day", "2026-02-30", None),
        ("day", "2026年3月1日", dt.date(2026, 3, 1)),
        ("yes_no", "是", True),
        ("yes_no", "maybe", None),
        ("choice", "sea freight", "海运"),
        ("choice", "陆运", None),
        ("text", "x" * 501, None),
        ("text", "a\0b", None),
        ("text", " ok ", "ok"),
    ],
)
def test_a_value_is_read_or_refused_with_one_sentence(kind: str, given: str, kept: object) -> None:
    value, reason = read_value(FieldFacts("order", "f", "字段", kind=kind, options=MODES), given, label="字段")
    assert value == kept
    assert (reason is None) == (kept is not None)


def test_values_are_refused_for_who_may_not_and_for_what_is_over(person: Person, order: Order) -> None:
    _define(person, MODE)
    with pytest.raises(Forbidden):
        set_order_fields(actor=person("planner"), order_id=order.pk, given={"mode": "海运"}, expected_version=None)
    with pytest.raises(Refusal) as refusal:
        set_order_fields(
            actor=person("sales"), order_id=order.pk, given={"mode": "陆运", "colour": "red"}, expected_version=None
        )
    assert refusal.value.codes == {"custom.mode", "custom.unknown"}
    with pytest.raises(Conflict):
        set_order_fields(actor=person("sales"), order_id=order.pk, given={"mode": "海运"}, expected_version=99)
    Order.objects.filter(pk=order.pk).update(state=OrderState.CANCELLED)
    with pytest.raises(Refusal):
        set_order_fields(actor=person("sales"), order_id=order.pk, given={"mode": "海运"}, expected_version=None)
    assert not CustomValue.objects.exists()


def test_a_value_stands_in_the_story_and_counts_the_version(person: Person, order: Order) -> None:
    _define(person, MODE)
    changed = set_order_fields(
        actor=person("sales"), order_id=order.pk, given={"mode": "Air freight"}, expected_version=order.version
    )
    assert changed.version == order.version + 1
    entry = story_of(order)[0]
    assert entry.changes == [{"field": "custom:mode", "old": None, "new": "空运"}]
    again = set_order_fields(actor=person("sales"), order_id=order.pk, given={"mode": "空运"}, expected_version=None)
    assert again.version == changed.version


def test_what_must_be_filled_in_stops_the_review_until_it_is(person: Person, order: Order) -> None:
    _define(person, FieldFacts(**{**_as_dict(MODE), "required": True}))
    with pytest.raises(Refusal) as refusal:
        submit_for_review(actor=person("sales"), order_id=order.pk, today=ordering.TODAY)
    assert refusal.value.codes == {"custom.mode.missing"}
    set_order_fields(actor=person("sales"), order_id=order.pk, given={"mode": "海运"}, expected_version=None)
    assert submit_for_review(actor=person("sales"), order_id=order.pk, today=ordering.TODAY).number


def test_a_choice_taken_out_stays_where_it_was_chosen_and_is_offered_no_more(person: Person, order: Order) -> None:
    field = _define(person, MODE)[0]
    set_order_fields(actor=person("sales"), order_id=order.pk, given={"mode": "海运"}, expected_version=None)
    wish = FieldFacts(**{**_as_dict(MODE), "options": (("空运", ""), ("陆运", ""))})
    change_field(actor=person("administrator"), field_id=field.pk, facts=wish, expected_version=1)
    set_order_fields(actor=person("sales"), order_id=order.pk, given={"mode": "海运"}, expected_version=None)
    set_order_fields(actor=person("sales"), order_id=order.pk, given={"mode": "陆运"}, expected_version=None)
    with pytest.raises(Refusal):
        set_order_fields(actor=person("sales"), order_id=order.pk, given={"mode": "海运"}, expected_version=None)
    other = FieldFacts(**{**_as_dict(wish), "kind": "text"})
    with pytest.raises(Refusal) as refusal:
        change_field(actor=person("administrator"), field_id=field.pk, facts=other, expected_version=None)
    assert refusal.value.codes == {"custom_field.kind.fixed"}


def test_an_archived_field_is_seen_nowhere_and_comes_back_with_its_values(person: Person, order: Order) -> None:
    field = _define(person, MODE)[0]
    set_order_fields(actor=person("sales"), order_id=order.pk, given={"mode": "海运"}, expected_version=None)
    archive_field(actor=person("administrator"), field_id=field.pk, archived=True, expected_version=None)
    assert not fields_of("order").exists()
    with pytest.raises(Refusal):
        set_order_fields(actor=person("sales"), order_id=order.pk, given={"mode": "海运"}, expected_version=None)
    archive_field(actor=person("administrator"), field_id=field.pk, archived=False, expected_version=None)
    assert CustomValue.objects.get().text == "海运"


def test_rows_are_narrowed_by_choice_range_part_and_emptiness(person: Person, order: Order) -> None:
    mode, weight, due, note = _define(
        person,
        MODE,
        FieldFacts("order", "weight", "重量", kind="number"),
        FieldFacts("order", "customs", "报关日", kind="day"),
        FieldFacts("order", "note", "备注", kind="text"),
    )
    other = ordering.draft(person("sales"))
    given = {"mode": "海运", "weight": "12.5", "customs": "2026-12-01", "note": "易碎 fragile"}
    set_order_fields(actor=person("sales"), order_id=order.pk, given=given, expected_version=None)
    rows = Order.objects.all()
    for field, wish in (
        (mode, "海运"),
        (weight, "10..20"),
        (weight, "12.5"),
        (weight, "..13"),
        (due, "2026-12-01.."),
        (note, "FRAG"),
    ):
        assert list(narrowed(rows, field, [wish])) == [order], wish
        assert list(narrowed(rows, field, ["-"])) == [other]
    for field, wish in ((mode, "空运"), (weight, "x..y"), (weight, "13.."), (due, "2027-01-01..")):
        assert not narrowed(rows, field, [wish]).exists(), wish
    assert list(narrowed(rows, mode, ["海运"] * 3000)) == [order], "one value, however often an address names it"
    assert narrowed(rows, mode, [str(number) for number in range(3000)]).count() == 0
    ordered = with_values(rows, [weight]).exclude(**{f"custom_{weight.pk}": None})
    assert [getattr(row, f"custom_{weight.pk}") for row in ordered] == [Decimal("12.5")]


# ------------------------------------------------------------------------------------------------------ the pages


def test_a_field_is_defined_filled_in_listed_filtered_and_exported(
    person: Person, signed_in: Callable[[str], Client], order: Order
) -> None:
    admin = signed_in("administrator")
    told = {
        "label_zh": "运输方式",
        "label_en": "Shipping mode",
        "key": "mode",
        "kind": "choice",
        "position": "10",
        "options": "海运 | Sea freight\n空运 | Air freight",
        "in_list": "on",
    }
    refused = admin.post("/settings/fields/new/order/", {**told, "options": "海运"})
    assert refused.status_code == 422
    assert admin.post("/settings/fields/new/order/", told).status_code == 302
    assert "运输方式" in admin.get("/settings/fields/").content.decode()
    sales = signed_in("sales")
    page = f"/orders/{order.key}/fields/"
    wrong = sales.post(page, {"custom_mode": "陆运", "version": order.version})
    assert wrong.status_code == 422
    assert "陆运" in wrong.content.decode()
    assert sales.post(page, {"custom_mode": "海运", "version": order.version}).status_code == 302
    assert "海运" in sales.get(f"/orders/{order.key}/later/").content.decode()
    shown = sales.get("/orders/?custom_mode=海运&sort=custom_mode").content.decode()
    assert order.label in shown
    assert "运输方式" in shown
    assert order.label not in sales.get("/orders/?custom_mode=空运").content.decode()
    file = sales.get("/orders/?export=csv").content.decode("utf-8-sig")
    assert "运输方式" in file.splitlines()[0]
    assert "海运" in file
    sales.post("/i18n/setlang/", {"language": "en"})
    with translation.override("en"):
        assert "Sea freight" in sales.get("/orders/", headers={"accept-language": "en"}).content.decode()


@pytest.mark.parametrize("role", ROLES)
def test_who_may_not_define_finds_no_form(signed_in: Callable[[str], Client], role: str) -> None:
    client = signed_in(role)
    assert client.get("/settings/fields/new/order/").status_code == 403
    assert client.post("/settings/fields/new/order/", {"key": "x"}).status_code == 403


def test_customers_have_them_in_their_form_their_file_and_their_import(
    person: Person, signed_in: Callable[[str], Client]
) -> None:
    _define(person, FieldFacts("customer", "industry", "行业", "Industry", "choice", MODES, required=True))
    client = signed_in("sales")
    told = {"code": "C1", "name": "甲公司", "grade": "A", "currency": "CNY"}
    assert client.post("/customers/new/", told).status_code == 422
    assert client.post("/customers/new/", {**told, "custom_industry": "海运"}).status_code == 302
    content = client.get("/customers/?export=csv").content
    assert "行业" in content.decode("utf-8-sig").splitlines()[0]
    subject, actor = SUBJECTS["customers"], person("sales")
    table = read_table(subject, actor, content.replace("海运".encode(), "空运".encode()), "c.csv")
    rows = read_rows(subject, table, guess(subject, actor, table.header))
    assert run(subject, actor=actor, rows=rows, today=ordering.TODAY, write=True).written
    assert CustomValue.objects.get().text == "空运"
    bad = read_table(subject, actor, content.replace("海运".encode(), "陆运".encode()), "c.csv")
    result = run(
        subject,
        actor=actor,
        rows=read_rows(subject, bad, guess(subject, actor, bad.header)),
        today=ordering.TODAY,
        write=True,
    )
    assert result.refused == 1
    assert CustomValue.objects.get().text == "空运"


def test_the_form_of_an_order_takes_them_and_a_draft_may_lack_what_must_be_filled_in(
    person: Person, signed_in: Callable[[str], Client], order: Order
) -> None:
    _define(person, FieldFacts(**{**_as_dict(MODE), "required": True}))
    client = signed_in("sales")
    form = client.get("/orders/new/").content.decode()
    assert 'name="custom_mode"' in form

    def save(url: str, **header: object) -> Any:
        told = json.dumps({"header": header, "lines": []})
        return client.post(url, {"data": told, "version": Order.objects.latest("pk").version})

    customer = order.customer_id
    refused = save("/orders/new/", customer=customer, custom_mode="陆运")
    assert refused.json()["reasons"][0]["field"] == "custom_mode"
    assert save("/orders/new/", customer=customer, custom_ship="x").status_code == 422
    assert Order.objects.count() == 1
    assert save("/orders/new/", customer=customer, custom_mode="").status_code == 200
    made = Order.objects.latest("pk")
    page = f"/orders/{made.pk}/edit/"
    assert save(page, customer=customer, custom_mode="空运").status_code == 200
    made.refresh_from_db()
    assert made.version == 2
    assert story_of(made)[0].changes == [{"field": "custom:mode", "old": None, "new": "空运"}]
    assert '<option value="空运" selected>' in client.get(page).content.decode()
    assert save(page, customer=customer, custom_mode="").status_code == 422
    assert CustomValue.objects.get().text == "空运"


def test_a_sheet_names_them_in_a_column_or_above_and_every_row_says_the_same(
    person: Person, signed_in: Callable[[str], Client]
) -> None:
    _define(person, MODE, FieldFacts("order", "weight", "毛重", "Gross weight", "number"))
    ordering.catalogue()
    ordering.customer()
    actor = person("sales")

    def file(*told: tuple[object, object], po: str = "PO-1") -> bytes:
        rows = [(*ordering.GOOD_ROW, *more) for more in told]
        return ordering.workbook(rows, header=(*ordering.HEADER, "运输方式", "gross weight"), po=po)

    bad = upload(actor=actor, content=file(("海运", "heavy"), ("空运", None)), name="po.xlsx", today=ordering.TODAY)
    found = evaluated(bad, today=ordering.TODAY)
    assert [[one.reason.code for one in row.errors] for row in found.rows] == [
        ["custom.weight"],
        ["order.import.custom_differs"],
    ]
    with pytest.raises(Refusal):
        take_over(actor=actor, import_id=bad.pk, today=ordering.TODAY)
    page = signed_in("sales").get(f"/imports/{bad.pk}/").content.decode()
    assert "→ 毛重" in page
    bad = set_cell(actor=actor, import_id=bad.pk, index=0, field="custom_weight", value="12.5", today=ordering.TODAY)
    set_cell(actor=actor, import_id=bad.pk, index=1, field="custom_mode", value="海运", today=ordering.TODAY)
    made = take_over(actor=actor, import_id=bad.pk, today=ordering.TODAY)
    assert isinstance(made, Order)
    assert data_of("order", made.pk) == {"mode": "海运", "weight": "12.5"}
    next_file = file(("海运", 3), (None, 3), po="PO-2")
    taken = import_file(actor=actor, content=next_file, name="po.xlsx", today=ordering.TODAY)
    assert data_of("order", Order.objects.latest("pk").pk) == {"mode": "海运", "weight": "3"}, taken


def test_the_empty_sheet_is_read_back_column_by_column(person: Person, signed_in: Callable[[str], Client]) -> None:
    _define(person, MODE)
    for language, label in (("zh-hans", "运输方式"), ("en", "Shipping mode")):
        client = signed_in("sales")
        client.post("/i18n/setlang/", {"language": language})
        content = client.get("/imports/template/", headers={"accept-language": language}).content
        header = [str(cell) for cell in read_sheets(content, "o.xlsx")[0].rows[0]]
        assert header[-1] == label
        assert len(guess_mapping(header, {}, own_fields())) == len(header)


def test_the_api_tells_them_takes_them_and_filters(person: Person, client: Client, order: Order) -> None:
    _define(person, MODE, FieldFacts("order", "weight", "重量", kind="number"))
    head = {"authorization": f"Bearer {issue_token(actor=None, user=person('sales'), name='t')}"}

    def put(values: dict[str, Any], **more: Any) -> Any:
        body = json.dumps({"values": values, **more})
        return client.put(f"/api/v1/orders/{order.pk}/custom", body, "application/json", headers=head)

    assert put({"weight": "heavy"}).status_code == 422
    assert put({"mode": "海运", "weight": 12.5}, version=99).status_code == 409
    answer = put({"mode": "海运", "weight": 12.5}, version=order.version)
    assert answer.json()["custom"] == {"mode": "海运", "weight": "12.5"}
    found = client.get("/api/v1/orders?custom_weight=10..13", headers=head).json()
    assert [one["custom"]["mode"] for one in found["items"]] == ["海运"]
    assert not client.get("/api/v1/orders?custom_mode=空运", headers=head).json()["total"]
    assert client.get("/api/v1/custom-fields?subject=order", headers=head).json()["total"] == 2

    def enter(custom: dict[str, Any]) -> Any:
        told = json.dumps({"customer": order.customer_id, "custom": custom})
        return client.post("/api/v1/orders", told, "application/json", headers=head)

    assert enter({"mode": "陆运"}).status_code == 422
    assert enter({"mode": "空运"}).json()["custom"]["mode"] == "空运"
    made = client.post(
        "/api/v1/custom-fields",
        json.dumps({"subject": "task", "key": "x", "label_en": "X"}),
        "application/json",
        headers=head,
    )
    assert made.status_code == 403


@pytest.mark.parametrize("subject", ["order", "task", "customer"])
def test_orders_tasks_and_customers_are_filtered_exported_and_told_by_the_api(
    person: Person, signed_in: Callable[[str], Client], subject: str
) -> None:
    """Two records each; one of them holds the value."""
    manager = person("order_manager")
    plan = planning.plan(manager)
    order, other = plan.order, planning.order(number="SO-2026-00002")
    customers = [Customer.objects.create(code=code, name=name) for code, name in (("C7", "甲"), ("C8", "乙"))]
    tasks = list(plan.tasks.filter(is_summary=False).order_by("pk")[:2])
    pairs: dict[str, tuple[Any, Any]] = {
        "order": (order, other),
        "task": (tasks[0], tasks[1]),
        "customer": (customers[0], customers[1]),
    }
    with_it, without = pairs[subject]
    _define(person, FieldFacts(subject, "zone", "区域", "Zone", "choice", MODES))
    page, api = {
        "order": ("/orders/?", "/api/v1/orders?"),
        "task": ("/tasks/list/?standing=", f"/api/v1/tasks?order={order.key}"),
        "customer": ("/customers/?", "/api/v1/customers?"),
    }[subject]
    head = {"authorization": f"Bearer {issue_token(actor=None, user=manager, name='t')}"}
    client = signed_in("order_manager")
    body = json.dumps({"values": {"zone": "海运"}})
    written = client.put(f"/api/v1/{subject}s/{with_it.pk}/custom", body, "application/json", headers=head)
    assert written.status_code == 200, written.content
    # In the list ...
    assert {row.item for row in client.get(page).context["page_rows"]} >= {with_it, without}
    assert [row.item for row in client.get(f"{page}&custom_zone=海运").context["page_rows"]] == [with_it]
    assert not client.get(f"{page}&custom_zone=空运").context["page_rows"]
    # ... in the file ...
    lines = client.get(f"{page}&export=csv").content.decode("utf-8-sig").splitlines()
    assert "区域" in lines[0]
    assert sum("海运" in line for line in lines[1:]) == 1
    # ... and in the API.
    told = client.get(f"{api}&limit=200", headers=head).json()["items"]
    assert [one["custom"]["zone"] for one in told if one["id"] == with_it.pk] == ["海运"]
    assert [one["id"] for one in client.get(f"{api}&custom_zone=海运", headers=head).json()["items"]] == [with_it.pk]
    assert client.get(f"{api}&custom_zone=空运", headers=head).json()["total"] == 0
