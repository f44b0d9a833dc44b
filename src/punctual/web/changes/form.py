"""The form of a change order: the order as it is, with fields to write over it; what differs becomes an item."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.http import QueryDict

from punctual.domain.changes.items import HEADER_FIELDS, text_of
from punctual.domain.changes.models import ChangeOrder, ItemKind
from punctual.domain.orders.inputs import LineInput, OrderInput, input_of
from punctual.domain.orders.models import Order
from punctual.domain.plans.models import BudgetKind, Task
from punctual.web.shell.reading import whole

CELLS: Final = ("model", "revision", "quantity", "unit_price", "requested_date", "promised_date", "delivery_place")
NEW_CELLS: Final = ("model", "revision", "quantity", "unit", "unit_price", "requested_date", "promised_date")
TASK_CELLS: Final = ("name", "days", "after", "before", "kind", "amount")
COST_CELLS: Final = ("kind", "name", "amount")
BLANK_ROWS: Final = 2
MOST_ROWS: Final = 60


@dataclass
class LineRow:
    """A line of the order with what stands in its fields."""

    line: LineInput
    cells: dict[str, str]
    removed: bool = False
    criteria: str = ""

    @property
    def was(self) -> dict[str, str]:
        return {name: text_of(getattr(self.line, name)) for name in CELLS}


@dataclass
class Sheet:
    """Everything that the form shows."""

    header: dict[str, str]
    lines: list[LineRow]
    new_lines: list[dict[str, str]] = field(default_factory=list)
    tasks: list[dict[str, str]] = field(default_factory=list)
    redo: dict[int, str] = field(default_factory=dict)
    costs: list[dict[str, str]] = field(default_factory=list)

    def pad(self) -> None:
        """Empty rows to write into."""
        self.new_lines += [dict.fromkeys(NEW_CELLS, "") for _ in range(BLANK_ROWS)]
        self.tasks += [dict.fromkeys(TASK_CELLS, "") for _ in range(BLANK_ROWS)]
        self.costs += [dict.fromkeys(COST_CELLS, "")]


def blank_sheet(order: Order) -> Sheet:
    before = input_of(order)
    lines = [
        LineRow(line, {name: text_of(getattr(line, name)) for name in CELLS}, criteria=line.acceptance_criteria)
        for line in before.lines
    ]
    return Sheet({name: text_of(getattr(before, name)) for name in HEADER_FIELDS}, lines)


def sheet_of(change: ChangeOrder) -> Sheet:
    """The order with the items written over it."""
    sheet = blank_sheet(change.order)
    by_id = {row.line.id: row for row in sheet.lines}
    for item in change.items.all():
        row = by_id.get(item.line_ref)
        match item.kind:
            case ItemKind.LINE if row is not None and item.field == "acceptance_criteria":
                row.criteria = item.new
            case ItemKind.LINE if row is not None:
                row.cells[item.field] = item.new
            case ItemKind.LINE_REMOVE if row is not None:
                row.removed = True
            case ItemKind.LINE_ADD:
                sheet.new_lines.append({name: str(item.data.get(name, "")) for name in NEW_CELLS})
            case ItemKind.HEADER:
                sheet.header[item.field] = item.new
            case ItemKind.TASK_ADD:
                sheet.tasks.append({name: str(item.data.get(name) or "") for name in TASK_CELLS})
            case ItemKind.TASK_REDO:
                sheet.redo[int(item.data.get("task") or 0)] = str(item.data.get("percent", ""))
            case ItemKind.COST:
                sheet.costs.append({name: str(item.data.get(name, "")) for name in COST_CELLS})
            case _:
                pass
    return sheet


def posted_sheet(order: Order, post: QueryDict) -> Sheet:
    """What the form brought back."""
    sheet = blank_sheet(order)
    for row in sheet.lines:
        for name in CELLS:
            row.cells[name] = post.get(f"line-{row.line.id}-{name}", row.cells[name]).strip()
        row.criteria = post.get(f"line-{row.line.id}-criteria", row.criteria).strip()
        row.removed = f"line-{row.line.id}-remove" in post
    for name in HEADER_FIELDS:
        sheet.header[name] = post.get(f"header-{name}", sheet.header[name]).strip()
    sheet.new_lines = _rows(post, "new", NEW_CELLS, must="model")
    sheet.tasks = _rows(post, "task", TASK_CELLS, must="name")
    sheet.costs = _rows(post, "cost", COST_CELLS, must="amount")
    sheet.redo = {
        number: str(value).strip()
        for name, value in post.items()
        if name.startswith("redo-") and (number := whole(name.removeprefix("redo-"))) and str(value).strip()
    }
    return sheet


def _rows(post: QueryDict, prefix: str, names: Iterable[str], *, must: str) -> list[dict[str, str]]:
    rows = []
    for index in range(MOST_ROWS):
        if f"{prefix}-{index}-{must}" not in post:
            break
        row = {name: post.get(f"{prefix}-{index}-{name}", "").strip() for name in names}
        if any(value for name, value in row.items() if name != "kind"):
            rows.append(row)
    return rows


def items_of_sheet(sheet: Sheet, names: Mapping[int, str]) -> list[dict[str, Any]]:
    """What differs, as items of the service. ``names`` task id → its words, kept with work that is done again."""
    items: list[dict[str, Any]] = []
    for row in sheet.lines:
        if row.removed:
            items.append({"kind": ItemKind.LINE_REMOVE, "line": row.line.id})
            continue
        for name, old in row.was.items():
            if row.cells[name] != old:
                items.append({"kind": ItemKind.LINE, "line": row.line.id, "field": name, "new": row.cells[name]})
        if _same_lines(row.criteria) != _same_lines(row.line.acceptance_criteria):
            wish = {"kind": ItemKind.LINE, "line": row.line.id, "field": "acceptance_criteria", "new": row.criteria}
            items.append(wish)
    items += [{"kind": ItemKind.LINE_ADD, "data": row} for row in sheet.new_lines]
    return items + _work_items(sheet, names)


def _same_lines(text: str) -> str:
    return "\n".join(text.split("\r\n")).strip()


def _work_items(sheet: Sheet, names: Mapping[int, str]) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = [{"kind": ItemKind.TASK_ADD, "data": row} for row in sheet.tasks]
    items += [
        {"kind": ItemKind.TASK_REDO, "data": {"task": task, "percent": percent, "name": names.get(task, "")}}
        for task, percent in sheet.redo.items()
    ]
    return items + [{"kind": ItemKind.COST, "data": row} for row in sheet.costs]


def header_items(sheet: Sheet, order: Order) -> list[dict[str, Any]]:
    before: OrderInput = input_of(order)
    return [
        {"kind": ItemKind.HEADER, "field": name, "new": sheet.header[name]}
        for name in HEADER_FIELDS
        if _same_lines(sheet.header[name]) != _same_lines(text_of(getattr(before, name)))
    ]


def plan_choices(order: Order) -> tuple[list[tuple[int, str]], list[tuple[int, str, int]]]:
    """Tasks that a new one can follow or precede, and those on which work is done: (id, words, percent)."""
    tasks = Task.objects.filter(plan__order=order, is_summary=False).order_by("sequence")
    rows = [(one.pk, f"{one.wbs} {one.name}", one.percent) for one in tasks]
    return [(pk, words) for pk, words, _percent in rows], [row for row in rows if row[2] > 0]


KINDS: Final = BudgetKind.choices
