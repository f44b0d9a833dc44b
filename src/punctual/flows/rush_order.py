"""A rush order: what accepting it for a day and with a priority does to every other order."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import Final

from punctual.domain.orders.models import Order, Priority
from punctual.domain.scheduling.book import Group
from punctual.domain.scheduling.desk import NEW
from punctual.domain.scheduling.gathering import PRIORITY_WEIGHT, damages_of
from punctual.domain.scheduling.promising import Move, moves_of
from punctual.domain.scheduling.solving import Effort, schedule_book
from punctual.engine.promise.model import Offer
from punctual.flows.promise_at_entry import desk_of, known_of, wish_of
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require

EFFORT: Final = Effort(moves=1_200, seconds=0.8)
PULL: Final = 200
"""How much more a slot of the rush order's own lateness counts than money says: it is what was asked for."""


@dataclass(frozen=True)
class Harm:
    """``finish``: the day the rush order is delivered then; ``moves`` of the others, the ones that break first."""

    day: dt.date
    priority: int
    finish: dt.date
    moves: list[Move]

    @property
    def broken(self) -> list[Move]:
        """Orders whose promise was likely kept and is not any more."""
        return [one for one in self.moves if (one.percent or 0) >= 50 > (one.percent_then or 0)]

    @property
    def cost(self) -> float:
        return sum(move.cost for move in self.moves)


def harm_of(*, order: Order, day: dt.date, priority: int, actor: User, effort: Effort = EFFORT) -> Harm:
    """Everything that is not fixed is scheduled anew with the rush order due on ``day``; nothing is stored."""
    require(actor, "scheduling.view")
    desk, run = desk_of(actor, without=order.pk)
    lines = list(order.lines.select_related("product"))
    wish = desk.demanding(wish_of(order, lines, desk))
    money = 1 + round(damages_of(order)[0] / 800)
    weight = min(50_000, (money + PULL) * PRIORITY_WEIGHT[Priority(priority)])
    group = Group(NEW, order.pk, 0, weight, desk.axis.end_of(day))
    book = replace(
        desk.book,
        orders=(*desk.book.orders, wish.entry),
        groups=(*desk.book.groups, group),
        pieces=(*desk.book.pieces, *(replace(piece, group=NEW) for piece in wish.delivering)),
        starts=(),
    )
    base = desk.filler.offer(desk.candidate(wish))
    starts = [*desk.book.starts, *base.start]
    live = {piece.id: start for piece, start in zip(book.pieces, starts, strict=True)}
    done = schedule_book(book, effort, previous=live, feasible=True)
    offer = Offer(done.group_ends[NEW], (), (), desk.book.schedule, (), done.group_ends)
    moves = moves_of(desk.book, desk.axis, offer, known_of(run))
    moves.sort(key=lambda move: (-(move.percent or 0) + (move.percent_then or 0), -move.days))
    return Harm(day, priority, desk.axis.day_of(done.group_ends[NEW]), moves)
