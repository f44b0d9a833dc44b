"""Which days are worked: pure decisions over a weekly pattern, its exceptions and a region's public holidays."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from punctual.engine.daypattern import DAY, Shifts, parse_clock, shift_faults
from punctual.engine.workdays import Workdays, workdays
from punctual.kernel.checks import Checker
from punctual.kernel.refusal import Reason
from punctual.kernel.wording import N_, Word

WEEKDAYS: Final = ("1", "2", "3", "4", "5", "6", "7")
"""ISO weekdays as the keys of ``weekly``."""
REGIONS: Final = ("CN", "HK", "TW", "SG", "MY", "VN", "TH", "JP", "KR", "IN", "US", "MX", "DE", "FR", "GB", "PL", "HU")
"""Where a calendar may take its public holidays from (ISO 3166)."""
FIRST_YEAR: Final = 2000
LAST_YEAR: Final = 2099
"""Years with public holidays; outside them a calendar has its weekly pattern alone."""

Weekly = Mapping[str, Sequence[Sequence[str]]]
"""ISO weekday → shifts as pairs of clock times."""


class DayKind(StrEnum):
    """Why a day is worked or free."""

    WORKDAY = "workday"
    FREE = "free"
    HOLIDAY = "holiday"
    MAKE_UP = "make_up"
    COMPANY_FREE = "company_free"
    COMPANY_WORK = "company_work"


@dataclass(frozen=True, slots=True)
class DayException:
    """A stored day that differs. ``source``: official, estimated, company; no ``shifts``: as on a normal workday."""

    is_working: bool
    shifts: Shifts = ()
    name: str = ""
    source: str = "company"


@dataclass(frozen=True, slots=True)
class Day:
    """What one day is. ``shifts`` in minutes after midnight, empty when free; ``estimated``: not yet published."""

    date: dt.date
    kind: DayKind
    shifts: Shifts
    name: str = ""
    estimated: bool = False
    stored: bool = False

    @property
    def is_working(self) -> bool:
        return bool(self.shifts)

    @property
    def minutes(self) -> int:
        return sum(end - start for start, end in self.shifts)


@dataclass(frozen=True)
class CalendarTable:
    """One calendar's days, worked out a year at a time and kept.

    ``week``        seven shift patterns, Monday first.
    ``exceptions``  stored days; they win over the region's.
    ``region``      whose public holidays count in years of which no official day is stored ("" = none).
    """

    week: tuple[Shifts, ...]
    exceptions: Mapping[dt.date, DayException] = field(default_factory=dict)
    region: str = ""
    _years: dict[int, list[int]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        loaded = frozenset(day.year for day, item in self.exceptions.items() if item.source != "company")
        object.__setattr__(self, "loaded_years", loaded)

    loaded_years: frozenset[int] = field(default=frozenset(), init=False, compare=False)
    """Years whose public holidays are stored."""

    @property
    def normal_shifts(self) -> Shifts:
        """The shifts of the first worked weekday: those of a make-up day on a weekday that is normally free."""
        return next((shifts for shifts in self.week if shifts), ())

    def day(self, date: dt.date) -> Day:
        """What the day is and why."""
        pattern = self.week[date.weekday()]
        found = self.exceptions.get(date)
        if found is not None:
            return self._stored(date, found, pattern)
        public = self.public_year(date.year)
        if public is not None and date in public.make_up:
            shifts = pattern or self.normal_shifts
            return Day(date, DayKind.MAKE_UP, shifts, public.make_up[date], not public.published)
        if public is not None and date in public.holidays:
            return Day(date, DayKind.HOLIDAY, (), public.holidays[date], not public.published)
        return Day(date, DayKind.WORKDAY if pattern else DayKind.FREE, pattern)

    def _stored(self, date: dt.date, found: DayException, pattern: Shifts) -> Day:
        company = found.source == "company"
        if found.is_working:
            kind = DayKind.COMPANY_WORK if company else DayKind.MAKE_UP
            shifts = found.shifts or pattern or self.normal_shifts
        else:
            kind, shifts = (DayKind.COMPANY_FREE if company else DayKind.HOLIDAY), ()
        return Day(date, kind, shifts, found.name, found.source == "estimated", stored=True)

    def public_year(self, year: int) -> Workdays | None:
        """The region's year where none of it is stored."""
        if not self.region or year in self.loaded_years or not FIRST_YEAR <= year <= LAST_YEAR:
            return None
        return workdays(year, self.region, "zh_CN" if self.region == "CN" else "")

    def _worked(self, year: int) -> list[int]:
        """Ordinals of the year's working days, ascending."""
        days = self._years.get(year)
        if days is None:
            first, last = dt.date(year, 1, 1).toordinal(), dt.date(year, 12, 31).toordinal()
            days = [n for n in range(first, last + 1) if self.day(dt.date.fromordinal(n)).is_working]
            self._years[year] = days
        return days

    def is_working_day(self, date: dt.date) -> bool:
        days = self._worked(date.year)
        at = bisect_left(days, date.toordinal())
        return at < len(days) and days[at] == date.toordinal()

    def between(self, first: dt.date, last: dt.date) -> int:
        """Working days after ``first`` up to and with ``last``; negative when ``last`` is earlier."""
        if last < first:
            return -self.between(last, first)
        total = -bisect_right(self._worked(first.year), first.toordinal())
        total += sum(len(self._worked(year)) for year in range(first.year, last.year))
        return total + bisect_right(self._worked(last.year), last.toordinal())

    def add(self, date: dt.date, days: int) -> dt.date | None:
        """The ``days``-th working day after ``date`` (before it when negative); 0: the day itself or the next worked
        one. None when there is none within the years 1 … 9999 that the calendar can count or 30 years."""
        year, step = date.year, 1 if days >= 0 else -1
        worked = self._worked(year)
        if days > 0:
            index = bisect_right(worked, date.toordinal()) + days - 1
        elif days < 0:
            index = bisect_left(worked, date.toordinal()) + days
        else:
            index = bisect_left(worked, date.toordinal())
        for _ in range(31):
            if 0 <= index < len(worked):
                return dt.date.fromordinal(worked[index])
            index = index - len(worked) if step > 0 else index
            year += step
            if not dt.MINYEAR <= year <= dt.MAXYEAR:
                return None
            worked = self._worked(year)
            if step < 0:
                index += len(worked)
        return None


def shifts_of(raw: Sequence[Sequence[str]]) -> Shifts:
    """``[["08:00", "12:00"]]`` → ``((480, 720),)``; a shift that ends at or before its start ends on the next day.

    Only for shifts that passed :func:`reasons_against_shifts`.
    """
    shifts = []
    for start_text, end_text in raw:
        start, end = parse_clock(start_text), parse_clock(end_text)
        if start is None or end is None:
            raise ValueError(f"{start_text}-{end_text} is no shift")
        shifts.append((start, end + DAY if end <= start else end))
    return tuple(sorted(shifts))


def week_of(weekly: Weekly) -> tuple[Shifts, ...]:
    """The seven patterns of a stored week, Monday first."""
    return tuple(shifts_of(weekly.get(day, ())) for day in WEEKDAYS)


def reasons_against_shifts(raw: Sequence[Sequence[str]], *, where: object, field: str) -> list[Reason]:
    """Everything wrong with one day's shifts: unreadable, outside the day, overlapping. ``where`` names the day."""
    reasons = []
    for item in raw:
        if len(item) != 2 or any(parse_clock(str(clock)) is None for clock in item):
            reasons.append(
                Reason(
                    "calendar.shift.form",
                    N_("%(where)s: “%(given)s” is no shift; write it as 08:00-12:00."),
                    {"where": where, "given": "-".join(map(str, item))},
                    field=field,
                )
            )
    if reasons:
        return reasons
    faults = shift_faults(shifts_of(raw), "")
    if faults:
        reasons.append(
            Reason(
                "calendar.shift.overlap",
                N_("%(where)s: the shifts overlap or last longer than a day; separate them."),
                {"where": where},
                field=field,
            )
        )
    return reasons


WEEKDAY_NAMES: Final = (
    N_("Monday"),
    N_("Tuesday"),
    N_("Wednesday"),
    N_("Thursday"),
    N_("Friday"),
    N_("Saturday"),
    N_("Sunday"),
)


@dataclass(frozen=True, slots=True)
class CalendarFacts:
    """What a person tells of a calendar."""

    code: str
    name: str
    region: str = "CN"
    weekly: Weekly = field(default_factory=dict)


def reasons_against_calendar(facts: CalendarFacts) -> list[Reason]:
    """Every reason against these facts, but for what other calendars say."""
    check = Checker("calendar")
    check.code("code", N_("Code"), facts.code, longest=20)
    check.text("name", N_("Name"), facts.name, longest=80, required=True)
    if facts.region:
        check.one_of("region", N_("Public holidays of"), facts.region, REGIONS)
    unknown = [key for key in facts.weekly if key not in WEEKDAYS]
    if unknown:
        check.add(
            "weekly",
            "weekday",
            N_("“%(day)s” is no weekday; the week has 1 (Monday) to 7 (Sunday)."),
            day=", ".join(unknown),
        )
    for number, name in zip(WEEKDAYS, WEEKDAY_NAMES, strict=True):
        check.reasons += reasons_against_shifts(facts.weekly.get(number, ()), where=Word(name), field="weekly")
    if not any(facts.weekly.values()):
        check.add("weekly", "missing", N_("A calendar needs at least one day with a shift."))
    return check.reasons


@dataclass(frozen=True, slots=True)
class ExceptionFacts:
    """What a person tells of one day. Empty ``shifts`` of a worked day: as on a normal workday."""

    date: dt.date
    is_working: bool
    shifts: Sequence[Sequence[str]] = ()
    name: str = ""


def reasons_against_exception(facts: ExceptionFacts) -> list[Reason]:
    check = Checker("calendar")
    check.day("date", N_("Date"), facts.date)
    check.text("name", N_("Name"), facts.name, longest=80)
    check.reasons += reasons_against_shifts(facts.shifts, where=facts.date.isoformat(), field="shifts")
    if facts.shifts and not facts.is_working:
        check.add("shifts", "free", N_("A free day has no shifts; leave them out or mark the day as worked."))
    return check.reasons
