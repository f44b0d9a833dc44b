"""The promised date on lines and order; who promises and why stands in the ledger of the app that calls this."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.db import transaction

from punctual.domain.orders.life import LIFE
from punctual.domain.orders.models import Order, OrderLine, OrderState
from punctual.domain.orders.selectors import orders_of
from punctual.domain.orders.services.summary import summarise
from punctual.kernel.refusal import Reason, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.audit.services import Change, record
from punctual.platform.records import lock, save_next

DONE = frozenset({OrderState.DELIVERED, OrderState.ACCEPTED, OrderState.CLOSED, OrderState.CANCELLED, OrderState.LOST})


@transaction.atomic
def set_promised(
    *, actor: User, order_id: int, dates: Mapping[int, dt.date], expected_version: int | None, reason: str = ""
) -> tuple[Order, list[tuple[OrderLine, dt.date | None]]]:
    """Set the promised date of lines (line id → day); returns the order and each changed line with the day before.

    The caller has asked who may. Refused for orders that are delivered, cancelled or lost, and for unknown lines.
    """
    order = lock(orders_of(actor), expected_version=expected_version, pk=order_id)
    lines = {line.pk: line for line in order.lines.all()}
    refuse_if([*_wrong_state(order), *_unknown(lines, dates)])
    changed = [
        (lines[key], lines[key].promised_date) for key, day in sorted(dates.items()) if lines[key].promised_date != day
    ]
    for line, _before in changed:
        line.promised_date = dates[line.pk]
    if changed:
        OrderLine.objects.bulk_update([line for line, _before in changed], ["promised_date"], batch_size=500)
        summarise(order, list(lines.values()))
        save_next(order)
        changes = [
            Change(
                field=f"{line.line_no}.promised_date",
                old=before.isoformat() if before else None,
                new=dates[line.pk].isoformat(),
            )
            for line, before in changed
        ]
        record(actor=actor, verb="promise", target=order, changes=changes, reason=reason)
    return order, changed


def _wrong_state(order: Order) -> list[Reason]:
    if order.state not in DONE:
        return []
    text = N_("%(order)s is %(state)s; there is nothing left to promise.")
    return [Reason("promise.state", text, {"order": order.label, "state": LIFE.states[order.state]})]


def _unknown(lines: Mapping[int, OrderLine], dates: Mapping[int, dt.date]) -> list[Reason]:
    if not dates:
        return [Reason("promise.no_line", N_("Choose at least one line."), field="lines")]
    if dates.keys() - lines.keys():
        return [Reason("promise.line", N_("One of the lines does not exist any more. Load the page again."))]
    return []
