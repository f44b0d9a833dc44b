"""What an actor may see of schedules and forecasts."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from django.db.models import QuerySet
from django.utils import timezone

from punctual.domain.orders.models import Order
from punctual.domain.plans.models import Task
from punctual.domain.plans.work_calendars import plan_time
from punctual.domain.scheduling.axis import Axis
from punctual.domain.scheduling.book import Book
from punctual.domain.scheduling.gathering import company_axis, fingerprint
from punctual.domain.scheduling.models import (
    Absence,
    ExtraShift,
    OrderForecast,
    Promise,
    RunState,
    Scenario,
    ScenarioState,
    ScheduledTask,
    ScheduleRun,
)
from punctual.engine.explain import Cause as EngineCause
from punctual.engine.explain import Dependency, Gate, Link
from punctual.engine.explain import ScheduledTask as Explained
from punctual.engine.explain import driving_chain as engine_chain
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may
from punctual.platform.records import get_or_not_found

ON_TIME: Final = 80
"""Percent from which an order counts as on time; from 50 it is at risk, below it is late."""


def runs_of(actor: User) -> QuerySet[ScheduleRun]:
    """Every run, newest first, without their books."""
    if not may(actor, "scheduling.view"):
        return ScheduleRun.objects.none()
    return ScheduleRun.objects.defer("book").select_related("asked_by")


def run_by_id(actor: User, pk: int) -> ScheduleRun:
    return get_or_not_found(runs_of(actor), pk=pk)


def current_run(actor: User) -> ScheduleRun | None:
    """The schedule that everybody sees; None before the first."""
    return runs_of(actor).filter(is_current=True).first()


def waiting_run(actor: User) -> ScheduleRun | None:
    """The run that is queued or being computed."""
    return runs_of(actor).filter(state__in=[RunState.QUEUED, RunState.RUNNING]).first()


def is_stale(run: ScheduleRun) -> bool:
    """Whether something has changed since the run read its inputs (or another day has begun)."""
    return fingerprint(timezone.localdate()) != run.fingerprint


def forecasts(actor: User) -> QuerySet[OrderForecast]:
    """Forecasts of the current run."""
    if not may(actor, "scheduling.view"):
        return OrderForecast.objects.none()
    return OrderForecast.objects.filter(run__is_current=True)


def forecast_of(actor: User, order: Order) -> OrderForecast | None:
    return forecasts(actor).filter(order=order).first()


def forecasts_of(actor: User, orders: Iterable[Order]) -> dict[int, OrderForecast]:
    """Order id → forecast, in one statement."""
    ids = [order.pk for order in orders]
    return {one.order_id: one for one in forecasts(actor).filter(order__in=ids)}


def scheduled_tasks(actor: User, order: Order) -> QuerySet[ScheduledTask]:
    """When the order's tasks are done in the current run."""
    if not may(actor, "scheduling.view"):
        return ScheduledTask.objects.none()
    return ScheduledTask.objects.filter(run__is_current=True, order=order).select_related("task")


def absences(actor: User) -> QuerySet[Absence]:
    if not may(actor, "scheduling.view"):
        return Absence.objects.none()
    return Absence.objects.select_related("resource", "created_by")


def extras(actor: User) -> QuerySet[ExtraShift]:
    if not may(actor, "scheduling.view"):
        return ExtraShift.objects.none()
    return ExtraShift.objects.select_related("resource", "skill", "created_by")


def promises(actor: User) -> QuerySet[Promise]:
    """The ledger, newest first."""
    if not may(actor, "promises.view"):
        return Promise.objects.none()
    return Promise.objects.select_related("order__customer", "by", "run")


def promises_of(actor: User, order: Order) -> QuerySet[Promise]:
    return promises(actor).filter(order=order)


def scenarios(actor: User) -> QuerySet[Scenario]:
    if not may(actor, "scheduling.view"):
        return Scenario.objects.none()
    return Scenario.objects.select_related("created_by", "run").defer("dates", "run__book")


def open_scenarios(actor: User) -> QuerySet[Scenario]:
    """Those with a result, to be looked at beside the plans."""
    return scenarios(actor).filter(state=ScenarioState.OPEN).exclude(result={}).exclude(dates={})


def placed_tasks(actor: User, order: Order, scenario: Scenario | None = None) -> list[tuple[int, str, str]]:
    """(task, start, finish) on the clock of the plans: where the current schedule has the order's tasks, or where a
    scenario would have them."""
    if scenario is not None:
        ids = Task.objects.filter(plan__order=order).values_list("pk", flat=True)
        return [(task, *scenario.dates[str(task)]) for task in ids if str(task) in scenario.dates]
    rows = scheduled_tasks(actor, order).select_related(None)
    return [(one.task_id, plan_time(one.start).isoformat(), plan_time(one.finish).isoformat()) for one in rows]


@lru_cache(maxsize=4)
def _unpacked(run_id: int, stamp: str) -> Book:
    kept = ScheduleRun.objects.only("book").get(pk=run_id)
    if kept.book is None:
        raise LookupError(run_id)
    return Book.unpacked(kept.book)


def stamp_of(run: ScheduleRun) -> str:
    """Names what a finished run has stored; a restored database may use a number again."""
    return f"{run.pk} {run.finished_at} {run.fingerprint}"


def book_of(run: ScheduleRun) -> Book | None:
    """What the run scheduled; None for a run too old to have it. Read once a process: a stored book never changes."""
    try:
        return _unpacked(run.pk, stamp_of(run))
    except LookupError:
        return None


def axis_of(book: Book) -> Axis:
    return company_axis(book.day)


# ------------------------------------------------------------------------------------------------------- causes

CAUSES: Final = {
    "material": EngineCause.MATERIAL,
    "SNET": EngineCause.CONSTRAINT,
    "FNET": EngineCause.CONSTRAINT,
    "MSO": EngineCause.CONSTRAINT,
    "MFO": EngineCause.CONSTRAINT,
    "plan": EngineCause.CONSTRAINT,
}


def driving_chain(actor: User, order: Order) -> list[Link]:
    """Why the order is delivered when it is, in the current run: typed links, the nearest first (``engine.explain``).

    Times are slots of the run's axis; ``task`` and ``by`` are ids of its pieces (plan tasks by their number).
    """
    run = current_run(actor)
    book = book_of(run) if run else None
    return chain_in(book, order.pk) if book else []


def chain_in(book: Book, order: int) -> list[Link]:
    """The chain of an order's delivery in a book; followed once for as long as the book is kept."""
    if order not in book.chains:
        book.chains[order] = _followed(book, order)
    return list(book.chains[order])


def _followed(book: Book, order: int) -> list[Link]:
    mine = {group.id for group in book.groups_of.get(order, ())}
    ends = [(finish, piece.id) for piece, finish in zip(book.pieces, book.finishes, strict=True) if piece.group in mine]
    if not ends:
        return []
    return engine_chain(
        explained(book),
        max(ends)[1],
        capacities={name: max(units for _, units in steps) for name, steps in book.resources.items()},
        next_working=_opening(book),
    )


def explained(book: Book) -> list[Explained]:
    return [
        Explained(
            id=piece.id,
            start=start,
            finish=start + piece.duration,
            order=str(piece.order),
            dependencies=[Dependency(name, lag) for name, lag in piece.after],
            demands=piece.demands,
            gates=[Gate(piece.release, CAUSES[piece.gate], piece.gate)] if piece.gate in CAUSES else [],
        )
        for piece, start in zip(book.pieces, book.starts, strict=True)
    ]


class _opening:
    """The first slot from an instant on at which every pool of a piece has enough people at all."""

    def __init__(self, book: Book) -> None:
        self.book = book

    def __call__(self, name: str, instant: float) -> float:
        piece = self.book.pieces[self.book.index[name]]
        at = int(instant)
        moved = True
        while moved:
            moved = False
            for pool, units in piece.demands.items():
                later = self._there(pool, units, at, piece.duration)
                if later > at:
                    at, moved = later, True
        return float(at)

    def _there(self, pool: str, units: int, at: int, duration: int) -> int:
        steps = self.book.resources[pool]
        begin = at
        for position, (time, have) in enumerate(steps):
            ends = steps[position + 1][0] if position + 1 < len(steps) else 2**31
            if ends <= begin:
                continue
            if time >= begin + duration:
                break
            if have < units:
                begin = ends
        return begin
