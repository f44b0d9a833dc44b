"""How long the steps of plan templates really took."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from statistics import median

from punctual.domain.scheduling.gathering import ratio_key
from punctual.domain.scheduling.models import DurationRatio


@dataclass(frozen=True, slots=True)
class StepActuals:
    """``count`` finished tasks of a step; ``ratio`` is the middle of actual ÷ estimate."""

    count: int
    ratio: Decimal


def actuals_of_steps(steps: Iterable[int]) -> dict[int, StepActuals]:
    """Template step id → what its finished tasks took; steps without any are left out."""
    keys = {ratio_key(step, ""): step for step in steps}
    found: dict[int, list[Decimal]] = {}
    rows = DurationRatio.objects.filter(type_key__in=keys, estimated__gt=0)
    for key, actual, estimated in rows.values_list("type_key", "actual", "estimated"):
        found.setdefault(keys[key], []).append(Decimal(actual) / Decimal(estimated))
    return {step: StepActuals(len(ratios), median(ratios)) for step, ratios in found.items()}
