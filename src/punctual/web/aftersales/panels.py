"""What service adds to the order's page once something is delivered."""

from __future__ import annotations

from typing import Any

from django.db.models import Case, When
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from punctual.domain.aftersales import selectors
from punctual.domain.aftersales.life import OPEN_CASES
from punctual.domain.aftersales.services.warranties import DELIVERED, months_of
from punctual.domain.customer_relations.life import RUNNING
from punctual.domain.customer_relations.models import RequestKind
from punctual.domain.customer_relations.selectors import listed_requests, shared_calendar
from punctual.domain.orders.models import Order
from punctual.domain.parties.models import Customer
from punctual.platform.accounts.permissions import may
from punctual.web.aftersales.forms import engineers
from punctual.web.aftersales.lists import state_cell
from punctual.web.master.pages import actor_of
from punctual.web.relations import clocks
from punctual.web.shell.panels import register_panel


def _of_order(request: HttpRequest, order: Order) -> dict[str, Any] | None:
    if order.state not in DELIVERED:
        return None
    actor = actor_of(request)
    changing = may(actor, "service.change")
    lines = order.lines.select_related("product").order_by("line_no")
    return {
        "warranties": list(selectors.warranties_of(actor).filter(order_line__order=order)[:12]),
        "cases": list(selectors.cases_of(actor).filter(order=order)[:6]),
        "visits": list(selectors.visits_of(actor).filter(order=order, cancelled_at=None)[:6]),
        "today": timezone.localdate(),
        "may_serve": changing,
        "engineers": engineers() if changing else [],
        "warranty_lines": [(line, months_of(line)) for line in lines[:30]] if changing else [],
        "may_plan": order.state in ("accepted", "closed") and not selectors.has_return_visits(order),
    }


CLAIMS = 5


def _of_customer(request: HttpRequest, found: Customer) -> dict[str, Any]:
    """What the customer holds against us: complaints and service cases, the open ones first."""
    actor, now = actor_of(request), timezone.now()
    complaints = listed_requests(actor).filter(customer=found, kind=RequestKind.COMPLAINT).exclude(state="merged")
    running = Case(When(state__in=RUNNING, then=0), default=1)
    cases = selectors.cases_of(actor).filter(customer=found)
    open_first = Case(When(state__in=OPEN_CASES, then=0), default=1)
    calendar = shared_calendar(now)
    return {
        "complaints": [
            (one, clocks.chip_of(one, now=now, calendar=calendar))
            for one in complaints.order_by(running, "-received_at")[:CLAIMS]
        ],
        "customer_cases": [(one, state_cell(one)) for one in cases.order_by(open_first, "-pk")[:CLAIMS]],
        "complaint_count": complaints.count(),
        "case_count": cases.count(),
    }


register_panel(
    "customer",
    "claims",
    order=110,
    template="aftersales/customer_panel.html",
    context_function=_of_customer,
    permission="service.view",
    style="css/relations.css",
)
register_panel(
    "order",
    "aftersales",
    order=700,
    place="half",
    template="aftersales/order_panel.html",
    context_function=_of_order,
    permission="service.view",
    label=_("After-sales"),
    style="css/relations.css",
)
