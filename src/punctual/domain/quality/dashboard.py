"""Figures of quality over a period, each with what it is made of."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum

from punctual.domain.quality.life import JUDGED
from punctual.domain.quality.models import (
    CapaState,
    Cause,
    CorrectiveAction,
    CostKind,
    Inspection,
    InspectionState,
    Loss,
    Stage,
)
from punctual.domain.quality.selectors import capas_of, inspections_of, ncrs_of, stopping
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may


@dataclass(frozen=True, slots=True)
class Period:
    """Days from ``first`` to ``last``, both included."""

    first: dt.date
    last: dt.date

    @property
    def before(self) -> Period:
        """The period of the same length just before."""
        length = (self.last - self.first).days + 1
        return Period(self.first - dt.timedelta(days=length), self.first - dt.timedelta(days=1))


def period_of(days: int, *, today: dt.date) -> Period:
    return Period(today - dt.timedelta(days=days - 1), today)


def judged_in(actor: User, period: Period) -> QuerySet[Inspection]:
    return inspections_of(actor).filter(
        state__in=JUDGED, judged_at__date__gte=period.first, judged_at__date__lte=period.last
    )


def first_pass_yield(actor: User, period: Period) -> float | None:
    """Of the lots presented for the first time, the share accepted without deviation; None without any."""
    counted = (
        judged_in(actor, period)
        .filter(is_first=True)
        .aggregate(all=Count("pk"), good=Count("pk", filter=Q(state=InspectionState.ACCEPTED)))
    )
    return counted["good"] / counted["all"] if counted["all"] else None


def _ppm(bad: int | None, inspected: int | None) -> int | None:
    return round(1_000_000 * (bad or 0) / inspected) if inspected else None


def incoming_ppm(actor: User, period: Period) -> int | None:
    """Nonconforming units per million inspected, incoming lots."""
    sums = (
        judged_in(actor, period).filter(stage=Stage.IQC).aggregate(bad=Sum("nonconforming"), inspected=Sum("inspected"))
    )
    return _ppm(sums["bad"], sums["inspected"])


@dataclass(frozen=True, slots=True)
class PpmRow:
    key: Any
    name: str
    lots: int
    rejected: int
    inspected: int
    bad: int
    ppm: int | None


def ppm_by_supplier(actor: User, period: Period) -> list[PpmRow]:
    """The worst first."""
    rows = judged_in(actor, period).exclude(supplier=None)
    name = F("supplier__short_name")
    return _ppm_rows(rows.values(key=F("supplier_id"), name=name))


def ppm_by_product(actor: User, period: Period) -> list[PpmRow]:
    """By what was inspected: product model or material code."""
    return _ppm_rows(judged_in(actor, period).exclude(item_key="").values(key=F("item_key"), name=F("item_name")))


def record_of(actor: User, period: Period, **narrow: object) -> PpmRow:
    """The same sums over the lots that ``narrow`` names: of a supplier, of an item."""
    found = _ppm_rows(judged_in(actor, period).filter(**narrow).values(key=F("stage"), name=F("stage")))
    inspected, bad = sum(row.inspected for row in found), sum(row.bad for row in found)
    lots, rejected = sum(row.lots for row in found), sum(row.rejected for row in found)
    return PpmRow("", "", lots, rejected, inspected, bad, _ppm(bad, inspected))


def _ppm_rows(grouped: Any) -> list[PpmRow]:
    rows = grouped.annotate(
        lots=Count("pk"),
        rejected=Count("pk", filter=Q(state__in=[InspectionState.REJECTED, InspectionState.DEVIATED])),
        units=Sum("inspected"),
        bad=Sum("nonconforming"),
    ).order_by()
    found = [
        PpmRow(
            row["key"],
            row["name"],
            row["lots"],
            row["rejected"],
            row["units"],
            row["bad"],
            _ppm(row["bad"], row["units"]),
        )
        for row in rows
    ]
    return sorted(found, key=lambda row: (-(row.ppm or 0), str(row.name)))


@dataclass(frozen=True, slots=True)
class ParetoRow:
    """``share`` is the running share of the count, in percent."""

    cause: str
    label: str
    count: int
    days: int
    cost: Decimal
    share: float


def pareto(actor: User, period: Period) -> list[ParetoRow]:
    """Nonconformities by cause, the most frequent first."""
    grouped = (
        ncrs_of(actor)
        .filter(found_at__date__gte=period.first, found_at__date__lte=period.last)
        .exclude(state="cancelled")
        .values("cause")
        .annotate(n=Count("pk"), days=Sum("days_lost"), cost=Sum("cost"))
        .order_by("-n", "cause")
    )
    words = dict(Cause.choices)
    rows = list(grouped)
    total, running, found = sum(row["n"] for row in rows), 0, []
    for row in rows:
        running += row["n"]
        label = str(words.get(row["cause"], ""))
        found.append(
            ParetoRow(row["cause"], label, row["n"], row["days"] or 0, row["cost"] or Decimal(0), 100 * running / total)
        )
    return found


@dataclass(frozen=True, slots=True)
class CostRow:
    kind: str
    label: str
    amount: Decimal
    days: int


def losses_of(actor: User) -> QuerySet[Loss]:
    """What was booked; nothing for those who may not see it."""
    if not may(actor, "quality.see_cost"):
        return Loss.objects.none()
    return Loss.objects.select_related("ncr", "order", "supplier", "by")


def losses_in(actor: User, period: Period) -> QuerySet[Loss]:
    """What was booked in a period."""
    return losses_of(actor).filter(booked_on__gte=period.first, booked_on__lte=period.last)


def cost_of_quality(actor: User, period: Period) -> list[CostRow]:
    """Money and days by the four kinds, all four always."""
    sums: dict[str, dict[str, Any]] = {
        row["kind"]: dict(row)
        for row in losses_in(actor, period).values("kind").annotate(sum=Sum("amount"), lost=Sum("days")).order_by()
    }
    return [
        CostRow(
            kind,
            str(label),
            sums.get(kind, {}).get("sum") or Decimal(0),
            sums.get(kind, {}).get("lost") or 0,
        )
        for kind, label in CostKind.choices
    ]


@dataclass(frozen=True, slots=True)
class CapaAge:
    """An open report: its age in days, the step that is next, and how many days that is late (negative = early)."""

    capa: CorrectiveAction
    age: int
    step: int | None
    due: dt.date | None
    late: int


def capa_ages(actor: User, *, today: dt.date) -> list[CapaAge]:
    """Open 8D reports, the latest first."""
    found = []
    rows = capas_of(actor).filter(state__in=[CapaState.OPEN, CapaState.CHECKING]).prefetch_related("disciplines")
    for capa in rows:
        step = next((one for one in capa.disciplines.all() if one.done_at is None), None)
        due = step.due if step else capa.check_on
        late = (today - due).days if due else 0
        found.append(CapaAge(capa, (today - capa.opened_on).days, step.number if step else None, due, late))
    return sorted(found, key=lambda one: -one.late)


@dataclass(frozen=True, slots=True)
class Figures:
    """The head of the workbench."""

    lots: int
    fpy: float | None
    fpy_before: float | None
    ppm: int | None
    ppm_before: int | None
    cost: Decimal | None
    internal_share: float | None
    open_ncrs: int
    stopping: int
    late_capas: int


def figures(actor: User, period: Period, *, costs: Sequence[CostRow], ages: Sequence[CapaAge]) -> Figures:
    """One figure each, with the period before to compare with; ``costs`` of the period, ``ages`` as of today."""
    total = sum((row.amount for row in costs), Decimal(0))
    failures = sum((row.amount for row in costs if row.kind in ("internal", "external")), Decimal(0))
    unsettled = ncrs_of(actor).exclude(state__in=["closed", "cancelled"])
    return Figures(
        lots=judged_in(actor, period).count(),
        fpy=first_pass_yield(actor, period),
        fpy_before=first_pass_yield(actor, period.before),
        ppm=incoming_ppm(actor, period),
        ppm_before=incoming_ppm(actor, period.before),
        cost=total if may(actor, "quality.see_cost") else None,
        internal_share=float(failures / total) if total else None,
        open_ncrs=unsettled.count(),
        stopping=stopping(unsettled).count(),
        late_capas=sum(1 for one in ages if one.late > 0),
    )


def recent_by_item(suppliers: list[int]) -> dict[tuple[int, str], tuple[int, int]]:
    """Rejected and judged of the last ten lots of each item of a supplier."""
    found: dict[tuple[int, str], list[bool]] = defaultdict(list)
    rows = Inspection.objects.filter(supplier_id__in=suppliers, state__in=JUDGED, is_first=True).order_by("-judged_at")
    for supplier, item, state in rows.values_list("supplier_id", "item_key", "state")[:2000]:
        if supplier is not None and len(found[supplier, item]) < 10:
            found[supplier, item].append(state != InspectionState.ACCEPTED)
    return {key: (sum(bad), len(bad)) for key, bad in found.items()}
