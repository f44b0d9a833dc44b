"""What a search is given and what it hands out."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from punctual.engine.capacity.model import Schedule


@dataclass(frozen=True, slots=True)
class Answer:
    """A verified schedule. ``cost``: makespan or weighted tardiness; ``lower_bound`` ≤ the least possible cost;
    ``optimal``: proven; ``evaluations``: schedules (or moves) tried; ``seconds``: time used."""

    schedule: Schedule
    cost: int
    lower_bound: int
    optimal: bool
    evaluations: int
    seconds: float


@dataclass(slots=True)
class Limits:
    """When to stop: after ``seconds``, after ``evaluations``, or when ``stop()`` says so; whatever comes first.

    With ``evaluations`` alone the answer depends on problem, seed and workers only. ``better`` hears every improvement
    (cost so far), from the calling thread.
    """

    seconds: float | None = None
    evaluations: int | None = None
    stop: Callable[[], bool] = lambda: False
    better: Callable[[int], None] = lambda cost: None
    begun: float = field(default_factory=time.monotonic)

    def elapsed(self) -> float:
        """Seconds since the limits were made."""
        return time.monotonic() - self.begun

    def progress(self, evaluations: int) -> float:
        """How much of the search is done, 0 … 1; 1 means stop."""
        shares = [0.0]
        if self.seconds is not None:
            shares.append(self.elapsed() / max(self.seconds, 1e-9))
        if self.evaluations is not None:
            shares.append(evaluations / max(self.evaluations, 1))
        return 1.0 if self.stop() else min(1.0, max(shares))
