"""Working calendars and their days."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import Field

from punctual.api.authentication import actor_of
from punctual.api.masters import MasterFilters, Versioned, fields, given
from punctual.api.pages import Listing, Paging, listing
from punctual.domain.calendars import selectors, services
from punctual.domain.calendars.models import CalendarException, WorkingCalendar
from punctual.domain.calendars.rules import FIRST_YEAR, LAST_YEAR, CalendarFacts, ExceptionFacts
from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform.accounts.permissions import require

router = Router()

MOST_DAYS = 750


class CalendarOut(Schema):
    """``weekly``: ISO weekday 1 … 7 → shifts as pairs of clock times."""

    id: int
    version: int
    code: str
    name: str
    region: str
    weekly: dict[str, list[list[str]]]
    is_default: bool
    archived_at: dt.datetime | None


class CalendarIn(Schema):
    code: str
    name: str
    region: str = "CN"
    weekly: dict[str, list[list[str]]]


class CalendarPatch(Versioned):
    code: str | None = None
    name: str | None = None
    region: str | None = None
    weekly: dict[str, list[list[str]]] | None = None


class DayOut(Schema):
    """``minutes`` worked; ``estimated``: public holidays of the year are not published."""

    date: dt.date
    working: bool
    kind: str
    name: str
    minutes: int
    estimated: bool


class ExceptionOut(Schema):
    date: dt.date
    is_working: bool
    shifts: list[list[str]]
    name: str
    source: str


class ExceptionIn(Schema):
    date: dt.date
    is_working: bool
    shifts: list[list[str]] = Field(default_factory=list)
    name: str = ""


class ExceptionsIn(Versioned):
    days: list[ExceptionIn] = Field(..., min_length=1, max_length=MOST_DAYS)


class DayKey(Versioned):
    date: dt.date


class YearIn(Versioned):
    year: int = Field(..., ge=FIRST_YEAR, le=LAST_YEAR)


class Span(Schema):
    from_date: dt.date = Field(..., alias="from")
    to_date: dt.date = Field(..., alias="to")


def _calendar(found: WorkingCalendar) -> dict[str, Any]:
    return fields(found, CalendarOut.model_fields)


def _exception(found: CalendarException) -> dict[str, Any]:
    return fields(found, ExceptionOut.model_fields)


@router.get("/calendars", response=Listing[CalendarOut])
def calendars(request: HttpRequest, paging: Query[Paging], filters: Query[MasterFilters]) -> Any:
    """Calendars in use, or the archived ones; the company calendar comes first."""
    actor = actor_of(request)
    require(actor, "calendars.read")
    rows = selectors.calendars(actor, archived=True)
    rows = rows.exclude(archived_at=None) if filters.archived else rows.filter(archived_at=None)
    if filters.q:
        rows = rows.filter(name__icontains=filters.q)
    return listing(rows, paging, sorts=["code", "name"], shape=_calendar)


@router.post("/calendars", response={201: CalendarOut})
def create_calendar(request: HttpRequest, payload: CalendarIn) -> Any:
    """A new calendar; the first one becomes the company's."""
    facts = CalendarFacts(**payload.model_dump())
    return Status(201, _calendar(services.create_calendar(actor=actor_of(request), facts=facts)))


@router.get("/calendars/{int:pk}", response=CalendarOut)
def calendar(request: HttpRequest, pk: int) -> Any:
    """One calendar with its weekly shifts."""
    return _calendar(selectors.get_calendar(actor_of(request), pk))


@router.patch("/calendars/{int:pk}", response=CalendarOut)
def change_calendar(request: HttpRequest, pk: int, payload: CalendarPatch) -> Any:
    """Change what is told; 409 when somebody else was faster."""
    actor = actor_of(request)
    found = selectors.get_calendar(actor, pk)
    facts = replace(CalendarFacts(found.code, found.name, found.region, found.weekly), **given(payload))
    return _calendar(
        services.change_calendar(actor=actor, calendar_id=pk, facts=facts, expected_version=payload.version)
    )


@router.post("/calendars/{int:pk}/archive", response=CalendarOut)
def archive_calendar(request: HttpRequest, pk: int, payload: Versioned) -> Any:
    """Put the calendar aside."""
    return _calendar(
        services.archive_calendar(actor=actor_of(request), calendar_id=pk, expected_version=payload.version)
    )


@router.post("/calendars/{int:pk}/restore", response=CalendarOut)
def restore_calendar(request: HttpRequest, pk: int, payload: Versioned) -> Any:
    """Take the calendar into use again."""
    return _calendar(
        services.restore_calendar(actor=actor_of(request), calendar_id=pk, expected_version=payload.version)
    )


@router.post("/calendars/{int:pk}/make-company-calendar", response=CalendarOut)
def make_company_calendar(request: HttpRequest, pk: int, payload: Versioned) -> Any:
    """Make it the calendar that counts where nothing else is said."""
    return _calendar(
        services.make_company_calendar(actor=actor_of(request), calendar_id=pk, expected_version=payload.version)
    )


@router.get("/calendars/{int:pk}/days", response=list[DayOut])
def days(request: HttpRequest, pk: int, span: Query[Span]) -> Any:
    """What each day from ``from`` to ``to`` is, both included, at most 750 of them."""
    found = selectors.get_calendar(actor_of(request), pk)
    if not 0 <= (span.to_date - span.from_date).days < MOST_DAYS:
        raise Refusal(
            Reason(
                "calendar.span",
                N_("Ask for 1 to %(most)d days, “from” before “to”."),
                {"most": MOST_DAYS},
                field="to",
            )
        )
    return [
        {
            "date": item.date,
            "working": item.is_working,
            "kind": item.kind.value,
            "name": item.name,
            "minutes": item.minutes,
            "estimated": item.estimated,
        }
        for item in selectors.days(found, span.from_date, span.to_date)
    ]


@router.get("/calendars/{int:pk}/exceptions", response=Listing[ExceptionOut])
def exceptions(request: HttpRequest, pk: int, paging: Query[Paging]) -> Any:
    """The stored days that differ."""
    found = selectors.get_calendar(actor_of(request), pk)
    return listing(found.exceptions.all(), paging, sorts=["date"], shape=_exception)


@router.post("/calendars/{int:pk}/exceptions", response=CalendarOut)
def set_exceptions(request: HttpRequest, pk: int, payload: ExceptionsIn) -> Any:
    """Make days differ; a day that already does is replaced."""
    facts = [ExceptionFacts(**item.model_dump()) for item in payload.days]
    return _calendar(
        services.set_exceptions(actor=actor_of(request), calendar_id=pk, days=facts, expected_version=payload.version)
    )


@router.post("/calendars/{int:pk}/exceptions/remove", response=CalendarOut)
def remove_exception(request: HttpRequest, pk: int, payload: DayKey) -> Any:
    """Let a day follow the pattern again."""
    return _calendar(
        services.remove_exception(
            actor=actor_of(request), calendar_id=pk, date=payload.date, expected_version=payload.version
        )
    )


@router.post("/calendars/{int:pk}/load-holidays", response=CalendarOut)
def load_holidays(request: HttpRequest, pk: int, payload: YearIn) -> Any:
    """Store the public holidays of a year."""
    return _calendar(
        services.load_holidays(
            actor=actor_of(request), calendar_id=pk, year=payload.year, expected_version=payload.version
        )
    )
