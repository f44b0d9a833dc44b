"""A plan for the engine, and the engine's answer for a plan: the only place where both are known."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Final

from punctual.domain.plans.state import Dates, PlanState, TaskFacts
from punctual.engine import network
from punctual.engine.calendars import WorkCalendar
from punctual.engine.cpm import ScheduleResult, schedule
from punctual.engine.formats.mspdi.export import file_of
from punctual.engine.formats.mspdi.write import write_mspdi
from punctual.engine.network import Constraint, LagUnit, LinkType

CONSTRAINTS: Final[Mapping[str, Constraint]] = {
    "ASAP": Constraint.ASAP,
    "ALAP": Constraint.ALAP,
    "MSO": Constraint.MUST_START_ON,
    "MFO": Constraint.MUST_FINISH_ON,
    "SNET": Constraint.START_NO_EARLIER_THAN,
    "SNLT": Constraint.START_NO_LATER_THAN,
    "FNET": Constraint.FINISH_NO_EARLIER_THAN,
    "FNLT": Constraint.FINISH_NO_LATER_THAN,
}
LINKS: Final[Mapping[str, LinkType]] = {
    "FS": LinkType.FINISH_START,
    "SS": LinkType.START_START,
    "FF": LinkType.FINISH_FINISH,
    "SF": LinkType.START_FINISH,
}
LAGS: Final[Mapping[str, LagUnit]] = {
    "working": LagUnit.WORKING,
    "elapsed": LagUnit.ELAPSED,
    "percent": LagUnit.PERCENT,
}


@dataclass(frozen=True)
class PlanCalendars:
    """The plan's own calendar and those of single tasks by their id."""

    own: WorkCalendar
    others: Mapping[int, WorkCalendar]

    def of(self, task: TaskFacts) -> WorkCalendar:
        if task.is_elapsed:
            return _CLOCK
        return self.own if task.calendar is None else self.others[task.calendar]


_CLOCK: Final = WorkCalendar.around_the_clock()


@dataclass(frozen=True)
class Scheduled:
    """Dates of every task by its id; ``finish`` is the end of everything."""

    dates: Mapping[int, Dates]
    start: dt.datetime
    finish: dt.datetime


def scheduled(state: PlanState, calendars: PlanCalendars) -> Scheduled:
    """Schedule forwards from the plan's start. Raises Refusal, circles with their tasks by name."""
    names = _names(state)
    if not names:
        start = dt.datetime.combine(state.plan.start, dt.time())
        return Scheduled({}, start, start)
    plan = _plan(state, calendars, names, frozenset(names))
    result = schedule(_with_gates(plan, state, names))
    return Scheduled({task_id: _dates(result, name) for task_id, name in names.items()}, result.start, result.finish)


def latest_start(state: PlanState, calendars: PlanCalendars, due: Mapping[int, dt.date]) -> dt.date | None:
    """The last day on which the open work before each delivery may begin and still be done on its due day.

    ``due`` task id → day. Backwards from the end of each day over what the task waits for; None without any due day.
    """
    names = _names(state)
    by_day: dict[dt.date, set[int]] = defaultdict(set)
    for task_id, day in due.items():
        by_day[day].add(task_id)
    starts = []
    for day, targets in by_day.items():
        wanted = _with_predecessors(state, targets)
        finish = dt.datetime.combine(day + dt.timedelta(days=1), dt.time())
        plan = _plan(state, calendars, names, wanted, finish=finish)
        starts.append(schedule(plan).start.date())
    return min(starts, default=None)


def project_file(state: PlanState, calendars: PlanCalendars, title: str) -> bytes:
    """The scheduled plan as Microsoft Project XML; task ids there are the rows of the outline."""
    numbers: dict[int, network.Uid] = {task_id: place.sequence for task_id, place in state.outline.items()}
    plan = _plan(state, calendars, numbers, frozenset(numbers))
    named = [replace(task, name=state.tasks[task_id].name) for task_id, task in zip(numbers, plan.tasks, strict=True)]
    plan = replace(plan, name=title, tasks=named)
    return write_mspdi(file_of(plan, schedule(plan)))


def _with_gates(plan: network.Plan, state: PlanState, names: Mapping[int, network.Uid]) -> network.Plan:
    """What must not begin before a moment follows a milestone that lies there, so that it holds beside links and the
    task's own constraint; what has begun waits for nothing any more."""
    gates: list[network.Task] = []
    links: list[network.Link] = []
    for task_id in state.leaves():
        task = state.tasks[task_id]
        if task.not_before is None or task.actual_start is not None:
            continue
        gate = f"gate:{task_id}"
        gates.append(
            network.Task(
                uid=gate,
                milestone=True,
                elapsed=True,
                constraint=Constraint.START_NO_EARLIER_THAN,
                constraint_date=task.not_before,
            )
        )
        links.append(network.Link(gate, names[task_id], LinkType.FINISH_START))
    if not gates:
        return plan
    return replace(plan, tasks=[*plan.tasks, *gates], links=[*plan.links, *links])


def _names(state: PlanState) -> dict[int, network.Uid]:
    """Task id → the name by which the engine speaks of it; unique, since no two tasks share a WBS number."""
    return {task_id: f"{place.wbs} {state.tasks[task_id].name}" for task_id, place in state.outline.items()}


def _with_predecessors(state: PlanState, targets: Collection[int]) -> frozenset[int]:
    before: dict[int, list[int]] = defaultdict(list)
    for link in state.links.values():
        before[link.successor].append(link.predecessor)
    found: set[int] = set()
    waiting = [one for target in targets for one in (target, *state.below(target))]
    while waiting:
        task_id = waiting.pop()
        if task_id in found:
            continue
        found.add(task_id)
        for around in (task_id, *state.above(task_id)):
            for predecessor in before[around]:
                waiting += [predecessor, *state.below(predecessor)]
    return frozenset(found | {above for task_id in found for above in state.above(task_id)})


def _plan(
    state: PlanState,
    calendars: PlanCalendars,
    names: Mapping[int, network.Uid],
    wanted: Collection[int],
    *,
    finish: dt.datetime | None = None,
) -> network.Plan:
    status = state.plan.status_date
    return network.Plan(
        start=dt.datetime.combine(state.plan.start, dt.time()),
        finish=finish,
        from_finish=finish is not None,
        calendar=calendars.own,
        calendars={str(key): calendar for key, calendar in calendars.others.items()},
        tasks=[_task(state, task_id, names, backwards=finish is not None) for task_id in names if task_id in wanted],
        links=[
            network.Link(
                names[link.predecessor], names[link.successor], LINKS[link.type], link.lag, LAGS[link.lag_unit]
            )
            for link in state.links.values()
            if link.predecessor in wanted and link.successor in wanted
        ],
        status_date=dt.datetime.combine(status, dt.time()) if status and finish is None else None,
    )


def _task(state: PlanState, task_id: int, names: Mapping[int, network.Uid], *, backwards: bool) -> network.Task:
    task, place = state.tasks[task_id], state.outline[task_id]
    parent = names[task.parent] if task.parent is not None else None
    if place.is_summary:
        return network.Task(uid=names[task_id], parent=parent, summary=True)
    plain = {
        "uid": names[task_id],
        "duration": task.duration,
        "elapsed": task.is_elapsed,
        "calendar": "" if task.calendar is None else str(task.calendar),
        "parent": parent,
        "milestone": task.is_milestone,
    }
    if backwards:  # dates that were decided would hide how late it could begin
        return network.Task(**plain)  # type: ignore[arg-type]
    constraint = CONSTRAINTS[task.constraint]
    return network.Task(
        **plain,  # type: ignore[arg-type]
        constraint=constraint,
        constraint_date=task.constraint_date if constraint.needs_date else None,
        deadline=task.deadline,
        actual_start=task.actual_start,
        actual_finish=task.actual_finish,
        percent_complete=task.percent,
        remaining=task.remaining,
    )


def _dates(result: ScheduleResult, name: network.Uid) -> Dates:
    row = result[name]
    return Dates(
        row.start,
        row.finish,
        row.early_start,
        row.early_finish,
        row.late_start,
        row.late_finish,
        row.total_slack_minutes,
        row.free_slack_minutes,
        row.critical,
    )
