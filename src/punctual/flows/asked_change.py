"""What a customer asked for becomes a change order of the order that it is about, tied to the request both ways."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from punctual.domain.changes.models import ChangeOrder
from punctual.domain.changes.services.raising import raise_change
from punctual.domain.customer_relations.models import CustomerRequest, RequestState
from punctual.domain.customer_relations.selectors import requests_of
from punctual.domain.customer_relations.services.requests import link_to
from punctual.domain.orders.models import Order
from punctual.kernel.refusal import Reason, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.audit.services import Change, record
from punctual.platform.records import lock


def words_of(request: CustomerRequest) -> str:
    """What the customer wrote first."""
    said = request.messages.filter(author="customer").order_by("at", "pk").first()
    return said.text if said else request.title


def reasons_against(found: CustomerRequest, order: Order) -> list[Reason]:
    """Why no change of an order can be raised from a request."""
    reasons = []
    if found.customer_id != order.customer_id or found.order_id not in (None, order.pk):
        text = N_("%(number)s is not about this order; raise the change on the order it is about.")
        reasons.append(Reason("change.request_order", text, {"number": found.number}, field="request"))
    if found.state == RequestState.MERGED:
        text = N_("This request was merged into another one; raise the change from there.")
        reasons.append(Reason("change.request_merged", text, field="request"))
    return reasons


@transaction.atomic
def raise_asked(*, actor: User, order: Order, request_id: int, **facts: Any) -> ChangeOrder:
    """A draft as :func:`raise_change` makes it, whose cause is the request. The caller has fetched ``order``."""
    require(actor, "changes.raise")
    found = lock(requests_of(actor), expected_version=None, pk=request_id)
    refuse_if(reasons_against(found, order))
    change = raise_change(actor=actor, order_id=order.pk, cause=found, **facts)
    link_to(found=found, target=change)
    record(actor=actor, verb="link", target=found, changes=[Change(field="link", old=None, new=change.number)])
    return change
