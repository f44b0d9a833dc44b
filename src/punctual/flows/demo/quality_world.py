"""What the parts of the demo company's quality hand on to each other."""

from __future__ import annotations

import datetime as dt
import random
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils import timezone

from punctual.domain.quality.models import (
    ControlChart,
    Gauge,
)
from punctual.platform.accounts.models import User
from punctual.platform.numbering.models import NumberSeries


@dataclass(slots=True)
class World:
    """What the parts hand on to each other."""

    today: dt.date
    engineer: User
    gauges: dict[str, Gauge] = field(default_factory=dict)
    charts: dict[str, ControlChart] = field(default_factory=dict)
    numbers: dict[tuple[str, int], int] = field(default_factory=lambda: defaultdict(int))
    random: random.Random = field(default_factory=lambda: random.Random(20_260))  # noqa: S311 made-up data

    def number(self, series: str, day: dt.date) -> str:
        """The next number of a series in the year of a day; :meth:`keep_numbers` writes the counters."""
        self.numbers[series, day.year] += 1
        return f"{series}-{day.year}-{self.numbers[series, day.year]:04d}"

    def keep_numbers(self) -> None:
        for (series, year), last in self.numbers.items():
            NumberSeries.objects.update_or_create(series=series, year=year, defaults={"last": last})

    def at(self, day: dt.date, hour: int = 14) -> dt.datetime:
        return timezone.make_aware(dt.datetime.combine(day, dt.time(hour)))


def decimal_of(text: str) -> Decimal | None:
    return Decimal(text) if text else None
