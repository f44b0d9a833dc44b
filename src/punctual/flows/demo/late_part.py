"""A part that comes late where orders wait for each other: found in the first schedule, so that a late order's chain
of causes runs through two other orders to a supplier, as it does in a real works."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from django.db.models import F

from punctual.domain.scheduling.models import ScheduleRun
from punctual.domain.scheduling.selectors import axis_of, book_of, chain_in
from punctual.domain.supply.models import Requirement
from punctual.flows.demo.supply import comes_late

SOON = dt.timedelta(days=2)


def a_part_comes_late(run: ScheduleRun, today: dt.date) -> int | None:
    """The dearest part of a task, not begun, for which a late order waits across two others; returns the late order."""
    for order_id, task, day in _awaited(run):
        needs = Requirement.objects.filter(task=task, issued=0, material__supplier__isnull=False)
        need = needs.order_by("-material__standard_cost", "pk").first()
        if need is not None and day > today + SOON:
            comes_late(need, day, today)
            return order_id
    return None


def _awaited(run: ScheduleRun) -> Iterator[tuple[int, int, dt.date]]:
    """Order, task and the day on which the task begins; of the orders that are late the least late ones first."""
    book = book_of(run)
    if book is None:
        return
    axis = axis_of(book)
    starts = dict(zip((piece.id for piece in book.pieces), book.starts, strict=True))
    pieces = {piece.id: piece for piece in book.pieces}
    late = run.forecasts.filter(is_soft=False, order__promised_date__lt=F("p50"))
    for order_id in (
        late.annotate(by=F("p50") - F("order__promised_date")).order_by("by").values_list("order", flat=True)
    ):
        others: set[int] = set()
        for link in chain_in(book, order_id):
            piece = pieces[link.task]
            if piece.order != order_id:
                others.add(piece.order)
            if len(others) >= 2 and piece.task is not None and not piece.running:
                yield order_id, piece.task, axis.day_of(starts[piece.id])
