"""Read calendars, and ask them: is a day worked, which day is n working days on, how many lie between.

The answers come from tables kept in memory per calendar and version; asking costs microseconds.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from threading import Lock
from typing import Final

from django.db.models import QuerySet

from punctual.domain.calendars.models import CalendarException, WorkingCalendar
from punctual.domain.calendars.rules import CalendarTable, Day, DayException, shifts_of, week_of
from punctual.engine import calendars as engine
from punctual.engine.daypattern import DAY
from punctual.engine.workdays import workdays
from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may
from punctual.platform.records import get_or_not_found

Stamp = tuple[int, dt.datetime]


def calendars(actor: User, *, archived: bool = False) -> QuerySet[WorkingCalendar]:
    """The calendars in use, or with ``archived`` all of them."""
    rows = WorkingCalendar.objects.all() if may(actor, "calendars.read") else WorkingCalendar.objects.none()
    return rows if archived else rows.filter(archived_at=None)


def get_calendar(actor: User, pk: int) -> WorkingCalendar:
    return get_or_not_found(calendars(actor, archived=True), pk=pk)


def company_calendar() -> WorkingCalendar:
    """The calendar that counts where nothing else is said. Raises Refusal when the company has none yet."""
    found = WorkingCalendar.objects.filter(is_default=True).first()
    if found is None:
        raise Refusal(
            Reason("calendar.none", N_("There is no company calendar yet; make one under “Calendars” and mark it."))
        )
    return found


# — tables —

_TABLES: Final[dict[int, tuple[Stamp, CalendarTable]]] = {}
_ENGINE: Final[dict[tuple[int, int, int], tuple[CalendarTable, engine.WorkCalendar]]] = {}
_LOCK: Final = Lock()


def table_of(calendar: WorkingCalendar) -> CalendarTable:
    """The calendar's table; read once a version (every service that changes a day counts the version)."""
    stamp = (calendar.version, calendar.updated_at)
    with _LOCK:
        kept = _TABLES.get(calendar.pk)
    if kept is not None and kept[0] == stamp:
        return kept[1]
    table = CalendarTable(
        week_of(calendar.weekly), {item.date: _facts(item) for item in calendar.exceptions.all()}, calendar.region
    )
    with _LOCK:
        _TABLES[calendar.pk] = (stamp, table)
    return table


def _facts(item: CalendarException) -> DayException:
    return DayException(item.is_working, shifts_of(item.shifts), item.name, item.source)


def is_working_day(calendar: WorkingCalendar, date: dt.date) -> bool:
    """Whether anything is worked on that day."""
    return table_of(calendar).is_working_day(date)


def add_working_days(calendar: WorkingCalendar, date: dt.date, days: int) -> dt.date:
    """The ``days``-th working day after ``date``, before it when negative; 0: the day itself or the next worked one.

    Raises Refusal when the calendar has no such day within thirty years.
    """
    found = table_of(calendar).add(date, days)
    if found is None:
        raise Refusal(
            Reason(
                "calendar.too_far",
                N_("The calendar “%(calendar)s” has no working day %(days)d working days from %(date)s."),
                {"calendar": calendar.name, "days": days, "date": date.isoformat()},
            )
        )
    return found


def working_days_between(calendar: WorkingCalendar, first: dt.date, last: dt.date) -> int:
    """Working days after ``first`` up to and with ``last``; 0 on the same day, negative when ``last`` is earlier.

    ``add_working_days(c, first, working_days_between(c, first, last))`` is ``last`` when both are worked.
    """
    return table_of(calendar).between(first, last)


def day(calendar: WorkingCalendar, date: dt.date) -> Day:
    """What the day is and why."""
    return table_of(calendar).day(date)


def days(calendar: WorkingCalendar, first: dt.date, last: dt.date) -> Iterator[Day]:
    """Every day from ``first`` to ``last``, both included."""
    table = table_of(calendar)
    for number in range(first.toordinal(), last.toordinal() + 1):
        yield table.day(dt.date.fromordinal(number))


def working_intervals(calendar: WorkingCalendar, first: dt.date, last: dt.date) -> list[tuple[int, int]]:
    """The worked times from the morning of ``first`` to the evening of ``last``, in minutes after ``first`` 00:00."""
    return [
        (number * DAY + start, number * DAY + end)
        for number, item in enumerate(days(calendar, first, last))
        for start, end in item.shifts
    ]


def engine_calendar(calendar: WorkingCalendar, from_date: dt.date, to_date: dt.date) -> engine.WorkCalendar:
    """The calendar as the planning engine takes it, with the exceptions of the years ``from_date`` to ``to_date``.

    Whole years are taken, so that the same calendar object (and its tables) serves many plans.
    """
    table, key = table_of(calendar), (calendar.pk, from_date.year, to_date.year)
    with _LOCK:
        kept = _ENGINE.get(key)
    if kept is not None and kept[0] is table:
        return kept[1]
    made = engine.WorkCalendar(
        calendar.name, week=table.week, exceptions=_differing(table, from_date.year, to_date.year)
    )
    with _LOCK:
        _ENGINE[key] = (table, made)
    return made


def _differing(table: CalendarTable, first: int, last: int) -> tuple[engine.CalendarException, ...]:
    span = range(dt.date(first, 1, 1).toordinal(), dt.date(last, 12, 31).toordinal() + 1)
    items = (table.day(dt.date.fromordinal(number)) for number in span)
    return tuple(
        engine.CalendarException(item.date, item.date, item.shifts, item.name)
        for item in items
        if item.shifts != table.week[item.date.weekday()]
    )


def published(region: str, year: int) -> bool:
    """Whether the make-up days of the year are known to this installation; regions without any are always known."""
    return workdays(year, region).published


def unpublished_years(calendar: WorkingCalendar, today: dt.date) -> list[int]:
    """This year and next, where they count on estimated make-up days."""
    if not calendar.region:
        return []
    stored = set(
        calendar.exceptions.filter(source="estimated", date__year__gte=today.year).values_list("date__year", flat=True)
    )
    official = set(
        calendar.exceptions.filter(source="official", date__year__gte=today.year).values_list("date__year", flat=True)
    )
    return [
        year
        for year in (today.year, today.year + 1)
        if year in stored or (year not in official and not published(calendar.region, year))
    ]
