"""What is wrong with hours and money before they are written, and what an order will have cost in the end."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from punctual.kernel.refusal import Reason
from punctual.kernel.wording import N_

MOST_HOURS = Decimal(24)
ZERO = Decimal(0)


def reasons_against_time(
    *, hours: Decimal | None, day: dt.date, today: dt.date, booked: Decimal = ZERO
) -> list[Reason]:
    """Every reason against booking ``hours`` on ``day``, where ``booked`` are booked already."""
    reasons = []
    if hours is None or hours <= 0 or booked + hours > MOST_HOURS:
        reasons.append(
            Reason(
                "time.hours",
                N_("A day has 24 hours; %(hours)s can't be booked beside the %(booked)s that are."),
                {"hours": str(hours if hours is not None else "—"), "booked": f"{booked:.2f}"},
                field="hours",
            )
        )
    if day > today:
        reasons.append(
            Reason("time.future", N_("%(day)s has not come yet; book it then."), {"day": day.isoformat()}, field="day")
        )
    return reasons


def reasons_against_money(*, amount: Decimal | None, subject: str, kind: str, kinds: list[str]) -> list[Reason]:
    """Every reason against an expense or commitment."""
    reasons = []
    if amount is None or amount == 0 or abs(amount) >= Decimal(10) ** 14:
        reasons.append(Reason("cost.amount", N_("Give an amount other than zero."), field="amount"))
    if not subject.strip() or len(subject.strip()) > 200:
        reasons.append(Reason("cost.subject", N_("Say in 1 to 200 characters what it is for."), field="subject"))
    if kind not in kinds:
        reasons.append(Reason("cost.kind", N_("Choose a kind of cost."), field="kind"))
    return reasons


@dataclass(frozen=True, slots=True)
class CostRow:
    """Money of one kind: ``budget``, ``actual`` spent, ``committed`` and not yet invoiced."""

    kind: str
    budget: Decimal
    actual: Decimal
    committed: Decimal
    to_come: Decimal

    @property
    def forecast(self) -> Decimal:
        """At completion."""
        return self.actual + self.committed + self.to_come

    @property
    def variance(self) -> Decimal:
        """Positive: less than the budget."""
        return self.budget - self.forecast

    @property
    def used_percent(self) -> int | None:
        """Spent and committed, percent of the budget; None without a budget."""
        return int(100 * (self.actual + self.committed) / self.budget) if self.budget else None


def cost_row(kind: str, *, budget: Decimal, actual: Decimal, committed: Decimal, progress: int) -> CostRow:
    """What is still to come: of labour, the open work at the cost that the done work has had; of bought things, what
    the budget still holds. Nothing once all work is done."""
    if progress >= 100:
        to_come = ZERO
    elif kind == "labour":
        done = budget * progress / 100
        factor = actual / done if done and actual else Decimal(1)
        to_come = (budget - done) * factor
    else:
        to_come = max(ZERO, budget - actual - committed)
    return CostRow(kind, budget, actual, committed, to_come.quantize(Decimal("0.01")))
