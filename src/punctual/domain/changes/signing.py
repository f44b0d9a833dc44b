"""What of a change the customer sees and signs, and the seal that ties an answer to exactly that."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final

from punctual.domain.changes.models import ChangeItem, ChangeOrder, ItemKind

FOR_THE_CUSTOMER: Final = frozenset({ItemKind.LINE, ItemKind.LINE_ADD, ItemKind.LINE_REMOVE, ItemKind.HEADER})
"""Work and cost inside the house are not the customer's matter."""
OUR_OWN: Final = frozenset({"notes"})
"""Fields of the order that are ours alone."""
_OF_A_NEW_LINE: Final = (
    "model", "revision", "description", "quantity", "unit", "unit_price", "requested_date", "promised_date",
)  # fmt: skip
_OF_THE_IMPACT: Final = ("value_before", "value", "promised_before", "promised")


def items_shown(change: ChangeOrder) -> list[ChangeItem]:
    """The items that are the customer's matter, in their order."""
    return [
        item
        for item in change.items.all()
        if item.kind in FOR_THE_CUSTOMER and not (item.kind == ItemKind.HEADER and item.field in OUR_OWN)
    ]


def seal_of(change: ChangeOrder) -> str:
    """Short for all that the customer is shown; another word, price or day in it makes another seal."""
    impact = change.impact or {}
    items: list[Any] = []
    for item in items_shown(change):
        data = {name: str(item.data.get(name) or "") for name in _OF_A_NEW_LINE} if item.data else {}
        items.append([item.kind, item.line_no, item.field, item.old, item.new, data])
    content = [change.number, change.title, items, [impact.get(name) for name in _OF_THE_IMPACT]]
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()[:32]
