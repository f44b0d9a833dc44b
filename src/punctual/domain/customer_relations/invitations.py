"""Calendar texts (RFC 5545): an invitation, its change and its cancellation are one event with one UID."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from django.conf import settings
from icalendar import Calendar, Event, vCalAddress, vText

from punctual.domain.customer_relations.models import Meeting, MeetingState

PRODUCT: Final = "-//Punctual//Punctual//EN"


@dataclass(frozen=True, slots=True)
class Entry:
    """One event of a feed. A whole day when ``start`` is a date."""

    uid: str
    start: dt.date | dt.datetime
    summary: str
    end: dt.date | dt.datetime | None = None
    description: str = ""
    location: str = ""
    url: str = ""
    sequence: int = 0
    changed: dt.datetime | None = None
    cancelled: bool = False


def _event(entry: Entry) -> Event:
    event = Event()
    event.add("uid", entry.uid)
    event.add("dtstamp", entry.changed or dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
    event.add("dtstart", _utc(entry.start))
    if entry.end is not None:
        event.add("dtend", _utc(entry.end))
    elif not isinstance(entry.start, dt.datetime):
        event.add("dtend", entry.start + dt.timedelta(days=1))
    event.add("summary", entry.summary)
    event.add("sequence", entry.sequence)
    event.add("status", "CANCELLED" if entry.cancelled else "CONFIRMED")
    for name in ("description", "location", "url"):
        if getattr(entry, name):
            event.add(name, getattr(entry, name))
    return event


def _utc(value: dt.date | dt.datetime) -> dt.date | dt.datetime:
    return value.astimezone(dt.UTC) if isinstance(value, dt.datetime) else value


def calendar_text(entries: Iterable[Entry], *, name: str = "", method: str = "PUBLISH") -> str:
    """A whole feed. The same entries give the same text, so readers see what moved and nothing else."""
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", method)
    if name:
        calendar.add("x-wr-calname", name)
    for entry in entries:
        calendar.add_component(_event(entry))
    return str(calendar.to_ical().decode())


def uid_of(meeting: Meeting) -> str:
    return f"{meeting.uid}@{settings.MAIL_DOMAIN}"


def entry_of(meeting: Meeting, *, description: str = "") -> Entry:
    return Entry(
        uid=uid_of(meeting),
        start=meeting.starts_at,
        end=meeting.starts_at + dt.timedelta(minutes=meeting.minutes),
        summary=meeting.series.title,
        description=description or meeting.agenda,
        location=meeting.place,
        sequence=meeting.sequence,
        changed=meeting.updated_at,
        cancelled=meeting.state == MeetingState.CANCELLED,
    )


def invitation(meeting: Meeting, *, cancelled: bool | None = None) -> tuple[str, str]:
    """The calendar part of the mail and its method: REQUEST, or CANCEL for a cancelled meeting; ``cancelled`` says it
    for one person who need not come."""
    entry = entry_of(meeting)
    if cancelled is not None:
        entry = replace(entry, cancelled=cancelled)
    method = "CANCEL" if entry.cancelled else "REQUEST"
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", method)
    event = _event(entry)
    organizer = vCalAddress(f"mailto:{settings.DEFAULT_FROM_EMAIL.rpartition('<')[2].strip('> ')}")
    organizer.params["cn"] = vText(meeting.series.owner.name)
    event["organizer"] = organizer
    for one in meeting.attendees.all():
        if not one.email:
            continue
        address = vCalAddress(f"mailto:{one.email}")
        address.params["cn"] = vText(one.name)
        address.params["rsvp"] = vText("TRUE")
        event.add("attendee", address, encode=False)
    calendar.add_component(event)
    return str(calendar.to_ical().decode()), method
