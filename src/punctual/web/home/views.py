"""Today: what needs my decision, what changed, and all running orders on one axis; for the shop floor, my tasks."""

from __future__ import annotations

from typing import Any, Final, cast

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from punctual.domain.orders.life import RUNNING
from punctual.domain.orders.models import Order
from punctual.domain.orders.selectors import by_due, orders_of
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may, require
from punctual.web.home.morning import morning, seen_all
from punctual.web.home.portfolio import DESK, PHONE, Bar, timeline
from punctual.web.monitoring.tasks import my_task_page
from punctual.web.shell.panels import panels_of

ON_THE_AXIS: Final = 40


def home(request: HttpRequest) -> HttpResponse:
    """The first page of the day."""
    actor = cast(User, request.user)
    if not may(actor, "orders.view"):
        return my_task_page(request)
    today = timezone.localdate()
    context: dict[str, Any] = {
        "title": _("Today"),
        "today": today,
        "week": today.isocalendar().week,
        "greeting": _greeting(actor),
        "panels": panels_of("home", request),
        **morning(request, actor, today),
        **_room(actor),
    }
    return render(request, "home/home.html", context)


def running_orders(request: HttpRequest) -> HttpResponse:
    """The running orders on one axis, which come after the page."""
    actor, today = cast(User, request.user), timezone.localdate()
    require(actor, "orders.view")
    bars = [bar for order in _on_the_axis(actor) if (bar := _bar(order)) is not None]
    drawn = [("hide-ph", timeline(bars, today)), ("only-ph", timeline(bars, today, PHONE))] if bars else []
    return render(request, "home/timeline.html", {"timelines": drawn})


@require_POST
def all_read(request: HttpRequest) -> HttpResponse:
    """What is only for information has been read."""
    seen_all(cast(User, request.user))
    return redirect("home")


def _greeting(actor: User) -> str:
    hour = timezone.localtime().hour
    words = _("Good morning, %(name)s") if hour < 12 else _("Good day, %(name)s")
    return words % {"name": actor.name}


def _room(actor: User) -> dict[str, Any]:
    """How large the drawing will be, so that nothing jumps when it comes."""
    running = orders_of(actor).filter(state__in=RUNNING).count()
    rows = min(running, ON_THE_AXIS)
    return {
        "running": running,
        "rooms": [(where, shape.width, shape.height(rows)) for where, shape in (("hide-ph", DESK), ("only-ph", PHONE))],
    }


def _on_the_axis(actor: User) -> QuerySet[Order]:
    running = by_due(orders_of(actor).filter(state__in=RUNNING).select_related("customer"))
    return running.order_by("due", "pk")[:ON_THE_AXIS]


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
