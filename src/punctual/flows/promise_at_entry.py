"""Which date can be promised: asked while an order is typed, and for an order that is there.

The answer stands on the current schedule run; nothing is stored. What a run needs to be asked is made ready once a
process and kept while that run is the current one.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from threading import Lock
from typing import Final

from punctual.domain.orders.facts import Catalogue
from punctual.domain.orders.inputs import OrderInput
from punctual.domain.orders.models import Order, OrderLine, OrderState
from punctual.domain.orders.services.summary import summarise
from punctual.domain.resources.models import Resource, Skill
from punctual.domain.scheduling.calibration import current_ratios
from punctual.domain.scheduling.desk import Desk, Wish
from punctual.domain.scheduling.gathering import (
    availability_of,
    drafted_rows,
    entry_of,
    fingerprint,
    scheduling_settings,
)
from punctual.domain.scheduling.models import OrderForecast, ScheduleRun
from punctual.domain.scheduling.pieces import Cutter
from punctual.domain.scheduling.promising import Answer, Care, Known, Names, Prices, answer
from punctual.domain.scheduling.rules import PromiseLimits
from punctual.domain.scheduling.selectors import axis_of, book_of, current_run, stamp_of
from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.readiness import is_being_loaded

MOST_LINES: Final = 60
KEPT_ANSWERS: Final = 64

_LOCK: Final = Lock()
_DESKS: Final[OrderedDict[tuple[str, int], Desk]] = OrderedDict()
_ANSWERS: Final[OrderedDict[str, Answer]] = OrderedDict()


@dataclass(frozen=True)
class Told:
    """The answer with what it stands on."""

    answer: Answer
    run: ScheduleRun
    is_stale: bool
    limits: PromiseLimits


def no_schedule() -> Refusal:
    return Refusal(
        Reason("promise.no_schedule", N_("There is no schedule yet; it is being computed. Ask again in a minute."))
    )


def _not_loaded() -> Refusal:
    text = N_("The reckoning of dates is being made ready for the first time on this machine. Ask again in a minute.")
    return Refusal(Reason("promise.not_ready", text))


def desk_of(actor: User, *, without: int = 0) -> tuple[Desk, ScheduleRun]:
    """The desk of the current run. Raises Refusal before the first run, and while what reckons is not loaded."""
    if is_being_loaded():
        raise _not_loaded()
    run = current_run(actor)
    book = book_of(run) if run else None
    if run is None or book is None:
        raise no_schedule()
    stamp = stamp_of(run)
    with _LOCK:
        for key in [key for key in _DESKS if key[0] != stamp]:
            del _DESKS[key]
        found = _DESKS.get((stamp, 0))
        if found is None:
            axis = axis_of(book)
            found = Desk(book, axis, availability_of(axis), current_ratios(), reserves_of(run))
            _DESKS[stamp, 0] = found
        if without and without in book.entries:
            other = _DESKS.get((stamp, without))
            if other is None:
                other = found.without(without)
                _DESKS[stamp, without] = other
                while len(_DESKS) > 5:
                    _DESKS.pop(next(key for key in _DESKS if key[1]))
            found = other
    return found, run


def wish_of(order: Order, lines: Sequence[OrderLine], desk: Desk) -> Wish:
    """The pieces that an order without a plan would have."""
    rows = drafted_rows(order, lines, desk.axis, prefix="new:")
    pieces, groups = Cutter(rows, desk.axis).pieces()
    return Wish(entry_of(order), groups, pieces)


def promise_for_input(
    *, data: OrderInput, catalogue: Catalogue, actor: User, order_id: int | None = None, care: Care | None = None
) -> Told | None:
    """While the lines are typed; None while no line names a product."""
    require(actor, "scheduling.view")
    order = _unsaved(data, order_id)
    lines = []
    for number, one in enumerate(data.lines[:MOST_LINES], start=1):
        product = catalogue.product(one.model)
        if product is not None:
            quantity = one.quantity if one.quantity and 0 < one.quantity <= 10_000 else Decimal(1)
            lines.append(
                OrderLine(
                    pk=-number,
                    line_no=one.line_no,
                    product=product,
                    model_text=one.model,
                    quantity=quantity,
                    unit_price=one.unit_price,
                    requested_date=one.requested_date,
                )
            )
    if not lines:
        return None
    summarise(order, lines)
    return _told(order, lines, actor, care)


def _unsaved(data: OrderInput, order_id: int | None) -> Order:
    return Order(
        pk=order_id or 0,
        state=OrderState.DRAFT,
        customer=data.customer,
        currency=data.currency,
        priority=data.priority,
        damages_percent_per_day=data.damages_percent_per_day,
        damages_cap_percent=data.damages_cap_percent,
    )


def promise_for_order(*, order: Order, actor: User, care: Care | None = None) -> Told | None:
    """For an order that has no plan yet; None where it has no line."""
    require(actor, "scheduling.view")
    lines = list(order.lines.select_related("product"))
    return _told(order, lines[:MOST_LINES], actor, care) if lines else None


def _told(order: Order, lines: Sequence[OrderLine], actor: User, care: Care | None) -> Told:
    desk, run = desk_of(actor, without=order.pk or 0)
    wish = wish_of(order, lines, desk)
    requested = max((line.requested_date for line in lines if line.requested_date), default=order.requested_date)
    mark = _mark(run, wish, requested, care)
    with _LOCK:
        found = _ANSWERS.get(mark)
    if found is None:
        found = answer(desk, wish, known_of(run), requested=requested, prices=prices(), names=names(), care=care)
        with _LOCK:
            _ANSWERS[mark] = found
            while len(_ANSWERS) > KEPT_ANSWERS:
                _ANSWERS.popitem(last=False)
    grade = order.customer.grade if order.customer else ""
    return Told(found, run, fingerprint(run.today or desk.axis.today) != run.fingerprint, limits_for(grade))


def _mark(run: ScheduleRun, wish: Wish, requested: dt.date | None, care: Care | None) -> str:
    kept = scheduling_settings()
    told = [stamp_of(run), kept.version, str(requested), repr(care), repr(wish.entry)]
    told += [(one.id, one.duration, one.after, one.release, one.needs) for one in wish.pieces]
    return hashlib.sha256(json.dumps(told, default=str).encode()).hexdigest()


def known_of(run: ScheduleRun) -> dict[int, Known]:
    """What the run said of every order."""
    rows = OrderForecast.objects.filter(run=run).values_list("order_id", "p80", "histogram")
    return {order: Known(p80, [(day, count) for day, count in histogram]) for order, p80, histogram in rows}


def reserves_of(run: ScheduleRun) -> dict[int, int]:
    """Order → days from its scheduled end to its P80."""
    rows = OrderForecast.objects.filter(run=run).values_list("order_id", "planned", "p80")
    return {order: max(0, (p80 - planned).days) for order, planned, p80 in rows}


def names() -> Names:
    return Names(dict(Skill.objects.values_list("pk", "name")), dict(Resource.objects.values_list("pk", "name")))


def prices() -> Prices:
    kept = scheduling_settings()
    return Prices(kept.overtime_percent, float(kept.expedite_per_day))


def limits_for(grade: str) -> PromiseLimits:
    """Which probability a promise to a customer of this grade should and must have."""
    kept = scheduling_settings()
    return PromiseLimits(floor=kept.floor_percent, wanted=int(kept.confidence.get(grade, kept.floor_percent)))
