"""What customer care adds to the pages of orders and customers."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from punctual.domain.customer_relations import selectors
from punctual.domain.customer_relations.life import RUNNING
from punctual.domain.customer_relations.models import MeetingState
from punctual.domain.orders.models import Order, OrderState
from punctual.domain.orders.selectors import orders_of
from punctual.domain.parties.models import Customer
from punctual.kernel.money import BASE
from punctual.platform.accounts.permissions import may
from punctual.platform.company.rates import Total, rates
from punctual.web.master.pages import actor_of
from punctual.web.relations import clocks
from punctual.web.shell.panels import register_panel

SHOWN = 6
BOOKED = (
    OrderState.CONFIRMED,
    OrderState.IN_PROGRESS,
    OrderState.PARTIALLY_DELIVERED,
    OrderState.DELIVERED,
    OrderState.ACCEPTED,
    OrderState.CLOSED,
    OrderState.ON_HOLD,
)


def _requests(request: HttpRequest, **narrow: object) -> dict[str, Any]:
    actor, now = actor_of(request), timezone.now()
    rows = selectors.listed_requests(actor).filter(**narrow)
    running = list(rows.filter(state__in=RUNNING)[:SHOWN])
    settled = list(rows.exclude(state__in=RUNNING).order_by("-received_at")[: max(2, SHOWN - len(running))])
    calendar = selectors.shared_calendar(now)
    return {
        "request_rows": [(one, clocks.chip_of(one, now=now, calendar=calendar)) for one in [*running, *settled]],
        "request_count": rows.count(),
        "tab_count": rows.filter(state__in=RUNNING).count() or "",
        "may_record": may(actor, "requests.change"),
    }


def _of_order(request: HttpRequest, order: Order) -> dict[str, Any] | None:
    if not order.number or order.customer_id is None:
        return None
    actor = actor_of(request)
    meetings = selectors.meetings_of(actor).filter(
        Q(series__order=order) | Q(series__order=None, series__customer=order.customer_id)
    )
    coming = meetings.filter(state__in=[MeetingState.PLANNED, MeetingState.RUNNING]).order_by("starts_at").first()
    asked = list(selectors.surveys_of(actor).filter(order=order)[:SHOWN])
    return {
        **_requests(request, order=order),
        "coming": coming,
        "may_meet": may(actor, "meetings.change"),
        "surveys": asked,
    }


def _of_customer(request: HttpRequest, found: Customer) -> dict[str, Any]:
    """Orders kept, requests, meetings, feedback, turnover: one look."""
    actor, today = actor_of(request), timezone.localdate()
    orders = orders_of(actor).filter(customer=found)
    due = orders.filter(actual_date__isnull=False, promised_date__isnull=False)
    counts = due.aggregate(all=Count("pk"), kept=Count("pk", filter=Q(actual_date__lte=F("promised_date"))))
    answered = selectors.requests_of(actor).filter(customer=found, response_used__isnull=False)
    quick = answered.aggregate(all=Count("pk"), kept=Count("pk", filter=Q(response_used__lte=F("response_minutes"))))
    surveys = list(selectors.surveys_of(actor).filter(customer=found)[:4])
    meetings = list(selectors.meetings_of(actor).filter(series__customer=found).order_by("-starts_at")[:4])
    return {
        **_requests(request, customer=found),
        "promised": counts["all"],
        "kept_share": round(100 * counts["kept"] / counts["all"]) if counts["all"] else None,
        "quick_share": round(100 * quick["kept"] / quick["all"]) if quick["all"] else None,
        "answered": quick["all"],
        "satisfaction": selectors.satisfaction_of(actor, found),
        "turnover": _turnover(orders),
        "base": BASE,
        "running_orders": orders.filter(state__in=[OrderState.CONFIRMED, OrderState.IN_PROGRESS]).count(),
        "surveys": surveys,
        "meetings": meetings,
        "today": today,
        "may_meet": may(actor, "meetings.change"),
        "may_show": may(actor, "tracking.change"),
    }


def _turnover(orders: QuerySet[Order]) -> Total:
    """What was confirmed within a year, each order at the rate of its own day."""
    year_ago = timezone.now() - dt.timedelta(days=365)
    booked = orders.filter(state__in=BOOKED, confirmed_at__gte=year_ago)
    kept, amount = rates(), Decimal(0)
    missing: set[str] = set()
    for value, currency, moment in booked.values_list("total_amount", "currency", "confirmed_at"):
        found = kept.in_base(value, currency, timezone.localtime(moment).date())
        if found is None:
            missing.add(currency)
        else:
            amount += found
    return Total(amount, tuple(sorted(missing)))


MEETINGS_AHEAD = 4


def _meetings_ahead(request: HttpRequest, _home: object) -> dict[str, Any] | None:
    """The reader's meetings of today and the week to come; their packs are there already."""
    actor, today = actor_of(request), timezone.localdate()
    begin = timezone.make_aware(dt.datetime.combine(today, dt.time.min))
    mine = selectors.meetings_of(actor).filter(Q(series__owner=actor) | Q(attendees__user=actor))
    coming = mine.filter(
        state__in=[MeetingState.PLANNED, MeetingState.RUNNING],
        starts_at__gte=begin,
        starts_at__lt=begin + dt.timedelta(days=7),
    )
    found = list(coming.distinct().order_by("starts_at", "pk")[:MEETINGS_AHEAD])
    return {"meetings_ahead": found, "meeting_day": today} if found else None


register_panel(
    "home",
    "meetings_ahead",
    order=200,
    place="side",
    template="relations/meetings_ahead.html",
    context_function=_meetings_ahead,
    permission="meetings.view",
)
register_panel(
    "order",
    "requests",
    order=600,
    place="half",
    template="relations/order_panel.html",
    context_function=_of_order,
    permission="requests.view",
    label=_("Requests"),
    style="css/relations.css",
)
register_panel(
    "customer",
    "relations",
    order=50,
    place="main",
    template="relations/customer_panel.html",
    context_function=_of_customer,
    permission="requests.view",
    style="css/relations.css",
)
