"""Who of a customer may sign in: on the customer's page."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from punctual.domain.customer_relations.services.portal import accounts_of
from punctual.domain.parties.models import Customer
from punctual.web.master.pages import actor_of
from punctual.web.shell.panels import register_panel


def _portal(request: HttpRequest, customer: Customer) -> dict[str, Any] | None:
    accounts = {one.contact_id: one for one in accounts_of(actor_of(request), customer)}
    contacts = customer.contacts.filter(archived_at=None).order_by("-is_primary", "name")
    rows = [(one, accounts.get(one.pk)) for one in contacts]
    return {"portal_rows": rows, "now": timezone.now()} if rows else None


register_panel(
    "customer",
    "portal",
    order=300,
    place="side",
    template="portal/customer_panel.html",
    context_function=_portal,
    permission="tracking.change",
    style="css/relations.css",
)
