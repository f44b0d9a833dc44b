"""What finished tasks really took against their estimates, and how that corrects and spreads open ones.

For each type of task (step of a template, else the name) the logarithms of actual / estimated give a median and a
spread. A few observations are drawn towards what all tasks together say: with n of them the type's own figures count
n / (n + 8).
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import exp, log, sqrt
from statistics import fmean
from typing import Final

from punctual.domain.scheduling.gathering import scheduling_settings
from punctual.domain.scheduling.models import DurationRatio
from punctual.domain.scheduling.simulation import Ratio, Ratios

FEWEST: Final = 3
DRAWN: Final = 8
LEAST_SPREAD: Final = 0.05
MOST_SPREAD: Final = 0.6


@dataclass(frozen=True, slots=True)
class Summary:
    """``median``: actual over estimated; ``spread``: standard deviation of its logarithm."""

    key: str
    name: str
    count: int
    median: float
    spread: float


def summarised(rows: Iterable[tuple[str, str, int, int]]) -> list[Summary]:
    """From (key, name, estimated, actual); keys with fewer than :data:`FEWEST` rows are left out."""
    by_key: dict[str, list[float]] = defaultdict(list)
    names: dict[str, str] = {}
    for key, name, estimated, actual in rows:
        if estimated > 0 and actual > 0:
            by_key[key].append(log(actual / estimated))
            names.setdefault(key, name)
    every = [one for values in by_key.values() for one in values]
    if not every:
        return []
    middle, wide = fmean(every), _deviation(every)
    return [_summary(key, names[key], values, middle, wide) for key, values in by_key.items() if len(values) >= FEWEST]


def _summary(key: str, name: str, values: Sequence[float], middle: float, wide: float) -> Summary:
    own = len(values) / (len(values) + DRAWN)
    median = own * fmean(values) + (1 - own) * middle
    spread = sqrt(own * _deviation(values) ** 2 + (1 - own) * wide**2)
    return Summary(key, name, len(values), exp(median), min(MOST_SPREAD, max(LEAST_SPREAD, spread)))


def _deviation(values: Sequence[float]) -> float:
    middle = fmean(values)
    return sqrt(sum((one - middle) ** 2 for one in values) / max(1, len(values) - 1))


def current_ratios() -> Ratios:
    """What simulations use now; nothing while the company has switched it off."""
    if not scheduling_settings().use_calibration:
        return Ratios()
    rows = DurationRatio.objects.values_list("type_key", "type_name", "estimated", "actual")
    return Ratios({one.key: Ratio(one.median, one.spread, one.count) for one in summarised(rows)})


def by_team(since: dt.date | None = None) -> list[Summary]:
    """The same figures by team."""
    return summarised(_rows("team", since))


def by_supplier(since: dt.date | None = None) -> list[Summary]:
    return summarised(_rows("supplier", since))


def by_type(since: dt.date | None = None) -> list[Summary]:
    rows = DurationRatio.objects.all() if since is None else DurationRatio.objects.filter(finished_on__gte=since)
    return summarised(rows.values_list("type_key", "type_name", "estimated", "actual"))


def _rows(field: str, since: dt.date | None) -> Iterable[tuple[str, str, int, int]]:
    rows = DurationRatio.objects.exclude(**{field: ""})
    if since is not None:
        rows = rows.filter(finished_on__gte=since)
    return [
        (value, value, estimated, actual) for value, estimated, actual in rows.values_list(field, "estimated", "actual")
    ]
