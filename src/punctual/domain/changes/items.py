"""Items of a change order read into plain values, and the order as it would be with them.

``data`` by kind: line_add {model, revision, description, quantity, unit, unit_price, requested_date, promised_date};
task_add {name, days, line (id or null), after (task id or null), before (task id or null), kind, amount};
task_redo {task, percent}; cost {kind, name, amount}. Numbers and days are text, as people wrote them.
"""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from punctual.domain.changes.models import ChangeItem, ItemKind
from punctual.domain.orders.inputs import LineInput, OrderInput, Reader, read_line
from punctual.domain.plans.models import BudgetKind
from punctual.kernel.quantity import plain
from punctual.kernel.refusal import Reason
from punctual.kernel.wording import N_

LINE_FIELDS: Final = (
    "quantity", "unit_price", "model", "revision", "description", "requested_date", "promised_date", "delivery_place",
    "acceptance_criteria",
)  # fmt: skip
"""What a change order may change of a line."""
HEADER_FIELDS: Final = ("delivery_place", "payment_terms", "customer_po_number", "notes")
LONGEST_DAYS: Final = 2000


@dataclass(frozen=True, slots=True)
class NewTask:
    """Work that comes: ``days`` working days after ``after`` and before ``before``; ``amount`` of ``kind``."""

    name: str
    days: Decimal
    line: int | None = None
    after: int | None = None
    before: int | None = None
    kind: str = BudgetKind.LABOUR
    amount: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Redo:
    """``percent`` of what was done on ``task`` is lost and done again."""

    task: int
    percent: int


@dataclass(frozen=True, slots=True)
class Cost:
    kind: str
    name: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Wish:
    """What all items together ask for: the order as it would be, and the work."""

    after: OrderInput
    removed: tuple[int, ...]
    tasks: tuple[NewTask, ...]
    redo: tuple[Redo, ...]
    costs: tuple[Cost, ...]


def text_of(value: object) -> str:
    """A value of an order as the text that an item keeps."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return plain(value)
    return value.isoformat() if isinstance(value, dt.date) else str(value)


def read_items(items: Sequence[ChangeItem], before: OrderInput) -> tuple[Wish, list[Reason]]:
    """The order with every item done to it; a reason for each item that can't be read or finds nothing."""
    reader = Reader()
    after = copy.copy(before)
    after.lines = [copy.copy(line) for line in before.lines]
    by_id = {line.id: line for line in after.lines}
    removed: list[int] = []
    tasks: list[NewTask] = []
    redo: list[Redo] = []
    costs: list[Cost] = []
    for item in items:
        row = item.position
        match item.kind:
            case ItemKind.LINE:
                _line(reader, item, by_id)
            case ItemKind.LINE_ADD:
                after.lines.append(_new_line(reader, item, after.lines))
            case ItemKind.LINE_REMOVE:
                if item.line_ref in by_id:
                    removed.append(int(item.line_ref or 0))
                else:
                    _gone(reader, row)
            case ItemKind.HEADER:
                if item.field in HEADER_FIELDS:
                    setattr(after, item.field, reader.text(item.new, item.field, row))
                else:
                    reader.refuse("change.field", N_("This can't be changed by a change order."), "field", row)
            case ItemKind.TASK_ADD:
                tasks.append(_new_task(reader, item))
            case ItemKind.TASK_REDO:
                redo.append(_redo(reader, item))
            case _:
                kind, amount = _money(reader, item.data, row)
                costs.append(Cost(kind, reader.text(item.data.get("name"), "name", row)[:120], amount))
    after.lines = [line for line in after.lines if line.id is None or line.id not in removed]
    if not after.lines:
        text = N_("Nothing would be left of the order; cancel it instead.")
        reader.reasons.append(Reason("change.nothing_left", text, field="items"))
    return Wish(after, tuple(removed), tuple(tasks), tuple(redo), tuple(costs)), reader.reasons


def _gone(reader: Reader, row: int) -> None:
    reader.refuse("change.line_gone", N_("The order has no such line any more; choose it again."), "line", row)


def _line(reader: Reader, item: ChangeItem, by_id: Mapping[int | None, LineInput]) -> None:
    line, row = by_id.get(item.line_ref), item.position
    if line is None or item.line_ref is None:
        _gone(reader, row)
        return
    read: dict[str, Callable[[], object]] = {
        "quantity": lambda: reader.number(item.new, "quantity", row),
        "unit_price": lambda: reader.number(item.new, "unit_price", row, places=4),
        "requested_date": lambda: reader.day(item.new, "requested_date", row),
        "promised_date": lambda: reader.day(item.new, "promised_date", row),
    }
    if item.field not in LINE_FIELDS:
        reader.refuse("change.field", N_("This can't be changed by a change order."), "field", row)
        return
    value = read[item.field]() if item.field in read else reader.text(item.new, item.field, row)
    if item.field in read and value is None and item.new.strip():
        return  # told by the reader
    setattr(line, item.field, value)
    if item.field == "model":
        line.revision, line.description, line.unit = "", "", ""


def _new_line(reader: Reader, item: ChangeItem, lines: Sequence[LineInput]) -> LineInput:
    number = (max((line.line_no for line in lines), default=0) // 10 + 1) * 10
    return read_line(reader, item.data, number)


def _new_task(reader: Reader, item: ChangeItem) -> NewTask:
    data, row = item.data, item.position
    days = reader.number(data.get("days"), "days", row, places=2)
    name = reader.text(data.get("name"), "name", row)[:120]
    if not name:
        reader.refuse("change.task_name", N_("Name the task."), "name", row)
    if days is None or not 0 <= days <= LONGEST_DAYS:
        reader.refuse("change.task_days", N_("Say how many working days the task takes, 0 or more."), "days", row)
        days = Decimal(0)
    kind, amount = _money(reader, data, row)
    return NewTask(name, days, _id(data.get("line")), _id(data.get("after")), _id(data.get("before")), kind, amount)


def _redo(reader: Reader, item: ChangeItem) -> Redo:
    percent = reader.number(item.data.get("percent") or "100", "percent", item.position, places=0) or Decimal(0)
    if not 1 <= percent <= 100:
        reader.refuse(
            "change.redo_percent", N_("Between 1 and 100 percent of the work are lost."), "percent", item.position
        )
    return Redo(_id(item.data.get("task")) or 0, int(percent))


def _money(reader: Reader, data: Mapping[str, Any], row: int) -> tuple[str, Decimal]:
    amount = reader.number(data.get("amount") or "0", "amount", row, places=2) or Decimal(0)
    kind = str(data.get("kind") or BudgetKind.LABOUR)
    if kind not in BudgetKind.values:
        reader.refuse("change.cost_kind", N_("Choose what kind of cost it is."), "kind", row)
        kind = BudgetKind.LABOUR
    return kind, amount


def _id(value: object) -> int | None:
    text = str(value or "").strip()
    return int(text) if text.isdecimal() and len(text) < 18 else None
