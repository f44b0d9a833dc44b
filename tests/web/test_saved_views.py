"""Saved views: who puts one on everybody's page, how many there may be, and that none breaks the page."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from punctual.kernel.refusal import Forbidden, NotFound, Refusal
from punctual.platform.accounts.models import User
from punctual.platform.saved_views.models import SavedView
from punctual.platform.saved_views.services import MOST_VIEWS, delete_view, save_view

pytestmark = pytest.mark.django_db
Person = Callable[[str], User]


def test_a_worker_shares_nothing_and_nobody_fills_a_page(person: Person) -> None:
    with pytest.raises(Forbidden):
        save_view(actor=person("worker"), page="orders", name="x", query="state=draft", shared=True)
    for number in range(MOST_VIEWS):
        save_view(actor=person("sales"), page="orders", name=str(number), query="")
    with pytest.raises(Refusal):
        save_view(actor=person("sales"), page="orders", name="one more", query="")
    save_view(actor=person("sales"), page="orders", name="1", query="state=draft")
    assert SavedView.objects.count() == MOST_VIEWS


def test_an_administrator_drops_what_others_share_and_nobody_else_does(person: Person) -> None:
    mine = save_view(actor=person("sales"), page="orders", name="mine", query="")
    shared = save_view(actor=person("sales"), page="orders", name="ours", query="", shared=True)
    for actor, view in ((person("planner"), shared), (person("administrator"), mine)):
        with pytest.raises(NotFound):
            delete_view(actor=actor, view_id=view.pk)
    delete_view(actor=person("administrator"), view_id=shared.pk)
    assert list(SavedView.objects.values_list("name", flat=True)) == ["mine"]


def test_a_shared_view_stands_on_everybodys_page_and_only_its_owner_changes_it(
    person: Person, signed_in: Callable[[str], Client]
) -> None:
    kept = {"page": "orders", "name": "我们的草稿", "query": "state=draft", "shared": "on", "next": "/orders/"}
    assert signed_in("sales").post("/views/", kept).status_code == 302
    shared = SavedView.objects.get()
    planner = signed_in("planner")
    page = planner.get("/orders/").content.decode()
    assert "我们的草稿" in page
    assert f'name="delete" value="{shared.pk}"' not in page
    assert planner.post("/views/", {"delete": shared.pk, "next": "/orders/"}).status_code == 404
    planner.post("/views/", {**kept, "query": "state=closed"})
    shared.refresh_from_db()
    assert (shared.query, shared.user) == ("state=draft", person("sales"))
    assert f'name="delete" value="{shared.pk}"' in signed_in("sales").get("/orders/").content.decode()


def test_a_view_of_ones_own_is_seen_by_nobody_else_not_even_by_an_administrator(
    signed_in: Callable[[str], Client],
) -> None:
    kept = {"page": "orders", "name": "只给我看", "query": "state=draft", "next": "/orders/"}
    sales = signed_in("sales")
    assert sales.post("/views/", kept).status_code == 302
    assert "只给我看" in sales.get("/orders/").content.decode()
    for role in ("order_manager", "administrator"):
        assert "只给我看" not in signed_in(role).get("/orders/").content.decode()


@pytest.mark.parametrize(
    "address",
    [
        "/orders/?delivered=9999-12",
        "/orders/?delivered=0001-01",
        "/tasks/list/?view=calendar&month=9999-12",
        "/tasks/list/?view=calendar&month=0001-01",
        "/dashboard/slip/?week=9999-52",
        "/inspections/?supplier=%C2%B2",
        "/inspections/?days=99999999999",
    ],
)
def test_an_address_beyond_the_calendar_is_an_empty_list(signed_in: Callable[[str], Client], address: str) -> None:
    assert signed_in("order_manager").get(address).status_code == 200


def test_a_strange_view_to_drop_is_one_that_is_not_there(signed_in: Callable[[str], Client]) -> None:
    assert signed_in("sales").post("/views/", {"delete": "x"}).status_code == 404


def test_a_list_opens_with_the_view_that_was_chosen_and_all_of_it_is_still_reached(
    person: Person, signed_in: Callable[[str], Client]
) -> None:
    shared = save_view(actor=person("sales"), page="orders", name="ours", query="state=draft", shared=True)
    secret = save_view(actor=person("sales"), page="orders", name="mine", query="state=lost")
    planner = signed_in("planner")
    assert planner.post("/views/", {"first": secret.pk, "next": "/orders/"}).status_code == 404
    assert planner.get("/orders/").status_code == 200
    assert planner.post("/views/", {"first": shared.pk, "next": "/orders/"}).status_code == 302
    assert planner.get("/orders/")["Location"] == "/orders/?state=draft"
    page = planner.get("/orders/?state=draft").content.decode()
    assert 'aria-pressed="true"' in page
    assert 'href="?all=1"' in page
    assert planner.get("/orders/?all=1").status_code == 200
    assert signed_in("sales").get("/orders/").status_code == 200, "for nobody else"
    planner = signed_in("planner")
    save_view(actor=person("sales"), page="orders", name="ours", query="state=draft")
    assert planner.get("/orders/").status_code == 200, "what is shared no more opens nothing"
    save_view(actor=person("sales"), page="orders", name="ours", query="state=draft", shared=True)
    assert planner.get("/orders/").status_code == 302
    assert planner.post("/views/", {"first": shared.pk, "next": "/orders/"}).status_code == 302
    assert planner.get("/orders/").status_code == 200, "the same press takes it back"
