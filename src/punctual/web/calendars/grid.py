"""A year of a calendar as month grids."""

from __future__ import annotations

import calendar as months
import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from django.utils.translation import gettext as _

from punctual.domain.calendars.models import WorkingCalendar
from punctual.domain.calendars.rules import FIRST_YEAR, LAST_YEAR, Day, DayKind
from punctual.domain.calendars.selectors import days
from punctual.engine.workdays import workdays
from punctual.web.formatting import is_chinese

CSS = {
    DayKind.WORKDAY: "",
    DayKind.FREE: "we",
    DayKind.HOLIDAY: "hol",
    DayKind.MAKE_UP: "mk2",
    DayKind.COMPANY_FREE: "cof",
    DayKind.COMPANY_WORK: "cow",
}


@dataclass(frozen=True, slots=True)
class GridDay:
    day: Day
    css: str
    short: str
    """At most a few characters, inside the day's box."""
    words: str
    """What the day is, for the tooltip and for readers who do not see colours."""


@dataclass(slots=True)
class GridMonth:
    first: dt.date
    name: str
    weeks: list[list[GridDay | None]] = field(default_factory=list)
    working_days: int = 0


@lru_cache(maxsize=64)
def _names(region: str, year: int, chinese: bool) -> dict[dt.date, str]:
    """The public holidays' names in the reader's language."""
    if not region or not FIRST_YEAR <= year <= LAST_YEAR:
        return {}
    return dict(workdays(year, region, "zh_CN" if chinese else "en_US").holidays)


def is_moved(name: str) -> bool:
    """A day that is free only because another one is worked or a holiday fell on a weekend: it may move."""
    return any(mark in name for mark in ("休息日", "补假", "observed", "substituted", "in lieu"))


def short_name(name: str) -> str:
    """``国庆节（补假）`` → ``国庆``, ``休息日（由 2026-10-10 调休）`` → ``调休``."""
    if name.startswith(("休息日", "Day off")):
        return _("bridge day")
    bare = name.split("（")[0].split(" (")[0].removeprefix("农历")
    return bare.removesuffix("节") if len(bare) > 2 else bare


def _grid_day(found: Day, names: dict[dt.date, str]) -> GridDay:
    name = names.get(found.date, found.name) if found.kind is DayKind.HOLIDAY else found.name
    css, short, words = CSS[found.kind], "", ""
    if found.kind is DayKind.HOLIDAY:
        short, words = short_name(name), name
        if found.estimated:
            words = _("%(name)s, estimated") % {"name": name}
            css = "gue" if is_moved(name) else "hol"
            short = _("estimated") if is_moved(name) else short
    elif found.kind is DayKind.MAKE_UP:
        short, words = _("worked"), _("make-up working day")
    elif found.kind is DayKind.COMPANY_FREE:
        short, words = found.name, _("free by the company: %(name)s") % {"name": found.name or "—"}
    elif found.kind is DayKind.COMPANY_WORK:
        short, words = found.name or _("worked"), _("worked by the company: %(name)s") % {"name": found.name or "—"}
    return GridDay(found, css, short, words)


def year_grid(calendar: WorkingCalendar, year: int) -> list[GridMonth]:
    """Twelve months, weeks from Monday to Sunday, None where a week reaches into another month."""
    names = _names(calendar.region, year, is_chinese())
    by_date = {item.date: item for item in days(calendar, dt.date(year, 1, 1), dt.date(year, 12, 31))}
    return [_month(year, month, by_date, names) for month in range(1, 13)]


def _month(year: int, month: int, by_date: dict[dt.date, Day], names: dict[dt.date, str]) -> GridMonth:
    first = dt.date(year, month, 1)
    made = GridMonth(first, f"{month} 月" if is_chinese() else months.month_name[month])
    for week in _weeks(year, month):
        made.weeks.append(
            [None if number == 0 else _grid_day(by_date[dt.date(year, month, number)], names) for number in week]
        )
    made.working_days = sum(item.is_working for item in by_date.values() if item.date.month == month)
    return made


def _weeks(year: int, month: int) -> Iterable[list[int]]:
    return months.Calendar(firstweekday=0).monthdayscalendar(year, month)
