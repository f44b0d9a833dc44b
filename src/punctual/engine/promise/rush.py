"""A date earlier than the promises to others allow: who pays for it, and how much.

The date is negotiated for with the promises as they are, and where that is not enough with all of them loosened, by
less and by more: tight promises make many move a little, loose ones few by much, and which of the two is the cheaper
only the comparison shows.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Container
from dataclasses import replace
from itertools import product
from math import ceil
from typing import Final

from punctual.engine.optimise.answer import Limits
from punctual.engine.promise.gap import GapFiller
from punctual.engine.promise.model import Candidate, Offer, Shop, consequences, latest_ends
from punctual.engine.promise.negotiate import negotiate
from punctual.kernel.refusal import Refusal

logger = logging.getLogger(__name__)

LATER: Final = (1 / 2, 1, 2)
"""By how much promises are loosened: shares of what lies between the asked date and the date that hurts nobody, and of
the new order's longest task, by which somebody in its way has to wait."""


def rush(
    shop: Shop,
    candidate: Candidate,
    date: int,
    limits: Limits,
    *,
    spared: Container[str] = (),
    harm: Callable[[Offer], float] | None = None,
    workers: int = 2,
    seed: int = 0,
    filler: GapFiller | None = None,
) -> Offer:
    """The plan that brings the new order to ``date`` and does the least ``harm`` (else weight times slots by which
    others are late), verified; where none does, the one that comes nearest.

    ``limits`` are those of each search, of which there are at most eight. Others may end after their promises, but for
    the orders ``spared``. What started before now stays. :func:`punctual.engine.promise.model.consequences` says who is
    hit.
    """
    filler = filler or GapFiller(shop)
    best = filler.offer(candidate, seed=seed)
    ends = latest_ends(shop, best.ends)
    scale = best.finish - date + max(mode.duration for task in candidate.tasks for mode in task.modes)

    def cost(offer: Offer) -> float:
        return harm(offer) if harm else float(sum(row.cost for row in consequences(shop, offer)))

    def rank(offer: Offer) -> tuple[int, float, int]:
        return max(date, offer.finish), cost(offer), len(offer.moved)

    for share, sooner in product((0, *LATER), (False, True)):
        if best.finish <= date and cost(best) <= 0:
            break
        loose = {order: end if order in spared else end + ceil(scale * share) for order, end in ends.items()}
        try:
            offer = negotiate(
                replace(shop, promises=loose), candidate, replace(limits, begun=time.monotonic()), wanted=date,
                sooner=sooner, workers=workers, seed=seed, filler=filler,
            )  # fmt: skip
        except Refusal as refusal:  # what the checker refuses is not offered; the other searches are
            logger.warning("a rush offer was refused: %s", refusal)
            continue
        best = min(best, offer, key=rank)
    return best
