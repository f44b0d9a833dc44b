"""The engine's calendars out of the stored ones, and the clock of the plan's site."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.conf import settings

from punctual.domain.calendars.models import CalendarException, WorkingCalendar
from punctual.engine.calendars import WEEKDAYS, WorkCalendar
from punctual.engine.daypattern import Shifts

SITE: Final = ZoneInfo(settings.TIME_ZONE)
USUAL_DAY: Final = 480
"""Minutes of a working day where a calendar has none."""


def plan_time(moment: dt.datetime | None) -> dt.datetime | None:
    """A stored moment on the site's clock, without a zone."""
    return None if moment is None else moment.astimezone(SITE).replace(tzinfo=None)


def stored_time(moment: dt.datetime | None) -> dt.datetime | None:
    """A moment on the site's clock, ready to be stored."""
    return None if moment is None else moment.replace(tzinfo=SITE)


def work_calendars(calendars: Iterable[WorkingCalendar]) -> dict[int, WorkCalendar]:
    """The engine's calendar for each stored one; equal content is built once a process."""
    found = {calendar.pk: calendar for calendar in calendars}
    days: dict[int, list[tuple[Any, ...]]] = {pk: [] for pk in found}
    for row in CalendarException.objects.filter(calendar__in=found).order_by("date"):
        days[row.calendar_id].append((row.date.isoformat(), row.is_working, _frozen(row.shifts), row.name))
    return {
        pk: _built(
            calendar.code,
            tuple((day, _frozen(shifts)) for day, shifts in sorted(calendar.weekly.items())),
            tuple(days[pk]),
        )
        for pk, calendar in found.items()
    }


def _frozen(shifts: Iterable[Iterable[str]]) -> tuple[str, ...]:
    return tuple("-".join(shift) for shift in shifts)


@lru_cache(maxsize=64)
def _built(code: str, weekly: tuple[tuple[str, tuple[str, ...]], ...], days: tuple[tuple[Any, ...], ...]) -> WorkCalendar:
    week = {WEEKDAYS[int(day) - 1]: list(shifts) for day, shifts in weekly}
    usual = next((shifts for shifts in week.values() if shifts), [])
    exceptions = [
        {"from": day, "to": day, "shifts": (list(shifts) or usual) if is_working else [], "name": name}
        for day, is_working, shifts, name in days
    ]
    return WorkCalendar.from_data({"name": code, "week": week, "exceptions": exceptions})


def _minutes(shifts: Shifts) -> int:
    return sum(end - begin for begin, end in shifts)


def day_minutes(calendar: WorkCalendar) -> int:
    """Working minutes of a usual day: what "one working day" means on this calendar."""
    counted = Counter(_minutes(shifts) for shifts in calendar.week if shifts)
    return counted.most_common(1)[0][0] if counted else USUAL_DAY


def default_calendar() -> WorkingCalendar:
    """The company's calendar; made with Monday to Friday, eight hours, where there is none yet."""
    found = WorkingCalendar.objects.filter(archived_at=None).order_by("-is_default", "pk").first()
    if found:
        return found
    weekly = {str(day): [["08:00", "12:00"], ["13:00", "17:00"]] for day in range(1, 6)}
    return WorkingCalendar.objects.create(code="STD", name="标准日历", weekly=weekly, is_default=True)
