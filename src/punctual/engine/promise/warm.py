"""Loading (or compiling) everything a promise needs before its clock starts to run."""

from __future__ import annotations

from punctual.engine.capacity.model import Mode, Order, Task
from punctual.engine.optimise.answer import Limits
from punctual.engine.optimise.warm import plan_of_tiny, tiny
from punctual.engine.promise.model import Candidate, Shop
from punctual.engine.promise.negotiate import negotiate


def warm_promise() -> None:
    """Ready :func:`negotiate` and the gap filling in it."""
    shop = Shop(tiny(), plan_of_tiny(), 1, {"A": 9, "B": 30})
    new = Candidate(Order("N"), (Task("n", (Mode(2, {"M": 1}),), order="N"),))
    negotiate(shop, new, Limits(evaluations=1), workers=1)
