"""What is wrong with a risk as told, and how high it stands on the matrix."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from punctual.kernel.refusal import Reason
from punctual.kernel.wording import N_

CLASSES = 5
LONGEST_DELAY = Decimal(1000)
"""Working days; a longer delay is a typing error."""


class Level(StrEnum):
    """How a level is coloured."""

    LOW = "low"
    WATCH = "watch"
    ACT = "act"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Matrix:
    """Bounds between the classes of probability (%) and of delay (working days), and from which level on what."""

    probability_bounds: tuple[Decimal, ...]
    impact_bounds: tuple[Decimal, ...]
    watch_from: int
    act_from: int
    stop_from: int

    def probability_class(self, probability: int | Decimal) -> int:
        """1 … 5."""
        return bisect_right(self.probability_bounds, Decimal(probability)) + 1

    def impact_class(self, days: Decimal) -> int:
        """1 … 5, by the most likely delay."""
        return bisect_right(self.impact_bounds, days) + 1

    def level(self, probability: int | Decimal, days: Decimal) -> int:
        """Class × class, 1 … 25; a risk that cannot happen or costs no time has 1."""
        return self.probability_class(probability) * self.impact_class(days)

    def colour(self, level: int) -> Level:
        if level >= self.stop_from:
            return Level.STOP
        if level >= self.act_from:
            return Level.ACT
        return Level.WATCH if level >= self.watch_from else Level.LOW


@dataclass(frozen=True, slots=True)
class Points:
    """Probability in percent; delay in working days and cost, each optimistic, most likely, pessimistic."""

    probability: int = 0
    days_low: Decimal = Decimal(0)
    days_mode: Decimal = Decimal(0)
    days_high: Decimal = Decimal(0)
    cost_low: Decimal = Decimal(0)
    cost_mode: Decimal = Decimal(0)
    cost_high: Decimal = Decimal(0)


def points_reasons(points: Points) -> list[Reason]:
    """Everything that is wrong with the numbers."""
    reasons = []
    if not 0 <= points.probability <= 100:
        reasons.append(Reason("risk.probability", N_("A probability is 0 to 100 %."), field="probability"))
    for name in ("days", "cost"):
        low, mode, high = (getattr(points, f"{name}_{part}") for part in ("low", "mode", "high"))
        if not 0 <= low <= mode <= high:
            reasons.append(
                Reason(
                    f"risk.{name}_order",
                    N_(
                        "Optimistic, most likely and pessimistic rise from 0 on; these are %(low)s, %(mode)s, %(high)s."
                    ),
                    params={"low": str(low), "mode": str(mode), "high": str(high)},
                    field=f"{name}_mode",
                )
            )
    if points.days_high > LONGEST_DELAY:
        reasons.append(
            Reason(
                "risk.days_too_long",
                N_("A delay of more than %(limit)d working days is no risk but another plan."),
                params={"limit": int(LONGEST_DELAY)},
                field="days_high",
            )
        )
    return reasons


def title_reasons(title: str) -> list[Reason]:
    if 1 <= len(title.strip()) <= 120:
        return []
    return [Reason("risk.title", N_("Say in 1 to 120 characters what may happen."), field="title")]


def scale_reasons(quality: int | None, safety: int | None) -> list[Reason]:
    return [
        Reason(f"risk.{name}", N_("The effect is 1 (hardly) to 5 (severe), or empty."), field=name)
        for name, value in (("quality", quality), ("safety", safety))
        if value is not None and not 1 <= value <= 5
    ]


def assess_reasons(points: Points, *, acts_on_order: bool, task_count: int) -> list[Reason]:
    """A risk is assessed when it says how probable it is, how long it delays and, on an order, which tasks."""
    reasons = points_reasons(points)
    if points.probability == 0:
        reasons.append(Reason("risk.unassessed", N_("Say how probable it is."), field="probability"))
    if acts_on_order and points.days_high > 0 and not task_count:
        reasons.append(
            Reason("risk.no_task", N_("Name the tasks that it delays; otherwise it moves no date."), field="tasks")
        )
    return reasons


def response_reasons(before: Points, after: Points, *, cost: Decimal, title: str) -> list[Reason]:
    """A response leaves the risk no worse than it was."""
    reasons = points_reasons(after)
    if not 1 <= len(title.strip()) <= 160:
        reasons.append(Reason("risk.response_title", N_("Say in 1 to 160 characters what is done."), field="title"))
    if cost < 0:
        reasons.append(Reason("risk.response_cost", N_("A cost is not below 0."), field="cost"))
    if not reasons and after.probability > before.probability:
        reasons.append(
            Reason(
                "risk.response_worse",
                N_("Afterwards it would be more probable (%(after)d %%) than now (%(before)d %%)."),
                params={"after": after.probability, "before": before.probability},
                field="probability",
            )
        )
    if not reasons and after.days_high > before.days_high:
        reasons.append(
            Reason(
                "risk.response_longer",
                N_("Afterwards it would delay longer (%(after)s days) than now (%(before)s days)."),
                params={"after": str(after.days_high), "before": str(before.days_high)},
                field="days_high",
            )
        )
    return reasons


def bounds_reasons(bounds: Sequence[Decimal], field: str, most: Decimal) -> list[Reason]:
    """Four rising bounds part five classes."""
    if len(bounds) == CLASSES - 1 and all(0 < one < most for one in bounds) and list(bounds) == sorted(set(bounds)):
        return []
    return [
        Reason(
            "risk.bounds",
            N_("Give four rising bounds between 0 and %(most)s."),
            params={"most": str(most)},
            field=field,
        )
    ]
