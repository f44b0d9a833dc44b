"""A series of meetings goes on differently, ends and is taken up again; what is planned follows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from icalendar import Calendar

from ordering import confirmed, customer
from punctual.domain.customer_relations.models import Meeting, MeetingSeries, MeetingState
from punctual.domain.customer_relations.models.meetings import Rhythm
from punctual.domain.customer_relations.services import meetings as services
from punctual.domain.customer_relations.services import series as of_series
from punctual.kernel.refusal import Conflict, Forbidden, Refusal
from punctual.platform.accounts.models import User
from punctual.platform.audit.models import AuditEntry
from punctual.platform.notifications.models import Delivery

pytestmark = pytest.mark.django_db
Person = Callable[[str], User]
START = dt.datetime.fromisoformat("2026-11-30T14:00+08:00")
NOW = dt.datetime.fromisoformat("2026-11-23T09:00+08:00")
LATER = dt.datetime.fromisoformat("2027-02-10T09:00+08:00")


def called(person: Person, **more: Any) -> Meeting:
    customer().contacts.update(email="zhang@c001.example")
    return services.call_series(
        actor=person("order_manager"),
        title="双周例会",
        customer=customer(),
        starts_at=START,
        place="三楼",
        now=NOW,
        **more,
    )


def following(person: Person, **more: Any) -> Meeting:
    """The second of a series: the first was cancelled, so that this one was prepared."""
    first = called(person, **more)
    services.cancel(actor=person("order_manager"), meeting_id=first.pk)
    return first.series.meetings.get(state=MeetingState.PLANNED)


def changed(person: Person, found: Meeting, **more: Any) -> MeetingSeries:
    series = MeetingSeries.objects.get(pk=found.series_id)
    facts = {name: getattr(series, name) for name in ("title", "rhythm", "order", "minutes", "place", "owner")}
    facts |= {"expected_version": series.version, "actor": person("order_manager"), "now": NOW}
    return of_series.change_series(series_id=series.pk, **(facts | more))


def test_who_may_not_call_meetings_changes_none(person: Person) -> None:
    found = called(person)
    for role in ("worker", "finance", "planner"):
        with pytest.raises(Refusal):  # forbidden, or not even seen
            changed(person, found, actor=person(role), title="别的")
        with pytest.raises(Refusal):
            of_series.end_series(actor=person(role), series_id=found.series_id)
    with pytest.raises(Forbidden):
        of_series.resume_series(actor=person("planner"), series_id=found.series_id)
    found.series.refresh_from_db()
    assert (found.series.title, found.series.ended_at) == ("双周例会", None)


def test_every_reason_against_a_change_is_told_at_once(person: Person) -> None:
    found = called(person)
    foreign = confirmed(person("order_manager"))
    foreign.customer = customer("C002", "苏州恒拓电子")
    foreign.save()
    with pytest.raises(Refusal) as refused:
        changed(person, found, title=" ", rhythm="never", minutes=1, order=foreign, owner=person("worker"))
    assert {one.field for one in refused.value.reasons} == {"title", "rhythm", "minutes", "order", "owner"}
    changed(person, found, title="月会")
    with pytest.raises(Conflict) as conflict:
        changed(person, found, expected_version=1, title="周会")
    assert [one["new"] for one in conflict.value.changes] == ["月会"]


def test_a_series_that_goes_on_can_not_be_taken_up_again(person: Person) -> None:
    found = called(person)
    with pytest.raises(Refusal) as refused:
        of_series.resume_series(actor=person("order_manager"), series_id=found.series_id)
    assert refused.value.reasons[0].code == "meeting.series_runs"


def test_another_title_is_the_same_event_again_for_whoever_was_invited(person: Person) -> None:
    found, manager = called(person), person("order_manager")
    changed(person, found, title="开工会")
    assert not Delivery.objects.exists()  # nobody was invited yet
    services.invite(actor=manager, meeting_id=found.pk)
    changed(person, found, title="启动会", minutes=90, owner=person("sales"))
    mails = list(Delivery.objects.filter(address="zhang@c001.example").order_by("created_at"))
    events = [Calendar.from_ical(one.data["calendar"]["text"]).walk("VEVENT")[0] for one in mails]
    assert [str(event["summary"]) for event in events] == ["开工会", "启动会"]
    assert [int(event["sequence"]) for event in events] == [1, 2]
    assert len({str(event["uid"]) for event in events}) == 1
    assert events[1]["dtend"].dt - events[1]["dtstart"].dt == dt.timedelta(minutes=90)
    assert events[1]["organizer"].params["cn"] == person("sales").name
    assert found.attendees.filter(user=person("sales")).count() == 1
    assert AuditEntry.objects.filter(target_type="meeting", verb="change_series").count() == 2


def test_what_a_meeting_has_of_its_own_stays(person: Person) -> None:
    found, manager = called(person), person("order_manager")
    services.move(
        actor=manager, meeting_id=found.pk, expected_version=None, starts_at=START, minutes=60, place="客户处", now=NOW
    )
    changed(person, found, place="二楼", minutes=45)
    found.refresh_from_db()
    assert (found.place, found.minutes) == ("客户处", 45)
    services.cancel(actor=manager, meeting_id=found.pk)
    prepared = found.series.meetings.get(state=MeetingState.PLANNED)
    assert (prepared.place, prepared.minutes) == ("二楼", 45)


def test_another_rhythm_moves_what_is_prepared_and_nobody_is_invited_to(person: Person) -> None:
    found = following(person)
    assert found.starts_at == START + dt.timedelta(days=14)
    changed(person, found, rhythm=Rhythm.WEEKLY)
    found.refresh_from_db()
    assert found.starts_at == START + dt.timedelta(days=7)
    services.cancel(actor=person("order_manager"), meeting_id=found.pk)
    assert found.series.meetings.latest("starts_at").starts_at == START + dt.timedelta(days=14)


def test_another_rhythm_leaves_what_people_are_invited_to_or_somebody_put_elsewhere(person: Person) -> None:
    manager = person("order_manager")
    invited = following(person)
    services.invite(actor=manager, meeting_id=invited.pk)
    put = following(person)
    aside = put.starts_at + dt.timedelta(days=1)
    services.move(actor=manager, meeting_id=put.pk, expected_version=None, starts_at=aside, minutes=60, now=NOW)
    first = called(person)
    for one in (invited, put, first):
        changed(person, one, rhythm=Rhythm.WEEKLY)
    assert Meeting.objects.get(pk=invited.pk).starts_at == START + dt.timedelta(days=14)
    assert Meeting.objects.get(pk=put.pk).starts_at == aside
    assert Meeting.objects.get(pk=first.pk).starts_at == START


def test_a_rhythm_never_moves_a_meeting_into_the_past(person: Person) -> None:
    found = following(person, rhythm=Rhythm.MONTHLY)
    changed(person, found, rhythm=Rhythm.WEEKLY, now=START + dt.timedelta(days=15))
    found.refresh_from_db()
    assert found.starts_at == START + dt.timedelta(days=21)


def test_one_meeting_that_took_place_begins_a_series_once_it_has_a_rhythm(person: Person) -> None:
    found, manager = called(person, rhythm=Rhythm.ONCE), person("order_manager")
    services.start(actor=manager, meeting_id=found.pk, today=timezone.localdate())
    services.end(actor=manager, meeting_id=found.pk)
    assert found.series.meetings.count() == 1
    changed(person, found, rhythm=Rhythm.WEEKLY)
    assert found.series.meetings.get(state=MeetingState.PLANNED).starts_at == START + dt.timedelta(days=7)


def test_an_ended_series_is_taken_up_again_with_the_next_day_of_its_rhythm(person: Person) -> None:
    found, manager = called(person, users=[person("sales")]), person("order_manager")
    of_series.end_series(actor=manager, series_id=found.series_id)
    services.cancel(actor=manager, meeting_id=found.pk)
    assert found.series.meetings.count() == 1
    of_series.resume_series(actor=manager, series_id=found.series_id, now=LATER)
    prepared = found.series.meetings.get(state=MeetingState.PLANNED)
    # Every second Monday since 30 November, the first after 10 February.
    assert prepared.starts_at == dt.datetime.fromisoformat("2027-02-22T14:00+08:00")
    assert prepared.attendees.count() == found.attendees.count()
    assert [one.verb for one in AuditEntry.objects.filter(target_type="meetingseries").order_by("id")] == [
        "end_series",
        "resume_series",
    ]


def test_an_ended_series_with_a_meeting_to_come_goes_on_after_that(person: Person) -> None:
    found, manager = called(person), person("order_manager")
    of_series.end_series(actor=manager, series_id=found.series_id)
    of_series.resume_series(actor=manager, series_id=found.series_id, now=NOW)
    assert found.series.meetings.count() == 1
    services.cancel(actor=manager, meeting_id=found.pk)
    assert found.series.meetings.count() == 2
