"""The risks of an order on its page."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from punctual.domain.orders.models import Order, OrderState
from punctual.domain.risks.facts import matrix
from punctual.domain.risks.life import LIVE
from punctual.domain.risks.selectors import latest_analysis, risks_on
from punctual.web.master.pages import actor_of
from punctual.web.risks.marks import level_chip
from punctual.web.shell.panels import register_panel

SHOWN = 5


def _risks(request: HttpRequest, order: Order) -> dict[str, Any] | None:
    if order.state == OrderState.DRAFT:
        return None
    live = [one for one in risks_on(actor_of(request), order) if one.state in LIVE]
    analysis = latest_analysis(order)
    days = analysis.result["risks"] if analysis else {}
    live.sort(key=lambda one: (-days.get(str(one.pk), {}).get("days", -1.0), one.pk))
    shown = matrix()
    return {
        "risk_rows": [(one, level_chip(one, shown), days.get(str(one.pk))) for one in live[:SHOWN]],
        "risk_result": analysis.result if analysis else None,
        "tab_count": len(live),
    }


register_panel(
    "order",
    "risks",
    order=300,
    place="half",
    template="risks/order_panel.html",
    context_function=_risks,
    permission="risks.view",
    label=_("Risks"),
    style="css/risks.css",
)
