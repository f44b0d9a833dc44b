"""A rush order: what accepting it for a day and with a priority does to every other order."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from punctual.domain.orders.models import Order
from punctual.domain.scheduling.desk import Taken
from punctual.domain.scheduling.gathering import scheduling_settings
from punctual.domain.scheduling.models import ScheduleRun
from punctual.domain.scheduling.promising import Care, Move, Offered, moves_of, offered
from punctual.engine.optimise.answer import Limits
from punctual.engine.promise.model import Offer
from punctual.engine.promise.rush import rush
from punctual.flows.promise_at_entry import desk_of, known_of, wish_of
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require

CARE: Final = Care(evaluations=160, seconds=None)
"""Of each of the searches, at most eight. By no clock: who accepts is to get what the page showed."""


@dataclass(frozen=True)
class Harm:
    """``finish``: the day the rush order is delivered then, on ``run`` with everything at the places of ``offer``;
    ``moves`` of the others, the ones that break first."""

    day: dt.date
    priority: int
    run: ScheduleRun
    offer: Offered
    moves: list[Move]

    @property
    def finish(self) -> dt.date:
        return self.offer.planned

    @property
    def percent(self) -> int:
        """Probability that the day is kept then."""
        return self.offer.percent(self.day)

    @property
    def broken(self) -> list[Move]:
        """Orders whose promise was likely kept and is not any more."""
        return [one for one in self.moves if (one.percent or 0) >= 50 > (one.percent_then or 0)]

    @property
    def cost(self) -> float:
        return sum(move.cost for move in self.moves)


def harm_of(*, order: Order, day: dt.date, priority: int, actor: User, care: Care = CARE) -> Harm:
    """The others make room, no more urgent order and none more than it takes; nothing is stored. The rush order is to
    be done before ``day`` by as many days as a plan that hurts nobody needs to be kept at the company's floor: one that
    just meets the day is kept every other time."""
    require(actor, "scheduling.view")
    desk, run = desk_of(actor, without=order.pk)
    wish = desk.demanding(wish_of(order, list(order.lines.select_related("product")), desk))
    candidate = desk.candidate(wish)
    harmless = Taken(desk.book, wish, desk.filler.offer(candidate))
    usual = offered("nobody", desk, harmless, desk.ends(harmless)[0], day)
    reserve = max(dt.timedelta(0), usual.earliest(scheduling_settings().floor_percent) - usual.planned)
    spared = {one.id for one in desk.book.groups if desk.book.entries[one.order].priority < priority}
    limits = Limits(evaluations=care.evaluations, seconds=care.seconds)
    known = known_of(run)

    def harm(offer: Offer) -> float:
        """Expected lateness, and a little for each who moves at all."""
        moves = moves_of(desk.book, desk.axis, offer, known)
        return sum(move.cost for move in moves) + len(moves)

    by = desk.axis.end_of(day - reserve)
    offer = rush(desk.shop, candidate, by, limits, spared=spared, harm=harm, filler=desk.filler)
    taken = Taken(desk.book, wish, offer)
    moves = moves_of(desk.book, desk.axis, offer, known)
    moves.sort(key=lambda move: (-(move.percent or 0) + (move.percent_then or 0), -move.days))
    return Harm(day, priority, run, offered("rush", desk, taken, desk.ends(taken)[0], day), moves)
