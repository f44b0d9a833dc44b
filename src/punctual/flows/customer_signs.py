"""What waits for the customer's yes on an order, opened from the tracking page: changes and documents."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from punctual.domain.changes.life import LIFE
from punctual.domain.changes.models import ChangeOrder, CustomerAnswer
from punctual.domain.changes.services.raising import LINK as CHANGE
from punctual.domain.delivery.models import DocumentRequest
from punctual.domain.delivery.services.documents import LINK as DOCUMENT
from punctual.domain.orders.models import Order
from punctual.kernel.refusal import NotFound, Reason
from punctual.kernel.wording import N_
from punctual.platform.attachments.models import Approval
from punctual.platform.links.services import issue


@dataclass(frozen=True, slots=True)
class Waiting:
    """Nothing else of the order is in it."""

    changes: list[ChangeOrder]
    documents: list[DocumentRequest]


def waiting_for_customer(order: Order) -> Waiting:
    """Changes that everybody here has approved, and documents that the customer was asked for."""
    changes = order.change_orders.filter(customer_answer=CustomerAnswer.OPEN).order_by("number")
    asked = order.document_requests.filter(
        customer=order.customer_id, answered_at=None, attachment__approval=Approval.WAITING
    )
    return Waiting(
        [one for one in changes if LIFE.allows(one.state, "answer")],
        list(asked.select_related("attachment").order_by("pk")),
    )


@transaction.atomic
def sign_at(order: Order, *, what: str, key: int) -> tuple[str, str]:
    """(``change`` or ``document``, token) of a fresh link that answers once; earlier ones end."""
    found = waiting_for_customer(order)
    rows: dict[str, tuple[str, dict[int, ChangeOrder | DocumentRequest]]] = {
        "change": (CHANGE, {one.pk: one for one in found.changes}),
        "document": (DOCUMENT, {one.pk: one for one in found.documents}),
    }
    purpose, waiting = rows.get(what, ("", {}))
    if key not in waiting:
        raise NotFound(Reason("sign.nothing", N_("This is not waiting for your answer any more.")))
    _link, token = issue(actor=None, purpose=purpose, target=waiting[key])
    return what, token
