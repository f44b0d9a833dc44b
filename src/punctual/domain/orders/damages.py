"""Liquidated damages: what a late day costs, and what is to be expected while the day is not sure. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Clause:
    """``percent_per_day`` of ``amount`` for each calendar day after the promise, at most ``cap_percent`` of it."""

    amount: Decimal
    percent_per_day: Decimal | None
    cap_percent: Decimal | None = None

    def per_day(self) -> Decimal:
        """What one late day costs, to the cent."""
        return _cents(self.amount * (self.percent_per_day or Decimal(0)) / 100)

    def cap(self) -> Decimal | None:
        """The most that is ever due; None without a cap."""
        return None if self.cap_percent is None else _cents(self.amount * self.cap_percent / 100)

    def due(self, days_late: int) -> Decimal:
        """What ``days_late`` days cost; 0 while in time."""
        if days_late <= 0 or not self.percent_per_day:
            return Decimal(0)
        sum_ = _cents(self.amount * self.percent_per_day * days_late / 100)
        cap = self.cap()
        return sum_ if cap is None else min(sum_, cap)


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)


def days_late(promised: dt.date | None, day: dt.date | None) -> int:
    """Calendar days after the promise; 0 in time or unknown."""
    return max(0, (day - promised).days) if promised and day else 0


def expected_damage(clause: Clause, promised: dt.date | None, days: Iterable[tuple[dt.date, Decimal]]) -> Decimal:
    """Σ probability × damages over the possible delivery days; ``days`` (day, probability) with probabilities that
    add up to 1 or less."""
    return _cents(sum((share * clause.due(days_late(promised, day)) for day, share in days), Decimal(0)))
