"""Levers: more capacity for a price (overtime, an extra shift, a supplier), and what each does to the date of a new
order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from punctual.engine.capacity.model import TIME_LIMIT, Problem, Resource
from punctual.engine.optimise.answer import Limits
from punctual.engine.promise.model import Candidate, Offer, Shop
from punctual.engine.promise.negotiate import negotiate
from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_


@dataclass(frozen=True, slots=True)
class Lever:
    """``units`` more of ``resource`` from ``begin`` to before ``end`` for ``price`` (any currency unit, whole
    numbers).
    """

    id: str
    resource: str
    begin: int
    end: int
    units: int
    price: int


@dataclass(frozen=True, slots=True)
class Option:
    """The negotiated offer with these levers pulled, and what they cost together."""

    levers: tuple[str, ...]
    price: int
    offer: Offer


def with_levers(
    shop: Shop,
    candidate: Candidate,
    levers: Sequence[Lever],
    *,
    evaluations: int = 6000,
    at_once: int = 2,
    workers: int = 2,
    seed: int = 0,
) -> list[Option]:
    """The options that no other beats in both date and price, the cheapest first; without any lever first of all.

    Every set of up to ``at_once`` levers is negotiated with the same number of ``evaluations`` and verified on the
    extended availability. Raises :class:`Refusal` with every faulty lever.
    """
    _refuse_faults(shop.problem, levers)
    options = []
    for amount in range(at_once + 1):
        for pulled in combinations(levers, amount):
            extended = replace(shop, problem=extended_by(shop.problem, pulled))
            offer = negotiate(extended, candidate, Limits(evaluations=evaluations), workers=workers, seed=seed)
            options.append(Option(tuple(lever.id for lever in pulled), sum(lever.price for lever in pulled), offer))
    return not_dominated(options)


def not_dominated(options: Sequence[Option]) -> list[Option]:
    """Options by price of which each ends earlier than every cheaper one (Pareto front of date and price)."""
    front: list[Option] = []
    for option in sorted(options, key=lambda row: (row.price, row.offer.finish, len(row.levers))):
        if not front or option.offer.finish < front[-1].offer.finish:
            front.append(option)
    return front


def extended_by(plan: Problem, levers: Sequence[Lever]) -> Problem:
    """The problem with the levers' units added to the availability."""
    resources = list(plan.resources)
    for position, resource in enumerate(resources):
        for lever in levers:
            if lever.resource == resource.id:
                resources[position] = resource = _raised(resource, lever)
    return replace(plan, resources=tuple(resources))


def _raised(resource: Resource, lever: Lever) -> Resource:
    times = sorted({time for time, _ in resource.capacity} | {lever.begin, lever.end})
    steps = [
        (time, resource.units_at(time) + (lever.units if lever.begin <= time < lever.end else 0)) for time in times
    ]
    return replace(resource, capacity=tuple(steps))


def _refuse_faults(plan: Problem, levers: Sequence[Lever]) -> None:
    known = {resource.id for resource in plan.resources}
    faults = []
    for lever in levers:
        params = {"id": lever.id, "resource": lever.resource}
        if lever.resource not in known:
            text = N_("Lever %(id)s raises resource %(resource)s, which is not among the resources.")
            faults.append(Reason("promise.lever_resource", text, params, "resource"))
        if not (0 <= lever.begin < lever.end <= TIME_LIMIT and lever.units > 0 and lever.price >= 0):
            text = N_("Lever %(id)s must begin before it ends, add at least one unit, and cost nothing or more.")
            faults.append(Reason("promise.lever_numbers", text, params))
    if faults:
        raise Refusal(*faults)
