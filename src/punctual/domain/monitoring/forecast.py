"""How likely a date is kept, and what being late costs: pure figures.

Where the portfolio has been simulated its quantiles are used; until then a plan speaks for itself: each open step of
its critical path takes 0.85 to 1.4 times its planned time, 1.0 mostly (triangular, so 1.083 on average with a standard
deviation of 0.116), steps are independent, and their sum is taken as normal.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

MEAN: Final = (0.85 + 1.0 + 1.4) / 3
SPREAD: Final = math.sqrt((0.85**2 + 1.0 + 1.4**2 - 0.85 - 0.85 * 1.4 - 1.4) / 18)
Z80: Final = 0.8416212335729143
CALENDAR_DAYS: Final = 7 / 5
"""Calendar days of a working day, on average."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """When the delivery will be: the dates kept with 50 % and 80 %; mean and deviation in days from ``base``.

    ``counted``  a day and the share of the simulated runs that keep it, which is told rather than reckoned.
    """

    base: dt.date
    mean: float
    sd: float
    p50: dt.date
    p80: dt.date
    counted: tuple[dt.date, float] | None = None

    def kept(self, due: dt.date) -> float:
        """The chance that the delivery is on ``due`` or before."""
        if self.counted is not None and self.counted[0] == due:
            return self.counted[1]
        margin = (due - self.base).days + 0.5 - self.mean
        if self.sd <= 0:
            return 1.0 if margin >= 0 else 0.0
        return 0.5 * (1 + math.erf(margin / self.sd / math.sqrt(2)))

    def days_late(self, due: dt.date, extra: float = 0.0) -> float:
        """The days late to expect (0 where it is kept), with ``extra`` days on top."""
        margin = (due - self.base).days - self.mean - extra
        if self.sd <= 0:
            return max(0.0, -margin)
        z = -margin / self.sd
        density = math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
        return self.sd * density - margin * 0.5 * (1 + math.erf(z / math.sqrt(2)))


def outlook_of_plan(planned: dt.date, open_days: Sequence[float]) -> Outlook:
    """From the planned delivery and the open working days of each step of the critical path before it."""
    mean = (MEAN - 1) * sum(open_days) * CALENDAR_DAYS
    sd = SPREAD * math.sqrt(sum(days * days for days in open_days)) * CALENDAR_DAYS
    day = dt.timedelta(days=1)
    return Outlook(planned, mean, sd, planned + round(mean) * day, planned + math.ceil(mean + Z80 * sd - 0.5) * day)


def outlook_of_quantiles(p50: dt.date, p80: dt.date, counted: tuple[dt.date, float] | None = None) -> Outlook:
    """From two simulated dates and, where it is known, how many of the runs keep a day."""
    return Outlook(p50, 0.0, max(0, (p80 - p50).days) / Z80, p50, p80, counted)


@dataclass(frozen=True, slots=True)
class Stakes:
    """What being late costs on an order: ``damages`` percent of ``amount`` a day up to ``cap`` percent (the contract's
    or the usual), times the ``weight`` of the grade; a ``margin`` that comes late costs ``capital`` % a year."""

    amount: Decimal
    damages: Decimal
    cap: Decimal = Decimal(10)
    weight: Decimal = Decimal(1)
    margin: Decimal | None = None
    capital: Decimal = Decimal(8)

    def cost(self, days: float) -> Decimal:
        """Of being that many days late, in the company's currency."""
        if days <= 0:
            return Decimal(0)
        late = Decimal(str(round(days, 4)))
        penalty = self.amount * min(late * self.damages, self.cap) / 100
        waiting = max(Decimal(0), self.margin or Decimal(0)) * self.capital / 100 * late / 365
        return (penalty * self.weight + waiting).quantize(Decimal(1))
