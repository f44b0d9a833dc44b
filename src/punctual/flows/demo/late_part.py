"""A part that comes late where orders wait for each other: found in the first schedule, so that a late order's chain
of causes runs through two other orders to a supplier, as it does in a real works."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from django.db.models import F

from punctual.domain.plans.models import Task
from punctual.domain.scheduling.models import ScheduleRun
from punctual.domain.scheduling.selectors import axis_of, book_of, chain_in
from punctual.domain.supply.models import Requirement
from punctual.engine.explain import Cause

SOON: Final = dt.timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Awaited:
    """A task that begins on ``day`` and that a late order waits for across ``others`` orders."""

    order_id: int
    task_id: int
    day: dt.date
    others: int
    cause: Cause


def awaited_parts(run: ScheduleRun, today: dt.date) -> list[tuple[int, Requirement, dt.date]]:
    """A late order that waits across two others for a task that has not begun, the dearest part of that task, and the
    day on which it begins; the latest first, as a schedule finds other ways round what is near."""
    found: dict[int, tuple[int, Requirement, dt.date]] = {}
    for one in _awaited(run):
        if one.others < 2 or one.task_id in found or one.day <= today + SOON:
            continue
        needs = Requirement.objects.filter(task=one.task_id, issued=0, material__supplier__isnull=False)
        need = needs.order_by("-material__standard_cost", "pk").first()
        if need is not None:
            found[one.task_id] = (one.order_id, need, one.day)
    return sorted(found.values(), key=lambda one: one[2], reverse=True)


def waits_for_a_supplier(run: ScheduleRun) -> bool:
    """A late order does, across two others."""
    waits = Task.objects.filter(not_before_cause_type="purchaseorder")
    tasks = {one.task_id for one in _awaited(run) if one.others >= 2 and one.cause is Cause.MATERIAL}
    return waits.filter(pk__in=tasks).exists()


def _awaited(run: ScheduleRun) -> Iterator[Awaited]:
    """What late orders wait for in the works of others; of the least late order first."""
    book = book_of(run)
    if book is None:
        return
    axis = axis_of(book)
    starts = dict(zip((piece.id for piece in book.pieces), book.starts, strict=True))
    pieces = {piece.id: piece for piece in book.pieces}
    quoted = {entry.id for entry in book.orders if entry.soft}
    late = run.forecasts.filter(is_soft=False, order__promised_date__lt=F("p50"))
    by = late.annotate(by=F("p50") - F("order__promised_date")).order_by("by", "order")
    for order_id in by.values_list("order", flat=True):
        others: set[int] = set()
        for link in chain_in(book, order_id):
            piece = pieces[link.task]
            if piece.order != order_id and piece.order not in quoted:
                others.add(piece.order)
                if piece.task is not None and not piece.running:
                    yield Awaited(order_id, piece.task, axis.day_of(starts[piece.id]), len(others), link.cause)
