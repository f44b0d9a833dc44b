"""Earned value of phases and of many orders at once, out of gathered facts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from punctual.domain.monitoring.earning import Performed, performance
from punctual.domain.monitoring.facts import Gathered
from punctual.domain.orders.models import Order
from punctual.engine.earned_value import Performance, PeriodFigures, PeriodInput, earned_value


def phases_of(seen: Gathered, order: Order) -> list[tuple[str, Performed]]:
    """The outermost summaries of the plan, each by itself. Costs are known for the whole order only: n/a here."""
    plan = seen.plans[order.pk]
    weights, _is_money = seen.weights_of(plan)
    pieces = seen.pieces(plan, weights)
    names = list(dict.fromkeys(piece.phase for piece in pieces))
    found = []
    for name in names:
        part = performance(
            [piece for piece in pieces if piece.phase == name],
            None,
            today=seen.today,
            rule=seen.rules.get(order.pk, "percent"),
            between=seen.calendars.of(plan).work_between,
        )
        if part is not None:
            found.append((name, part))
    return found


@dataclass(frozen=True, slots=True)
class OfOrder:
    order: Order
    done: Performed
    is_money: bool


@dataclass(frozen=True, slots=True)
class Portfolio:
    """``total`` over the orders whose budget is known in money; AC only when every one has costs."""

    orders: Sequence[OfOrder]
    bac: float
    total: PeriodFigures | None


def portfolio_of(seen: Gathered) -> Portfolio:
    """All orders that were gathered, as they stand today."""
    rows = []
    for order in seen.orders:
        done = seen.performed(order, weekly=False)
        if done is not None:
            rows.append(OfOrder(order, done, seen.weights_of(seen.plans[order.pk])[1]))
    money = [one.done for one in rows if one.is_money and one.done.current is not None]
    bac = sum(one.bac for one in money)
    return Portfolio(rows, bac, _total(money, bac))


def _total(money: Sequence[Performed], bac: float) -> PeriodFigures | None:
    if not money or bac <= 0:
        return None
    now = [one.current for one in money if one.current is not None]
    pv, ev = sum(row.pv for row in now), sum(row.ev or 0.0 for row in now)
    known = all(one.cost_known for one in money)
    ac = sum(row.ac or 0.0 for row in now) if known else 0.0
    (figures,) = earned_value(Performance(bac, 1.0, [PeriodInput(min(pv, bac), min(ev, bac), ac)]))
    shown = PeriodFigures(pv=figures.pv, ev=figures.ev, ac=None, sv=figures.sv, spi=figures.spi)
    if not known:
        return shown
    return PeriodFigures(
        pv=figures.pv, ev=figures.ev, ac=figures.ac, sv=figures.sv, cv=figures.cv, spi=figures.spi, cpi=figures.cpi,
        eac=figures.eac, etc=figures.etc, vac=figures.vac, tcpi=figures.tcpi,
    )  # fmt: skip
