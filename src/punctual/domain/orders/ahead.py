"""What a command on an order reads and judges before it locks the order.

Writers take turns on SQLite. Whoever reads a catalogue and checks lines while holding the turn keeps everybody else
waiting; read before, it counts as long as the order's version says that nobody has changed the order since.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from punctual.domain.orders.models import Order
from punctual.domain.orders.selectors import Checked, check, hold_lines, orders_of, with_people
from punctual.platform.accounts.models import User
from punctual.platform.records import get_or_not_found, lock


@dataclass(frozen=True, slots=True)
class Seen:
    """An order with its lines and products held, and its check."""

    order: Order
    checked: Checked


def look(actor: User, order_id: int, *, today: dt.date) -> Seen:
    """The order as it is now; raises NotFound."""
    order = get_or_not_found(with_people(orders_of(actor)), pk=order_id)
    hold_lines(order)
    return Seen(order, check(order, today=today))


def lock_seen(seen: Seen, *, actor: User, today: dt.date, expected_version: int | None) -> Seen:
    """Lock the order for the rest of the transaction and give it back as it was seen, or look again where somebody has
    changed it since. Raises as :func:`records.lock` does."""
    locked = lock(orders_of(actor).only("version"), expected_version=expected_version, pk=seen.order.pk)
    return seen if locked.version == seen.order.version else look(actor, seen.order.pk, today=today)
