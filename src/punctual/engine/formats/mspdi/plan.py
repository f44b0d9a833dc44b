"""From a Microsoft Project file to a plan the engine schedules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

from punctual.engine.calendars import CalendarException, OtherWeek, WorkCalendar
from punctual.engine.daypattern import Shifts
from punctual.engine.formats.mspdi.document import CalendarData, LinkData, ProjectFile, TaskData
from punctual.engine.formats.mspdi.values import ELAPSED_FORMATS, PERCENT_FORMATS
from punctual.engine.network import Constraint, LagUnit, Link, LinkType, Plan, Task
from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_

WORK_RESOURCE = 1
FIXED_DURATION = 1


def plan_of(file: ProjectFile, status_date: datetime | None = None) -> Plan:
    """The plan in a file: stored dates ignored but for manual and external tasks, stored progress honoured.

    The file's own status date moves nothing, as in Project; ``status_date`` pushes unfinished work behind it.
    Raises Refusal when calendars refer to each other in a circle or the file has no start.
    """
    calendars = work_calendars(file.calendars)
    header = file.header
    default = calendars.get(str(header.calendar_uid))
    if default is None:
        default = next((c for c in calendars.values() if c.name == "Standard"), WorkCalendar.standard())
    start = header.start or min((t.start for t in file.tasks if t.start is not None), default=None)
    tasks, links = [], []
    working = _resource_calendars(file)
    parents = _parents(file.tasks)
    known = {task.uid for task in file.tasks if not task.blank}
    for data in file.tasks:
        if data.blank:
            continue
        key = _calendar_key(data, working.get(data.uid, []), calendars)
        tasks.append(_task(data, parents.get(data.uid), key))
        links += [
            _link(link, data.uid) for link in data.links if not link.cross_project or link.predecessor_uid in known
        ]
    return Plan(
        name=header.title or header.name,
        start=start,
        start_is_floor=False,
        finish=header.finish,
        from_finish=not header.from_start,
        calendar=default,
        calendars=calendars,
        tasks=tasks,
        links=links,
        status_date=status_date,
        critical_slack_limit=round(header.critical_slack_limit * header.minutes_per_day),
        honor_constraints=header.honor_constraints,
    )


def work_calendars(calendars: Sequence[CalendarData]) -> dict[str, WorkCalendar]:
    """Every calendar of the file by its UID as text, base calendars worked in."""
    by_uid = {data.uid: data for data in calendars}
    done: dict[int, WorkCalendar] = {}
    for data in calendars:
        chain: list[CalendarData] = []
        at: CalendarData | None = data
        while at is not None and at.uid not in done:
            if any(at is other for other in chain):
                raise Refusal(
                    Reason(
                        code="mspdi.circular_calendar",
                        text=N_("calendar %(name)s is its own base calendar; choose another base"),
                        params={"name": data.name or data.uid},
                        field="BaseCalendarUID",
                    )
                )
            chain.append(at)
            at = by_uid.get(at.base_uid)
        for item in reversed(chain):
            done[item.uid] = _work_calendar(item, done.get(item.base_uid))
    return {str(uid): calendar for uid, calendar in done.items()}


def _work_calendar(data: CalendarData, base: WorkCalendar | None) -> WorkCalendar:
    week: tuple[Shifts, ...]
    if base is not None:
        week = tuple(base.week[i] if own is None else own for i, own in enumerate(data.week.days))
    elif all(own is None for own in data.week.days):
        week = WorkCalendar.standard().week
    else:
        week = tuple(own or () for own in data.week.days)
    exceptions = [
        CalendarException(first, last, item.shifts, item.name)
        for item in data.exceptions
        for first, last in _ranges(item.days, item.first, item.last)
    ]
    weeks = [OtherWeek(item.first, item.last, tuple(item.week.days), item.name) for item in data.work_weeks]
    if base is not None:
        exceptions += base.exceptions
        own_week = tuple(data.week.days)
        weeks += [
            replace(other, week=tuple(w if own is None else own for own, w in zip(own_week, other.week, strict=True)))
            for other in base.weeks
        ]
    return WorkCalendar(data.name, week=week, exceptions=tuple(exceptions), weeks=tuple(weeks))


def _ranges(days: Sequence[date], first: date, last: date) -> list[tuple[date, date]]:
    return [(day, day) for day in days] if days else [(first, last)]


def _parents(tasks: Sequence[TaskData]) -> dict[int, int]:
    """Summary of every task by outline level: the last one above it that stands further out."""
    result: dict[int, int] = {}
    open_: list[TaskData] = []
    for task in tasks:
        if task.blank:
            continue
        while open_ and open_[-1].outline_level >= task.outline_level:
            open_.pop()
        if open_:
            result[task.uid] = open_[-1].uid
        open_.append(task)
    return result


def _resource_calendars(file: ProjectFile) -> dict[int, list[str]]:
    """Calendar keys of the people and machines assigned to each task."""
    resources = {
        r.uid: str(r.calendar_uid) for r in file.resources if r.type == WORK_RESOURCE and not (r.is_budget or r.is_cost)
    }
    result: dict[int, list[str]] = {}
    for assignment in file.assignments:
        if assignment.resource_uid in resources and assignment.resource_uid > 0:
            result.setdefault(assignment.task_uid, []).append(resources[assignment.resource_uid])
    return result


def _calendar_key(data: TaskData, resources: Sequence[str], calendars: dict[str, WorkCalendar]) -> str:
    """Key of the calendar a task runs on: its own, that of its resources, or both together; empty = the plan's.

    A task of fixed duration keeps to its own. Combinations are added to ``calendars``. Where the resources of a task
    keep different hours the task runs whenever one of them works.
    """
    own = str(data.calendar_uid)
    keys = sorted({key for key in resources if key in calendars})
    if not keys or data.type == FIXED_DURATION or (own in calendars and data.ignore_resource_calendar):
        return own if own in calendars else ""
    together = "|".join(keys)
    if together not in calendars:
        calendars[together] = calendars[keys[0]].unite(*(calendars[key] for key in keys[1:]))
    if own not in calendars:
        return together
    both = f"{own}&{together}"
    if both not in calendars:
        calendars[both] = calendars[own].intersect(calendars[together])
    return both


def _task(data: TaskData, parent: int | None, calendar: str) -> Task:
    started = data.actual_start
    if started is None and (data.percent_complete > 0 or data.actual_finish is not None):
        started = data.start
    manual = data.manual or data.external or data.subproject
    start, finish = data.start, data.finish
    constraint = Constraint(data.constraint_type)
    dated = not constraint.needs_date or data.constraint_date is not None
    return Task(
        uid=data.uid,
        name=data.name,
        duration=max(0, data.duration or 0),
        elapsed=data.duration_format in ELAPSED_FORMATS,
        calendar=calendar,
        parent=parent,
        constraint=constraint if dated else Constraint.ASAP,
        constraint_date=data.constraint_date,
        delay=round(max(0.0, data.leveling_delay) / 10),
        deadline=data.deadline,
        actual_start=None if data.summary else started,
        actual_finish=None if data.summary or started is None else data.actual_finish,
        percent_complete=0.0 if data.summary else min(100.0, max(0.0, data.percent_complete)),
        remaining=max(0, data.remaining_duration or 0) if started is not None else None,
        resume=data.resume if started is not None else None,
        slack_calendar=str(data.calendar_uid) if "&" in calendar else "",
        manual=manual and not data.summary,
        start=start if manual else None,
        finish=finish if manual and start is not None and finish is not None and finish >= start else None,
        inactive=not data.active,
        summary=data.summary or data.outline_level == 0,
        milestone=data.milestone,
    )


def _link(data: LinkData, successor: int) -> Link:
    elapsed = data.lag_format in ELAPSED_FORMATS
    if data.lag_format in PERCENT_FORMATS:
        unit = LagUnit.ELAPSED_PERCENT if elapsed else LagUnit.PERCENT
        lag = data.lag
    else:
        unit = LagUnit.ELAPSED if elapsed else LagUnit.WORKING
        lag = data.lag / 10
    return Link(data.predecessor_uid, successor, LinkType(data.type), lag, unit)
