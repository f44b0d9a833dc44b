"""What finished tasks say about the durations of a template's steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from punctual.domain.plans.template_text import parse_days
from punctual.domain.scheduling.actuals import StepActuals, actuals_of_steps
from punctual.kernel.quantity import plain

FEWEST: Final = 3
"""Finished tasks of a step below which nothing is said."""
NOTABLE: Final = Decimal("0.10")
"""Share by which the middle has to differ from the estimate."""
STEP: Final = Decimal("0.5")
"""Proposed durations are rounded to half days."""


@dataclass(frozen=True, slots=True)
class Learned:
    """A step whose finished tasks took notably longer or shorter than estimated, and what would fit."""

    task: int
    wbs: str
    name: str
    count: int
    ratio: Decimal
    duration: str
    duration_per_unit: str
    new_duration: str
    new_duration_per_unit: str

    @property
    def percent(self) -> str:
        """By how much the middle differs from the estimate, as ``+12%``."""
        return f"{round((self.ratio - 1) * 100):+d}%"


def learned_of(tasks: Sequence[Mapping[str, Any]]) -> list[Learned]:
    """Of the rows of a template's document, the largest differences first. Durations on the clock are left alone."""
    known = actuals_of_steps([task["id"] for task in tasks if task.get("id")])
    found = [one for task in tasks if (one := _learned(task, known.get(task.get("id") or 0)))]
    return sorted(found, key=lambda one: -abs(one.ratio - 1))


def _learned(task: Mapping[str, Any], actuals: StepActuals | None) -> Learned | None:
    if actuals is None or actuals.count < FEWEST or abs(actuals.ratio - 1) < NOTABLE:
        return None
    duration, per_unit = str(task.get("duration") or ""), str(task.get("duration_per_unit") or "")
    proposal = tuple(_scaled(text, actuals.ratio) for text in (duration, per_unit))
    if proposal == (duration, per_unit):
        return None
    return Learned(
        task["id"], task.get("wbs", ""), task["name"], actuals.count, actuals.ratio, duration, per_unit, *proposal
    )


def _scaled(text: str, ratio: Decimal) -> str:
    minutes = parse_days(text, "")
    if not minutes or not isinstance(minutes, int) or text.strip().casefold().endswith("e"):
        return text
    days = Decimal(text.strip()) * ratio
    return plain(max(STEP, (days / STEP).quantize(Decimal(1), ROUND_HALF_UP) * STEP))
