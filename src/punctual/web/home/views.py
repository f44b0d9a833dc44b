"""Today: what waits for me, what is in danger, and all running orders on one axis."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final, cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from punctual.domain.orders.facts import check_settings
from punctual.domain.orders.life import RUNNING, Health
from punctual.domain.orders.models import Order, OrderState
from punctual.domain.orders.selectors import (
    by_due,
    counts_by_state,
    endangered,
    health_of,
    orders_of,
    signs_waiting_for,
)
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may
from punctual.platform.notifications.services import inbox_of
from punctual.web.home.portfolio import Bar, timeline
from punctual.web.orders import marks
from punctual.web.shell.panels import panels_of

IN_DANGER: Final = 8
ON_THE_AXIS: Final = 40
COUNTED: Final = (
    (OrderState.DRAFT, OrderState.QUOTED),
    (OrderState.IN_REVIEW,),
    (OrderState.CONFIRMED,),
    (OrderState.IN_PROGRESS, OrderState.PARTIALLY_DELIVERED),
    (OrderState.ON_HOLD,),
    (OrderState.DELIVERED, OrderState.ACCEPTED),
)


def home(request: HttpRequest) -> HttpResponse:
    """What waits for me."""
    actor = cast(User, request.user)
    today = timezone.localdate()
    context: dict[str, Any] = {
        "title": _("Today"),
        "today": today,
        "greeting": _greeting(actor),
        "inbox": inbox_of(actor).filter(read_at=None)[:5],
        "sees_orders": may(actor, "orders.view"),
        "panels": panels_of("home", request),
    }
    if context["sees_orders"]:
        context |= _orders(actor, today)
    return render(request, "home/home.html", context)


def _greeting(actor: User) -> str:
    hour = timezone.localtime().hour
    words = _("Good morning, %(name)s") if hour < 12 else _("Good day, %(name)s")
    return words % {"name": actor.name}


def _orders(actor: User, today: dt.date) -> dict[str, Any]:
    counts = counts_by_state(actor)
    tolerance = check_settings().at_risk_days
    rows = list(endangered(actor, today=today)[:100])
    shown = [
        {
            "order": order,
            "subject": marks.subject(order),
            "chip": marks.health_chip(order, today=today, at_risk_days=tolerance),
            "rail": marks.rail_of(order, width=180),
            "why": _why(order, today, tolerance),
        }
        for order in rows[:IN_DANGER]
    ]
    running = by_due(orders_of(actor).filter(state__in=RUNNING).select_related("customer")).order_by("due", "pk")
    bars = [bar for order in running[:ON_THE_AXIS] if (bar := _bar(order)) is not None]
    reviews = signs_waiting_for(actor)
    return {
        "counts": [_counter(states, counts) for states in COUNTED],
        "danger": shown,
        "danger_count": len(rows),
        "reviews": reviews[:6],
        "review_count": reviews.count(),
        "timeline": timeline(bars, today) if bars else "",
        "running": sum(counts.get(state, 0) for state in RUNNING),
    }


def _counter(states: tuple[OrderState, ...], counts: dict[str, int]) -> dict[str, Any]:
    icon, _css = marks.STATE_MARKS[states[0]]
    return {
        "label": " · ".join(str(state.label) for state in states),
        "icon": icon,
        "count": sum(counts.get(state, 0) for state in states),
        "url": f"/orders/?state={','.join(states)}",
    }


def _why(order: Order, today: dt.date, tolerance: int) -> str:
    """The cause in words, as far as dates tell it."""
    found = health_of(order, today=today, at_risk_days=tolerance)
    due = order.promised_date or order.requested_date
    if due is None:
        return ""
    if found is Health.OVERDUE:
        return _("%(days)s past the date") % {"days": _days((today - due).days)}
    if found is Health.LATE and order.planned_date:
        return _("the plan ends %(days)s after the date") % {"days": _days((order.planned_date - due).days)}
    if found is Health.AT_RISK and order.planned_date:
        left = (due - order.planned_date).days
        if left >= tolerance:
            return _("not begun although its latest start has passed")
        return _("only %(days)s between plan and date") % {"days": _days(left)}
    return ""


def _days(count: int) -> str:
    return ngettext("%(days)d day", "%(days)d days", count) % {"days": count}


def _bar(order: Order) -> Bar | None:
    end = order.planned_date or order.promised_date or order.requested_date
    begun = order.planned_start or (order.confirmed_at and timezone.localdate(order.confirmed_at))
    if end is None or begun is None:
        return None
    return Bar(
        url=f"/orders/{order.key}/",
        number=order.label,
        customer=str(order.customer or ""),
        start=min(begun, end),
        end=end,
        due=order.promised_date or order.requested_date,
        is_promised=order.promised_date is not None,
        progress=order.progress,
        state=str(order.get_state_display()),
    )
