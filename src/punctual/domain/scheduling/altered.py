"""One order's plan altered in memory within the current schedule: what that does to its own dates and to the others.

Before and after are placed the same way, each task as near to its present start as it can stand, and simulated with the
same draws (common random numbers), so that a difference is the effect of the change and not of chance. Nothing is kept.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from punctual.domain.orders.models import Order
from punctual.domain.plans.state import Dates, PlanState
from punctual.domain.scheduling.availability import Availability
from punctual.domain.scheduling.axis import Axis
from punctual.domain.scheduling.book import Book
from punctual.domain.scheduling.gathering import (
    Demands,
    availability_of,
    entry_of,
    plan_marks,
    ratio_key,
    weight_of,
)
from punctual.domain.scheduling.moving import SEED
from punctual.domain.scheduling.pieces import Cutter, LineDates, LinkRow, OrderRows, Row
from punctual.domain.scheduling.scenarios import resettled
from punctual.domain.scheduling.simulation import Bench, Ratios, Slots, kept_pieces
from punctual.domain.scheduling.solving import Forecast, forecast_of, reseated

RUNS: Final = 200


@dataclass(frozen=True)
class Moved:
    """Another order that ends later; ``promised`` as text."""

    order: int
    label: str
    key: str
    days: int
    ends: dt.date
    promised: str | None

    @property
    def breaks(self) -> bool:
        """Whether it is planned past its promise now, and was not before."""
        if self.promised is None:
            return False
        promised = dt.date.fromisoformat(self.promised)
        return self.ends - dt.timedelta(days=self.days) <= promised < self.ends


@dataclass(frozen=True)
class Effect:
    """The order before and after, and who is put back by it."""

    before: Forecast
    after: Forecast
    others: list[Moved]


def rows_in(
    order: Order, state: PlanState, dates: Mapping[int, Dates], axis: Axis, lines: Mapping[int, LineDates]
) -> OrderRows:
    """A plan in memory with its progress and constraints as the schedule reads it; ``dates`` are its own."""
    levelled, pins, own_clock = plan_marks(order)
    rows = [
        Row(
            id=key,
            name=task.name,
            duration=task.duration,
            parent=task.parent,
            line=task.order_line,
            is_summary=state.outline[key].is_summary,
            is_milestone=task.is_milestone,
            is_delivery=task.is_delivery,
            is_elapsed=task.is_elapsed,
            own_clock=own_clock or task.calendar is not None,
            constraint=task.constraint,
            constraint_date=task.constraint_date,
            actual_start=task.actual_start,
            actual_finish=task.actual_finish,
            percent=task.percent,
            remaining=task.remaining,
            start=dates[key].start,
            finish=dates[key].finish,
            not_before=task.not_before,
            levelled=levelled.get(key),
            pinned=pins.get(key),
            total_float=dates[key].total_float,
            ratio=ratio_key(task.template_task, task.name),
        )
        for key, task in ((key, state.tasks[key]) for key in state.outline)
    ]
    needs: dict[int, list[tuple[str, int, int]]] = {}
    for need in state.needs.values():
        if need.skill is not None:
            needs.setdefault(need.task, []).append(("skill", need.skill, need.units))
        elif need.resource is not None:
            needs.setdefault(need.task, []).append(("resource", need.resource, need.units))
    links = [LinkRow(one.predecessor, one.successor, one.type, one.lag, one.lag_unit) for one in state.links.values()]
    return OrderRows(
        order=order.pk, start=state.plan.start, rows=rows, links=links, needs=needs, lines=lines,
        weight=weight_of(order),
    )  # fmt: skip


def altered(book: Book, axis: Axis, order: Order, rows: OrderRows, availability: Availability) -> Book:
    """The book with the order's pieces as ``rows`` give them, placed as near to the present schedule as they stand."""
    pieces, groups = Cutter(rows, axis).pieces()
    named = {key for piece in (*book.pieces, *pieces) for kind, key, _ in piece.needs if kind == "resource"}
    demands = Demands(availability, availability.keys_for(availability.skills, {*named, *availability.asked_by_name}))
    known = book.resources
    ready = [
        replace(one, demands={key: units for key, units in one.demands.items() if key in known})
        for one in map(demands.of, pieces)
    ]
    fresh = {one.id: one for one in ready}
    kept = [fresh.pop(one.id, None) if one.order == order.pk else one for one in book.pieces]
    return replace(
        book,
        orders=tuple(entry_of(order) if one.id == order.pk else one for one in book.orders),
        groups=(*(one for one in book.groups if one.order != order.pk), *groups),
        pieces=(*(one for one in kept if one is not None), *fresh.values()),
        starts=(),
    )


def effect_of(
    book: Book, axis: Axis, ratios: Ratios, order: Order, before_rows: OrderRows, after_rows: OrderRows
) -> Effect | None:
    """Two plans of the order compared; None where nothing of it is open in the schedule, before or after."""
    live = {piece.id: start for piece, start in zip(book.pieces, book.starts, strict=True)}
    availability = availability_of(axis)
    before, after = (
        _placed(altered(book, axis, order, rows, availability), axis, live) for rows in (before_rows, after_rows)
    )
    if not before.groups_of.get(order.pk) or not after.groups_of.get(order.pk):
        return None
    draws = _Draws(before, after, ratios)
    first, second = (draws.forecast(book, axis, order.pk) for book in (before, after))
    return Effect(first, second, _put_back(before, after, axis, order))


def _placed(book: Book, axis: Axis, live: Mapping[str, int]) -> Book:
    settled = resettled(book, axis, (), ())
    return settled.scheduled(reseated(settled, live))


class _Draws:
    """The same factor for the same task in both books."""

    def __init__(self, before: Book, after: Book, ratios: Ratios) -> None:
        known = {piece.id for piece in before.pieces}
        pieces = [*before.pieces, *(piece for piece in after.pieces if piece.id not in known)]
        self.ratios = ratios
        self.row = {piece.id: row for row, piece in enumerate(pieces)}
        self.factors = ratios.factors([one.ratio for one in pieces], [one.order for one in pieces], RUNS, SEED)

    def forecast(self, book: Book, axis: Axis, order: int) -> Forecast:
        groups = {group.id for group in book.groups_of[order]}
        bench = Bench(book, kept_pieces(book, groups, everything=False), self.ratios, RUNS, SEED)
        bench.factors = self.factors[[self.row[piece.id] for piece in bench.pieces]]
        ends: dict[str, Slots] = bench.run(groups)
        return forecast_of(book, axis, ends, book.entries[order])


def _put_back(before: Book, after: Book, axis: Axis, order: Order) -> list[Moved]:
    """The others whose planned end is later by it, those first whose promise breaks."""
    found = []
    for entry in before.orders:
        old, new = before.order_end(entry.id), after.order_end(entry.id)
        if entry.id == order.pk or old is None or new is None:
            continue
        ends = axis.day_of(new)
        days = (ends - axis.day_of(old)).days
        if days > 0:
            found.append(Moved(entry.id, entry.label, entry.key, days, ends, entry.promised))
    return sorted(found, key=lambda one: (not one.breaks, -one.days, one.label))
