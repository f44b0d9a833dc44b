"""The customer's page, seen from our side: on the order's page."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from punctual.domain.customer_relations.services.tracking import links_of, wants_of
from punctual.domain.orders.models import Order
from punctual.platform.accounts.permissions import may
from punctual.web.master.pages import actor_of
from punctual.web.shell.panels import register_panel


def _tracking(request: HttpRequest, order: Order) -> dict[str, Any] | None:
    if not order.number or order.customer is None:
        return None
    actor = actor_of(request)
    links = list(links_of(actor, order)[:6])
    told = request.session.get("tracking_address")
    fresh = told if told and any(link.pk == told["link"] for link in links) else None
    if fresh:
        del request.session["tracking_address"]
    return {
        "tracking_links": links,
        "fresh_address": fresh["address"] if fresh else "",
        "now": timezone.now(),
        "wants": list(wants_of(order)[:8]),
        "contacts": list(order.customer.contacts.filter(archived_at=None)),
        "may_track": may(actor, "tracking.change"),
    }


register_panel(
    "order",
    "tracking",
    order=610,
    place="half",
    template="tracking/order_panel.html",
    context_function=_tracking,
    permission="requests.view",
    label=_("Customer’s page"),
    style="css/relations.css",
)
