"""Public holidays and make-up working days of a region: the ground under an editable company calendar.

Source: the package ``holidays`` (for China the State Council's yearly notices). The notice for a year appears in the
autumn before; until then a year has its statutory holidays only, and :attr:`Workdays.published` is False.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, Final

from punctual.engine.calendars import CalendarException
from punctual.engine.daypattern import Shifts
from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_

FIRST_NOTICE: Final = 2000
"""Before it no region's make-up days are looked for."""


@dataclass(frozen=True)
class Workdays:
    """One year of one region.

    ``holidays``   public holidays by date with their names, weekends that are holidays included.
    ``make_up``    weekend days that are worked instead, with the name of the day they stand for where known.
    ``weekend``    weekdays that are normally free, Monday = 0.
    ``published``  whether the make-up days of the year are known.
    """

    year: int
    region: str
    holidays: Mapping[date, str]
    make_up: Mapping[date, str]
    weekend: frozenset[int]
    published: bool

    def is_working(self, day: date) -> bool:
        return day in self.make_up or (day not in self.holidays and day.weekday() not in self.weekend)

    def reason(self, day: date) -> str:
        """Why the day is worked or not: ``make-up day``, ``holiday: National Day``, ``weekend`` or ``weekday``."""
        if day in self.make_up:
            return "make-up day"
        if day in self.holidays:
            return f"holiday: {self.holidays[day]}"
        return "weekend" if day.weekday() in self.weekend else "weekday"

    def exceptions(self, make_up_shifts: Shifts) -> tuple[CalendarException, ...]:
        """The year as calendar exceptions: holidays off, make-up days with these shifts."""
        off = [CalendarException(day, day, (), name) for day, name in self.holidays.items()]
        worked = [CalendarException(day, day, make_up_shifts, name) for day, name in self.make_up.items()]
        return tuple(sorted([*off, *worked], key=lambda item: item.first))


@lru_cache(maxsize=64)
def workdays(year: int, region: str = "CN", language: str = "") -> Workdays:
    """Holidays and make-up days of a year in a region (ISO 3166 country code), names in ``language`` (``en_US``,
    ``zh_CN`` …; empty = English where the region has it, else its own).

    Raises Refusal for a region or year without data.
    """
    given = _calendar(region.upper(), range(min(year, FIRST_NOTICE), year + 1), language)
    found = {day: name for day, name in given.items() if day.year == year}
    if not found or year < given.start_year or year > given.end_year:
        raise Refusal(
            Reason(
                code="workday.unknown_year",
                text=N_("there are no holidays of %(region)s for %(year)s; choose a year from %(first)s to %(last)s"),
                params={"region": region, "year": year, "first": given.start_year, "last": given.end_year},
                field="date",
            )
        )
    noticed = {day.year for day in given.weekend_workdays}
    return Workdays(
        year=year,
        region=region.upper(),
        holidays=dict(sorted(found.items())),
        make_up={day: "make-up day" for day in sorted(given.weekend_workdays) if day.year == year},
        weekend=frozenset(given.weekend),
        published=not noticed or year <= max(noticed),
    )


def _calendar(region: str, years: Iterable[int], language: str) -> Any:
    import holidays  # costs 0.1 s

    kind = getattr(holidays, region, None) if region.isalpha() and len(region) == 2 else None
    if kind is None:
        raise Refusal(
            Reason(
                code="workday.unknown_region",
                text=N_("there are no public holidays for region '%(region)s'; use a country code such as CN or DE"),
                params={"region": region},
                field="region",
            )
        )
    supported = kind.supported_languages
    wanted = language or ("en_US" if "en_US" in supported else "")
    return kind(years=list(years), language=wanted if wanted in supported else None)
