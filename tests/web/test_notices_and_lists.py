"""Ways back in notices, everything that matches at once, counted tabs, and conflicts in the reader's words."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable

import pytest
from django.test import Client

import ordering
from ordering import TODAY
from punctual.domain.actions.models import ActionItem
from punctual.domain.actions.services import open_action
from punctual.domain.orders.models import Order
from punctual.domain.parties.models import Customer
from punctual.web.orders import owners
from punctual.web.shell import lists

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _frozen_day(monkeypatch):
    monkeypatch.setattr("django.utils.timezone.localdate", lambda *_a, **_k: TODAY)


def undo(client, page: str):
    """Presses the undo of the notice that the page shows."""
    form = re.search(r'<form method="post" action="([^"]+)">(?:(?!</form>).)*data-undo', page, re.S)
    assert form, "no way back is offered"
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form.group(0)))
    return client.post(form.group(1), fields, follow=True)


# — undo —


def test_a_way_back_of_somebody_elses_change_is_a_conflict(signed_in, person):
    order = ordering.confirmed(person("order_manager"))
    client = signed_in("order_manager")
    page = client.post(f"/orders/{order.key}/do/hold/", {"reason": "缺料"}, follow=True).content.decode()
    Order.objects.update(version=99)
    assert undo(client, page).status_code == 409
    assert Order.objects.get().state == "on_hold"


def test_putting_on_hold_is_taken_back(signed_in, person):
    order = ordering.confirmed(person("order_manager"))
    client = signed_in("order_manager")
    page = client.post(f"/orders/{order.key}/do/hold/", {"reason": "缺料"}, follow=True).content.decode()
    undo(client, page)
    assert Order.objects.get().state == "confirmed"


def test_waiving_and_archiving_are_taken_back(signed_in, person):
    order = ordering.draft(person("sales"), ordering.line(unit_price="600000"))
    client = signed_in("sales")
    facts = {"code": "order.line.price_off_list", "line": "10", "reason": "框架价"}
    undo(client, client.post(f"/orders/{order.pk}/waive/", facts, follow=True).content.decode())
    assert order.waivers.get().withdrawn_at is not None
    page = client.post(f"/customers/{order.customer_id}/archive/", {"version": "1"}, follow=True).content.decode()
    assert Customer.objects.get().archived_at is not None
    undo(client, page)
    assert Customer.objects.get().archived_at is None


def test_handing_over_is_taken_back_to_each_earlier_owner(signed_in, person):
    mine, hers = ordering.draft(person("order_manager")), ordering.draft(person("sales"))
    client = signed_in("order_manager")
    facts = {"ids": f"{mine.pk},{hers.pk}", "owner": person("administrator").pk, "next": "/orders/"}
    page = client.post("/orders/owner/", facts, follow=True).content.decode()
    assert not Order.objects.exclude(owner=person("administrator")).exists()
    undo(client, page)
    assert Order.objects.get(pk=mine.pk).owner == person("order_manager")
    assert Order.objects.get(pk=hers.pk).owner == person("sales")


# — all that match —


def test_all_that_match_are_handed_over_and_no_other(signed_in, person):
    confirmed = [ordering.confirmed(person("order_manager")) for _ in range(2)]
    draft = ordering.draft(person("order_manager"))
    facts = {"ids": "", "matching": "?state=confirmed&sort=order", "owner": person("sales").pk}
    signed_in("order_manager").post("/orders/owner/", facts)
    assert set(Order.objects.filter(owner=person("sales"))) == set(confirmed)
    draft.refresh_from_db()
    assert draft.owner == person("order_manager")


def test_too_many_that_match_are_refused(signed_in, person, monkeypatch):
    monkeypatch.setattr(owners, "MOST", 1)
    for _ in range(2):
        ordering.draft(person("order_manager"))
    facts = {"matching": "?sort=order", "owner": person("sales").pk}
    assert signed_in("order_manager").post("/orders/owner/", facts).status_code == 422
    assert not Order.objects.filter(owner=person("sales")).exists()


def test_sales_can_not_hand_over_all_that_match(signed_in, person):
    ordering.draft(person("order_manager"))
    facts = {"matching": "?sort=order", "owner": person("sales").pk}
    assert signed_in("sales").post("/orders/owner/", facts).status_code == 403


# — tabs —


def tabs(page: str) -> dict[str, str]:
    bar = page[page.index('class="ord-v"') :]
    return dict(re.findall(r'<a href="[^"]*"[^>]*>([^<]+) <span class="k">([^<]*)</span>', bar[: bar.index("</nav>")]))


def test_tabs_count_what_they_show(signed_in, person):
    ordering.draft(person("sales"))
    for _ in range(2):
        ordering.confirmed(person("order_manager"))
    client = signed_in("order_manager")
    client.cookies["django_language"] = "en"
    for address in ("/orders/", "/orders/?state=draft"):
        counted = tabs(client.get(address).content.decode())
        assert (counted["All"], counted["In hand"], counted["Drafts and quotations"]) == ("3", "2", "1")


def test_a_tab_of_archived_records_counts_them_from_anywhere(signed_in, person):
    ordering.customer()
    Customer.objects.create(code="OLD", name="旧客户", archived_at="2026-01-01T00:00Z")
    client = signed_in("order_manager")
    client.cookies["django_language"] = "en"
    assert set(tabs(client.get("/customers/").content.decode()).values()) == {"1"}


@pytest.mark.parametrize("query", ["", "sort=-amount", "q=PO-", "state=draft&sort=requested"])
def test_a_page_of_very_many_rows_is_the_page_of_few(signed_in, person, monkeypatch, query):
    actor = person("order_manager")
    for number in range(6):
        ordering.draft(actor, customer_po_number=f"PO-{number}")
    monkeypatch.setattr(lists.ListPage, "per_page", 4)
    client = signed_in("order_manager")
    shown = []
    for most in (1000, 3):
        monkeypatch.setattr(lists, "MOST_COUNTED", most)
        pages = [client.get(f"/orders/?{query}&page={page}").content.decode() for page in (1, 2)]
        shown.append([re.findall(r'data-id="(\d+)"', page) for page in pages])
    assert shown[0] == shown[1]
    assert [len(page) for page in shown[0]] == [4, 2]


def test_very_many_rows_are_not_counted_one_by_one(signed_in, person, monkeypatch):
    monkeypatch.setattr(lists, "MOST_COUNTED", 2)
    for _ in range(3):
        ordering.draft(person("sales"))
    client = signed_in("order_manager")
    client.cookies["django_language"] = "en"
    assert tabs(client.get("/orders/").content.decode())["All"] == "1+"


# — a cell changed where it stands —


def cell_form(client, url: str, cell: str) -> dict[str, str]:
    """The fields of the small form."""
    answer = client.get(f"{url}?cell={cell}", headers={"HX-Request": "true"})
    assert answer.status_code == 200
    page = answer.content.decode()
    return dict(re.findall(r'<input[^>]* name="([^"]+)" value="([^"]*)"', page)) | {"page": page}


def test_who_may_not_hand_over_gets_no_pencil_and_no_form(signed_in, person):
    order = ordering.draft(person("order_manager"))
    client = signed_in("sales")
    assert b"data-cell=" not in client.get("/orders/").content
    assert client.get(f"/orders/?cell={order.pk}:owner").status_code == 404
    answer = client.post(
        "/orders/", {"cell": f"{order.pk}:owner", "value": person("sales").pk, "version": order.version}
    )
    assert answer.status_code == 403
    assert Order.objects.get().owner == person("order_manager")


@pytest.mark.parametrize("cell", ["", "x:owner", "1:amount", "999999:owner", "99999999999999999999:owner", "owner"])
def test_a_cell_that_can_not_be_changed_is_not_there(signed_in, person, cell):
    ordering.draft(person("order_manager"))
    client = signed_in("order_manager")
    assert client.get(f"/orders/?cell={cell}").status_code == 404
    assert client.post("/orders/", {"cell": cell, "value": "1", "version": "1"}).status_code == 404


def test_a_list_without_such_cells_takes_no_post(signed_in):
    assert signed_in("order_manager").post("/customers/", {"cell": "1:name"}).status_code == 405


def test_a_cell_opened_on_an_older_version_is_a_conflict(signed_in, person):
    order = ordering.draft(person("order_manager"))
    client = signed_in("order_manager")
    fields = cell_form(client, "/orders/", f"{order.pk}:owner")
    Order.objects.update(version=99)
    answer = client.post("/orders/", fields | {"value": person("sales").pk}, headers={"HX-Request": "true"})
    assert answer.status_code == 409
    assert Order.objects.get().owner == person("order_manager")


@pytest.mark.parametrize(("given", "said"), [("明天", "明天"), ("2006-11-24", "早已过去")])
def test_a_bad_day_is_refused_in_words(signed_in, person, given, said):
    item = open_action(actor=person("order_manager"), title="量尺寸", owner=person("order_manager"), due=TODAY)
    client = signed_in("order_manager")
    fields = cell_form(client, "/actions/", f"{item.pk}:due")
    answer = client.post("/actions/", fields | {"value": given}, headers={"HX-Request": "true"})
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert ActionItem.objects.get().due == TODAY


def test_a_cell_is_changed_where_it_stands_and_taken_back(signed_in, person):
    order = ordering.draft(person("order_manager"))
    client = signed_in("order_manager")
    fields = cell_form(client, "/orders/", f"{order.pk}:owner")
    other = person("sales")
    answer = client.post("/orders/", fields | {"value": other.pk}, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    page = answer.content.decode()
    assert other.name[-1] in page
    assert "hx-swap-oob" in page
    assert Order.objects.get().owner == other
    undo(client, page)
    assert Order.objects.get().owner == person("order_manager")


def test_the_day_of_an_action_item_is_changed_where_it_stands(signed_in, person):
    item = open_action(actor=person("order_manager"), title="量尺寸", owner=person("order_manager"), due=TODAY)
    client = signed_in("order_manager")
    fields = cell_form(client, "/actions/", f"{item.pk}:due")
    assert f'value="{TODAY.isoformat()}"' in fields["page"]
    later = TODAY + dt.timedelta(days=3)
    client.post("/actions/", fields | {"value": later.isoformat()}, headers={"HX-Request": "true"})
    assert ActionItem.objects.get().due == later


# — conflicts —


@pytest.mark.parametrize(("language", "label"), [("en", "Payment terms"), ("zh-hans", "付款条件")])
def test_a_conflict_names_the_field_in_the_readers_words(signed_in, person, language, label):
    customer = ordering.customer()
    client = signed_in("order_manager")
    client.cookies["django_language"] = language
    url = f"/customers/{customer.pk}/edit/"
    facts = {"code": "C001", "name": customer.name, "grade": "A", "currency": "CNY", "version": "1"}
    assert client.post(url, {**facts, "payment_terms": "月结"}).status_code == 302
    page = client.post(url, {**facts, "payment_terms": "预付"}).content.decode()
    assert f"<td>{label}</td>" in page
    assert "<td>payment_terms</td>" not in page


def test_a_refused_button_shows_the_state_in_words(signed_in, person):
    order = ordering.confirmed(person("order_manager"))
    client = signed_in("order_manager")
    client.cookies["django_language"] = "en"
    client.post(f"/orders/{order.key}/do/hold/", {"reason": "x", "version": order.version})
    answer = client.post(f"/orders/{order.key}/do/cancel/", {"reason": "x", "version": order.version})
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "<td>State</td>" in page
    assert "On hold" in page
    assert "<td>state</td>" not in page


def test_what_is_empty_says_what_fills_it_and_leads_there(signed_in: Callable[[str], Client]) -> None:
    client = signed_in("order_manager")
    to_orders = 'class="bt" href="/orders/"'
    for path in ("/plans/", "/changes/", "/deliveries/", "/payments/", "/promises/", "/tasks/list/", "/performance/"):
        page = client.get(path).content.decode()
        assert 'class="cd blank"' in page, path
        assert to_orders in page, path
    assert 'class="bt" href="/suppliers/"' in client.get("/supplier-scorecard/").content.decode()
    assert "带把握度的承诺到期以后" in client.get("/calibration/").content.decode()
    # Who sees no orders is not led to them.
    assert to_orders not in signed_in("worker").get("/tasks/list/").content.decode()
