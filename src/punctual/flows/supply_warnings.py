"""Material that stops the work, as early warnings: a purchase that comes late, and what nobody has ordered in time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

from django.urls import reverse

from punctual.domain.monitoring.sources import Found, declare, register
from punctual.domain.supply.models import Shortage, ShortageState
from punctual.kernel.quantity import plain
from punctual.kernel.wording import N_


def late_material(order_ids: Sequence[int] | None, today: dt.date) -> Iterator[Found]:
    """One finding a requirement that stops the work; it ends when the material comes in time after all."""
    rows = Shortage.objects.filter(state=ShortageState.STOPS).select_related(
        "requirement__material", "requirement__order", "requirement__task", "purchase_line__purchase_order__supplier"
    )
    if order_ids is not None:
        rows = rows.filter(requirement__order_id__in=order_ids)
    for row in rows:
        need, line = row.requirement, row.purchase_line
        facts = {
            "material": str(need.material),
            "short": f"{plain(row.short)} {need.material.unit}",
            "day": row.arrives.isoformat() if row.arrives else "—",
            "needed": need.needed_by.isoformat() if need.needed_by else "—",
            "late": row.days_late,
            "task": str(need.task or ""),
        }
        kind = "shortage"
        if line is not None:
            kind = "purchase_late"
            order = line.purchase_order
            facts |= {"purchase": order.number, "supplier": str(order.supplier)}
        yield Found(
            key=f"shortage:{need.pk}",
            kind=kind,
            order_id=need.order_id,
            task_id=need.task_id,
            subject=("material", need.material_id),
            url=f"{reverse('shortages')}?order={need.order.key}&show={row.pk}",
            facts=facts,
            cost=row.damages,
        )


def listen() -> None:
    """Say how these warnings look, and feed them; called once when the programme starts."""
    declare(
        "purchase_late",
        icon="truck-delivery",
        label=N_("Purchase late"),
        sentence=N_(
            "%(purchase)s from %(supplier)s brings %(material)s on %(day)s; “%(task)s” needs it on %(needed)s and"
            " begins %(late)s working days late."
        ),
        action=N_("Ways out"),
    )
    declare(
        "shortage",
        icon="package-off",
        label=N_("Shortage"),
        sentence=N_(
            "%(short)s of %(material)s are not ordered; “%(task)s” needs them on %(needed)s, they come on %(day)s at"
            " the earliest."
        ),
        action=N_("Ways out"),
    )
    register("supply", late_material)
