"""Working calendars: shifts of the week, other weeks for a while, exceptions, make-up days, intersections.

A :class:`WorkCalendar` maps wall-clock time to integer working minutes and back. Time is local to the plan and has no
zone. Every wall-clock day has 1,440 minutes: in the night the clocks change, shifts keep their place on the clock (a
shift from 08:00 to 17:00 stays one). With ``zone`` given, minutes that the clock skips in that night are no working
time, because no clock ever shows them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from punctual.engine.calendar_tables import (
    EPOCH,
    FIRST_HORIZON,
    LAST_HORIZON,
    DayTables,
    Minutes,
    moment_of,
    outside,
    wall_minutes,
)
from punctual.engine.daypattern import (
    DAY,
    Shift,
    Shifts,
    intersection,
    merged,
    parse_shift,
    shift_faults,
    union,
    within_day,
    without,
)
from punctual.kernel.refusal import Reason, refuse_if
from punctual.kernel.wording import N_

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
OFFICE_HOURS: Final[Shifts] = ((480, 720), (780, 1020))
ALL_DAY: Final[Shifts] = ((0, DAY),)
FIRST_DAY: Final = EPOCH.date()


@dataclass(frozen=True, slots=True)
class CalendarException:
    """Days from ``first`` to ``last`` (both included) that differ: no shifts = day off, shifts = make-up day or other
    hours. ``period`` counts working exceptions of a fixed weekday set: 127 = every day, bit 0 = Monday."""

    first: date
    last: date
    shifts: Shifts = ()
    name: str = ""


@dataclass(frozen=True, slots=True)
class OtherWeek:
    """Another weekly pattern from ``first`` to ``last`` (both included): summer hours, a works holiday with a crew.

    ``week`` has seven entries, Monday first; None leaves that weekday as in the normal week.
    """

    first: date
    last: date
    week: tuple[Shifts | None, ...]
    name: str = ""


@dataclass(frozen=True)
class WorkCalendar:
    """When work is done. Immutable; equal content is the same calendar.

    ``week``        seven tuples of shifts, Monday first, each shift (from, to) in minutes after midnight; ``to`` beyond
                    1440 ends on the next day (a night shift belongs to the day it begins).
    ``exceptions``  days that differ; where two cover a day the earlier in the list wins.
    ``weeks``       other weekly patterns for a time; exceptions win over them.
    ``within``      calendars that must be working too (task calendar ∩ resource calendar).
    ``beside``      calendars of which any may be working instead (several crews); they are joined before ``within``.
    ``zone``        IANA zone whose skipped minutes are no working time; empty = none are.

    Build it from plain data with :meth:`from_data`, which refuses bad input with every reason.
    """

    name: str = ""
    week: tuple[Shifts, ...] = (OFFICE_HOURS,) * 5 + ((), ())
    exceptions: tuple[CalendarException, ...] = ()
    weeks: tuple[OtherWeek, ...] = ()
    within: tuple[WorkCalendar, ...] = ()
    beside: tuple[WorkCalendar, ...] = ()
    zone: str = ""
    _cache: dict[int, DayTables] = field(default_factory=dict, init=False, repr=False, compare=False)

    # ---------------------------------------------------------------- building

    @staticmethod
    def standard(name: str = "Standard") -> WorkCalendar:
        """Monday to Friday 08:00-12:00 and 13:00-17:00."""
        return WorkCalendar(name)

    @staticmethod
    def around_the_clock(name: str = "24/7") -> WorkCalendar:
        """Every minute is working time."""
        return WorkCalendar(name, week=(ALL_DAY,) * 7)

    @staticmethod
    def from_data(data: Mapping[str, Any]) -> WorkCalendar:
        """From plain data, as JSON or a form gives it::

            {"name": "Works", "week": {"mon": ["08:00-12:00", "13:00-17:00"], …, "sat": []},
             "exceptions": [{"from": "2026-02-14", "to": "2026-02-14", "shifts": ["08:00-17:00"], "name": "make-up"}]}

        Weekdays left out are days off; ``to`` and ``shifts`` of an exception may be left out (one day, off); a shift
        whose end is not after its start ends on the next day. Dates may be ``datetime.date`` too.
        Raises Refusal with every fault.
        """
        faults: list[Reason] = []
        name = str(data.get("name", ""))
        given = data.get("week", {})
        unknown = [key for key in given if key not in WEEKDAYS]
        if unknown:
            faults.append(
                Reason(
                    code="calendar.unknown_weekday",
                    text=N_("calendar %(name)s: '%(day)s' is no weekday; use mon tue wed thu fri sat sun"),
                    params={"name": name, "day": unknown[0]},
                    field="week",
                )
            )
        week = tuple(_shifts(given.get(day, ()), f"{name} {day}", faults) for day in WEEKDAYS)
        exceptions = tuple(
            item
            for row, raw in enumerate(data.get("exceptions", ()), start=1)
            if (item := _exception(raw, name, row, faults)) is not None
        )
        refuse_if(faults)
        return WorkCalendar(name, week=week, exceptions=exceptions, zone=str(data.get("zone", "")))

    def __post_init__(self) -> None:
        faults: list[Reason] = []
        for day, shifts in zip(WEEKDAYS, self.week, strict=True):
            faults += shift_faults(shifts, f"{self.name} {day}")
        for item in self.exceptions:
            faults += shift_faults(item.shifts, f"{self.name} {item.first}")
        refuse_if(faults)

    def with_exceptions(self, exceptions: Iterable[CalendarException]) -> WorkCalendar:
        """The same calendar with further exceptions, which win over those it has."""
        return replace(self, exceptions=(*exceptions, *self.exceptions))

    def intersect(self, *others: WorkCalendar) -> WorkCalendar:
        """Working only where this and all others are (task calendar ∩ resource calendars)."""
        return replace(
            self, name=" ∩ ".join([self.name, *(other.name for other in others)]), within=(*self.within, *others)
        )

    def unite(self, *others: WorkCalendar) -> WorkCalendar:
        """Working whenever this or one of the others is (a task that several crews take turns at)."""
        different = tuple(dict.fromkeys(other for other in others if other != self))
        if not different:
            return self
        return replace(
            self, name=" ∪ ".join([self.name, *(o.name for o in different)]), beside=(*self.beside, *different)
        )

    # ---------------------------------------------------------------- asking

    def shifts_on(self, day: date) -> Shifts:
        """Shifts worked between 00:00 and 24:00 of that day."""
        number = _day_number(day)
        tables = self.tables(number + 1)
        return tables.patterns[int(tables.pattern[number])]

    def is_working_day(self, day: date) -> bool:
        return bool(self.shifts_on(day))

    def to_minutes(self, moment: datetime) -> int:
        """Working minutes from 1984-01-01 to ``moment`` (naive, local)."""
        wall = wall_minutes(moment)
        tables = self.tables(wall // DAY + 1)
        return tables.working_at(wall)

    def to_datetime_start(self, minutes: int) -> datetime:
        """Where working minute ``minutes`` begins: at a boundary the next morning, not the evening."""
        tables = self.tables_for_work(minutes + 1, minutes)
        return moment_of(tables.start_at(minutes))

    def to_datetime_finish(self, minutes: int) -> datetime:
        """Where ``minutes`` working minutes are done: at a boundary the evening, not the next morning."""
        return self.to_datetime_start(minutes - 1) + timedelta(minutes=1)

    def add_work(self, moment: datetime, minutes: int) -> datetime:
        """``minutes`` of work later (a finish) or, when negative, earlier (a start); 0 = the next working instant."""
        total = self.to_minutes(moment) + minutes
        return self.to_datetime_finish(total) if minutes > 0 else self.to_datetime_start(total)

    def work_between(self, a: datetime, b: datetime) -> int:
        """Working minutes from ``a`` to ``b``; negative when ``b`` is earlier."""
        return self.to_minutes(b) - self.to_minutes(a)

    def to_minutes_array(self, moments: NDArray[np.datetime64]) -> Minutes:
        """:meth:`to_minutes` for an array of datetime64 (any shape)."""
        wall = (moments.astype("datetime64[m]") - np.datetime64(EPOCH, "m")).astype(np.int64)
        if wall.size and (wall.min() < 0 or wall.max() >= LAST_HORIZON * DAY):
            raise outside(str(moments.min() if wall.min() < 0 else moments.max()))
        return self.tables(int(wall.max(initial=0)) // DAY + 1).working(wall)

    def to_datetime_start_array(self, minutes: Minutes) -> NDArray[np.datetime64]:
        """:meth:`to_datetime_start` for an array; datetime64[m]."""
        if not minutes.size:
            return np.zeros(minutes.shape, dtype="datetime64[m]")
        tables = self.tables_for_work(int(minutes.max()) + 1, int(minutes.min()))
        return np.datetime64(EPOCH, "m") + tables.start(minutes.astype(np.int64)).astype("timedelta64[m]")

    def to_datetime_finish_array(self, minutes: Minutes) -> NDArray[np.datetime64]:
        """:meth:`to_datetime_finish` for an array; datetime64[m]."""
        return self.to_datetime_start_array(minutes - 1) + np.timedelta64(1, "m")

    # ---------------------------------------------------------------- tables

    def tables(self, days: int) -> DayTables:
        """Tables that cover at least so many days from 1984-01-01."""
        horizon = FIRST_HORIZON if days <= FIRST_HORIZON else LAST_HORIZON
        if days > LAST_HORIZON:
            raise outside(self.name or "calendar")
        if horizon not in self._cache:
            self._cache[horizon] = self._build(horizon)
        return self._cache[horizon]

    def tables_for_work(self, most: int, least: int) -> DayTables:
        """Tables that hold working minutes ``least`` … ``most``. Raises Refusal when no horizon does."""
        if least >= 0:
            for days in (FIRST_HORIZON, LAST_HORIZON):
                tables = self.tables(days)
                if most <= tables.total:
                    return tables
        raise outside(self.name or "calendar")

    def _build(self, days: int) -> DayTables:
        patterns, index = self._own_days(days)
        for join, others in ((union, self.beside), (intersection, self.within)):
            for other in others:
                theirs = other.tables(days)
                keys, index = np.unique(index * len(theirs.patterns) + theirs.pattern, return_inverse=True)
                pairs = [divmod(int(key), len(theirs.patterns)) for key in keys]
                patterns = [join(patterns[mine], theirs.patterns[their]) for mine, their in pairs]
        return DayTables.build(*_without_duplicates(patterns, index))

    def _own_days(self, days: int) -> tuple[list[Shifts], Minutes]:
        """Kinds of day and a kind a day, without ``within``."""
        patterns: list[Shifts] = [merged(shifts) for shifts in self.week]
        index: Minutes = (np.arange(days, dtype=np.int64) + FIRST_DAY.weekday()) % 7
        weekday = index.copy()
        for other in reversed(self.weeks):
            span = _span(other.first, other.last, days)
            for number, shifts in enumerate(other.week):
                if shifts is not None:
                    index[span][weekday[span] == number] = len(patterns)
                    patterns.append(merged(shifts))
        for item in reversed(self.exceptions):
            index[_span(item.first, item.last, days)] = len(patterns)
            patterns.append(merged(item.shifts))
        patterns, index = _without_duplicates(patterns, index)
        if any(end > DAY for shifts in patterns for _, end in shifts):
            yesterday = np.concatenate([index[:1], index[:-1]])
            keys, index = np.unique(index * len(patterns) + yesterday, return_inverse=True)
            pairs = [divmod(int(key), len(patterns)) for key in keys]
            patterns = [within_day(patterns[today], patterns[before]) for today, before in pairs]
        for number, hole in _skipped_minutes(self.zone, days):
            patterns.append(without(patterns[int(index[number])], hole))
            index[number] = len(patterns) - 1
        return patterns, index


def _without_duplicates(patterns: Sequence[Shifts], index: Minutes) -> tuple[list[Shifts], Minutes]:
    numbers: dict[Shifts, int] = {}
    renumber = np.array([numbers.setdefault(shifts, len(numbers)) for shifts in patterns], dtype=np.int64)
    return list(numbers), renumber[index]


def _day_number(day: date) -> int:
    number = (day - FIRST_DAY).days
    if not 0 <= number < LAST_HORIZON:
        raise outside(day.isoformat())
    return number


def _span(first: date, last: date, days: int) -> slice:
    start = min(max(0, (first - FIRST_DAY).days), days)
    return slice(start, max(start, min(days, (last - FIRST_DAY).days + 1)))


def _skipped_minutes(zone: str, days: int) -> Iterable[tuple[int, Shift]]:
    """Day number and the minutes of it that the clocks of ``zone`` jump over (start of summer time)."""
    if not zone:
        return
    info = ZoneInfo(zone)
    before = (EPOCH.replace(tzinfo=info)).utcoffset()
    for number in range(days):
        after = (EPOCH + timedelta(days=number + 1)).replace(tzinfo=info).utcoffset()
        if before is not None and after is not None and after > before:
            length = int((after - before).total_seconds()) // 60
            start = _jump(EPOCH + timedelta(days=number), info)
            yield number, (start, min(DAY, start + length))
        before = after


def _jump(midnight: datetime, zone: ZoneInfo) -> int:
    """Minute of the day whose wall-clock time does not exist first (found by halving)."""
    low, high = 0, DAY
    offset = midnight.replace(tzinfo=zone).utcoffset()
    while high - low > 1:
        middle = (low + high) // 2
        same = (midnight + timedelta(minutes=middle)).replace(tzinfo=zone, fold=1).utcoffset() == offset
        low, high = (middle, high) if same else (low, middle)
    return high


def _shifts(raw: Iterable[str | Sequence[int]], where: str, faults: list[Reason]) -> Shifts:
    result: list[Shift] = []
    for item in raw:
        shift = parse_shift(item) if isinstance(item, str) else (int(item[0]), int(item[1]))
        if shift is None:
            faults.append(
                Reason(
                    code="calendar.unreadable_shift",
                    text=N_("%(where)s: '%(given)s' is no shift; write it as 08:00-12:00"),
                    params={"where": where, "given": item},
                    field="shifts",
                )
            )
        else:
            result.append(shift)
    reasons = shift_faults(result, where)
    faults += reasons
    return () if reasons else tuple(sorted(result))


def _exception(raw: Mapping[str, Any], name: str, row: int, faults: list[Reason]) -> CalendarException | None:
    first = _date(raw.get("from"))
    last = _date(raw.get("to", raw.get("from")))
    if first is None or last is None or last < first:
        faults.append(
            Reason(
                code="calendar.exception_dates",
                text=N_("calendar %(name)s: exception %(row)s needs dates 'from' and 'to' in order, as 2026-02-14"),
                params={"name": name, "row": row},
                field="exceptions",
                row=row,
            )
        )
        return None
    shifts = _shifts(raw.get("shifts", ()), f"{name} {first}", faults)
    return CalendarException(first, last, shifts, str(raw.get("name", "")))


def _date(value: object) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        return None
