"""Make and change calendars, their exceptions and their public holidays."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from punctual.domain.calendars.models import CalendarException, ExceptionSource, WorkingCalendar
from punctual.domain.calendars.rules import (
    FIRST_YEAR,
    LAST_YEAR,
    CalendarFacts,
    ExceptionFacts,
    reasons_against_calendar,
    reasons_against_exception,
)
from punctual.domain.calendars.selectors import calendars
from punctual.engine.workdays import workdays
from punctual.kernel.refusal import Reason, Refusal, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.audit.services import Change, record
from punctual.platform.master_data import change, create, set_archived, taken
from punctual.platform.outbox.services import emit
from punctual.platform.records import lock, save_next
from punctual.platform.search.services import Document, index


def _index(found: WorkingCalendar) -> None:
    index([Document(target=found, label=found.name, detail=found.code, texts=[found.code, found.name])])


def _check(facts: CalendarFacts, pk: int | None = None) -> None:
    refuse_if(
        [
            *reasons_against_calendar(facts),
            *taken(WorkingCalendar.objects.all(), noun="calendar", field="code", value=facts.code, pk=pk),
        ]
    )


def _lock(actor: User, calendar_id: int, expected_version: int | None) -> WorkingCalendar:
    require(actor, "calendars.change")
    return lock(calendars(actor, archived=True), expected_version=expected_version, pk=calendar_id)


@transaction.atomic
def create_calendar(*, actor: User, facts: CalendarFacts) -> WorkingCalendar:
    """A new calendar; the first one becomes the company's."""
    require(actor, "calendars.change")
    _check(facts)
    found = create(
        WorkingCalendar(
            code=facts.code,
            name=facts.name,
            region=facts.region,
            weekly=_stored_week(facts),
            is_default=not WorkingCalendar.objects.filter(is_default=True).exists(),
        ),
        actor=actor,
    )
    _index(found)
    return found


def _stored_week(facts: CalendarFacts) -> dict[str, list[list[str]]]:
    return {day: [list(shift) for shift in shifts] for day, shifts in sorted(facts.weekly.items()) if shifts}


@transaction.atomic
def change_calendar(
    *, actor: User, calendar_id: int, facts: CalendarFacts, expected_version: int | None
) -> WorkingCalendar:
    """Other name, pattern or region."""
    found = _lock(actor, calendar_id, expected_version)
    _check(facts, found.pk)
    week = _stored_week(facts)
    more = [Change(field="weekly", old=week_text(found.weekly), new=week_text(week))] if week != found.weekly else []
    found.weekly = week
    if change(found, {"code": facts.code, "name": facts.name, "region": facts.region}, actor=actor, more=more):
        _tell(found, actor)
    _index(found)
    return found


def week_text(weekly: dict[str, list[list[str]]]) -> str:
    """A week in one line for the history: ``1 08:00-12:00 13:00-17:00; 2 …``."""
    return "; ".join(f"{day} " + " ".join("-".join(shift) for shift in weekly[day]) for day in sorted(weekly))


@transaction.atomic
def archive_calendar(*, actor: User, calendar_id: int, expected_version: int | None) -> WorkingCalendar:
    """Take it out of the choices. The company's calendar stays."""
    found = _lock(actor, calendar_id, expected_version)
    if found.is_default:
        raise Refusal(
            Reason(
                "calendar.archive.default",
                N_("“%(name)s” is the company calendar; make another one the company calendar first."),
                {"name": found.name},
            )
        )
    return set_archived(found, True, actor=actor)


@transaction.atomic
def restore_calendar(*, actor: User, calendar_id: int, expected_version: int | None) -> WorkingCalendar:
    return set_archived(_lock(actor, calendar_id, expected_version), False, actor=actor)


@transaction.atomic
def make_company_calendar(*, actor: User, calendar_id: int, expected_version: int | None) -> WorkingCalendar:
    """From now on this one counts where nothing else is said."""
    found = _lock(actor, calendar_id, expected_version)
    if found.archived_at is not None:
        raise Refusal(
            Reason("calendar.default.archived", N_("“%(name)s” is archived; restore it first."), {"name": found.name})
        )
    if not found.is_default:
        for other in WorkingCalendar.objects.select_for_update().filter(is_default=True):
            change(other, {"is_default": False}, actor=actor)
        change(found, {"is_default": True}, actor=actor)
        _tell(found, actor)
    return found


# — days —


@transaction.atomic
def set_exceptions(
    *, actor: User, calendar_id: int, days: list[ExceptionFacts], expected_version: int | None = None
) -> WorkingCalendar:
    """Make these days differ, whatever they were; one day told twice is refused."""
    found = _lock(actor, calendar_id, expected_version)
    reasons = [reason for item in days for reason in reasons_against_exception(item)]
    if len({item.date for item in days}) < len(days):
        reasons.append(Reason("calendar.date.twice", N_("The same day is told twice."), field="date"))
    refuse_if(reasons)
    before = {item.date: item for item in found.exceptions.filter(date__in=[item.date for item in days])}
    CalendarException.objects.bulk_create(
        [
            CalendarException(
                calendar=found,
                date=item.date,
                is_working=item.is_working,
                shifts=[list(shift) for shift in item.shifts],
                name=item.name,
                source=ExceptionSource.COMPANY,
            )
            for item in days
        ],
        update_conflicts=True,
        unique_fields=["calendar", "date"],
        update_fields=["is_working", "shifts", "name", "source"],
    )
    _keep(
        found,
        actor,
        [_changed(item.date, _day_text(before.get(item.date)), _facts_text(item)) for item in days],
        verb="change_days",
    )
    return found


@transaction.atomic
def remove_exception(
    *, actor: User, calendar_id: int, date: dt.date, expected_version: int | None = None
) -> WorkingCalendar:
    """Let the day follow the weekly pattern (and, where none of its year is stored, the region's holidays) again."""
    found = _lock(actor, calendar_id, expected_version)
    item = found.exceptions.filter(date=date).first()
    if item is None:
        raise Refusal(
            Reason(
                "calendar.date.normal",
                N_("%(date)s does not differ from the pattern."),
                {"date": date.isoformat()},
                field="date",
            )
        )
    text = _day_text(item)
    item.delete()
    _keep(found, actor, [_changed(date, text, None)], verb="change_days")
    return found


@transaction.atomic
def load_holidays(*, actor: User, calendar_id: int, year: int, expected_version: int | None = None) -> WorkingCalendar:
    """Store the region's public holidays and make-up days of the year; what the company set itself stays."""
    found = _lock(actor, calendar_id, expected_version)
    if not found.region:
        raise Refusal(
            Reason(
                "calendar.holidays.no_region",
                N_("“%(name)s” keeps no public holidays; choose a region for it first."),
                {"name": found.name},
            )
        )
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise Refusal(
            Reason(
                "calendar.holidays.year",
                N_("Public holidays are known for %(first)d to %(last)d, not for %(year)d."),
                {"first": FIRST_YEAR, "last": LAST_YEAR, "year": year},
                field="year",
            )
        )
    public = workdays(year, found.region, "zh_CN" if found.region == "CN" else "")
    source = ExceptionSource.OFFICIAL if public.published else ExceptionSource.ESTIMATED
    own = set(found.exceptions.filter(date__year=year, source=ExceptionSource.COMPANY).values_list("date", flat=True))
    found.exceptions.filter(date__year=year).exclude(source=ExceptionSource.COMPANY).delete()
    rows = [(date, False, name) for date, name in public.holidays.items()]
    rows += [(date, True, name) for date, name in public.make_up.items()]
    CalendarException.objects.bulk_create(
        CalendarException(calendar=found, date=date, is_working=is_working, name=name[:80], source=source)
        for date, is_working, name in rows
        if date not in own
    )
    changes = [Change(field="holidays", old=None, new=year), Change(field="source", old=None, new=source.value)]
    _keep(found, actor, changes, verb="load_holidays")
    return found


def _keep(found: WorkingCalendar, actor: User, changes: list[Change], *, verb: str) -> None:
    save_next(found, fields=[])
    record(actor=actor, verb=verb, target=found, changes=changes)
    _tell(found, actor)


def _tell(found: WorkingCalendar, actor: User) -> None:
    emit("calendar.changed", calendar_id=found.pk, label=found.name, by=actor.pk)


def _changed(date: dt.date, old: str | None, new: str | None) -> Change:
    return Change(field=date.isoformat(), old=old, new=new)


def _day_text(item: CalendarException | None) -> str | None:
    return None if item is None else _text(item.is_working, item.shifts, item.name)


def _facts_text(item: ExceptionFacts) -> str:
    return _text(item.is_working, [list(shift) for shift in item.shifts], item.name)


def _text(is_working: bool, shifts: list[list[str]], name: str) -> str:
    """✓ is worked, ✕ is free: the history is read in both languages."""
    return " ".join(["✓" if is_working else "✕", *("-".join(shift) for shift in shifts), name]).strip()
