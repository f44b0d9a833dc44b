"""Schedule a plan, write what moved, and tell the order where it stands."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from punctual.domain.orders.models import OrderLine
from punctual.domain.orders.services.summary import record_plan
from punctual.domain.plans.engine_plan import PlanCalendars, Scheduled, latest_start, scheduled
from punctual.domain.plans.models import Plan
from punctual.domain.plans.state import Dates, PlanState
from punctual.domain.plans.store import Stored, calendars_of, write_results
from punctual.domain.plans.work_calendars import stored_time


@dataclass(frozen=True)
class Rescheduled:
    """What came out: dates of every task, and the ids of those whose stored row changed."""

    dates: Mapping[int, Dates]
    moved: list[int]
    calendars: PlanCalendars


@dataclass(frozen=True)
class Outcome:
    """What scheduling a plan's state says of the whole: ``line_dates`` order line → the day that delivers it,
    ``latest_start`` as in :func:`engine_plan.latest_start`, ``progress`` in percent."""

    result: Scheduled
    line_dates: Mapping[int, dt.date]
    latest_start: dt.date | None
    progress: int


def outcome_of(state: PlanState, calendars: PlanCalendars, requested: Mapping[int, dt.date | None]) -> Outcome:
    """Schedule; nothing is read or written. ``requested`` order line → the day on which the customer wants it."""
    result = scheduled(state, calendars)
    due = {
        task_id: day
        for line, tasks in delivering(state).items()
        if line is not None and (day := requested.get(line)) is not None
        for task_id in tasks
    }
    return Outcome(result, line_dates_of(state, result), latest_start(state, calendars, due), progress_of(state))


def reschedule(plan: Plan, stored: Stored) -> Rescheduled:
    """Schedule the locked plan as its state now is; ids must be those of stored rows. The caller saves the plan."""
    state = stored.state
    calendars = calendars_of(plan, state)
    requested = dict(OrderLine.objects.filter(order_id=plan.order_id).values_list("pk", "requested_date"))
    outcome = outcome_of(state, calendars, requested)
    moved = write_results(stored, state.outline, outcome.result)
    tell(plan, state, outcome)
    return Rescheduled(outcome.result.dates, moved, calendars)


def tell(plan: Plan, state: PlanState, outcome: Outcome) -> None:
    """Put it on the plan, which the caller saves, and on the order with its lines."""
    result = outcome.result
    plan.planned_start = stored_time(result.start)
    plan.planned_finish = stored_time(result.finish)
    plan.planned_date = max(outcome.line_dates.values(), default=result.finish.date())
    plan.latest_start = outcome.latest_start
    plan.progress = outcome.progress
    plan.task_count = len(state.tasks)
    plan.start, plan.status_date, plan.goals = state.plan.start, state.plan.status_date, state.plan.goals
    record_plan(
        order_id=plan.order_id,
        planned_start=result.start.date(),
        planned_date=plan.planned_date,
        latest_start=plan.latest_start,
        progress=plan.progress,
        line_dates=outcome.line_dates,
    )


def line_dates_of(state: PlanState, result: Scheduled) -> dict[int, dt.date]:
    """Order line → the day on which the plan delivers it."""
    return {
        line: max(result.dates[task_id].finish for task_id in tasks).date()
        for line, tasks in delivering(state).items()
        if line is not None
    }


def delivered_on(state: PlanState, result: Scheduled) -> dt.date:
    """The day of the last delivery; the end of everything where no line is delivered."""
    days = [
        result.dates[task_id].finish.date()
        for line, tasks in delivering(state).items()
        if line is not None
        for task_id in tasks
    ]
    return max(days, default=result.finish.date())


def delivering(state: PlanState) -> dict[int | None, list[int]]:
    """Order line → the tasks with whose end it is delivered: those marked so, else all of the line."""
    marked: dict[int | None, list[int]] = defaultdict(list)
    every: dict[int | None, list[int]] = defaultdict(list)
    for task_id in state.leaves():
        task = state.tasks[task_id]
        every[task.order_line].append(task_id)
        if task.is_delivery:
            marked[task.order_line].append(task_id)
    return {line: marked.get(line) or tasks for line, tasks in every.items()}


def progress_of(state: PlanState) -> int:
    """Percent of the work done, each task weighted by its duration; 0…100, 100 only when everything is done."""
    leaves = [state.tasks[task_id] for task_id in state.leaves()]
    total = sum(task.duration for task in leaves)
    done = sum(task.duration * task.percent for task in leaves)
    percent = done // total if total else 0
    return min(percent, 99) if any(task.percent < 100 for task in leaves) else 100 if leaves else 0


def summary_percents(state: PlanState) -> dict[int, int]:
    """Percent done of each summary, weighted by duration."""
    sums: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for task_id in state.leaves():
        task = state.tasks[task_id]
        for above in state.above(task_id):
            sums[above][0] += task.duration * task.percent
            sums[above][1] += task.duration
    return {task_id: done // total if total else 0 for task_id, (done, total) in sums.items()}
