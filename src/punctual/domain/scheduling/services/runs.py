"""Ask for a schedule run, compute it, and make it the one that everybody sees: whole or not at all."""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from punctual.domain.orders.services.summary import ForecastDates, record_forecasts
from punctual.domain.plans.work_calendars import stored_time
from punctual.domain.scheduling.agreed import handed_on, mark_used
from punctual.domain.scheduling.axis import Axis
from punctual.domain.scheduling.book import Book
from punctual.domain.scheduling.calibration import current_ratios
from punctual.domain.scheduling.gathering import (
    company_axis,
    fingerprint,
    gather,
    previous_starts,
    scheduling_settings,
    slots_of,
)
from punctual.domain.scheduling.holding import holds
from punctual.domain.scheduling.models import (
    OrderForecast,
    RunState,
    ScheduledTask,
    ScheduleRun,
    SchedulingSettings,
    TaskForecast,
)
from punctual.domain.scheduling.solving import Effort, Forecast, Solved, solve
from punctual.domain.scheduling.task_ends import Days, branches_of, line_days, task_days
from punctual.kernel.queues import PLANNING
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.jobs.services import start_job
from punctual.platform.many_rows import insert_rows
from punctual.platform.one_picture import one_picture
from punctual.platform.outbox.services import emit

logger = logging.getLogger(__name__)

MOST_REPEATS: Final = 4
"""So often a run begins anew because something changed meanwhile; the last one is stored and asks for the next."""
KEPT_WITH_TASKS: Final = 3
"""Newest runs that keep their tasks and their book; of older ones figures and forecasts stay."""
MOST_REASONS: Final = 40
JOB: Final = "punctual.flows.replan.run_job"


class Repeatedly(Exception):
    """Inputs changed between reading them and storing the result."""


@transaction.atomic
def request_run(*, why: str, label: str = "", actor: User | None, job: str = JOB) -> ScheduleRun:
    """One run waits for all wishes: while one is queued, this wish joins it and no job is started."""
    scheduling_settings()
    SchedulingSettings.objects.select_for_update().get(pk=1)  # one at a time
    reason = {"kind": why, "label": label}
    waiting = ScheduleRun.objects.filter(state=RunState.QUEUED).first()
    if waiting is not None:
        if reason not in waiting.why and len(waiting.why) < MOST_REASONS:
            waiting.why = [*waiting.why, reason]
            waiting.save(update_fields=["why"])
        return waiting
    run = ScheduleRun.objects.create(why=[reason], asked_by=actor)
    started = start_job(function=job, label=N_("Schedule"), actor=actor, arguments={"run_id": run.pk}, queue=PLANNING)
    run.job_id = started.pk
    run.save(update_fields=["job_id"])
    return run


def perform_run(
    run_id: int,
    *,
    today: dt.date,
    effort: Effort | None = None,
    tell: Callable[[int], None] = lambda percent: None,
    forced: bool = False,
) -> ScheduleRun:
    """Compute and store. Nothing of a run is seen before all of it is; killed at any point, it can be called again.

    When the inputs changed while it was computed, it is computed again; where nothing changed since the current run,
    there is nothing to do.
    """
    run = ScheduleRun.objects.get(pk=run_id)
    if run.state in (RunState.DONE, RunState.UNCHANGED):
        return run
    run.state, run.begun_at, run.today, run.error = RunState.RUNNING, timezone.now(), today, ""
    run.save(update_fields=["state", "begun_at", "today", "error"])
    began = time.monotonic()
    try:
        for attempt in range(MOST_REPEATS + 1):
            mark = fingerprint(today)
            if not forced and _is_current(mark):
                return _finish(run, RunState.UNCHANGED, began)
            computed = _compute(today, effort or Effort(), tell)
            try:
                return store(run, computed, mark, began, last=attempt == MOST_REPEATS)
            except Repeatedly:
                run.repeats = attempt + 1
                run.save(update_fields=["repeats"])
    except (Exception, SystemExit) as error:  # the queue ends what takes too long with a SystemExit
        run.error = f"{type(error).__name__}: {error}"[:2000]
        _finish(run, RunState.FAILED, began)
        raise
    raise AssertionError("the last attempt is stored")


def _is_current(mark: str) -> bool:
    return ScheduleRun.objects.filter(is_current=True, fingerprint=mark).exists()


def _finish(run: ScheduleRun, state: str, began: float) -> ScheduleRun:
    run.state, run.finished_at, run.seconds = state, timezone.now(), round(time.monotonic() - began, 3)
    run.save(update_fields=["state", "finished_at", "seconds", "error"])
    return run


@dataclass(frozen=True)
class Computed:
    """All that a run stores: the schedule, by which days tasks and the lines of each order end, what went in."""

    solved: Solved
    axis: Axis
    tasks: Days
    lines: Mapping[int, Days]
    inputs: dict[str, Any]


def _compute(today: dt.date, effort: Effort, tell: Callable[[int], None]) -> Computed:
    before = ScheduleRun.objects.filter(is_current=True).first()
    with one_picture():
        earlier = previous_starts(before)
        book = gather(today, previous=earlier)
        starts = handed_on(book, earlier)
        ratios = current_ratios()
        branches = branches_of(one.id for one in book.orders)
    axis = company_axis(today)
    tell(5)
    known = {piece.id for piece in book.pieces}
    kept = slots_of({name: start for name, start in starts.items() if name in known}, axis)
    solved = solve(book, axis, ratios, effort, tell, previous=kept)
    inputs = {
        "orders": sum(not one.soft for one in book.orders),
        "quotations": sum(one.soft for one in book.orders),
        "tasks": len(book.pieces),
        "resources": len(book.resources),
        "fixed": sum(one.fixed is not None for one in book.pieces),
        "simulations": effort.runs,
        "moves": effort.moves,
        "seed": effort.seed,
        "calibrated_types": len(ratios.by_type),
    }
    ends = solved.task_ends
    return Computed(solved, axis, task_days(ends, branches, axis), line_days(ends, branches, axis), inputs)


@transaction.atomic
def store(run: ScheduleRun, computed: Computed, mark: str, began: float, *, last: bool) -> ScheduleRun:
    """Write everything and make it current, if the inputs are still those; raises :class:`Repeatedly` otherwise.

    After the ``last`` attempt what was computed is stored as it is (whole, from one picture of the data) and shown as
    stale; a further run is then asked for.
    """
    scheduling_settings()
    SchedulingSettings.objects.select_for_update().get(pk=1)
    solved = computed.solved
    if fingerprint(computed.axis.today) != mark:
        if not last:
            raise Repeatedly
        request_run(why="changed_meanwhile", actor=run.asked_by)
    write_tasks(run, solved.book, computed.axis)
    write_task_forecasts(run, computed.tasks)
    write_forecasts(run, solved.forecasts, {one.id: one.soft for one in solved.book.orders}, computed.lines)
    record_forecasts({order: _dates(one) for order, one in solved.forecasts.items()})
    ScheduleRun.objects.filter(is_current=True).update(is_current=False)
    run.is_current, run.verified, run.state = True, True, RunState.DONE
    run.fingerprint, run.inputs, run.result = mark, computed.inputs, _result(solved)
    run.book = solved.book.packed()
    run.finished_at, run.seconds = timezone.now(), round(time.monotonic() - began, 3)
    run.save()
    mark_used(solved.book)
    _forget_old(run)
    emit("schedule.done", run_id=run.pk)
    return run


def _dates(found: Forecast) -> ForecastDates:
    percent = found.promise_percent if found.promise_percent is not None else found.request_percent
    return ForecastDates(found.p50, found.p80, found.p95, percent)


def _result(solved: Solved) -> dict[str, Any]:
    firm = {one.id for one in solved.book.orders if not one.soft}
    percents = [
        one.promise_percent
        for order, one in solved.forecasts.items()
        if order in firm and one.promise_percent is not None
    ]
    return {
        "tardiness": solved.tardiness,
        "late": sum(one < 50 for one in percents),
        "at_risk": sum(50 <= one < 80 for one in percents),
        "on_time": sum(one >= 80 for one in percents),
        "damages": round(sum(one.expected_damages for key, one in solved.forecasts.items() if key in firm), 2),
        "overloads": len(solved.book.raised),
        "unstaffed": len(solved.book.notes),
    }


def write_tasks(run: ScheduleRun, book: Book, axis: Axis) -> None:
    rows = []
    for piece, start, held in zip(book.pieces, book.starts, holds(book), strict=True):
        if piece.task is None:
            continue
        begins, ends = map(stored_time, axis.span(start, piece.duration))
        rows.append((run.pk, piece.task, piece.order, begins, ends, held))
    ScheduledTask.objects.filter(run=run).delete()
    insert_rows(ScheduledTask, ("run_id", "task_id", "order_id", "start", "finish", "held_by"), rows)


def write_task_forecasts(run: ScheduleRun, found: Days) -> None:
    TaskForecast.objects.filter(run=run).delete()
    rows = [(run.pk, task, p50, p80) for task, (p50, p80) in found.items()]
    insert_rows(TaskForecast, ("run_id", "task_id", "p50", "p80"), rows)


def write_forecasts(
    run: ScheduleRun, found: Mapping[int, Forecast], soft: Mapping[int, bool], lines: Mapping[int, Days]
) -> None:
    OrderForecast.objects.filter(run=run).delete()
    OrderForecast.objects.bulk_create(
        [
            OrderForecast(
                run=run,
                order_id=order,
                planned=one.planned,
                p50=one.p50,
                p80=one.p80,
                p95=one.p95,
                promise_percent=one.promise_percent,
                request_percent=one.request_percent,
                expected_damages=round(one.expected_damages, 2),
                histogram=one.histogram,
                lines={line: [p50.isoformat(), p80.isoformat()] for line, (p50, p80) in lines.get(order, {}).items()},
                is_soft=soft[order],
            )
            for order, one in found.items()
        ],
        batch_size=500,
    )


def _forget_old(run: ScheduleRun) -> None:
    keep: Sequence[int] = list(
        ScheduleRun.objects.filter(state=RunState.DONE)
        .exclude(pk=run.pk)
        .order_by("-pk")
        .values_list("pk", flat=True)[: KEPT_WITH_TASKS - 1]
    )
    old = ScheduleRun.objects.exclude(pk__in=[run.pk, *keep])
    ScheduledTask.objects.filter(run__in=old).delete()
    TaskForecast.objects.filter(run__in=old).delete()
    old.exclude(book=None).update(book=None)
