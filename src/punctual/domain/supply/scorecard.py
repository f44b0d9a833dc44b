"""How suppliers keep their dates, from what has come: for the scorecard, for shortages, and for simulations."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import ceil
from typing import Final

from django.db.models import F, Sum

from punctual.domain.calendars.models import WorkingCalendar
from punctual.domain.calendars.selectors import working_days_between
from punctual.domain.supply.models import PurchaseLine, PurchaseState, Receipt

RECENT: Final = 8
FEWEST: Final = 3
LOOK_BACK: Final = dt.timedelta(days=540)


@dataclass(frozen=True, slots=True)
class Kept:
    """One line that has come completely: working days after (+) or before (−) the date first confirmed."""

    line_id: int
    received_on: dt.date
    days_late: int


@dataclass(frozen=True, slots=True)
class Lateness:
    """What a supplier's record says; ``days`` holds every delivery of the last year and a half, oldest first.

    ``mean`` of the days late (early counts as early), ``p80``: eight of ten deliveries were no later than this many
    days. Simulations draw from ``days``.
    """

    days: tuple[int, ...]

    @property
    def count(self) -> int:
        return len(self.days)

    @property
    def speaks(self) -> bool:
        """Whether there are enough deliveries to draw from."""
        return self.count >= FEWEST

    @property
    def mean(self) -> float | None:
        return sum(self.days) / len(self.days) if self.days else None

    @property
    def recent_mean(self) -> float | None:
        """Over the last eight deliveries."""
        last = self.days[-RECENT:]
        return sum(last) / len(last) if last else None

    @property
    def p80(self) -> int:
        """0 where nothing is known."""
        if not self.days:
            return 0
        return sorted(self.days)[ceil(0.8 * len(self.days)) - 1]

    @property
    def on_time_percent(self) -> int | None:
        return round(100 * sum(1 for one in self.days if one <= 0) / len(self.days)) if self.days else None


NOTHING: Final = Lateness(())


def lateness(supplier_ids: Iterable[int], *, today: dt.date) -> dict[int, Lateness]:
    """Supplier id → its record; suppliers without any delivery are left out."""
    calendar = WorkingCalendar.objects.filter(is_default=True).first()
    rows = (
        PurchaseLine.objects.filter(
            purchase_order__supplier_id__in=list(supplier_ids),
            received_on__isnull=False,
            received_on__gte=today - LOOK_BACK,
        )
        .order_by("received_on", "pk")
        .values_list("purchase_order__supplier_id", "received_on", "confirmed_date", "asked_date")
    )
    found: dict[int, list[int]] = defaultdict(list)
    for supplier, came, confirmed, asked in rows:
        due = confirmed or asked
        if due is not None and came is not None:
            found[supplier].append(working_days_between(calendar, due, came) if calendar else (came - due).days)
    return {supplier: Lateness(tuple(days)) for supplier, days in found.items()}


@dataclass(frozen=True, slots=True)
class Scorecard:
    """``rejected_percent`` of what came; ``open_lines`` still to come, ``overdue`` of them past their day."""

    lateness: Lateness
    rejected_percent: Decimal | None
    open_lines: int
    overdue: int
    revised: int


def scorecards(supplier_ids: Sequence[int], *, today: dt.date) -> Mapping[int, Scorecard]:
    """Everything the record of some suppliers holds, in four queries."""
    late = lateness(supplier_ids, today=today)
    came = {
        row["line__purchase_order__supplier_id"]: row
        for row in Receipt.objects.filter(line__purchase_order__supplier_id__in=supplier_ids)
        .values("line__purchase_order__supplier_id")
        .annotate(all=Sum("quantity"), bad=Sum("rejected"))
        .order_by()
    }
    running = [PurchaseState.SENT, PurchaseState.CONFIRMED, PurchaseState.PARTIALLY_RECEIVED]
    lines = PurchaseLine.objects.filter(
        purchase_order__supplier_id__in=supplier_ids, purchase_order__state__in=running, received__lt=F("quantity")
    ).values_list("purchase_order__supplier_id", "expected_date", "confirmed_date")
    coming: dict[int, list[tuple[dt.date | None, dt.date | None]]] = defaultdict(list)
    for supplier, expected, confirmed in lines:
        coming[supplier].append((expected, confirmed))
    cards = {}
    for supplier in supplier_ids:
        quantities = came.get(supplier)
        rejected = 100 * quantities["bad"] / quantities["all"] if quantities and quantities["all"] else None
        mine = coming[supplier]
        cards[supplier] = Scorecard(
            late.get(supplier, NOTHING),
            rejected,
            len(mine),
            sum(1 for expected, _ in mine if expected is not None and expected < today),
            sum(1 for expected, confirmed in mine if expected and confirmed and expected > confirmed),
        )
    return cards
