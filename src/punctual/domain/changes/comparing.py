"""The customer's purchase order beside ours: what differs, and what is unusual for this customer. Pure."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from punctual.domain.changes.items import text_of
from punctual.domain.orders.facts import model_key
from punctual.domain.orders.inputs import LineInput, OrderInput

LINE_FIELDS: Final = ("model", "revision", "quantity", "unit", "unit_price", "requested_date", "delivery_place")
HEADER_FIELDS: Final = ("customer_po_number", "currency", "payment_terms", "delivery_place", "stated_total")
MANY_TIMES: Final = 10
PRICE_JUMP: Final = Decimal("0.2")
ENOUGH_ORDERS: Final = 2
"""With fewer earlier orders nothing can be called unusual."""


@dataclass(frozen=True, slots=True)
class Difference:
    """``line_no`` ours, None for the header; ``row`` the sheet row of theirs. ``kind``: differs, missing (not in the
    PO), extra (only in the PO), unusual. Values as text."""

    kind: str
    field: str
    ours: str
    theirs: str
    line_no: int | None = None
    row: int | None = None
    code: str = ""


@dataclass(frozen=True, slots=True)
class Pair:
    ours: LineInput | None
    theirs: LineInput | None
    row: int | None


@dataclass(frozen=True, slots=True)
class Past:
    """What this customer has bought of one model: quantities and the last price."""

    quantities: Sequence[Decimal]
    last_price: Decimal | None


def matched(ours: Sequence[LineInput], theirs: Sequence[tuple[int, LineInput]]) -> list[Pair]:
    """Each of our lines with theirs: by the customer's line number, else by model in the order they stand, else by
    place when both have as many lines."""
    left = list(theirs)
    pairs: dict[int, tuple[int, LineInput]] = {}

    def take(index: int, found: tuple[int, LineInput] | None) -> None:
        if found is not None and index not in pairs:
            pairs[index] = found
            left.remove(found)

    for index, line in enumerate(ours):
        if line.customer_line_no:
            take(index, next((one for one in left if one[1].customer_line_no == line.customer_line_no), None))
    for index, line in enumerate(ours):
        if index not in pairs:
            take(index, next((one for one in left if model_key(one[1].model) == model_key(line.model)), None))
    if len(ours) == len(theirs):
        for index in range(len(ours)):
            take(index, theirs[index] if theirs[index] in left else None)
    result = [
        Pair(line, pairs[index][1] if index in pairs else None, pairs[index][0] if index in pairs else None)
        for index, line in enumerate(ours)
    ]
    return result + [Pair(None, line, row) for row, line in left]


def differences(ours: OrderInput, theirs: OrderInput, pairs: Sequence[Pair]) -> list[Difference]:
    """Every difference in header and lines; what the PO leaves blank says nothing."""
    found = [
        Difference("differs", name, text_of(getattr(ours, name)), text_of(getattr(theirs, name)))
        for name in HEADER_FIELDS
        if name != "stated_total" and _differs(name, getattr(ours, name), getattr(theirs, name))
    ]
    for pair in pairs:
        if pair.theirs is None:
            assert pair.ours is not None
            found.append(Difference("missing", "line", _words(pair.ours), "", pair.ours.line_no))
        elif pair.ours is None:
            found.append(Difference("extra", "line", "", _words(pair.theirs), None, pair.row))
        else:
            found += _line_differences(pair.ours, pair.theirs, pair.row)
    total = sum(((one.quantity or 0) * (one.unit_price or 0) for one in ours.lines), Decimal(0))
    if theirs.stated_total is not None and abs(theirs.stated_total - total) >= Decimal("0.01"):
        found.append(Difference("differs", "stated_total", text_of(total), text_of(theirs.stated_total)))
    return found


def _words(line: LineInput) -> str:
    return " ".join(filter(None, (line.model, line.revision, f"×{text_of(line.quantity)}")))


def _differs(name: str, ours: Any, theirs: Any) -> bool:
    if theirs in (None, ""):
        return False
    if name == "model":
        return model_key(str(ours)) != model_key(str(theirs))
    if isinstance(theirs, str):
        return "".join(str(ours).split()).lower() != "".join(theirs.split()).lower()
    return bool(ours != theirs)


def _line_differences(ours: LineInput, theirs: LineInput, row: int | None) -> list[Difference]:
    return [
        Difference("differs", name, text_of(getattr(ours, name)), text_of(getattr(theirs, name)), ours.line_no, row)
        for name in LINE_FIELDS
        if _differs(name, getattr(ours, name), getattr(theirs, name))
    ]


def unusual(pairs: Sequence[Pair], history: Mapping[str, Past], *, orders_before: int) -> list[Difference]:
    """What a second pair of eyes looks at: ten times the usual quantity, a model never bought, a price that jumps."""
    if orders_before < ENOUGH_ORDERS:
        return []
    found = []
    for pair in pairs:
        line = pair.theirs or pair.ours
        if line is None or not line.model:
            continue
        number = pair.ours.line_no if pair.ours else None
        past = history.get(model_key(line.model))
        if past is None or not past.quantities:
            found.append(Difference("unusual", "model", "", line.model, number, pair.row, "never_bought"))
            continue
        usual = Decimal(statistics.median(past.quantities))
        if line.quantity is not None and usual > 0 and line.quantity >= MANY_TIMES * usual:
            texts = (text_of(usual), text_of(line.quantity))
            found.append(Difference("unusual", "quantity", *texts, number, pair.row, "many_times"))
        if line.unit_price and past.last_price and abs(line.unit_price / past.last_price - 1) > PRICE_JUMP:
            texts = (text_of(past.last_price), text_of(line.unit_price))
            found.append(Difference("unusual", "unit_price", *texts, number, pair.row, "price_jump"))
    return found
