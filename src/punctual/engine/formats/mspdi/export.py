"""From a scheduled plan to a Microsoft Project file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Final

import numpy as np

from punctual.engine.calendar_tables import EPOCH
from punctual.engine.calendars import WEEKDAYS, WorkCalendar
from punctual.engine.cpm import ScheduleResult, TaskDates
from punctual.engine.daypattern import DAY, Shifts
from punctual.engine.formats.mspdi.document import (
    CalendarData,
    ExceptionDays,
    Header,
    LinkData,
    ProjectFile,
    TaskData,
    Week,
    WorkWeek,
)
from punctual.engine.network import Constraint, LagUnit, Link, Plan, Task, Uid

DAYS, ELAPSED_DAYS, PERCENT, ELAPSED_PERCENT = 7, 8, 19, 20
"""DurationFormat and LagFormat numbers."""

MARGIN: Final = timedelta(days=732)
"""So far around the plan a calendar that must be spelled out day by day is written."""


def file_of(plan: Plan, result: ScheduleResult) -> ProjectFile:
    """The plan with its computed dates as a Microsoft Project file.

    Task ids that are whole numbers from 1 on are kept, others are numbered in plan order; sub-tasks follow their
    summary. Calendars that Project cannot express (night shifts past midnight, intersections) are spelled out as
    exceptions from two years before the plan to two years after it.
    """
    numbers = _numbers(plan)
    keys: dict[str, int] = {"": 1}
    for key in plan.calendars:
        keys[key] = len(keys) + 1
    span = (result.start - MARGIN).date(), (result.finish + MARGIN).date()
    calendars = [calendar_data(plan.calendar, 1, span)]
    calendars += [calendar_data(calendar, keys[key], span) for key, calendar in plan.calendars.items()]
    incoming: dict[Uid, list[Link]] = {}
    for link in plan.links:
        incoming.setdefault(link.successor, []).append(link)
    tasks = []
    for row, (task, level) in enumerate(outline(plan.tasks, above=0 in numbers.values()), start=1):
        data = _task(task, result[task.uid], numbers[task.uid], keys)
        data.id, data.outline_level = row - (0 in numbers.values()), level
        data.links = [_link(link, numbers[link.predecessor]) for link in incoming.get(task.uid, ())]
        tasks.append(data)
    header = Header(
        name=plan.name,
        title=plan.name,
        save_version=14,
        start=plan.start or result.start,
        finish=result.finish,
        from_start=not plan.from_finish,
        status_date=plan.status_date,
        calendar_uid=1,
        critical_slack_limit=plan.critical_slack_limit / 480,
        honor_constraints=plan.honor_constraints,
    )
    return ProjectFile(header, calendars, tasks)


def _numbers(plan: Plan) -> dict[Uid, int]:
    """UIDs for the file. Project's own summary has 0, which only a root summary of everything may keep."""
    roots = [task for task in plan.tasks if task.parent is None]
    if all(isinstance(task.uid, int) and (task.uid > 0 or roots == [task]) for task in plan.tasks):
        return {task.uid: int(task.uid) for task in plan.tasks}
    return {task.uid: number for number, task in enumerate(plan.tasks, start=1)}


def outline(tasks: Sequence[Task], *, above: bool = False) -> Iterator[tuple[Task, int]]:
    """Tasks with their outline level, each summary before its sub-tasks, plan order kept, without recursion.

    Levels start at 1, or at 0 where one root stands ``above`` all.
    """
    children: dict[Uid | None, list[Task]] = {}
    for task in tasks:
        children.setdefault(task.parent, []).append(task)
    stack = [(task, 0 if above else 1) for task in reversed(children.get(None, []))]
    while stack:
        task, level = stack.pop()
        yield task, level
        stack += [(child, level + 1) for child in reversed(children.get(task.uid, []))]


def _task(task: Task, dates: TaskDates, uid: int, keys: dict[str, int]) -> TaskData:
    summary = dates.summary
    constraint = task.constraint if task.constraint is not None else Constraint.ASAP
    done = task.actual_finish is not None
    data = TaskData(
        uid=uid,
        name=task.name,
        summary=summary,
        milestone=task.milestone or (not summary and task.duration == 0),
        manual=task.manual,
        active=not task.inactive,
        start=dates.start,
        finish=dates.finish,
        duration=task.duration,
        duration_format=ELAPSED_DAYS if task.elapsed else DAYS,
        constraint_type=int(constraint),
        constraint_date=task.constraint_date if constraint.needs_date else None,
        deadline=task.deadline,
        calendar_uid=keys[task.calendar] if task.calendar else -1,
        leveling_delay=task.delay * 10,
        early_start=dates.early_start,
        early_finish=dates.early_finish,
        late_start=dates.late_start,
        late_finish=dates.late_finish,
        total_slack=dates.total_slack_minutes,
        free_slack=dates.free_slack_minutes,
        critical=dates.critical,
        percent_complete=100 if done else task.percent_complete,
        actual_start=task.actual_start,
        actual_finish=task.actual_finish,
        resume=task.resume,
    )
    if task.manual:
        data.manual_start, data.manual_finish, data.manual_duration = dates.start, dates.finish, task.duration
    if not summary:
        remaining = task.remaining
        if remaining is None:
            remaining = task.duration - int(task.duration * task.percent_complete / 100 + 0.5)
        data.remaining_duration = 0 if done else remaining
        data.actual_duration = max(0, task.duration - data.remaining_duration)
    return data


def _link(link: Link, predecessor: int) -> LinkData:
    formats = {
        LagUnit.WORKING: DAYS,
        LagUnit.ELAPSED: ELAPSED_DAYS,
        LagUnit.PERCENT: PERCENT,
        LagUnit.ELAPSED_PERCENT: ELAPSED_PERCENT,
    }
    percent = link.lag_unit in (LagUnit.PERCENT, LagUnit.ELAPSED_PERCENT)
    return LinkData(predecessor, int(link.type), link.lag if percent else link.lag * 10, formats[link.lag_unit])


def calendar_data(calendar: WorkCalendar, uid: int, span: tuple[date, date]) -> CalendarData:
    """A calendar as Project writes it; see :func:`file_of` for what ``span`` is."""
    name = calendar.name or f"Calendar {uid}"
    if _is_plain(calendar):
        return CalendarData(
            uid=uid,
            name=name,
            week=Week(list(calendar.week)),
            exceptions=[ExceptionDays(e.name, e.first, e.last, e.shifts) for e in calendar.exceptions],
            work_weeks=[WorkWeek(w.name, w.first, w.last, Week(list(w.week))) for w in calendar.weeks],
        )
    week, exceptions = _spelled_out(calendar, *span)
    return CalendarData(uid=uid, name=name, week=Week(list(week)), exceptions=exceptions)


def _is_plain(calendar: WorkCalendar) -> bool:
    days = [*calendar.week, *(e.shifts for e in calendar.exceptions)]
    days += [shifts or () for week in calendar.weeks for shifts in week.week]
    over_midnight = any(end > DAY for shifts in days for _, end in shifts)
    return not (over_midnight or calendar.within or calendar.beside or calendar.zone)


def _spelled_out(calendar: WorkCalendar, first: date, last: date) -> tuple[list[Shifts], list[ExceptionDays]]:
    """The most frequent kind of each weekday, and every day in the span that differs from it."""
    origin = EPOCH.date()
    start = max(0, (first - origin).days)
    tables = calendar.tables((last - origin).days + 1)
    kinds = tables.pattern[start : (last - origin).days + 1]
    weekday = (np.arange(start, start + len(kinds)) + origin.weekday()) % 7
    week: list[Shifts] = []
    usual = np.empty(7, dtype=np.int64)
    for number in range(len(WEEKDAYS)):
        usual[number] = Counter(kinds[weekday == number].tolist()).most_common(1)[0][0]
        week.append(tables.patterns[usual[number]])
    exceptions: list[ExceptionDays] = []
    for offset in np.flatnonzero(kinds != usual[weekday]).tolist():
        day = origin + timedelta(days=start + offset)
        shifts = tables.patterns[kinds[offset]]
        before = exceptions[-1] if exceptions else None
        if before and before.last + timedelta(days=1) == day and before.shifts == shifts:
            before.last = day
        else:
            exceptions.append(ExceptionDays("", day, day, shifts))
    return week, exceptions
