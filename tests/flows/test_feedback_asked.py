"""Customers are asked how we did by itself: after the chosen occasions, once, in the contact's language."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core import mail
from django.utils import timezone

import ordering
from delivering import running, shipped, signed
from ordering import TODAY
from punctual.domain.customer_relations.models import Survey
from punctual.domain.customer_relations.services.feedback import ask_by_itself
from punctual.domain.customer_relations.services.tracking import SHOWN, set_rule
from punctual.domain.delivery.models import DeliverySettings
from punctual.domain.delivery.selectors import delivery_settings
from punctual.domain.delivery.services.acceptance import plan_acceptance
from punctual.domain.delivery.services.company import change_settings
from punctual.domain.delivery.services.shipping import receive
from punctual.domain.orders.models import Order
from punctual.domain.parties.models import Contact
from punctual.kernel.refusal import Forbidden, Refusal
from punctual.platform.audit.models import AuditEntry
from punctual.platform.notifications.models import Delivery as Message
from punctual.platform.notifications.outgoing import deliver_due
from punctual.platform.outbox.models import HandledEvent, OutboxEvent
from punctual.platform.outbox.services import deliver_pending

pytestmark = pytest.mark.django_db


def chosen(person, *occasions: str) -> DeliverySettings:
    return change_settings(
        actor=person("order_manager"), required_documents=[], hold_for_payment=False, remind_days=5,
        ask_after=occasions,
    )  # fmt: skip


def reachable(language: str = "", email: str = "zhang@c001.example") -> Contact:
    contact = ordering.customer().contacts.get()
    contact.language, contact.email = language, email
    contact.save()
    return contact


def accepted(person, kind: str = "final", *, on: dt.date | None = None) -> Order:
    """An order that is shipped and whose acceptance of that kind the customer has signed today."""
    order = running(person)
    shipped(person, order, 2, on=on or TODAY)
    signed(person, plan_acceptance(actor=person("quality"), order_id=order.pk, kind=kind), held_on=on or TODAY)
    return order


@pytest.fixture(autouse=True)
def signed_today(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests' own day is the day on which the events are delivered."""
    monkeypatch.setattr(timezone, "localdate", lambda *args: TODAY)


def test_only_who_may_set_it_changes_after_what_is_asked_and_only_to_what_there_is(person):
    before = delivery_settings().ask_after
    with pytest.raises(Forbidden):
        change_settings(
            actor=person("sales"), required_documents=[], hold_for_payment=True, remind_days=5, ask_after=["fat"]
        )
    with pytest.raises(Refusal) as refused:
        chosen(person, "final", "someday")
    assert refused.value.codes == {"delivery.ask_after"}
    assert DeliverySettings.objects.get().ask_after == before == ["final"]


def test_whose_rule_hides_the_question_is_not_asked(person):
    reachable()
    shown = {**dict.fromkeys(SHOWN, True), "show_survey": False}
    set_rule(actor=person("sales"), customer=ordering.customer(), shown=shown)
    accepted(person)
    deliver_pending()
    assert not Survey.objects.exists()


def test_the_signed_final_acceptance_asks_the_orders_contact_once_however_often_the_worker_comes(person):
    contact = reachable()
    order = accepted(person)
    deliver_pending()
    asked = Survey.objects.get()
    assert (asked.order, asked.contact, asked.asked_after, asked.kind) == (order, contact, "final", "csat")
    assert AuditEntry.objects.filter(verb="ask", target_type="survey", target_id=asked.pk, actor=None).count() == 1
    # The worker is killed after the mail was queued and before the event was ticked off: it is delivered again.
    HandledEvent.objects.all().delete()
    OutboxEvent.objects.update(handled_at=None)
    deliver_pending()
    assert ask_by_itself(order=order, after="final") is None
    assert Survey.objects.count() == Message.objects.filter(address=contact.email).count() == 1
    deliver_due()
    sent = [one for one in mail.outbox if one.to == [contact.email]]
    assert len(sent) == 1
    assert order.number in sent[0].subject
    assert "/s/" in sent[0].body


@pytest.mark.parametrize(
    ("language", "words", "others"),
    [("zh-hans", "一次点击", "one click"), ("en", "one click", "一次点击"), ("", "one click", "Bonjour")],
)
def test_mail_and_page_speak_the_contacts_language(person, client, language, words, others):
    reachable(language)
    accepted(person)
    deliver_pending()
    body = Message.objects.get(address="zhang@c001.example").body
    assert words in body
    assert others not in body
    if not language:
        assert "一次点击" in body
        return
    page = client.get("/s/" + body.rsplit("/s/", 1)[1].strip())
    assert ("终验" if language == "zh-hans" else "Final acceptance") in page.content.decode()


def test_switched_off_or_after_another_occasion_nobody_is_asked(person):
    reachable()
    chosen(person)
    accepted(person)
    deliver_pending()
    assert not Survey.objects.exists()
    chosen(person, "sat")
    accepted(person)
    deliver_pending()
    assert not Survey.objects.exists()


def test_what_was_signed_long_ago_and_is_entered_now_asks_nobody(person):
    reachable()
    accepted(person, on=TODAY - dt.timedelta(days=61))
    deliver_pending()
    assert not Survey.objects.exists()


def test_everything_signed_for_asks_with_the_last_delivery_only(person):
    reachable()
    chosen(person, "received", "final")
    order = running(person)

    def signed_for(quantity: int) -> None:
        delivery = shipped(person, order, quantity)
        receive(
            actor=person("supply_chain"), delivery_id=delivery.pk, received_on=TODAY, received_by="库房", today=TODAY
        )
        deliver_pending()

    signed_for(1)
    assert not Survey.objects.exists()
    signed_for(1)
    assert list(Survey.objects.values_list("asked_after", flat=True)) == ["received"]
    signed(person, plan_acceptance(actor=person("quality"), order_id=order.pk, kind="final"))
    deliver_pending()
    assert sorted(Survey.objects.values_list("asked_after", flat=True)) == ["final", "received"]


def test_without_an_address_the_question_waits_and_the_pages_say_so(person, signed_in):
    reachable(email="")
    order = accepted(person)
    deliver_pending()
    assert Survey.objects.get().contact is None
    assert not Message.objects.exists()
    client = signed_in("order_manager")
    client.cookies["django_language"] = "en"
    for address in (f"/orders/{order.number}/later/", f"/customers/{order.customer_id}/"):
        page = client.get(address).content.decode()
        assert "not answered" in page, address
        assert "no mail address: on the tracking page only" in page, address
    assert "Final acceptance" in client.get("/feedback/").content.decode()


def test_the_settings_page_keeps_the_choice_and_the_feedback_page_leads_there(person, signed_in):
    client = signed_in("order_manager")
    assert 'href="/settings/delivery/#ask"' in client.get("/feedback/").content.decode()
    version = delivery_settings().version
    data = {"version": version, "remind_days": "5", "ask_after": ["fat", "final"]}
    assert client.post("/settings/delivery/", data).status_code == 302
    assert DeliverySettings.objects.get().ask_after == ["fat", "final"]
    assert signed_in("sales").post("/settings/delivery/", data).status_code == 403
