"""Call meetings, invite, hold them, send the minutes, prepare the next one; ``minutes`` writes what was said."""

from __future__ import annotations

import calendar as month_calendar
import datetime as dt
from collections.abc import Callable, Sequence

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from punctual.domain.customer_relations import pack
from punctual.domain.customer_relations.invitations import invitation
from punctual.domain.customer_relations.life import MEETING_LIFE
from punctual.domain.customer_relations.models import (
    Attendee,
    Meeting,
    MeetingSeries,
    MeetingState,
)
from punctual.domain.customer_relations.models.meetings import Rhythm
from punctual.domain.customer_relations.rules import against_meeting, against_series, against_taking_out
from punctual.domain.customer_relations.selectors import company_zone, meetings_of
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
from punctual.platform.records import get_or_not_found, lock, save_next


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
    contacts: Sequence[Contact] | None = None,
    now: dt.datetime | None = None,
) -> Meeting:
    """A series with its first meeting; without ``contacts`` all of the customer's are asked to come, with none of them
    only ours."""
    require(actor, "meetings.change")
    reasons = against_meeting(starts_at=starts_at, minutes=minutes, now=now or timezone.now())
    order_of = order.customer_id if order is not None else None
    reasons += against_series(title=title, rhythm=rhythm, customer=customer.pk, order_of=order_of)
    if any(one.customer_id != customer.pk for one in contacts or ()):
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
    _ask_in(meeting, people, guests_of(customer) if contacts is None else contacts)
    record(actor=actor, verb="create", target=meeting)
    return meeting


def guests_of(customer: Customer) -> list[Contact]:
    """Who of the customer is asked to come where nobody was chosen."""
    return list(customer.contacts.filter(archived_at=None)[:8])


def _ask_in(meeting: Meeting, users: Sequence[User], contacts: Sequence[Contact]) -> None:
    Attendee.objects.bulk_create(
        [
            *(Attendee(meeting=meeting, contact=one, name=one.name, email=one.email) for one in contacts),
            *(Attendee(meeting=meeting, user=one, name=one.name, email=one.email) for one in users),
        ]
    )


def locked_meeting(actor: User, meeting_id: int, expected_version: int | None, verb: str) -> Meeting:
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
def take_out(*, actor: User, meeting_id: int, attendee_id: int) -> Meeting:
    """Somebody does not come, nor gets the minutes; who was invited loses the event, the others keep theirs."""
    require(actor, "meetings.change")
    meeting = lock(meetings_of(actor), expected_version=None, pk=meeting_id)
    refuse_if(against_taking_out(meeting.state))
    one = get_or_not_found(meeting.attendees.all(), pk=attendee_id)
    if meeting.state == MeetingState.PLANNED and meeting.invited_at is not None and one.email:
        meeting.sequence += 1
        save_next(meeting, fields=["sequence"])
        _mail_event(meeting, one, cancelled=True)
    record(actor=actor, verb="take_out", target=meeting, reason=one.name)
    one.delete()
    return meeting


@transaction.atomic
def set_present(*, actor: User, meeting_id: int, present: Sequence[int], was: Sequence[int]) -> Meeting:
    """Who came and left since the actor saw that those of ``was`` are there; what others have ticked since stays."""
    meeting = locked_meeting(actor, meeting_id, None, "write")
    meeting.attendees.filter(pk__in=set(was) - set(present)).update(present=False)
    meeting.attendees.filter(pk__in=set(present) - set(was)).update(present=True)
    return meeting


@transaction.atomic
def invite(*, actor: User, meeting_id: int, expected_version: int | None = None) -> Meeting:
    """Send everybody the invitation."""
    meeting = locked_meeting(actor, meeting_id, expected_version, "invite")
    meeting.invited_at = timezone.now()
    save_next(meeting, fields=["invited_at"])
    send_invitations(meeting)
    record(actor=actor, verb="invite", target=meeting)
    return meeting


def _when(meeting: Meeting) -> str:
    local = meeting.starts_at.astimezone(company_zone())
    return f"{local:%Y-%m-%d %H:%M}"


def send_invitations(meeting: Meeting) -> None:
    """One mail a person and sequence number; a repetition of the same is dropped."""
    for one in meeting.attendees.all():
        if one.email:
            _mail_event(meeting, one, cancelled=meeting.state == MeetingState.CANCELLED)


def _mail_event(meeting: Meeting, to: Attendee, *, cancelled: bool) -> None:
    words = _("Cancelled: %(title)s, %(when)s") if cancelled else _("Invitation: %(title)s, %(when)s")
    queue_mail(
        to=to.email,
        subject=words % {"title": meeting.series.title, "when": _when(meeting)},
        body=f"{meeting.series.title}\n{_when(meeting)}\n{meeting.place}\n\n{meeting.agenda}".strip(),
        calendar=invitation(meeting, cancelled=cancelled),
        key=f"invite:{meeting.uid}:{meeting.sequence}:{to.pk}",
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
    following: bool = False,
    now: dt.datetime | None = None,
) -> Meeting:
    """Another time, place or agenda; whoever was invited gets the same event again, changed. With ``following`` the
    later ones keep the new time, length and place too, else they go on as the series has it."""
    meeting = locked_meeting(actor, meeting_id, expected_version, "move")
    refuse_if(against_meeting(starts_at=starts_at, minutes=minutes, now=now or timezone.now()))
    assert starts_at is not None
    fields = ["starts_at", "minutes", "place", "agenda"]
    before = {name: getattr(meeting, name) for name in fields}
    meeting.starts_at, meeting.minutes = starts_at, minutes
    meeting.place, meeting.agenda = place.strip(), agenda.strip()
    changes = differences(before, {name: getattr(meeting, name) for name in fields})
    if not changes:
        return meeting
    if meeting.starts_at != before["starts_at"]:
        meeting.slot = None if following else meeting.slot or before["starts_at"]
    meeting.sequence += 1
    save_next(meeting, fields=[*fields, "slot", "sequence"])
    record(actor=actor, verb="move", target=meeting, changes=changes)
    if following:
        _take_along(meeting)
    if meeting.invited_at is not None:
        send_invitations(meeting)
    return meeting


def _take_along(meeting: Meeting) -> None:
    """The series' usual length and place are this meeting's from now on."""
    series = lock(MeetingSeries.objects.all(), expected_version=None, pk=meeting.series_id)
    if (series.minutes, series.place) != (meeting.minutes, meeting.place):
        series.minutes, series.place = meeting.minutes, meeting.place
        save_next(series, fields=["minutes", "place"])


@transaction.atomic
def cancel(*, actor: User, meeting_id: int, expected_version: int | None = None) -> Meeting:
    """It does not take place; the event goes out of everybody's calendar, and the series goes on."""
    meeting = locked_meeting(actor, meeting_id, expected_version, "cancel")
    old, meeting.state = meeting.state, MeetingState.CANCELLED
    meeting.sequence += 1
    save_next(meeting, fields=["state", "sequence"])
    _told(actor, meeting, "cancel", old)
    if meeting.invited_at is not None:
        send_invitations(meeting)
    prepare_next(actor=actor, meeting=meeting)
    return meeting


@transaction.atomic
def start(*, actor: User, meeting_id: int, expected_version: int | None = None, today: dt.date) -> Meeting:
    """It begins: the pack is kept as it is now."""
    meeting = locked_meeting(actor, meeting_id, expected_version, "start")
    old, meeting.state = meeting.state, MeetingState.RUNNING
    meeting.pack = pack.build(actor, meeting, today=today)
    save_next(meeting, fields=["state", "pack"])
    meeting.attendees.filter(user=actor).update(present=True)
    _told(actor, meeting, "start", old)
    return meeting


@transaction.atomic
def end(*, actor: User, meeting_id: int, expected_version: int | None = None) -> Meeting:
    """It is over; the next one is prepared."""
    meeting = locked_meeting(actor, meeting_id, expected_version, "end")
    old, meeting.state = meeting.state, MeetingState.HELD
    save_next(meeting, fields=["state"])
    _told(actor, meeting, "end", old)
    prepare_next(actor=actor, meeting=meeting)
    return meeting


@transaction.atomic
def approve(*, actor: User, meeting_id: int, expected_version: int | None = None) -> Meeting:
    """The minutes say what was said."""
    require(actor, "meetings.approve")
    meeting = locked_meeting(actor, meeting_id, expected_version, "approve")
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
    meeting = locked_meeting(actor, meeting_id, expected_version, "send")
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


def next_slot(slot: dt.datetime, rhythm: str, *, month_day: int = 0) -> dt.datetime | None:
    """The same time of the company's day one rhythm later; ``month_day`` is the one that a short month cut."""
    local = slot.astimezone(company_zone())
    day = local.date()
    if rhythm == Rhythm.WEEKLY:
        day += dt.timedelta(days=7)
    elif rhythm == Rhythm.FORTNIGHTLY:
        day += dt.timedelta(days=14)
    elif rhythm == Rhythm.MONTHLY:
        year, month = day.year + day.month // 12, day.month % 12 + 1
        wanted = max(day.day, month_day) if day.day == _last_of(day.year, day.month) else day.day
        day = dt.date(year, month, min(wanted, _last_of(year, month)))
    else:
        return None
    return dt.datetime.combine(day, local.time(), tzinfo=company_zone())


def _last_of(year: int, month: int) -> int:
    return month_calendar.monthrange(year, month)[1]


def worked(slot: dt.datetime) -> dt.datetime:
    """The same time on the first working day from then on."""
    local = slot.astimezone(company_zone())
    return dt.datetime.combine(CompanyWorkdays().after(local.date(), 0), local.time(), tzinfo=company_zone())


def slot_after(meeting: Meeting, *, after: dt.datetime | None = None) -> dt.datetime | None:
    """When the rhythm has the next one, wherever a holiday or a move put this one; with ``after`` the first that lies
    later than that."""
    before = meeting.series.meetings.filter(starts_at__lt=meeting.starts_at).order_by("-starts_at").first()
    month_day = (before.slot or before.starts_at).astimezone(company_zone()).day if before is not None else 0
    slot = next_slot(meeting.slot or meeting.starts_at, meeting.series.rhythm, month_day=month_day)
    while slot is not None and after is not None and worked(slot) <= after:
        slot = next_slot(slot, meeting.series.rhythm, month_day=month_day)
    return slot


def put(meeting: Meeting, slot: dt.datetime) -> None:
    """The meeting where the rhythm has it, or on the first working day from then on."""
    meeting.starts_at = worked(slot)
    meeting.slot = slot if slot != meeting.starts_at else None


def prepare_next(*, actor: User, meeting: Meeting, after: dt.datetime | None = None) -> Meeting | None:
    """The series' next meeting with the same people, unless there is one already."""
    series, slot = meeting.series, slot_after(meeting, after=after)
    if slot is None or series.ended_at or series.meetings.filter(starts_at__gt=meeting.starts_at).exists():
        return None
    made = Meeting(
        series=series,
        minutes=series.minutes,
        place=series.place,
        agenda=meeting.agenda,
    )
    put(made, slot)
    made.save()
    Attendee.objects.bulk_create(
        [
            Attendee(meeting=made, user=one.user, contact=one.contact, name=one.name, email=one.email)
            for one in meeting.attendees.select_related("user", "contact")
        ]
    )
    record(actor=actor, verb="create", target=made)
    return made


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
