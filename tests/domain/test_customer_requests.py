"""Requests: who may do what, what stops and starts the clocks, what is told to whom, where mail goes."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from email.message import EmailMessage

import pytest
from django.core import mail
from django.utils import timezone

from ordering import catalogue, confirmed, customer
from punctual.domain.customer_relations.life import REQUEST_LIFE
from punctual.domain.customer_relations.models import (
    Author,
    ClockNotice,
    CustomerRequest,
    Incoming,
    RequestState,
    SlaRule,
)
from punctual.domain.customer_relations.rules import LONGEST_TEXT
from punctual.domain.customer_relations.selectors import inbox_messages, readings_of, requests_of
from punctual.domain.customer_relations.services import mailbox, requests
from punctual.domain.customer_relations.services.requests import RequestInput
from punctual.domain.customer_relations.services.watching import watch_clocks
from punctual.domain.parties.models import Contact
from punctual.kernel.refusal import Conflict, Forbidden, NotFound, Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.notifications.models import Delivery, Notification
from punctual.platform.outbox.models import OutboxEvent

pytestmark = pytest.mark.django_db
Person = Callable[[str], User]
MONDAY = dt.datetime.fromisoformat("2026-11-23T09:00+08:00")
MINUTES = dt.timedelta(minutes=1)


def recorded(person: Person, *, title: str = "哪天发货", at: dt.datetime = MONDAY, **more: object) -> CustomerRequest:
    catalogue()
    data = RequestInput(customer(), title, owner=person("order_manager"), **more)  # type: ignore[arg-type]
    return requests.record_request(actor=person("order_manager"), data=data, at=at)


def test_a_worker_sees_and_records_none(person: Person) -> None:
    found = recorded(person)
    assert not requests_of(person("worker"))
    with pytest.raises(Forbidden):
        requests.record_request(actor=person("worker"), data=RequestInput(customer(), "x"))
    with pytest.raises(Forbidden):
        requests.reply(actor=person("finance"), request_id=found.pk, text="x")
    assert CustomerRequest.objects.count() == 1


def test_every_reason_against_a_bad_one_is_told_at_once(person: Person) -> None:
    stranger = customer("C002", "苏州恒拓电子")
    order = confirmed(person("order_manager"))
    data = RequestInput(stranger, " ", kind="x", urgency="y", channel="z", order=order)
    with pytest.raises(Refusal) as refused:
        requests.record_request(actor=person("order_manager"), data=data)
    assert [reason.field for reason in refused.value.reasons] == ["title", "kind", "urgency", "channel", "order"]
    assert not CustomerRequest.objects.exists()


def test_nothing_is_resolved_that_was_never_answered(person: Person) -> None:
    found = recorded(person)
    with pytest.raises(Refusal):
        requests.resolve(actor=person("order_manager"), request_id=found.pk)
    found.refresh_from_db()
    assert (found.state, found.version) == (RequestState.OPEN, 1)


def test_a_stale_copy_answers_nothing(person: Person) -> None:
    found = recorded(person)
    requests.reply(actor=person("order_manager"), request_id=found.pk, text="周五", expected_version=1)
    with pytest.raises(Conflict):
        requests.reply(actor=person("sales"), request_id=found.pk, text="周六", expected_version=1)
    assert found.messages.filter(author=Author.REPLY).count() == 1


def test_the_times_come_from_the_rule_and_the_company_calendar(person: Person) -> None:
    SlaRule.objects.create(grade="B", response_minutes=240, resolution_minutes=960)
    found = recorded(person)
    assert timezone.localtime(found.response_due) == dt.datetime.fromisoformat("2026-11-23T14:00+08:00")
    assert timezone.localtime(found.resolution_due) == dt.datetime.fromisoformat("2026-11-25T09:00+08:00")


def test_the_first_answer_stops_the_first_clock_only(person: Person) -> None:
    found = recorded(person)
    found = requests.reply(
        actor=person("order_manager"), request_id=found.pk, text="周五上午", at=MONDAY + 30 * MINUTES
    )
    requests.reply(actor=person("order_manager"), request_id=found.pk, text="车牌", at=MONDAY + 90 * MINUTES)
    found.refresh_from_db()
    assert (found.response_used, found.response_due, found.resolution_used) == (30, None, None)
    assert found.resolution_due is not None


def test_send_and_wait_lets_the_clock_stand_until_the_customer_answers(person: Person) -> None:
    found = recorded(person)
    requests.reply(
        actor=person("order_manager"), request_id=found.pk, text="请给图", and_wait=True, at=MONDAY + 60 * MINUTES
    )
    found.refresh_from_db()
    assert (found.state, found.resolution_due) == (RequestState.WAITING, None)
    found = requests.hear(found=found, text="图在附件", at=MONDAY + dt.timedelta(days=2))
    assert found.state == RequestState.OPEN
    reading = readings_of(found, now=MONDAY + dt.timedelta(days=2, minutes=30))["resolution"]
    assert reading.used == 90


def test_what_was_settled_opens_again_when_the_customer_writes(person: Person) -> None:
    found = recorded(person)
    manager = person("order_manager")
    requests.reply(actor=manager, request_id=found.pk, text="周五", and_resolve=True, at=MONDAY + 60 * MINUTES)
    found.refresh_from_db()
    assert (found.state, found.resolution_used) == (RequestState.RESOLVED, 60)
    found = requests.hear(found=found, text="还没到", at=MONDAY + dt.timedelta(days=3))
    reading = readings_of(found, now=MONDAY + dt.timedelta(days=3, minutes=10))["resolution"]
    assert (found.state, reading.used) == (RequestState.OPEN, 70)


def test_merging_carries_the_words_over_and_only_within_one_customer(person: Person) -> None:
    one, two = recorded(person), recorded(person, title="同一个问题")
    data = RequestInput(customer("C002", "苏州恒拓电子"), "别家的")
    other = requests.record_request(actor=person("order_manager"), data=data)
    with pytest.raises(Refusal):
        requests.merge(actor=person("order_manager"), request_id=two.pk, into=other)
    with pytest.raises(Refusal):
        requests.merge(actor=person("order_manager"), request_id=two.pk, into=two)
    requests.merge(actor=person("order_manager"), request_id=two.pk, into=one)
    two.refresh_from_db()
    assert (two.state, two.merged_into_id, one.messages.count()) == (RequestState.MERGED, one.pk, 2)


def test_a_link_needs_a_thing_that_the_linker_may_see(person: Person) -> None:
    found = recorded(person)
    with pytest.raises(NotFound):
        requests.link(actor=person("order_manager"), request_id=found.pk, target_type="order", target_id=987_654)
    order = confirmed(person("order_manager"))
    requests.link(actor=person("order_manager"), request_id=found.pk, target_type="order", target_id=order.pk)
    requests.link(actor=person("order_manager"), request_id=found.pk, target_type="order", target_id=order.pk)
    assert [one.label for one in found.links.all()] == [order.label]


def test_the_clock_is_told_once_a_level_and_further_up_each_time(person: Person) -> None:
    SlaRule.objects.create(response_minutes=100, resolution_minutes=10_000)
    manager, boss = person("order_manager"), person("manager")
    found = recorded(person)
    Notification.objects.all().delete()
    assert watch_clocks(now=MONDAY + 70 * MINUTES) == 0
    assert watch_clocks(now=MONDAY + 80 * MINUTES) == 1
    assert watch_clocks(now=MONDAY + 81 * MINUTES) == 0
    assert watch_clocks(now=MONDAY + 110 * MINUTES) == 1
    assert watch_clocks(now=MONDAY + 170 * MINUTES) == 1
    assert watch_clocks(now=MONDAY + 171 * MINUTES) == 0
    assert [notice.level for notice in ClockNotice.objects.filter(request=found)] == ["warned", "breached", "escalated"]
    assert Notification.objects.filter(user=manager, kind="sla").count() == 3
    assert Notification.objects.filter(user=boss, kind="sla").count() == 1
    assert OutboxEvent.objects.filter(kind="request.breached").count() == 2


def test_a_paused_clock_warns_nobody(person: Person) -> None:
    found = recorded(person)
    requests.wait_for_customer(actor=person("order_manager"), request_id=found.pk, at=MONDAY + MINUTES)
    assert watch_clocks(now=MONDAY + dt.timedelta(days=60)) == 0


@pytest.mark.parametrize("state", list(RequestState))
@pytest.mark.parametrize("verb", list(REQUEST_LIFE.verbs))
def test_every_state_and_verb(person: Person, state: RequestState, verb: str) -> None:
    found, other = recorded(person), recorded(person, title="另一条")
    CustomerRequest.objects.filter(pk=found.pk).update(
        state=state, responded_at=MONDAY, resolved_at=None if state in ("open", "waiting") else MONDAY
    )
    if state == RequestState.WAITING:
        found.pauses.create(since=MONDAY)
    found.refresh_from_db()
    actor, key = person("order_manager"), found.pk
    calls: dict[str, Callable[[], object]] = {
        "change": lambda: requests.change_request(
            actor=actor,
            request_id=key,
            expected_version=None,
            title="x",
            kind="question",
            urgency="normal",
            owner=actor,
            order=None,
            contact=None,
        ),
        "reply": lambda: requests.reply(actor=actor, request_id=key, text="x"),
        "note": lambda: requests.add_note(actor=actor, request_id=key, text="x"),
        "hear": lambda: requests.hear(found=found, text="x"),
        "wait": lambda: requests.wait_for_customer(actor=actor, request_id=key),
        "resume": lambda: requests.resume(actor=actor, request_id=key),
        "resolve": lambda: requests.resolve(actor=actor, request_id=key),
        "close": lambda: requests.close(actor=actor, request_id=key),
        "reopen": lambda: requests.reopen(actor=actor, request_id=key, reason="x"),
        "merge": lambda: requests.merge(actor=actor, request_id=key, into=other),
    }
    if REQUEST_LIFE.allows(state, verb):
        calls[verb]()
        found.refresh_from_db()
        assert found.state == REQUEST_LIFE.after(state, verb)
    else:
        with pytest.raises(Refusal):
            calls[verb]()
        found.refresh_from_db()
        assert found.state == state


# — mail —


def letter(
    sender: str, subject: str, text: str, *, identity: str = "<1@theirs>", answers: str = "", file: bytes = b""
) -> bytes:
    message = EmailMessage()
    message["From"], message["Subject"], message["Message-ID"] = sender, subject, identity
    message["Date"] = "Mon, 23 Nov 2026 09:00:00 +0800"
    if answers:
        message["In-Reply-To"] = answers
    message.set_content(text)
    if file:
        message.add_attachment(file, maintype="application", subtype="pdf", filename="图.pdf")
    return message.as_bytes()


def contact_with_mail() -> Contact:
    found = customer().contacts.get()
    found.email = "zhang@c001.example"
    found.save()
    return found


def test_a_strangers_mail_lies_in_the_inbox_even_with_a_number_in_its_subject(person: Person) -> None:
    found = recorded(person)
    mailbox.receive(letter("evil@else.example", f"Re: [{found.number}]", "付款到新账户"))
    assert found.messages.count() == 1
    waiting = inbox_messages(person("order_manager")).get()
    assert waiting.request is None
    assert not inbox_messages(person("finance"))


def test_another_customers_contact_can_not_write_into_a_request_of_this_one(person: Person) -> None:
    found = recorded(person)
    other = customer("C002", "苏州恒拓电子").contacts.get()
    other.email = "gu@c002.example"
    other.save()
    mailbox.receive(letter("gu@c002.example", f"Re: [{found.number}]", "看看别家的"))
    assert found.messages.count() == 1
    assert CustomerRequest.objects.get(customer__code="C002").messages.get().text == "看看别家的"


def test_a_known_contacts_mail_becomes_a_request_once_with_its_files(person: Person) -> None:
    contact = contact_with_mail()
    order = confirmed(person("order_manager"))
    raw = letter("张海涛 <zhang@c001.example>", f"{order.number} 地基图", "什么时候给？", file=b"%PDF")
    mailbox.receive(raw)
    mailbox.receive(raw)
    found = CustomerRequest.objects.get()
    assert (found.contact, found.order, found.channel) == (contact, order, "mail")
    assert Incoming.objects.get().request == found


def test_an_answer_finds_its_request_by_our_own_message_id_without_the_quoted_rest(
    person: Person, django_capture_on_commit_callbacks: Callable[..., object]
) -> None:
    contact = contact_with_mail()
    found = recorded(person, contact=contact)
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]
        requests.reply(actor=person("order_manager"), request_id=found.pk, text="请给图", and_wait=True)
    sent = mail.outbox[-1]
    assert sent.to == ["zhang@c001.example"]
    identity = sent.extra_headers["Message-ID"]
    text = "图在这里\n\nOn Mon, Nov 23, 2026 Punctual wrote:\n> 请给图"
    mailbox.receive(letter("zhang@c001.example", "回复：别的标题", text, identity="<2@theirs>", answers=identity))
    found.refresh_from_db()
    assert found.state == RequestState.OPEN
    last = found.messages.last()
    assert last is not None
    assert last.text == "图在这里"
    assert Delivery.objects.get(dedupe_key__startswith="reply:").state == "sent"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\xfe\x00broken",
        b"From: =?utf-8?B?broken\r\nSubject: =?x-unknown?Q?=FF?=\r\nDate: never\r\n\r\n\x00body",
        b"Content-Type: text/plain; charset=no-such\r\nMessage-ID: <a@b>\r\n\r\n\xe4\xbd\xa0",
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nhalf",
    ],
)
def test_a_broken_mail_is_kept_all_the_same(person: Person, raw: bytes) -> None:
    mailbox.receive(raw)
    assert Incoming.objects.count() == 1


def test_two_megabytes_of_open_brackets_stop_nothing() -> None:
    raw = b"From: a@b.example\nMessage-ID: <1@x>\nContent-Type: text/html\n\n" + b"<" * (2 << 20)
    started = time.process_time()
    kept = mailbox.receive(raw)
    assert time.process_time() - started < 5
    assert len(kept.text) == LONGEST_TEXT


def test_a_long_answer_is_cut_to_what_a_request_takes_and_reaches_it(person: Person) -> None:
    contact_with_mail()
    found = recorded(person)
    mailbox.receive(letter("zhang@c001.example", f"Re: [{found.number}]", "字" * (LONGEST_TEXT + 1)))
    last = found.messages.last()
    assert last is not None
    assert last.text == "字" * LONGEST_TEXT


def test_a_mail_that_finds_no_place_waits_in_the_inbox(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    contact_with_mail()
    found = recorded(person)

    def refusing(**_more: object) -> None:
        CustomerRequest.objects.filter(pk=found.pk).update(title="half written")
        raise Refusal(Reason("request.no", N_("Write something first.")))

    monkeypatch.setattr(mailbox, "hear", refusing)
    mailbox.receive(letter("zhang@c001.example", f"Re: [{found.number}]", "文字"))
    assert inbox_messages(person("order_manager")).get().text == "文字"
    found.refresh_from_db()
    assert found.title == "哪天发货"


def test_a_message_is_assigned_or_set_aside_by_name(person: Person) -> None:
    found = recorded(person)
    for number in range(3):
        mailbox.receive(letter("new@c001.example", "问题", "文字", identity=f"<{number}@x>"))
    one, two, three = Incoming.objects.order_by("pk")
    manager = person("order_manager")
    with pytest.raises(Forbidden):
        mailbox.assign(actor=person("finance"), incoming_id=one.pk, to=found)
    with pytest.raises(Refusal):
        mailbox.assign(actor=manager, incoming_id=one.pk)
    mailbox.assign(actor=manager, incoming_id=one.pk, to=found)
    mailbox.assign(actor=manager, incoming_id=two.pk, customer=customer())
    mailbox.set_aside(actor=manager, incoming_id=three.pk)
    assert not inbox_messages(manager)
    assert Incoming.objects.filter(set_aside_by=manager).get() == three
    with pytest.raises(NotFound):
        mailbox.set_aside(actor=manager, incoming_id=one.pk)
