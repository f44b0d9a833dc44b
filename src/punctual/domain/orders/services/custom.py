"""The company's own fields of an order: in every state until it is closed, since they say nothing of the contract."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from punctual.domain.orders.models import Order, OrderState
from punctual.domain.orders.selectors import orders_of
from punctual.kernel.refusal import Reason, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.audit.services import record
from punctual.platform.custom_fields.services import write_values
from punctual.platform.outbox.services import emit
from punctual.platform.records import lock, save_next


def against_filling_in(order: Order) -> list[Reason]:
    """Whether the order's own fields may still be written."""
    if order.state not in (OrderState.CLOSED, OrderState.CANCELLED, OrderState.LOST):
        return []
    text = N_("The order is over and on record; its fields can't be changed any more.")
    return [Reason("order.custom.over", text)]


@transaction.atomic
def set_order_fields(
    *, actor: User, order_id: int, given: Mapping[str, Any], expected_version: int | None, complete: bool = False
) -> Order:
    """Write values (key → value, empty clears). ``complete`` is for a form that shows them all."""
    require(actor, "orders.change")
    order = lock(orders_of(actor), expected_version=expected_version, pk=order_id)
    refuse_if(against_filling_in(order))
    changes = write_values(subject="order", target_id=order.pk, given=given, complete=complete)
    if changes:
        save_next(order, fields=[])
        record(actor=actor, verb="change", target=order, changes=changes)
        emit("order.changed", order_id=order.pk, number=order.number, by=actor.pk)
    return order
