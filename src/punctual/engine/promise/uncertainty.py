"""How sure an offered date is: quantiles of the new order's end when durations vary.

Every run schedules all tasks anew within the capacities, in the order of the offered plan, none before its planned
start; so the other orders' overruns hit the new order as they would in the shop.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from punctual.engine.capacity.model import Schedule
from punctual.engine.promise.model import Candidate, Offer, Shop, joined
from punctual.engine.recovery import forecast
from punctual.engine.recovery.model import USUAL_SPREAD, Case
from punctual.engine.simulate.model import Distribution

LEVELS = (0.5, 0.8, 0.95)


def quantiles(
    shop: Shop,
    candidate: Candidate,
    offer: Offer,
    *,
    spread: Mapping[str, Distribution] | None = None,
    usual: Distribution = USUAL_SPREAD,
    levels: Sequence[float] = LEVELS,
    runs: int = 500,
    seed: int = 0,
) -> dict[float, float]:
    """Level → end of the new order that is kept with that probability, in the problem's unit of time.

    ``spread``: task id → distribution of the factor on its duration; ``usual`` for the other tasks. The same seed draws
    the same factors for every offer.
    """
    whole = joined(shop, candidate)
    schedule = Schedule(offer.plan.start + offer.start, offer.plan.mode + offer.mode)
    case = Case(whole, schedule, shop.now, candidate.order.id, spread=dict(spread or {}), usual=usual)
    targets = range(len(offer.plan.start), len(schedule.start))
    ends = forecast.ends(case, whole, schedule, targets, forecast.draw(case, runs, seed))
    return {level: float(np.quantile(ends, level)) for level in levels}
