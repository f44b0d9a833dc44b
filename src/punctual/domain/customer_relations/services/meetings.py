"""Call meetings, invite, hold them, write what was said, send the minutes, prepare the next one."""

from __future__ import annotations

import calendar as month_calendar
import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from punctual.domain.actions.services import open_action
from punctual.domain.customer_relations import pack
from punctual.domain.customer_relations.invitations import invitation
from punctual.domain.customer_relations.life import MEETING_LIFE
from punctual.domain.customer_relations.models import (
    Attendee,
    Channel,
    LineKind,
    Meeting,
    MeetingSeries,
    MeetingState,
    MinuteLine,
    RequestKind,
)
from punctual.domain.customer_relations.models.meetings import Rhythm
from punctual.domain.customer_relations.rules import against_meeting, against_text
from punctual.domain.customer_relations.selectors import company_zone, meetings_of
from punctual.domain.customer_relations.services.requests import RequestInput, record_request
from punctual.domain.orders.models import Order
from punctual.domain.orders.workdays import CompanyWorkdays
from punctual.domain.parties.models import Contact, Customer
from punctual.kernel.refusal import Reason, Refusal, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.audit.services import Change, differences, record
from punctual.platform.notifications.outgoing import File, queue_mail
from punctual.platform.notifications.services import notify
from punctual.platform.outbox.services import emit
from punctual.platform.records import lock, save_next


@dataclass(frozen=True, slots=True)
class Line:
    """What was said and what it becomes. ``owner`` and ``due`` for an action; by default the chair, in a week."""

    text: str
    kind: str = LineKind.NOTE
    owner: User | None = None
    due: dt.date | None = None
    order: Order | None = None


Maker = Callable[[User, Meeting, Line], models.Model]
_MAKERS: Final[dict[str, Maker]] = {}


def register_maker(kind: str, maker: Maker) -> None:
    """Let a line of this kind become something of another app: a change order, a risk."""
    _MAKERS[kind] = maker


def offered_kinds() -> list[str]:
    """What a line can become here: what needs another app is offered once that app has registered."""
    always = [LineKind.NOTE, LineKind.DECISION, LineKind.ACTION, LineKind.REQUEST, LineKind.INTERNAL]
    return [kind for kind in LineKind.values if kind in always or kind in _MAKERS]


@transaction.atomic
def call_series(
    *,
    actor: User,
    title: str,
    customer: Customer,
    starts_at: dt.datetime | None,
    minutes: int = 60,
    rhythm: str = Rhythm.FORTNIGHTLY,
    order: Order | None = None,
    place: str = "",
    agenda: str = "",
    users: Sequence[User] = (),
    contacts: Sequence[Contact] = (),
    now: dt.datetime | None = None,
) -> Meeting:
    """A series with its first meeting; without ``contacts`` all of the customer's are asked to come."""
    require(actor, "meetings.change")
    reasons = against_meeting(starts_at=starts_at, minutes=minutes, now=now or timezone.now())
    if not title.strip():
        reasons.append(Reason("meeting.title", N_("Give the meeting a title."), field="title"))
    if rhythm not in Rhythm.values:
        reasons.append(Reason("meeting.rhythm", N_("Choose one of the rhythms offered."), field="rhythm"))
    if order is not None and order.customer_id != customer.pk:
        reasons.append(Reason("meeting.order", N_("This order belongs to another customer."), field="order"))
    if any(one.customer_id != customer.pk for one in contacts):
        reasons.append(Reason("meeting.contact", N_("A contact belongs to another customer."), field="contacts"))
    refuse_if(reasons)
    assert starts_at is not None
    series = MeetingSeries.objects.create(
        title=title.strip()[:120],
        customer=customer,
        order=order,
        rhythm=rhythm,
        minutes=minutes,
        place=place.strip(),
        owner=actor,
    )
    meeting = Meeting.objects.create(
        series=series, starts_at=starts_at, minutes=minutes, place=place.strip(), agenda=agenda.strip()
    )
    people = [*dict.fromkeys([actor, *users])]
    guests = list(contacts) or list(customer.contacts.filter(archived_at=None)[:8])
    _ask_in(meeting, people, guests)
    record(actor=actor, verb="create", target=meeting)
    return meeting


def _ask_in(meeting: Meeting, users: Sequence[User], contacts: Sequence[Contact]) -> None:
    Attendee.objects.bulk_create(
        [
            *(Attendee(meeting=meeting, contact=one, name=one.name, email=one.email) for one in contacts),
            *(Attendee(meeting=meeting, user=one, name=one.name, email=one.email) for one in users),
        ]
    )


def _locked(actor: User, meeting_id: int, expected_version: int | None, verb: str) -> Meeting:
    require(actor, "meetings.change")
    found = lock(meetings_of(actor), expected_version=expected_version, pk=meeting_id)
    refuse_if(MEETING_LIFE.reasons(found.state, verb))
    return found


def _told(actor: User, meeting: Meeting, verb: str, old: str) -> None:
    changes = [Change(field="state", old=old, new=meeting.state)] if old != meeting.state else []
    record(actor=actor, verb=verb, target=meeting, changes=changes)


@transaction.atomic
def add_attendee(
    *, actor: User, meeting_id: int, name: str = "", email: str = "", user: User | None = None
) -> Attendee:
    """One more: a colleague, or somebody by name and address."""
    require(actor, "meetings.change")
    meeting = lock(meetings_of(actor), expected_version=None, pk=meeting_id)
    if user is None and not name.strip():
        raise Refusal(Reason("meeting.attendee", N_("Say who comes."), field="name"))
    one = Attendee.objects.create(
        meeting=meeting,
        user=user,
        name=(user.name if user else name.strip())[:80],
        email=user.email if user else email.strip(),
        present=meeting.state == MeetingState.RUNNING,
    )
    record(actor=actor, verb="ask_in", target=meeting, reason=one.name)
    return one


@transaction.atomic
def set_present(*, actor: User, meeting_id: int, present: Sequence[int], was: Sequence[int]) -> Meeting:
    """Who came and left since the actor saw that those of ``was`` are there; what others have ticked since stays."""
    meeting = _locked(actor, meeting_id, None, "write")
    meeting.attendees.filter(pk__in=set(was) - set(present)).update(present=False)
    meeting.attendees.filter(pk__in=set(present) - set(was)).update(present=True)
    return meeting


@transaction.atomic
def invite(*, actor: User, meeting_id: int, expected_version: int | None = None) -> Meeting:
    """Send everybody the invitation."""
    meeting = _locked(actor, meeting_id, expected_version, "invite")
    meeting.invited_at = timezone.now()
    save_next(meeting, fields=["invited_at"])
    _send_invitations(meeting)
    record(actor=actor, verb="invite", target=meeting)
    return meeting


def _when(meeting: Meeting) -> str:
    local = meeting.starts_at.astimezone(company_zone())
    return f"{local:%Y-%m-%d %H:%M}"


def _send_invitations(meeting: Meeting) -> None:
    """One mail a person and sequence number; a repetition of the same is dropped."""
    part = invitation(meeting)
    cancelled = meeting.state == MeetingState.CANCELLED
    words = _("Cancelled: %(title)s, %(when)s") if cancelled else _("Invitation: %(title)s, %(when)s")
    for one in meeting.attendees.all():
        if one.email:
            queue_mail(
                to=one.email,
                subject=words % {"title": meeting.series.title, "when": _when(meeting)},
                body=f"{meeting.series.title}\n{_when(meeting)}\n{meeting.place}\n\n{meeting.agenda}".strip(),
                calendar=part,
                key=f"invite:{meeting.uid}:{meeting.sequence}:{one.pk}",
            )


@transaction.atomic
def move(
    *,
    actor: User,
    meeting_id: int,
    expected_version: int | None,
    starts_at: dt.datetime | None,
    minutes: int,
    place: str = "",
    agenda: str = "",
    now: dt.datetime | None = None,
) -> Meeting:
    """Another time, place or agenda; whoever was invited gets the same event again, changed."""
    meeting = _locked(actor, meeting_id, expected_version, "move")
    refuse_if(against_meeting(starts_at=starts_at, minutes=minutes, now=now or timezone.now()))
    assert starts_at is not None
    fields = ["starts_at", "minutes", "place", "agenda"]
    before = {name: getattr(meeting, name) for name in fields}
    meeting.starts_at, meeting.minutes = starts_at, minutes
    meeting.place, meeting.agenda = place.strip(), agenda.strip()
    changes = differences(before, {name: getattr(meeting, name) for name in fields})
    if not changes:
        return meeting
    meeting.sequence += 1
    save_next(meeting, fields=[*fields, "sequence"])
    record(actor=actor, verb="move", target=meeting, changes=changes)
    if meeting.invited_at is not None:
        _send_invitations(meeting)
    return meeting


@transaction.atomic
def cancel(*, actor: User, meeting_id: int, expected_version: int | None = None) -> Meeting:
    """It does not take place; the event goes out of everybody's calendar, and the series goes on."""
    meeting = _locked(actor, meeting_id, expected_version, "cancel")
    old, meeting.state = meeting.state, MeetingState.CANCELLED
    meeting.sequence += 1
    save_next(meeting, fields=["state", "sequence"])
    _told(actor, meeting, "cancel", old)
    if meeting.invited_at is not None:
        _send_invitations(meeting)
    prepare_next(actor=actor, meeting=meeting)
    return meeting


@transaction.atomic
def start(*, actor: User, meeting_id: int, expected_version: int | None = None, today: dt.date) -> Meeting:
    """It begins: the pack is kept as it is now."""
    meeting = _locked(actor, meeting_id, expected_version, "start")
    old, meeting.state = meeting.state, MeetingState.RUNNING
    meeting.pack = pack.build(actor, meeting, today=today)
    save_next(meeting, fields=["state", "pack"])
    meeting.attendees.filter(user=actor).update(present=True)
    _told(actor, meeting, "start", old)
    return meeting


def _action(actor: User, meeting: Meeting, line: Line, today: dt.date) -> models.Model:
    return open_action(
        actor=actor,
        title=line.text[:200],
        owner=line.owner or meeting.series.owner,
        due=line.due or CompanyWorkdays().after(today, 5),
        order=line.order or meeting.series.order,
        cause=meeting,
    )


def _request(actor: User, meeting: Meeting, line: Line) -> models.Model:
    data = RequestInput(
        customer=meeting.series.customer,
        title=line.text[:200],
        text=line.text,
        kind=RequestKind.QUESTION,
        channel=Channel.MEETING,
        order=line.order or meeting.series.order,
        owner=line.owner,
        links=[meeting],
    )
    return record_request(actor=actor, data=data)


@transaction.atomic
def write_line(
    *, actor: User, meeting_id: int, line: Line, today: dt.date, at: dt.datetime | None = None
) -> MinuteLine:
    """One thing that was said; by its kind it becomes an action, a request, a change order or a risk at once."""
    meeting = _locked(actor, meeting_id, None, "write")
    reasons = against_text(line.text)
    if line.kind not in offered_kinds():
        reasons.append(Reason("meeting.kind", N_("A line can't become “%(kind)s” here."), {"kind": line.kind}, "kind"))
    refuse_if(reasons)
    target: models.Model | None = None
    if line.kind == LineKind.ACTION:
        target = _action(actor, meeting, line, today)
    elif line.kind == LineKind.REQUEST:
        target = _request(actor, meeting, line)
    elif line.kind in _MAKERS:
        target = _MAKERS[line.kind](actor, meeting, line)
    return MinuteLine.objects.create(
        meeting=meeting,
        kind=line.kind,
        text=line.text.strip(),
        by=actor,
        at=at or timezone.now(),
        target_type=(target._meta.model_name or "") if target is not None else "",
        target_id=target.pk if target is not None else None,
        target_label=str(target)[:200] if target is not None else "",
    )


@transaction.atomic
def remove_line(*, actor: User, meeting_id: int, line_id: int) -> None:
    """Take a line out; what it became stays."""
    meeting = _locked(actor, meeting_id, None, "write")
    meeting.lines.filter(pk=line_id).delete()


@transaction.atomic
def end(*, actor: User, meeting_id: int, expected_version: int | None = None) -> Meeting:
    """It is over; the next one is prepared."""
    meeting = _locked(actor, meeting_id, expected_version, "end")
    old, meeting.state = meeting.state, MeetingState.HELD
    save_next(meeting, fields=["state"])
    _told(actor, meeting, "end", old)
    prepare_next(actor=actor, meeting=meeting)
    return meeting


@transaction.atomic
def approve(*, actor: User, meeting_id: int, expected_version: int | None = None) -> Meeting:
    """The minutes say what was said."""
    require(actor, "meetings.approve")
    meeting = _locked(actor, meeting_id, expected_version, "approve")
    if not meeting.lines.exists():
        raise Refusal(Reason("meeting.empty", N_("There is no line in the minutes yet.")))
    old, meeting.state = meeting.state, MeetingState.APPROVED
    meeting.approved_by, meeting.approved_at = actor, timezone.now()
    save_next(meeting, fields=["state", "approved_by", "approved_at"])
    _told(actor, meeting, "approve", old)
    return meeting


@transaction.atomic
def send_minutes(
    *,
    actor: User,
    meeting_id: int,
    expected_version: int | None = None,
    text_for: Callable[[Meeting, bool], str],
    pdf_for: Callable[[Meeting, bool], bytes],
) -> Meeting:
    """The customer's version to the customer's people, the whole to ours."""
    require(actor, "meetings.approve")
    meeting = _locked(actor, meeting_id, expected_version, "send")
    old, meeting.state = meeting.state, MeetingState.SENT
    meeting.sent_at = timezone.now()
    save_next(meeting, fields=["state", "sent_at"])
    for ours in (False, True):
        people = [one for one in meeting.attendees.all() if one.email and one.is_ours == ours]
        if not people:
            continue
        body, pdf = text_for(meeting, ours), pdf_for(meeting, ours)
        for one in people:
            queue_mail(
                to=one.email,
                subject=_("Minutes: %(title)s, %(when)s") % {"title": meeting.series.title, "when": _when(meeting)},
                body=body,
                files=[File(f"minutes-{meeting.starts_at:%Y%m%d}.pdf", pdf, "application/pdf")],
                key=f"minutes:{meeting.pk}:{meeting.version}:{one.pk}",
            )
    _told(actor, meeting, "send", old)
    emit("meeting.minutes_sent", meeting=meeting.pk, customer=meeting.series.customer.code)
    return meeting


def next_start(starts_at: dt.datetime, rhythm: str) -> dt.datetime | None:
    """The same time of the company's day one rhythm later, on a working day."""
    local = starts_at.astimezone(company_zone())
    day = local.date()
    if rhythm == Rhythm.WEEKLY:
        day += dt.timedelta(days=7)
    elif rhythm == Rhythm.FORTNIGHTLY:
        day += dt.timedelta(days=14)
    elif rhythm == Rhythm.MONTHLY:
        year, month = day.year + day.month // 12, day.month % 12 + 1
        day = dt.date(year, month, min(day.day, month_calendar.monthrange(year, month)[1]))
    else:
        return None
    day = CompanyWorkdays().after(day, 0)
    return dt.datetime.combine(day, local.time(), tzinfo=company_zone())


def prepare_next(*, actor: User, meeting: Meeting) -> Meeting | None:
    """The series' next meeting with the same people, unless there is one already."""
    series = meeting.series
    starts_at = next_start(meeting.starts_at, series.rhythm)
    if starts_at is None or series.ended_at or series.meetings.filter(starts_at__gt=meeting.starts_at).exists():
        return None
    made = Meeting.objects.create(
        series=series, starts_at=starts_at, minutes=series.minutes, place=meeting.place, agenda=meeting.agenda
    )
    Attendee.objects.bulk_create(
        [
            Attendee(meeting=made, user=one.user, contact=one.contact, name=one.name, email=one.email)
            for one in meeting.attendees.select_related("user", "contact")
        ]
    )
    record(actor=actor, verb="create", target=made)
    return made


@transaction.atomic
def end_series(*, actor: User, meeting_id: int) -> MeetingSeries:
    """No further meetings; a planned one is cancelled by itself."""
    require(actor, "meetings.change")
    meeting = lock(meetings_of(actor), expected_version=None, pk=meeting_id)
    series = meeting.series
    series.ended_at = timezone.now()
    save_next(series, fields=["ended_at"])
    record(actor=actor, verb="end_series", target=meeting)
    return series


def remind(*, now: dt.datetime | None = None) -> int:
    """Tell our people of the meetings that begin within a day, once each."""
    now = now or timezone.now()
    count = 0
    rows = Meeting.objects.filter(
        state=MeetingState.PLANNED, starts_at__gt=now, starts_at__lte=now + dt.timedelta(days=1)
    ).select_related("series__customer")
    for meeting in rows.prefetch_related("attendees__user"):
        notify(
            users=[one.user for one in meeting.attendees.all() if one.user is not None],
            kind="meeting",
            text=N_("%(title)s begins %(when)s; the pack is ready."),
            params={"title": meeting.series.title, "when": _when(meeting)},
            url=f"/meetings/{meeting.pk}/",
            dedupe_key=f"meeting:{meeting.uid}:{meeting.sequence}",
        )
        count += 1
    return count
