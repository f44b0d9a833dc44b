"""Quality on the pages of others: orders, suppliers, products and customers."""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import quote

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from punctual.domain.catalog.models import Product
from punctual.domain.orders.models import Order
from punctual.domain.parties.models import Customer, Supplier
from punctual.domain.quality.dashboard import period_of, record_of
from punctual.domain.quality.gates import all_gates
from punctual.domain.quality.life import UNSETTLED
from punctual.domain.quality.models import CapaState, Nonconformity, PointState
from punctual.domain.quality.selectors import (
    capas_of,
    listed_ncrs,
    quality_plans_of,
    severities_of,
    uncovered_standards,
)
from punctual.domain.quality.services.switching import word_of
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may
from punctual.web.quality import marks
from punctual.web.shell.panels import register_panel

MOST_NCRS = 5


def quality_of_order(request: HttpRequest, order: Order) -> dict[str, Any] | None:
    """Gates, points passed, nonconformities and what they cost; nothing while there is no quality plan."""
    actor = cast(User, request.user)
    plan = quality_plans_of(actor).filter(order=order).first()
    ncrs = listed_ncrs(actor).filter(order=order)
    shown = list(ncrs.order_by("-id")[:MOST_NCRS])
    if plan is None and not shown:
        return None
    gates = all_gates(order)
    states = list(plan.points.values_list("state", flat=True)) if plan else []
    return {
        "quality_plan": plan,
        "gates": gates,
        "ncrs": [(one, marks.ncr_chip(one)) for one in shown],
        "passed": states.count(PointState.PASSED),
        "points": len(states),
        "uncovered": uncovered_standards(order).count(),
        "days_lost": sum(one.days_lost for one in shown),
        "may_concede": may(actor, "quality.concede"),
        "tab_count": sum(1 for one in gates if one.is_open) or "",
    }


def _record(request: HttpRequest, ncrs: QuerySet[Nonconformity], query: str, **lots: object) -> dict[str, Any]:
    """Nonconformities that are not settled, and what a year of lots gave."""
    actor, today = cast(User, request.user), timezone.localdate()
    unsettled = ncrs.filter(state__in=UNSETTLED).order_by("-id")
    year = period_of(365, today=today)
    return {
        "quality_query": query,
        "record": record_of(actor, year, **lots) if lots else None,
        "ncrs": [(one, marks.ncr_chip(one)) for one in unsettled[:MOST_NCRS]],
        "unsettled": unsettled.count(),
        "year_count": ncrs.filter(found_at__date__gte=year.first).exclude(state="cancelled").count(),
        "tab_count": unsettled.count() or "",
    }


def quality_of_supplier(request: HttpRequest, supplier: Supplier) -> dict[str, Any]:
    """How its lots did, how strictly they are inspected, which reports it owes."""
    actor = cast(User, request.user)
    severities = severities_of(actor).filter(supplier=supplier)
    capas = capas_of(actor).filter(supplier=supplier, state__in=[CapaState.OPEN, CapaState.CHECKING])
    query = f"supplier={supplier.pk}"
    return _record(request, listed_ncrs(actor).filter(supplier=supplier), query, supplier=supplier) | {
        "severities": [(one, marks.severity_chip(word_of(one))) for one in severities],
        "capas": [(one, marks.capa_chip(one)) for one in capas],
    }


def quality_of_product(request: HttpRequest, product: Product) -> dict[str, Any]:
    """How its lots did at every stage."""
    actor = cast(User, request.user)
    ncrs = listed_ncrs(actor).filter(Q(product=product) | Q(item_key=product.model))
    return _record(request, ncrs, f"item={quote(product.model)}", item_key=product.model)


def quality_of_customer(request: HttpRequest, customer: Customer) -> dict[str, Any] | None:
    """What did not conform on its orders, complaints among it."""
    actor = cast(User, request.user)
    found = _record(request, listed_ncrs(actor).filter(order__customer=customer), "")
    return found if found["year_count"] or found["unsettled"] else None


for _page, _reads in (
    ("supplier", quality_of_supplier),
    ("product", quality_of_product),
    ("customer", quality_of_customer),
):
    register_panel(
        _page,
        "quality",
        order=200,
        template="quality/record_panel.html",
        context_function=_reads,
        permission="quality.view",
        style="css/quality.css",
    )

register_panel(
    "order",
    "quality",
    order=400,
    template="quality/order_panel.html",
    context_function=quality_of_order,
    permission="quality.view",
    place="half",
    label=_("Quality"),
    style="css/quality.css",
)
