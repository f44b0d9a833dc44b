"""Whom a link reached by mistake says so: asked once, this link alone ends, those who look after the order are told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from punctual.domain.customer_relations.models import TrackingLink
from punctual.domain.customer_relations.services import tracking
from punctual.platform.accounts.models import User
from punctual.platform.audit.models import AuditEntry
from punctual.platform.notifications.models import Notification
from two_customers import two_customers
from web.test_tracking_isolation import opened

pytestmark = pytest.mark.django_db
Person = Callable[[str], User]


@pytest.fixture(autouse=True)
def _no_tries_left_over() -> None:
    cache.clear()


@pytest.fixture
def world(person: Person) -> dict[str, Any]:
    """Two customers' orders; two links to the first one."""
    a, b = two_customers(person)
    made = {"a": a, "again": a, "b": b}
    found: dict[str, Any] = {"order": a, "other": b}
    for name, order in made.items():
        link, address = tracking.give_link(actor=person("sales"), order=order, name=name)
        found[name] = {"link": link, "path": "/" + address.split("/", 3)[3]}
    return found


def test_nobody_gives_back_a_link_that_is_not_in_their_hand(world: dict[str, Any]) -> None:
    theirs = opened(world["b"]["path"])
    a = world["order"].number
    for client, address in (
        (Client(), f"/track/{a}/not-mine/"),
        (theirs, f"/track/{a}/not-mine/"),
        (Client(), "/t/guessed/not-mine/"),
    ):
        assert client.get(address).status_code == 404
        assert client.post(address).status_code == 404
    used = world["a"]["path"]
    opened(used)
    assert Client().post(f"{used}not-mine/").status_code == 404, "a used address is in somebody else's browser"
    assert not TrackingLink.objects.exclude(revoked_at=None).exists()
    assert not Notification.objects.filter(text__contains="somebody else").exists()


def test_looking_at_the_question_gives_nothing_back_and_tells_nothing(world: dict[str, Any]) -> None:
    unopened, order = world["a"]["path"], world["order"]
    answer = Client().get(f"{unopened}not-mine/")
    assert answer.status_code == 200
    for secret in (order.number, str(order.customer), "经理林某"):
        assert secret not in answer.content.decode().split("<main")[1]
    assert answer["X-Robots-Tag"].startswith("noindex")
    client = opened(unopened)
    assert client.get(f"/track/{order.number}/not-mine/").status_code == 200
    assert client.get(f"/track/{order.number}/").status_code == 200


@pytest.mark.parametrize("open_first", [False, True])
def test_this_link_alone_ends_and_the_order_stays_as_it_is(
    person: Person, world: dict[str, Any], open_first: bool, signed_in: Callable[[str], Client]
) -> None:
    order, path = world["order"], world["a"]["path"]
    state, version = order.state, order.version
    other_link = opened(world["again"]["path"])
    client = opened(path) if open_first else Client()
    address = f"/track/{order.number}/not-mine/" if open_first else f"{path}not-mine/"
    assert (f"/track/{order.number}/not-mine/" if open_first else address) in client.get(
        f"/track/{order.number}/" if open_first else path
    ).content.decode()
    answer = client.post(address)
    assert answer.status_code == 200
    assert "谢谢您告诉我们" in answer.content.decode()
    link = TrackingLink.objects.get(pk=world["a"]["link"].pk)
    assert link.disowned_at == link.revoked_at
    assert link.disowned_at is not None
    for gone in (f"/track/{order.number}/", address):
        assert client.get(gone).status_code == 404
    assert Client().post(path).status_code == 404
    assert client.post(address).status_code == 404, "said once"
    assert other_link.get(f"/track/{order.number}/").status_code == 200
    order.refresh_from_db()
    assert (order.state, order.version) == (state, version)
    told = Notification.objects.filter(text__contains="reached somebody else")
    assert {one.user for one in told} == {order.owner, person("sales")}
    entry = AuditEntry.objects.get(verb="disown_link")
    assert (entry.actor, entry.target_id, entry.reason) == (None, order.pk, "a")
    page = signed_in("order_manager").get(f"/orders/{order.number}/later/").content.decode()
    assert "到了别人手里" in page


def test_where_nobody_looks_after_the_order_an_order_manager_is_told(person: Person, world: dict[str, Any]) -> None:
    manager = person("order_manager")
    TrackingLink.objects.update(created_by=None)
    type(world["order"]).objects.filter(pk=world["order"].pk).update(owner=None)
    Client().post(f"{world['a']['path']}not-mine/")
    assert Notification.objects.get(text__contains="reached somebody else").user == manager


def test_after_too_many_from_one_place_it_waits(world: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracking, "MOST_DISOWNED", 1)
    assert Client().post(f"{world['a']['path']}not-mine/").status_code == 200
    answer = Client().post(f"{world['b']['path']}not-mine/")
    assert answer.status_code == 422
    assert "五分钟" in answer.content.decode()
    assert TrackingLink.objects.get(pk=world["b"]["link"].pk).revoked_at is None
