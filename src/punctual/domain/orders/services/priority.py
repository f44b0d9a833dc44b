"""Who goes first when two orders need the same thing."""

from __future__ import annotations

from django.db import transaction

from punctual.domain.orders.models import Order, Priority
from punctual.domain.orders.selectors import orders_of
from punctual.kernel.refusal import Reason, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.audit.services import differences, record
from punctual.platform.outbox.services import emit
from punctual.platform.records import lock, save_next


def against_priority(priority: int) -> list[Reason]:
    """Whether there is such a priority; which orders may have it, no state forbids."""
    if priority in Priority.values:
        return []
    return [Reason("order.priority", N_("Choose a priority."), field="priority")]


@transaction.atomic
def set_priority(
    *, actor: User, order_id: int, priority: int, expected_version: int | None = None, reason: str = ""
) -> Order:
    """Another priority, in any state; it stands in the order's history."""
    require(actor, "orders.steer")
    order = lock(orders_of(actor), expected_version=expected_version, pk=order_id)
    refuse_if(against_priority(priority))
    changes = differences({"priority": order.priority}, {"priority": priority})
    if changes:
        order.priority = priority
        save_next(order, fields=["priority"])
        record(actor=actor, verb="change", target=order, changes=changes, reason=reason)
        emit("order.changed", order_id=order.pk, number=order.number, by=actor.pk)
    return order
