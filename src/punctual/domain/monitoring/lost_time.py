"""Working time that made nothing: tasks that waited, work done twice, work beyond its estimate.

Three of the wastes of lean production (T. Ohno, *Toyota Production System*, 1988) that the kept records show by
themselves; idle capacity, the fourth, is read off the schedule. All hours are working hours of the company's own work:
what suppliers take longer runs on the clock and is told where suppliers are judged.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import Q, Sum

from punctual.domain.costs.models import TimeEntry, TimeState
from punctual.domain.monitoring.models import Block
from punctual.domain.plans.models import Task
from punctual.domain.plans.selectors import plans_of
from punctual.domain.plans.work_calendars import plan_time, work_calendar
from punctual.domain.quality.models import Nonconformity
from punctual.domain.quality.selectors import ncrs_of
from punctual.domain.scheduling.models import DurationRatio
from punctual.engine.calendars import WorkCalendar
from punctual.platform.accounts.models import User

MOST: Final = 500
"""Blocks and nonconformities looked at, the newest first."""


@dataclass(frozen=True, slots=True)
class Wait:
    """A task that could not go on; ``until`` None: it still can't."""

    task: Task
    reason: str
    since: dt.datetime
    until: dt.datetime | None
    hours: float


@dataclass(frozen=True, slots=True)
class Redone:
    """Rework and re-inspection of a nonconformity; ``booked``: hours as people entered them, else by progress."""

    ncr: Nonconformity
    task: Task
    hours: float
    booked: bool


@dataclass(frozen=True, slots=True)
class Overrun:
    """``count`` finished tasks of one type of our own work, those within their estimate too; ``hours`` beyond it of the
    ``over`` that were not; ``ratio`` actual ÷ estimate of all."""

    name: str
    count: int
    over: int
    hours: float
    ratio: float


@dataclass(frozen=True, slots=True)
class LostTime:
    first: dt.date
    last: dt.date
    waits: Sequence[Wait]
    redone: Sequence[Redone]
    overruns: Sequence[Overrun]

    @property
    def hours_waited(self) -> float:
        return sum(one.hours for one in self.waits)

    @property
    def hours_redone(self) -> float:
        return sum(one.hours for one in self.redone)

    @property
    def hours_over(self) -> float:
        return sum(one.hours for one in self.overruns)


def lost_time(actor: User, *, first: dt.date, last: dt.date, now: dt.datetime) -> LostTime:
    """What was lost from ``first`` to ``last`` (both days included) in the orders that the actor may see, the most
    first; what ``now`` still waits counts up to now."""
    return LostTime(
        first,
        last,
        waits=_waits(actor, first, last, now),
        redone=_redone(actor, first, last),
        overruns=_overruns(first, last),
    )


def _waits(actor: User, first: dt.date, last: dt.date, now: dt.datetime) -> list[Wait]:
    begin, present = dt.datetime.combine(first, dt.time()), _moment(now)
    end = min(present, dt.datetime.combine(last, dt.time()) + dt.timedelta(days=1))
    blocks = Block.objects.filter(task__plan__in=plans_of(actor)).select_related(
        "task__plan__order", "task__plan__calendar", "task__calendar"
    )
    blocks = blocks.filter(Q(cleared_at=None) | Q(cleared_at__date__gte=first), since__date__lte=last)
    found, calendars = [], _Calendars()
    for block in blocks[:MOST]:
        since, cleared = _moment(block.since), plan_time(block.cleared_at)
        minutes = calendars.of(block.task).work_between(max(since, begin), max(begin, min(cleared or end, end)))
        if minutes > 0:
            found.append(Wait(block.task, block.reason, block.since, block.cleared_at, minutes / 60))
    return sorted(found, key=lambda one: -one.hours)


def _redone(actor: User, first: dt.date, last: dt.date) -> list[Redone]:
    rows = ncrs_of(actor).filter(Q(rework_task__isnull=False) | Q(recheck_task__isnull=False))
    rows = rows.select_related("order", "rework_task__plan__order", "recheck_task__plan__order").order_by("-pk")
    done = [(ncr, task) for ncr in rows[:MOST] for task in (ncr.rework_task, ncr.recheck_task) if task is not None]
    booked = _booked((task.pk for _ncr, task in done), first, last)
    found = []
    for ncr, task in done:
        hours = booked.get(task.pk, 0.0)
        begun = plan_time(task.actual_start)
        if not hours and begun is not None and first <= begun.date() <= last:
            hours = task.duration * task.percent / 100 / 60
        if hours:
            found.append(Redone(ncr, task, hours, task.pk in booked))
    return sorted(found, key=lambda one: -one.hours)


def _booked(tasks: Iterable[int], first: dt.date, last: dt.date) -> dict[int, float]:
    rows = TimeEntry.objects.filter(task__in=list(tasks), day__range=(first, last)).exclude(state=TimeState.RETURNED)
    sums = rows.order_by().values_list("task").annotate(sum=Sum("hours"))
    return {task: float(hours) for task, hours in sums if task is not None and hours}


def _overruns(first: dt.date, last: dt.date) -> list[Overrun]:
    rows = DurationRatio.objects.filter(finished_on__range=(first, last), estimated__gt=0, supplier="")
    rows = rows.exclude(task__is_elapsed=True)
    kinds: dict[str, list[tuple[int, int]]] = defaultdict(list)
    names: dict[str, str] = {}
    for key, name, actual, estimated in rows.values_list("type_key", "type_name", "actual", "estimated"):
        kinds[key].append((actual, estimated))
        names.setdefault(key, name)
    found = []
    for key, pairs in kinds.items():
        beyond = [actual - estimated for actual, estimated in pairs if actual > estimated]
        if beyond:
            ratio = sum(actual for actual, _ in pairs) / sum(estimated for _, estimated in pairs)
            found.append(Overrun(names[key], len(pairs), len(beyond), sum(beyond) / 60, ratio))
    return sorted(found, key=lambda one: -one.hours)


def _moment(moment: dt.datetime) -> dt.datetime:
    found = plan_time(moment)
    assert found is not None
    return found


class _Calendars:
    """Each work calendar is made once, however many tasks count by it."""

    def __init__(self) -> None:
        self.known: dict[tuple[int, int], WorkCalendar] = {}

    def of(self, task: Task) -> WorkCalendar:
        key = (task.calendar_id or task.plan.calendar_id, task.plan.start.year)
        if key not in self.known:
            self.known[key] = work_calendar(task.calendar or task.plan.calendar, task.plan.start)
        return self.known[key]
