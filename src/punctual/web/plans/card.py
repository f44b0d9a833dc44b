"""The plan card of an order's page."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils.translation import gettext as _

from punctual.domain.plans.selectors import budget_by_kind, sees_budgets
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may
from punctual.web.plans.pictures import plan_picture
from punctual.web.plans.tables import days_late
from punctual.web.plans.views import plan_of_order


def plan_card(*, order_id: int, actor: User, today: dt.date) -> dict[str, Any] | None:
    """Context of ``plans/order_card.html`` (as ``card``); None when there is no plan that the actor may see."""
    plan = plan_of_order(actor, order_id)
    if plan is None:
        return None
    words = {"today": _("today"), "promised": _("Promised"), "requested": _("Requested")}
    return {
        "plan": plan,
        "picture": plan_picture(plan, today=today, words=words),
        "baseline": plan.baselines.order_by("-number").first(),
        "critical": plan.tasks.filter(is_critical=True, is_summary=False).count(),
        "days_late": days_late(plan),
        "budget": sum(budget_by_kind(plan).values()) if sees_budgets(actor) else None,
        "may_edit": may(actor, "plans.edit"),
    }
