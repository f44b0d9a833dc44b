"""Which calendars a plan runs on, and the clock of its site."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING, Final, overload
from zoneinfo import ZoneInfo

from django.conf import settings

from punctual.domain.calendars.models import WorkingCalendar
from punctual.domain.calendars.selectors import engine_calendar
from punctual.engine.calendars import WorkCalendar

if TYPE_CHECKING:
    from punctual.domain.plans.models import Task

SITE: Final = ZoneInfo(settings.TIME_ZONE)
USUAL_DAY: Final = 480
"""Minutes of a working day where a calendar has none."""
_CLOCK: Final = WorkCalendar.around_the_clock()
YEARS_BEFORE, YEARS_AFTER = 1, 4


@overload
def plan_time(moment: dt.datetime) -> dt.datetime: ...


@overload
def plan_time(moment: dt.datetime | None) -> dt.datetime | None: ...


def plan_time(moment: dt.datetime | None) -> dt.datetime | None:
    """A stored moment on the site's clock, without a zone."""
    return None if moment is None else _on_site(moment)


@lru_cache(1 << 16)
def _on_site(moment: dt.datetime) -> dt.datetime:
    """Kept, since thousands of tasks begin and end with the same shifts."""
    return moment.astimezone(SITE).replace(tzinfo=None)


@overload
def stored_time(moment: dt.datetime) -> dt.datetime: ...


@overload
def stored_time(moment: dt.datetime | None) -> dt.datetime | None: ...


def stored_time(moment: dt.datetime | None) -> dt.datetime | None:
    """A moment on the site's clock, ready to be stored."""
    return None if moment is None else moment.replace(tzinfo=SITE)


def work_calendar(calendar: WorkingCalendar, start: dt.date) -> WorkCalendar:
    """The engine's calendar for a plan that starts about then."""
    first = dt.date(start.year - YEARS_BEFORE, 1, 1)
    return engine_calendar(calendar, first, dt.date(start.year + YEARS_AFTER, 12, 31))


def calendar_of_task(task: Task) -> WorkCalendar:
    """The calendar in whose minutes the task's duration is counted; the clock itself where it runs on days off too."""
    return _CLOCK if task.is_elapsed else work_calendar(task.calendar or task.plan.calendar, task.plan.start)


def day_minutes(calendar: WorkCalendar) -> int:
    """Working minutes of a usual day: what "one working day" means on this calendar."""
    counted = Counter(sum(end - begin for begin, end in shifts) for shifts in calendar.week if shifts)
    return counted.most_common(1)[0][0] if counted else USUAL_DAY
