"""A date earlier than the promises to others allow: who pays for it, and how much."""

from __future__ import annotations

from dataclasses import replace

from punctual.engine.capacity.model import Schedule, order_ends
from punctual.engine.optimise.answer import Limits
from punctual.engine.optimise.tardiness import minimise_tardiness
from punctual.engine.promise.gap import GapFiller
from punctual.engine.promise.model import Candidate, Offer, Shop, joined, latest_ends, moved_tasks
from punctual.engine.verify import verified

URGENT = 50
"""Weight of a slot after the asked date, in the largest weight of the other orders."""


def rush(
    shop: Shop,
    candidate: Candidate,
    date: int,
    limits: Limits,
    *,
    workers: int = 2,
    seed: int = 0,
    filler: GapFiller | None = None,
) -> Offer:
    """The plan that brings the new order nearest to ``date`` and costs the others least, verified.

    Others may end after their promises; each slot costs the weight of the order. What started before now stays.
    :func:`punctual.engine.promise.model.consequences` says who is hit.
    """
    gaps = (filler or GapFiller(shop)).offer(candidate, seed=seed)
    whole = joined(shop, candidate)
    allowed = latest_ends(shop, gaps.ends)
    heaviest = max([1, *(order.weight for order in shop.problem.orders)])
    orders = [replace(order, due=allowed.get(order.id)) for order in shop.problem.orders]
    orders.append(replace(candidate.order, due=date, weight=min(URGENT * heaviest, 2**20)))
    asked = replace(whole, orders=tuple(orders))
    first = Schedule(gaps.plan.start + gaps.start, gaps.plan.mode + gaps.mode)
    answer = minimise_tardiness(asked, limits, workers=workers, seed=seed, incumbent=first)
    count = len(shop.problem.tasks)
    plan = Schedule(answer.schedule.start[:count], answer.schedule.mode[:count])
    verified(whole, answer.schedule)
    return Offer(
        finish=max(answer.schedule.finish(whole)[count:]),
        start=answer.schedule.start[count:],
        mode=answer.schedule.mode[count:],
        plan=plan,
        moved=moved_tasks(shop, plan.start, plan.mode),
        ends=order_ends(shop.problem, plan),
    )
