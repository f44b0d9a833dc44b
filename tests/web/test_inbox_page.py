"""The inbox: nothing is lost from sight for good, and long ones have pages and kinds."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from ordering import confirmed, customer
from punctual.domain.customer_relations.services import feedback
from punctual.platform.accounts.models import User
from punctual.platform.notifications.models import Notification

pytestmark = pytest.mark.django_db
Person = Callable[[str], User]
SignedIn = Callable[[str], Client]


def told(user: User, text: str, kind: str = "mention") -> Notification:
    return Notification.objects.create(user=user, kind=kind, text=text)


def body(client: Client, query: str = "") -> str:
    return client.get(f"/inbox/{query}").content.decode()


def step(client: Client, one: Notification, verb: str, **more: str) -> str:
    answer = client.post("/inbox/step/", {"id": one.pk, "verb": verb, **more})
    return str(answer["Location"])


def test_what_was_done_or_put_off_is_found_again_and_brought_back(person: Person, signed_in: SignedIn) -> None:
    user, client = person("order_manager"), signed_in("order_manager")
    done, later = told(user, "已经办完的事"), told(user, "明天再看的事")
    step(client, done, "done")
    step(client, later, "tomorrow")
    inbox = body(client)
    assert "已经办完的事" not in inbox
    assert "明天再看的事" not in inbox
    assert "已经办完的事" in body(client, "?standing=done")
    assert "明天再看的事" in body(client, "?standing=later")
    assert step(client, done, "back", standing="done") == "/inbox/?standing=done"
    step(client, later, "back")
    inbox = body(client)
    assert "已经办完的事" in inbox
    assert "明天再看的事" in inbox
    assert "已经办完的事" not in body(client, "?standing=done")


def test_nobody_sees_or_brings_back_what_another_has_put_away(person: Person, signed_in: SignedIn) -> None:
    user = person("sales")
    done = told(user, "别人的事")
    step(signed_in("sales"), done, "done")
    client = signed_in("order_manager")
    step(client, done, "back")
    done.refresh_from_db()
    assert done.done_at is not None
    assert "别人的事" not in body(client, "?standing=done")


def test_the_fifty_first_is_on_a_second_page(person: Person, signed_in: SignedIn) -> None:
    user, client = person("order_manager"), signed_in("order_manager")
    oldest = told(user, "最早的一条")
    for number in range(50):
        told(user, f"第 {number} 条")
    first = body(client)
    assert oldest.text not in first
    assert "page=2" in first
    assert oldest.text in body(client, "?page=2")


def test_one_kind_alone_and_an_unknown_kind_or_standing_is_no_error(person: Person, signed_in: SignedIn) -> None:
    user, client = person("order_manager"), signed_in("order_manager")
    told(user, "有人提到您")
    told(user, "会议快开始", kind="meeting")
    shown = body(client, "?kind=meeting")
    assert "会议快开始" in shown
    assert "有人提到您" not in shown
    assert "有人提到您" in body(client, "?kind=strange&standing=strange")


def test_a_low_score_leads_to_the_request_that_it_opened(person: Person) -> None:
    manager = person("order_manager")
    order = confirmed(manager)
    asked, _token = feedback.ask(actor=manager, customer=customer(), order=order)
    found = feedback.answer(survey=asked, score=1)
    assert found.request is not None
    assert order.owner is not None
    told_of = Notification.objects.filter(user=order.owner, kind="feedback")
    assert [one.url for one in told_of] == [f"/requests/{found.request.number}/"]
