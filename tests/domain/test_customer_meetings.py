"""Meetings: who may do what, one event in every calendar, what a line becomes, what goes to whom."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from ordering import confirmed, customer
from punctual.domain.actions.models import ActionItem
from punctual.domain.changes.models import ChangeOrder
from punctual.domain.customer_relations import pack
from punctual.domain.customer_relations.invitations import invitation
from punctual.domain.customer_relations.models import (
    CustomerRequest,
    LineKind,
    Meeting,
    MeetingState,
    MinuteLine,
    TrackingTask,
)
from punctual.domain.customer_relations.models.meetings import Rhythm
from punctual.domain.customer_relations.services import meetings as services
from punctual.domain.customer_relations.services import minutes
from punctual.domain.customer_relations.services.meetings import next_slot, worked
from punctual.domain.customer_relations.services.minutes import Line
from punctual.domain.orders.models import Order
from punctual.domain.risks.models import Risk
from punctual.kernel.refusal import Forbidden, NotFound, Refusal
from punctual.platform.accounts.models import User
from punctual.platform.audit.services import Change, record
from punctual.platform.notifications.models import Delivery
from punctual.web.relations import packs

pytestmark = pytest.mark.django_db
Person = Callable[[str], User]
TODAY = dt.date(2026, 11, 23)
START = dt.datetime.fromisoformat("2026-11-30T14:00+08:00")
NOW = dt.datetime.fromisoformat("2026-11-23T09:00+08:00")


def called(person: Person, *, order: Order | None = None, **more: Any) -> Meeting:
    contact = customer().contacts.get()
    contact.email = "zhang@c001.example"
    contact.save()
    return services.call_series(
        actor=person("order_manager"),
        title="双周例会",
        customer=customer(),
        starts_at=START,
        order=order,
        now=NOW,
        **more,
    )


def running(person: Person, **more: Any) -> Meeting:
    return services.start(actor=person("order_manager"), meeting_id=called(person, **more).pk, today=TODAY)


def test_who_may_not_call_meetings_calls_none(person: Person) -> None:
    for role in ("worker", "finance", "planner"):
        with pytest.raises(Forbidden):
            services.call_series(actor=person(role), title="x", customer=customer(), starts_at=START, now=NOW)
    assert not Meeting.objects.exists()


def test_every_reason_against_a_meeting_is_told_at_once(person: Person) -> None:
    order = confirmed(person("order_manager"))
    stranger = customer("C002", "苏州恒拓电子")
    with pytest.raises(Refusal) as refused:
        services.call_series(
            actor=person("order_manager"),
            title=" ",
            customer=stranger,
            starts_at=NOW - dt.timedelta(hours=1),
            minutes=1,
            rhythm="never",
            order=order,
            contacts=[customer().contacts.get()],
            now=NOW,
        )
    assert {reason.field for reason in refused.value.reasons} == {
        "starts_at",
        "minutes",
        "title",
        "rhythm",
        "order",
        "contacts",
    }
    assert not Meeting.objects.exists()


def test_nothing_is_written_before_it_begins_nor_sent_before_it_is_approved(person: Person) -> None:
    found, manager = called(person), person("order_manager")
    with pytest.raises(Refusal):
        minutes.write_line(actor=manager, meeting_id=found.pk, line=Line("x"), today=TODAY)
    services.start(actor=manager, meeting_id=found.pk, today=TODAY)
    services.end(actor=manager, meeting_id=found.pk)
    with pytest.raises(Refusal):
        services.approve(actor=manager, meeting_id=found.pk)  # nothing is written
    with pytest.raises(Refusal):
        services.send_minutes(
            actor=manager, meeting_id=found.pk, text_for=packs.minutes_text, pdf_for=packs.minutes_pdf
        )
    with pytest.raises(Forbidden):
        services.approve(actor=person("quality"), meeting_id=found.pk)
    assert not Delivery.objects.exists()


def event_of(delivery: Delivery) -> Any:
    return Calendar.from_ical(delivery.data["calendar"]["text"]).walk("VEVENT")[0]


def test_an_invitation_its_change_and_its_cancellation_are_one_event(person: Person) -> None:
    found, manager = called(person), person("order_manager")
    services.invite(actor=manager, meeting_id=found.pk)
    later = START + dt.timedelta(days=1)
    found.refresh_from_db()
    services.move(
        actor=manager, meeting_id=found.pk, expected_version=found.version, starts_at=later, minutes=90, now=NOW
    )
    services.cancel(actor=manager, meeting_id=found.pk)
    mails = list(Delivery.objects.filter(address="zhang@c001.example").order_by("created_at"))
    events = [event_of(one) for one in mails]
    assert [one.data["calendar"]["method"] for one in mails] == ["REQUEST", "REQUEST", "CANCEL"]
    assert len({str(event["uid"]) for event in events}) == 1
    assert [int(event["sequence"]) for event in events] == [0, 1, 2]
    assert [event["dtstart"].dt for event in events] == [START, later, later]
    assert str(events[-1]["status"]) == "CANCELLED"
    assert "attendee" in events[0]


def test_a_cancelled_meeting_is_followed_by_the_next_of_its_series(person: Person) -> None:
    found = called(person)
    services.cancel(actor=person("order_manager"), meeting_id=found.pk)
    following = found.series.meetings.exclude(pk=found.pk).get()
    assert following.starts_at == START + dt.timedelta(days=14)
    assert following.attendees.count() == found.attendees.count()
    assert following.uid != found.uid


def test_each_line_becomes_what_its_key_says(person: Person) -> None:
    order = confirmed(person("order_manager"))
    found, manager = running(person, order=order), person("order_manager")
    for kind in (LineKind.NOTE, LineKind.ACTION, LineKind.REQUEST, LineKind.CHANGE, LineKind.RISK, LineKind.INTERNAL):
        minutes.write_line(actor=manager, meeting_id=found.pk, line=Line(f"一件事 {kind}", kind), today=TODAY)
    assert ActionItem.objects.get().cause_id == found.pk
    asked = CustomerRequest.objects.get()
    assert (asked.channel, asked.order) == ("meeting", order)
    change = ChangeOrder.objects.get()
    assert (change.order, change.cause_type, change.state) == (order, "meeting", "draft")
    assert Risk.objects.filter(title__startswith="一件事").get().order == order
    assert [bool(one.target_label) for one in found.lines.all()] == [False, True, True, True, True, False]


def test_a_line_that_can_not_become_anything_is_not_kept(person: Person) -> None:
    found = running(person)
    with pytest.raises(Refusal):
        minutes.write_line(actor=person("order_manager"), meeting_id=found.pk, line=Line("x", "strange"), today=TODAY)
    assert not found.lines.exists()


def test_a_line_that_was_only_kept_becomes_work_after_all(person: Person) -> None:
    manager, quality = person("order_manager"), person("quality")
    order = confirmed(manager)
    found = running(person, order=order)
    kept = {
        kind: minutes.write_line(actor=manager, meeting_id=found.pk, line=Line(f"说过 {kind}", kind), today=TODAY)
        for kind in (LineKind.NOTE, LineKind.DECISION, LineKind.INTERNAL, LineKind.REQUEST)
    }

    def turn(kind: str, into: str, **more: Any) -> MinuteLine:
        return minutes.turn_line(
            actor=manager, meeting_id=found.pk, line_id=kept[kind].pk, into=Line("", into, **more), today=TODAY
        )

    for kind, into, code in (
        (LineKind.NOTE, LineKind.DECISION, "meeting.kind"),
        (LineKind.NOTE, "strange", "meeting.kind"),
        (LineKind.REQUEST, LineKind.ACTION, "meeting.turned"),
        (LineKind.INTERNAL, LineKind.ACTION, "meeting.internal"),
    ):
        with pytest.raises(Refusal) as refused:
            turn(kind, into)
        assert [reason.code for reason in refused.value.reasons] == [code]
    with pytest.raises(NotFound):
        minutes.turn_line(actor=manager, meeting_id=found.pk, line_id=0, into=Line("", "risk"), today=TODAY)
    assert not ActionItem.objects.exists()
    turned = turn(LineKind.NOTE, LineKind.ACTION, owner=quality, due=TODAY + dt.timedelta(days=3))
    assert (turned.text, turned.by, turned.at) == (kept[LineKind.NOTE].text, manager, kept[LineKind.NOTE].at)
    assert (turned.kind, turned.who, turned.due) == (LineKind.ACTION, quality.name, TODAY + dt.timedelta(days=3))
    assert ActionItem.objects.get().owner == quality
    assert turn(LineKind.DECISION, LineKind.CHANGE).target_id == ChangeOrder.objects.get().pk
    assert turn(LineKind.INTERNAL, LineKind.RISK).kind == LineKind.RISK
    assert found.lines.count() == len(kept)


def test_a_line_about_an_order_says_which_when_several_run(person: Person) -> None:
    manager = person("order_manager")
    found, first, second = running(person), confirmed(manager), confirmed(manager)
    theirs = customer().contacts.get()
    for line in (Line("改", LineKind.CHANGE), Line("寄样件", LineKind.ACTION, contact=theirs)):
        with pytest.raises(Refusal) as refused:
            minutes.write_line(actor=manager, meeting_id=found.pk, line=line, today=TODAY)
        assert [reason.field for reason in refused.value.reasons] == ["order"]
    assert not found.lines.exists()
    assert not ChangeOrder.objects.exists()
    made = minutes.write_line(
        actor=manager, meeting_id=found.pk, line=Line("改", LineKind.CHANGE, order=second), today=TODAY
    )
    assert ChangeOrder.objects.get().order == second
    assert made.order == second
    note = minutes.write_line(actor=manager, meeting_id=found.pk, line=Line("按期", order=first), today=TODAY)
    manager_reads = packs.minutes_text(found, True)
    assert f"{first.label} {note.text}" in manager_reads


def test_no_line_is_about_another_customers_order_or_for_their_people(person: Person) -> None:
    manager = person("order_manager")
    found = running(person)
    stranger = customer("C002", "苏州恒拓电子")
    foreign = confirmed(manager)
    foreign.customer = stranger
    foreign.save()
    line = Line("寄样件", LineKind.ACTION, order=foreign, contact=stranger.contacts.create(name="别家"))
    with pytest.raises(Refusal) as refused:
        minutes.write_line(actor=manager, meeting_id=found.pk, line=line, today=TODAY)
    assert {reason.field for reason in refused.value.reasons} == {"order", "contact"}
    assert not found.lines.exists()
    assert not TrackingTask.objects.exists()


def test_what_the_customer_is_to_do_waits_on_the_tracking_page(person: Person) -> None:
    manager, quality = person("order_manager"), person("quality")
    order = confirmed(manager)
    found, theirs = running(person), customer().contacts.get()
    line = Line("寄出电芯样件", LineKind.ACTION, due=dt.date(2026, 12, 4), contact=theirs)
    with pytest.raises(Forbidden):  # who may not write on the tracking page
        minutes.write_line(actor=quality, meeting_id=found.pk, line=line, today=TODAY)
    assert not found.lines.exists()
    made = minutes.write_line(actor=manager, meeting_id=found.pk, line=line, today=TODAY)
    task = TrackingTask.objects.get()
    assert (task.order, task.title, task.due) == (order, "寄出电芯样件", dt.date(2026, 12, 4))
    assert (made.who, made.due, made.target_id) == (theirs.name, task.due, task.pk)
    assert not ActionItem.objects.exists()
    wanted = next(part for part in pack.build(manager, found, today=TODAY) if part["name"] == "wanted")
    assert [line["params"]["title"] for line in wanted["lines"]] == ["寄出电芯样件"]


def test_the_minutes_say_who_does_what_by_when_and_no_name_that_the_customer_has_not_met(person: Person) -> None:
    manager, buyer = person("order_manager"), person("supply_chain")
    found, day = running(person), dt.date(2026, 12, 4)
    minutes.write_line(actor=manager, meeting_id=found.pk, line=Line("发大纲", LineKind.ACTION, due=day), today=TODAY)
    line = Line("催泵", LineKind.ACTION, owner=buyer, due=day)
    minutes.write_line(actor=manager, meeting_id=found.pk, line=line, today=TODAY)
    ours, theirs = packs.minutes_text(found, True), packs.minutes_text(found, False)
    assert f"催泵 → {buyer.name}、2026-12-04" in ours
    assert f"发大纲 → {manager.name}、2026-12-04" in theirs
    assert buyer.name not in theirs
    assert re.search(r"催泵 → \S+、2026-12-04", theirs)
    assert packs.minutes_pdf(found, False).startswith(b"%PDF")


def test_who_is_taken_out_loses_the_event_and_gets_no_minutes(person: Person) -> None:
    found, manager = called(person, users=[person("sales")]), person("order_manager")
    wrong = found.attendees.get(contact__isnull=False)
    with pytest.raises(Forbidden):
        services.take_out(actor=person("worker"), meeting_id=found.pk, attendee_id=wrong.pk)
    services.invite(actor=manager, meeting_id=found.pk)
    asked = list(Delivery.objects.values_list("pk", flat=True))
    services.take_out(actor=manager, meeting_id=found.pk, attendee_id=wrong.pk)
    told = list(Delivery.objects.exclude(pk__in=asked))
    assert [(one.address, one.data["calendar"]["method"]) for one in told] == [("zhang@c001.example", "CANCEL")]
    event = event_of(told[0])
    assert (str(event["uid"]).split("@")[0], int(event["sequence"])) == (str(found.uid), 1)
    assert found.attendees.count() == 2
    services.start(actor=manager, meeting_id=found.pk, today=TODAY)
    minutes.write_line(actor=manager, meeting_id=found.pk, line=Line("按期"), today=TODAY)
    services.end(actor=manager, meeting_id=found.pk)
    assert not found.series.meetings.exclude(pk=found.pk).get().attendees.filter(contact__isnull=False)
    services.approve(actor=manager, meeting_id=found.pk)
    left = found.attendees.first()
    assert left is not None
    with pytest.raises(Refusal):  # the approved minutes say who was there
        services.take_out(actor=manager, meeting_id=found.pk, attendee_id=left.pk)
    services.send_minutes(actor=manager, meeting_id=found.pk, text_for=packs.minutes_text, pdf_for=packs.minutes_pdf)
    assert Delivery.objects.filter(address="zhang@c001.example").count() == 2


def test_the_customers_minutes_hold_nothing_internal_and_no_risk(person: Person) -> None:
    found, manager = running(person), person("order_manager")
    secret, danger = "赶工还没批", "供应商可能倒闭"
    minutes.write_line(actor=manager, meeting_id=found.pk, line=Line("主线体先发"), today=TODAY)
    minutes.write_line(actor=manager, meeting_id=found.pk, line=Line(secret, LineKind.INTERNAL), today=TODAY)
    minutes.write_line(actor=manager, meeting_id=found.pk, line=Line(danger, LineKind.RISK), today=TODAY)
    services.end(actor=manager, meeting_id=found.pk)
    services.approve(actor=manager, meeting_id=found.pk)
    services.send_minutes(actor=manager, meeting_id=found.pk, text_for=packs.minutes_text, pdf_for=packs.minutes_pdf)
    theirs = Delivery.objects.get(address="zhang@c001.example")
    ours = Delivery.objects.get(address="order.manager@example.test")
    assert "主线体先发" in theirs.body
    assert secret not in theirs.body
    assert danger not in theirs.body
    assert secret in ours.body
    assert [file["type"] for file in theirs.data["files"]] == ["application/pdf"]
    found.refresh_from_db()
    assert found.state == MeetingState.SENT


def test_the_pack_holds_what_happened_since_the_last_meeting_and_hides_what_is_ours(person: Person) -> None:
    order = confirmed(person("order_manager"))
    found, manager = called(person, order=order), person("order_manager")
    for day, old, new in ((1, "2026-12-01", "2026-12-09"), (-40, "2026-11-20", "2026-12-01")):
        record(
            actor=manager,
            verb="change",
            target=order,
            changes=[Change(field="promised_date", old=old, new=new)],
            reason="泵晚到" if day > 0 else "旧事",
            at=NOW + dt.timedelta(days=day),
        )
    record(
        actor=manager,
        verb="change",
        target=order,
        changes=[Change(field="planned_date", old="2026-12-01", new="2026-12-03")],
        at=NOW,
    )
    parts = {part["name"]: part for part in pack.build(manager, found, today=TODAY)}
    assert {"wanted", "dates", "progress", "requests", "actions", "risks", "changes"} <= set(parts)
    assert [line["reason"] for line in parts["dates"]["lines"]] == ["", "泵晚到"]
    shown = packs.sections([parts["dates"], parts["risks"]], internal=False)
    assert len(shown[0]["lines"]) == 1
    assert packs.pack_pdf(found, list(parts.values()), internal=False).startswith(b"%PDF")


def test_the_invitation_of_a_feed_and_of_a_mail_are_the_same_event(person: Person) -> None:
    from punctual.web.channels.feeds import entries

    found = called(person)
    ours = [entry for entry in entries(person("order_manager")) if entry.summary == "双周例会"]
    event = Calendar.from_ical(invitation(found)[0]).walk("VEVENT")[0]
    assert [entry.uid for entry in ours] == [str(event["uid"])]
    assert not list(entries(person("worker")))


@given(
    st.datetimes(dt.datetime(2026, 1, 1), dt.datetime(2028, 12, 31)),  # noqa: DTZ001
    st.sampled_from([Rhythm.WEEKLY, Rhythm.FORTNIGHTLY, Rhythm.MONTHLY]),
)
@settings(max_examples=60, deadline=None)
def test_the_next_meeting_is_at_the_same_hour_of_a_worked_day(moment: dt.datetime, rhythm: str) -> None:
    start = timezone.make_aware(moment)
    slot = next_slot(start, rhythm)
    assert slot is not None
    here, there = timezone.localtime(start), timezone.localtime(worked(slot))
    assert (here.hour, here.minute) == (there.hour, there.minute)
    assert there.weekday() < 5
    days = (there.date() - here.date()).days
    assert {Rhythm.WEEKLY: 7, Rhythm.FORTNIGHTLY: 14, Rhythm.MONTHLY: 28}[Rhythm(rhythm)] <= days <= 34


def days_of(found: Meeting, person: Person, rounds: int) -> list[str]:
    """The days of the series' meetings after ``found``, each held in its turn."""
    days = []
    for _round in range(rounds):
        services.cancel(actor=person("order_manager"), meeting_id=found.pk)
        found = found.series.meetings.order_by("-starts_at")[0]
        days.append(f"{timezone.localtime(found.starts_at):%m-%d %H:%M}")
    return days


def moved(person: Person, *, following: bool) -> Meeting:
    """The first of a series, two days and an hour later."""
    found = called(person)
    return services.move(
        actor=person("order_manager"),
        meeting_id=found.pk,
        expected_version=found.version,
        starts_at=START + dt.timedelta(days=2, hours=1),
        minutes=60,
        following=following,
        now=NOW,
    )


def test_a_holiday_or_a_move_puts_one_meeting_elsewhere_and_not_those_after_it(person: Person) -> None:
    assert days_of(moved(person, following=False), person, 2) == ["12-14 14:00", "12-28 14:00"]


def test_a_move_of_the_later_ones_too_begins_the_rhythm_anew(person: Person) -> None:
    assert days_of(moved(person, following=True), person, 2) == ["12-16 15:00", "12-30 15:00"]


def test_a_rhythm_on_the_31st_comes_back_to_it_after_a_short_month(person: Person) -> None:
    found = called(person, rhythm=Rhythm.MONTHLY)
    Meeting.objects.filter(pk=found.pk).update(starts_at=dt.datetime.fromisoformat("2027-03-31T14:00+08:00"))
    assert days_of(found, person, 3) == ["04-30 14:00", "05-31 14:00", "06-30 14:00"]


def test_a_weekend_day_of_the_rhythm_is_put_off_alone(person: Person) -> None:
    found = called(person, rhythm=Rhythm.MONTHLY)
    Meeting.objects.filter(pk=found.pk).update(starts_at=dt.datetime.fromisoformat("2026-12-03T14:00+08:00"))
    assert days_of(found, person, 3) == ["01-04 14:00", "02-03 14:00", "03-03 14:00"]
