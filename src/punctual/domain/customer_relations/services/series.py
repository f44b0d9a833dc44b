"""A series of meetings goes on differently, ends, or is taken up again."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils import timezone

from punctual.domain.customer_relations.models import Attendee, Meeting, MeetingSeries, MeetingState
from punctual.domain.customer_relations.rules import against_chair, against_length, against_resuming, against_series
from punctual.domain.customer_relations.selectors import series_of
from punctual.domain.customer_relations.services.meetings import (
    prepare_next,
    put,
    send_invitations,
    slot_after,
    worked,
)
from punctual.domain.orders.models import Order
from punctual.kernel.refusal import refuse_if
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may, require
from punctual.platform.audit.services import differences, record
from punctual.platform.records import lock, save_next

FIELDS = ("title", "rhythm", "order", "minutes", "place", "owner")


def may_chair(user: User) -> bool:
    return user.is_active and may(user, "meetings.change")


def _locked(actor: User, series_id: int, expected_version: int | None) -> MeetingSeries:
    require(actor, "meetings.change")
    return lock(series_of(actor), expected_version=expected_version, pk=series_id)


def _planned(series: MeetingSeries) -> list[Meeting]:
    """Its meetings that have not begun, the rhythm as it was; each sees the series as it is changed."""
    rows = list(
        series.meetings.select_for_update(of=("self",)).filter(state=MeetingState.PLANNED).order_by("starts_at")
    )
    for one in rows:
        one.series = series
    return rows


def _before(meeting: Meeting) -> Meeting | None:
    found = meeting.series.meetings.filter(starts_at__lt=meeting.starts_at).order_by("-starts_at").first()
    if found is not None:
        found.series = meeting.series
    return found


def _on_rhythm(meeting: Meeting) -> bool:
    """Whether it stands where the rhythm has it: nobody has invited to it or put it elsewhere."""
    before = _before(meeting)
    slot = slot_after(before) if before is not None and meeting.invited_at is None else None
    return slot is not None and worked(slot) == meeting.starts_at


@transaction.atomic
def change_series(
    *,
    actor: User,
    series_id: int,
    expected_version: int | None,
    title: str,
    rhythm: str,
    minutes: int,
    place: str,
    owner: User,
    order: Order | None = None,
    now: dt.datetime | None = None,
) -> MeetingSeries:
    """Title, rhythm, order, usual length, place, chair. What is planned follows, and whoever was invited to it gets the
    event again, changed; another rhythm moves of it only what nobody has invited to or put elsewhere."""
    series = _locked(actor, series_id, expected_version)
    order_of = order.customer_id if order is not None else None
    refuse_if(
        [
            *against_series(title=title, rhythm=rhythm, customer=series.customer_id, order_of=order_of),
            *against_length(minutes),
            *against_chair(
                stays=owner == series.owner, is_active=owner.is_active, may_write=may(owner, "meetings.change")
            ),
        ]
    )
    before = {name: getattr(series, name) for name in FIELDS}
    planned = _planned(series)
    moves = [one for one in planned if rhythm != series.rhythm and _on_rhythm(one)]
    series.title, series.rhythm, series.order = title.strip()[:120], rhythm, order
    series.minutes, series.place, series.owner = minutes, place.strip()[:200], owner
    changes = differences(before, {name: getattr(series, name) for name in FIELDS})
    if not changes:
        return series
    save_next(series, fields=list(FIELDS))
    record(actor=actor, verb="change", target=series, changes=changes)
    now = now or timezone.now()
    told = {str(change["field"]) for change in changes} & {"title", "owner"}
    for one in planned:
        _follow(actor, one, before, moved=one in moves, renamed=bool(told), now=now)
    _go_on(actor, series, now)
    return series


def _follow(
    actor: User, meeting: Meeting, before: dict[str, object], *, moved: bool, renamed: bool, now: dt.datetime
) -> None:
    """A planned meeting as the changed series has it; what it has of its own stays."""
    series = meeting.series
    fields = ["starts_at", "minutes", "place"]
    was = {name: getattr(meeting, name) for name in fields}
    for name in ("minutes", "place"):
        if was[name] == before[name]:
            setattr(meeting, name, getattr(series, name))
    last = _before(meeting) if moved else None
    slot = slot_after(last, after=now) if last is not None else None
    if slot is not None:
        put(meeting, slot)
    if before["owner"] != series.owner and not meeting.attendees.filter(user=series.owner).exists():
        Attendee.objects.create(meeting=meeting, user=series.owner, name=series.owner.name, email=series.owner.email)
    changes = differences(was, {name: getattr(meeting, name) for name in fields})
    if not changes and not renamed:
        return
    meeting.sequence += 1
    save_next(meeting, fields=[*fields, "slot", "sequence"])
    record(actor=actor, verb="change_series", target=meeting, changes=changes)
    if meeting.invited_at is not None:
        send_invitations(meeting)


def _go_on(actor: User, series: MeetingSeries, now: dt.datetime) -> None:
    """Prepares the next meeting where the last one is over and the rhythm has another."""
    last = series.meetings.order_by("-starts_at").first()
    if last is not None and last.state not in (MeetingState.PLANNED, MeetingState.RUNNING):
        last.series = series
        prepare_next(actor=actor, meeting=last, after=now)


@transaction.atomic
def end_series(*, actor: User, series_id: int) -> MeetingSeries:
    """No further meetings; a planned one is cancelled by itself."""
    series = _locked(actor, series_id, None)
    if series.ended_at is None:
        series.ended_at = timezone.now()
        save_next(series, fields=["ended_at"])
        _told(actor, series, "end_series")
    return series


@transaction.atomic
def resume_series(*, actor: User, series_id: int, now: dt.datetime | None = None) -> MeetingSeries:
    """An ended series goes on: its next meeting is prepared, the first from now on that the rhythm has."""
    series = _locked(actor, series_id, None)
    refuse_if(against_resuming(has_ended=series.ended_at is not None))
    series.ended_at = None
    save_next(series, fields=["ended_at"])
    _told(actor, series, "resume_series")
    _go_on(actor, series, now or timezone.now())
    return series


def _told(actor: User, series: MeetingSeries, verb: str) -> None:
    """In the story of the series, and of its latest meeting, where people look."""
    record(actor=actor, verb=verb, target=series)
    last = series.meetings.order_by("-starts_at").first()
    if last is not None:
        record(actor=actor, verb=verb, target=last)
