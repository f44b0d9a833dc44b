"""Quality on the pages of others: the order's page."""

from __future__ import annotations

from typing import Any, cast

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from punctual.domain.orders.models import Order
from punctual.domain.quality.gates import all_gates
from punctual.domain.quality.models import PointState
from punctual.domain.quality.selectors import listed_ncrs, quality_plans_of, uncovered_standards
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
