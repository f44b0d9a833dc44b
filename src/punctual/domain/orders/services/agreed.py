"""Write a confirmed order as it was agreed anew; only a change order comes here, after everybody has said yes."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from punctual.domain.orders.facts import catalogue_for
from punctual.domain.orders.inputs import HEADER_FIELDS, OrderInput, input_of
from punctual.domain.orders.models import Order, OrderLine
from punctual.domain.orders.services.drafts import header_of, merge_lines
from punctual.domain.orders.services.summary import index_order, summarise
from punctual.platform.accounts.models import User
from punctual.platform.audit.services import differences, record
from punctual.platform.records import save_next


@transaction.atomic
def write_agreed(
    *, order: Order, data: OrderInput, actor: User, today: dt.date, verb: str, reason: str
) -> list[OrderLine]:
    """Header and lines of the locked order become ``data``; lines are known by their id, missing ones go, ids that
    are not there any more come back. Returns the lines in the order of ``data``."""
    before = input_of(order)
    changes = differences(header_of(before), header_of(data))
    for name in HEADER_FIELDS:
        setattr(order, name, getattr(data, name))
    have = {line.id for line in before.lines}
    for line in data.lines:
        if line.id is not None and line.id not in have:
            OrderLine.objects.create(pk=line.id, order=order, line_no=line.line_no)
    lines, line_changes = merge_lines(
        order, before.lines, data.lines, catalogue_for(data, today), today, completing=False
    )
    changes += line_changes
    summarise(order, lines)
    save_next(order)
    record(actor=actor, verb=verb, target=order, changes=changes, reason=reason)
    index_order(order, lines)
    return lines
