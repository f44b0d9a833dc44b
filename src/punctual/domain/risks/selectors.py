"""What an actor may see of risks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db.models import Prefetch, Q, QuerySet

from punctual.domain.orders.models import Order
from punctual.domain.orders.selectors import orders_of
from punctual.domain.plans.models import Task
from punctual.domain.risks.life import LIVE
from punctual.domain.risks.models import Risk, RiskAnalysis, RiskResponse, TypicalRisk
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may
from punctual.platform.records import get_or_not_found


def risks_of(actor: User) -> QuerySet[Risk]:
    """Every risk of the company and of the orders that the actor may see."""
    if not may(actor, "risks.view"):
        return Risk.objects.none()
    return Risk.objects.filter(Q(order=None) | Q(order__in=orders_of(actor)))


def listed(actor: User) -> QuerySet[Risk]:
    """The same with what lists and rules read."""
    return (
        risks_of(actor)
        .select_related("order__customer", "owner")
        .prefetch_related(
            Prefetch("responses", RiskResponse.objects.select_related("owner", "action")),
            Prefetch("tasks", Task.objects.only("id", "plan_id", "wbs", "name").order_by("sequence")),
        )
    )


def risk_by_id(actor: User, pk: int) -> Risk:
    return get_or_not_found(listed(actor), pk=pk)


def risk_by_number(actor: User, number: str) -> Risk:
    return get_or_not_found(listed(actor), number__iexact=number)


def risks_on(actor: User, order: Order) -> QuerySet[Risk]:
    """The risks of one order, settled ones last."""
    return listed(actor).filter(order=order)


def live_risks(orders: Iterable[int]) -> QuerySet[Risk]:
    """What may still happen to these orders and act on named tasks; for computations, not for pages."""
    return (
        Risk.objects.filter(order_id__in=list(orders), state__in=LIVE, probability__gt=0, tasks__isnull=False)
        .distinct()
        .prefetch_related("tasks", "responses")
        .order_by("pk")
    )


def to_review(actor: User, *, today: dt.date) -> QuerySet[Risk]:
    """Live risks whose review is due."""
    return listed(actor).filter(state__in=LIVE, review_on__lte=today).order_by("review_on", "pk")


def latest_analysis(order: Order) -> RiskAnalysis | None:
    """The last simulation of an order that the actor has fetched."""
    return RiskAnalysis.objects.filter(order=order).order_by("-at", "-pk").first()


def typical_risks(actor: User, *, archived: bool = False) -> QuerySet[TypicalRisk]:
    rows = TypicalRisk.objects.select_related("family")
    if not may(actor, "risks.view"):
        return rows.none()
    return rows if archived else rows.filter(archived_at=None)


def typical_by_id(actor: User, pk: int) -> TypicalRisk:
    return get_or_not_found(typical_risks(actor, archived=True), pk=pk)
