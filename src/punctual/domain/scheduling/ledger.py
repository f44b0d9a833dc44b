"""How well promises are kept: against the first and the last date told, and how often dates change, for what cause."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, QuerySet

from punctual.domain.orders.models import OrderLine
from punctual.domain.scheduling.models import Promise


@dataclass(frozen=True, slots=True)
class Kept:
    """``delivered`` lines with a promise within the last year; percents of them; ``churn`` changes a promised line."""

    delivered: int
    first_percent: int | None
    last_percent: int | None
    lines: int
    churn: float


def kept(today: dt.date, *, days: int = 365) -> Kept:
    """OTD against the first and the last promise of every line delivered within ``days``."""
    first: dict[tuple[int, int], dt.date] = {}
    last: dict[tuple[int, int], dt.date] = {}
    changes = 0
    rows = Promise.objects.order_by("order", "line_no", "number").values_list("order_id", "line_no", "date", "before")
    for order, line, date, before in rows:
        first.setdefault((order, line), date)
        last[order, line] = date
        changes += before is not None
    since = today - dt.timedelta(days=days)
    delivered = OrderLine.objects.filter(actual_date__gte=since).values_list("order_id", "line_no", "actual_date")
    found = [((order, line), day) for order, line, day in delivered if (order, line) in first and day is not None]
    return Kept(
        delivered=len(found),
        first_percent=_percent(sum(day <= first[key] for key, day in found), len(found)),
        last_percent=_percent(sum(day <= last[key] for key, day in found), len(found)),
        lines=len(first),
        churn=round(changes / len(first), 2) if first else 0.0,
    )


def _percent(part: int, whole: int) -> int | None:
    return round(100 * part / whole) if whole else None


def churn_by(field: str, rows: QuerySet[Any]) -> list[tuple[str, int, int]]:
    """(value, changes, mean days later) of changed promises, the most changed first."""
    changed = rows.order_by().exclude(before=None).values(value=F(field)).annotate(n=Count("pk"))
    days: dict[str, list[int]] = defaultdict(list)
    for value, date, before in rows.order_by().exclude(before=None).values_list(field, "date", "before"):
        days[value or ""].append((date - before).days)
    found = [(one["value"] or "", one["n"]) for one in changed]
    return sorted(
        ((value, n, round(sum(days[value]) / len(days[value]))) for value, n in found),
        key=lambda row: (-row[1], row[0]),
    )


@dataclass(frozen=True, slots=True)
class Reliability:
    """Promises whose probability was in a band, and what share of them was kept."""

    band: str
    said: float
    promises: int
    percent: int | None


BANDS = ((95, 100), (85, 94), (75, 84), (65, 74), (50, 64), (0, 49))


def reliability(today: dt.date) -> list[Reliability]:
    """Of the promises made with a probability whose day has passed or whose line is delivered: how many were kept."""
    actual = {
        (order, line): day
        for order, line, day in OrderLine.objects.exclude(actual_date=None).values_list(
            "order_id", "line_no", "actual_date"
        )
    }
    rows = Promise.objects.exclude(probability=None).values_list("order_id", "line_no", "date", "probability")
    judged: list[tuple[int, bool]] = []
    for order, line, date, percent in rows:
        day = actual.get((order, line))
        if percent is not None and (day is not None or date < today):
            judged.append((percent, day is not None and day <= date))
    found = []
    for low, high in BANDS:
        inside = [(percent, good) for percent, good in judged if low <= percent <= high]
        said = sum(percent for percent, _good in inside) / len(inside) if inside else (low + high) / 2
        found.append(
            Reliability(
                f"{low}–{high}%", round(said), len(inside), _percent(sum(good for _p, good in inside), len(inside))
            )
        )
    return found
