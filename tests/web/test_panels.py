"""Panels of one subject on the pages of another: who sees them, where they stand, what they list."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

import ordering
from ordering import TODAY
from punctual.web.shell import panels
from punctual.web.shell.panels import register_panel

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _frozen_day(monkeypatch):
    monkeypatch.setattr("django.utils.timezone.localdate", lambda *_a, **_k: TODAY)


@pytest.fixture
def added(monkeypatch):
    """Registers for one test only."""
    panels._load()
    monkeypatch.setattr(panels, "_registered", {page: dict(known) for page, known in panels._registered.items()})
    return register_panel


def _steps(request, order):
    return {"my_sign": None, "checked": None, "lines": [], "amount": "AMOUNT-OF-THE-PANEL", "tab_count": 7}


def test_a_place_that_the_page_lacks_is_refused(added):
    with pytest.raises(ValueError, match="no place 'attic'"):
        added("order", "x", order=1, place="attic", template="orders/lines.html", context_function=_steps)


def test_the_same_name_twice_is_refused(added):
    with pytest.raises(ValueError, match="already has"):
        added("order", "plan", order=1, template="orders/lines.html", context_function=_steps)


def test_a_panel_is_hidden_from_who_lacks_the_permission_and_when_it_has_nothing(added, signed_in, person):
    order = ordering.draft(person("sales"))
    known = {"template": "orders/lines.html", "place": "half"}
    added("order", "closed", order=1, context_function=_steps, permission="orders.confirm", **known)
    added("order", "empty", order=2, context_function=lambda request, subject: None, **known)
    client = signed_in("sales")
    page, later = (client.get(f"/orders/{order.key}/{part}").content.decode() for part in ("", "later/"))
    assert 'id="closed"' not in page + later
    assert 'id="empty"' not in page + later


def test_a_panel_stands_in_its_place_with_tab_style_and_script(added, signed_in, person):
    order = ordering.draft(person("sales"))
    more = {"label": "Extra", "style": "css/plans.css", "script": "dist/gantt.js"}
    added("order", "extra", order=1, place="main", template="orders/lines.html", context_function=_steps, **more)
    page = signed_in("sales").get(f"/orders/{order.key}/").content.decode()
    assert page.index('id="extra"') < page.index('id="lines"') < page.index('id="terms"')
    assert '<a href="#extra">Extra<span class="k">7</span></a>' in page
    assert "css/plans.css" in page
    assert "dist/gantt.js" in page
    assert page.count("AMOUNT-OF-THE-PANEL") == 1, "the panel's names do not leak into the page"


def test_what_stands_below_the_lines_comes_after_the_page(added, signed_in, person):
    """The page is not kept waiting for it: it reserves the room, the heading and the tab, and asks once."""
    order, read = ordering.draft(person("sales")), []
    more = {"label": "Extra", "style": "css/plans.css", "script": "dist/gantt.js", "template": "orders/lines.html"}

    def reads(request, subject):
        read.append(subject.pk)
        return _steps(request, subject)

    added("order", "extra", order=1, place="half", context_function=reads, **more)
    client = signed_in("sales")
    page = client.get(f"/orders/{order.key}/").content.decode()
    assert not read
    assert page.index('id="lines"') < page.index('id="extra"') < page.index('id="terms"')
    assert '<a href="#extra">Extra<span class="k"></span></a>' in page
    assert page.count(f'hx-get="/orders/{order.key}/later/"') == 1
    assert "css/plans.css" in page
    assert "dist/gantt.js" in page
    later = client.get(f"/orders/{order.key}/later/").content.decode()
    assert read == [order.pk]
    assert "AMOUNT-OF-THE-PANEL" in later
    assert '<a href="#extra">Extra<span class="k">7</span></a>' in later


def test_what_comes_later_is_as_closed_as_the_page(signed_in, person):
    order = ordering.draft(person("sales"))
    assert signed_in("sales").get("/orders/nothing/later/").status_code == 404
    assert signed_in("worker").get(f"/orders/{order.key}/later/").status_code == (
        signed_in("worker").get(f"/orders/{order.key}/").status_code
    )


@pytest.mark.parametrize(("page", "place"), [("home", "side"), ("home", "below"), ("peek", "main")])
def test_home_and_peek_take_panels_too(added, signed_in, person, page, place):
    order = ordering.draft(person("sales"))
    added(page, "extra", order=1, place=place, template="orders/lines.html", context_function=_steps)
    url = "/" if page == "home" else f"/orders/{order.key}/peek/"
    assert 'id="extra"' in signed_in("sales").get(url).content.decode()


def test_a_customer_and_a_product_list_their_orders(signed_in, person):
    orders = [ordering.draft(person("sales")) for _ in range(3)]
    customer, product = orders[0].customer.pk, orders[0].lines.get().product_id
    client = signed_in("manager")
    for url, query in ((f"/customers/{customer}/", "customer"), (f"/products/{product}/", "product")):
        page = client.get(url).content.decode()
        rows = client.get(f"/orders/?{query}={url.split('/')[2]}").content.decode()
        other = client.get(f"/orders/?{query}=999999").content.decode()
        for order in orders:
            assert f"/orders/{order.key}/" in page
            assert f"/orders/{order.key}/" in rows
            assert f"/orders/{order.key}/" not in other
    assert client.get("/orders/?product=nonsense").status_code == 200


def test_the_panel_of_orders_takes_as_many_queries_for_eight_as_for_one(signed_in, person):
    customer = ordering.draft(person("sales")).customer.pk
    client = signed_in("manager")
    client.get(f"/customers/{customer}/")
    with CaptureQueriesContext(connection) as one:
        client.get(f"/customers/{customer}/")
    for _ in range(7):
        ordering.draft(person("sales"))
    with CaptureQueriesContext(connection) as eight:
        client.get(f"/customers/{customer}/")
    assert len(eight) == len(one)


def test_a_late_panel_that_turns_out_empty_leaves_no_tab(added, signed_in, person):
    order = ordering.draft(person("sales"))
    known = {"template": "orders/lines.html", "place": "half", "label": "Extra"}
    added("order", "extra", order=1, context_function=lambda request, subject: None, **known)
    client = signed_in("sales")
    assert '<a href="#extra">' in client.get(f"/orders/{order.key}/").content.decode()
    later = client.get(f"/orders/{order.key}/later/").content.decode()
    assert 'id="tabs-half" hx-swap-oob="true"' in later
    assert "#extra" not in later
    assert 'id="extra"' not in later
