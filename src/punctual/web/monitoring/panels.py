"""What monitoring adds to an order's page: its warnings and the ways to act."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy

from punctual.domain.monitoring.models import NoticeState, RecoveryRun, RecoveryState
from punctual.domain.monitoring.selectors import notices_of, open_warnings, overrides_on
from punctual.domain.orders.facts import check_settings
from punctual.domain.orders.life import RUNNING, Health
from punctual.domain.orders.models import Order
from punctual.domain.orders.selectors import health_of
from punctual.platform.accounts.permissions import may
from punctual.web.monitoring.tasks import actor_of
from punctual.web.monitoring.wording import shown
from punctual.web.shell.panels import register_panel


def watch_panel(request: HttpRequest, order: Order) -> dict[str, Any] | None:
    """Warnings, why, override of health and links to figures; nothing for an order that does not run."""
    if order.state not in RUNNING:
        return None
    actor, today = actor_of(request), timezone.localdate()
    rows = [shown(one) for one in open_warnings(actor, today=today).filter(order=order)[:8]]
    return {
        "tab_count": len(rows),
        "watch_rows": rows,
        "override": overrides_on(today).get(order.pk),
        "may_override": may(actor, "health.override"),
        "sees_costs": may(actor, "costs.view"),
        "may_recover": may(actor, "recovery.view"),
        "watch_today": today,
        "applied": RecoveryRun.objects.filter(order=order, state=RecoveryState.APPLIED).order_by("-pk").first(),
        "open_notices": notices_of(actor)
        .filter(order=order, state=NoticeState.SENT, acknowledgements__at=None)
        .distinct()
        .count(),
    }


register_panel(
    "order",
    "watch",
    order=50,
    place="main",
    template="monitoring/order_panel.html",
    context_function=watch_panel,
    permission="warnings.view",
    label=gettext_lazy("Watch"),
    style="css/monitoring.css",
)


def _ways_out(request: HttpRequest, order: Order) -> dict[str, Any] | None:
    """The way to repair an order that is in danger, first among what can be done with it."""
    found = health_of(order, today=timezone.localdate(), at_risk_days=check_settings().at_risk_days)
    return {} if found in (Health.OVERDUE, Health.LATE, Health.AT_RISK) else None


register_panel(
    "order",
    "recover-button",
    order=300,
    place="actions",
    template="monitoring/order_button.html",
    context_function=_ways_out,
    permission="recovery.view",
)
