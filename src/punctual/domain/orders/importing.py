"""A customer's sheet, read: which column means what, what stands above the table, what is wrong in which cell."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from punctual.domain.orders.column_words import COLUMN_WORDS, CURRENCY_WORDS, HEADER_WORDS
from punctual.domain.orders.facts import Catalogue, complete, measures, model_key, order_facts
from punctual.domain.orders.import_custom import OwnFields, take
from punctual.domain.orders.inputs import LineInput, OrderInput, Reader, read_line, unreadable
from punctual.domain.orders.rules import Finding, Fix, check_order, fingerprint
from punctual.domain.parties.models import Customer
from punctual.kernel.money import MINOR_UNITS, rounded
from punctual.kernel.quantity import plain
from punctual.kernel.refusal import Reason, Severity
from punctual.kernel.wording import N_
from punctual.platform.sheets.reader import Cell, Sheet, Table, loose

IMPORT_FIELDS: Final = tuple(COLUMN_WORDS)
LINE_CELLS: Final = tuple(name for name in IMPORT_FIELDS if name not in {"customer", "customer_po_number"})
_BY_COLUMN: Final = {loose(word): name for name, words in COLUMN_WORDS.items() for word in words}
_BY_LABEL: Final = {loose(word): name for name, words in HEADER_WORDS.items() for word in words}
_MOST_ABOVE: Final = 40
NONE_OF_OUR_OWN: Final = OwnFields()


def known_headers(own: OwnFields = NONE_OF_OUR_OWN) -> list[str]:
    words = [word for words in COLUMN_WORDS.values() for word in words]
    return [*words, *(label for field in own.fields for label in (field.label_zh, field.label_en) if label)]


def cell_text(value: Cell) -> str:
    """A cell as text that reads back to the same value: ISO dates, numbers without exponent where exact."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, dt.datetime):
        return value.date().isoformat()
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, float):
        return str(int(value)) if value == value and abs(value) < 1e15 and value.is_integer() else repr(value)
    return str(value).replace("\x00", "").strip()[:5000]


def guess_mapping(
    header: Sequence[str], remembered: Mapping[str, str], own: OwnFields = NONE_OF_OUR_OWN
) -> dict[str, str]:
    """Column index (as text) → field: what this customer's columns meant last time, else what they usually mean, else
    the company's own field of that name."""
    mapping: dict[str, str] = {}
    known, by_label = {*IMPORT_FIELDS, *own.names}, own.by_label
    for index, name in enumerate(header):
        for source in (remembered, _BY_COLUMN, by_label):
            meant = source.get(loose(name), "")
            if meant in known and meant not in mapping.values():
                mapping[str(index)] = meant
                break
    return mapping


def above(sheet: Sheet, header_index: int, own: OwnFields = NONE_OF_OUR_OWN) -> dict[str, str]:
    """Label and value pairs over the table: ``采购单号：LK-PO-1`` in one cell, or value right of its label."""
    found: dict[str, str] = {}
    by_label = {**own.by_label, **_BY_LABEL}
    for row in sheet.rows[: min(header_index, _MOST_ABOVE)]:
        cells = [cell_text(value) for value in row]
        for position, text in enumerate(cells):
            label, _, rest = text.replace(":", "：").partition("：")
            name = by_label.get(loose(label))
            if name is None or name in found:
                continue
            value = rest.strip() or next((later for later in cells[position + 1 :] if later), "")
            if value:
                found[name] = value
    return found


def split_total(table: Table, mapping: Mapping[str, str]) -> tuple[list[tuple[int, Sequence[Cell]]], str]:
    """The lines with their sheet rows, and the total that stands under them ("" where none is)."""
    lines: list[tuple[int, Sequence[Cell]]] = []
    total = ""
    columns = {name: int(index) for index, name in mapping.items()}
    for offset, row in enumerate(table.rows):
        texts = [cell_text(value) for value in row]
        if not any(texts):
            continue
        first = next(text for text in texts if text)
        label = first.replace(":", "：").partition("：")[0]
        model = columns.get("model")
        is_total = _BY_LABEL.get(loose(label)) == "stated_total" and (model is None or not _at(texts, model) or
                                                                      _at(texts, model) == first)  # fmt: skip
        if is_total:
            amount = columns.get("amount")
            numbers = [text for text in texts if text and text != first]
            total = (_at(texts, amount) if amount is not None else "") or (numbers[-1] if numbers else "")
        elif not _is_footer(texts, columns):
            lines.append((table.first_row + offset, row))
    return lines, total


def _is_footer(texts: Sequence[str], columns: Mapping[str, int]) -> bool:
    """A remark under the table fills one cell and none of model, quantity, price."""
    telling = [columns[name] for name in ("model", "quantity", "unit_price") if name in columns]
    return sum(1 for text in texts if text) == 1 and not any(_at(texts, index) for index in telling)


def _at(texts: Sequence[str], index: int) -> str:
    return texts[index] if 0 <= index < len(texts) else ""


def rows_of(
    sheet: Sheet, lines: Sequence[tuple[int, Sequence[Cell]]], mapping: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Rows as they are kept: sheet row, text of each cell by column, merged cells that hide a value."""
    hidden = _hidden_by_merging(sheet)
    rows = []
    for number, row in lines:
        cells = {str(index): text for index, value in enumerate(row) if (text := cell_text(value))}
        item: dict[str, Any] = {"row": number, "cells": cells}
        merged = {str(index): hidden[number, index] for index in range(len(row)) if (number, index) in hidden}
        if merged:
            item["merged"] = merged
        rows.append(item)
    return rows


def _hidden_by_merging(sheet: Sheet) -> dict[tuple[int, int], list[str]]:
    """(sheet row, column) → [range, value at its first cell], for the cells that merging over rows left empty."""
    hidden = {}
    for (top, left), (bottom, right) in sheet.merged:
        if bottom == top or bottom - top > 5000 or right - left > 50:
            continue
        value = cell_text(sheet.rows[top][left]) if top < len(sheet.rows) and left < len(sheet.rows[top]) else ""
        for row in range(top + 1, bottom + 1):
            hidden[row + 1, left] = [f"{_letters(left)}{top + 1}:{_letters(right)}{bottom + 1}", value]
    return hidden


def _letters(column: int) -> str:
    letters, column = "", column + 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


@dataclass(slots=True)
class Source:
    """What an import holds, free of the database."""

    mapping: dict[str, str]
    rows: list[dict[str, Any]]
    header_values: dict[str, str]
    customer: Customer | None
    values: dict[str, dict[str, str]] = field(default_factory=dict)
    """Remembered for the customer: field → its word (loosened) → ours."""
    own: OwnFields = NONE_OF_OUR_OWN


@dataclass(slots=True)
class RowView:
    """One row as it stands: ``texts`` now, ``was`` what the file said where that differs."""

    index: int
    row: int
    line_no: int
    texts: dict[str, str]
    was: dict[str, str]
    skip: bool
    findings: list[Finding] = field(default_factory=list)

    @property
    def errors(self) -> list[Finding]:
        return [one for one in self.findings if one.reason.is_error]

    @property
    def warnings(self) -> list[Finding]:
        return [one for one in self.findings if not one.reason.is_error]

    @property
    def is_good(self) -> bool:
        return not self.skip and not self.errors


@dataclass(slots=True)
class Evaluated:
    """Every row with its findings, the findings of the whole, and the order that would come of it."""

    rows: list[RowView]
    findings: list[Finding]
    data: OrderInput

    @property
    def good(self) -> list[RowView]:
        return [row for row in self.rows if row.is_good]

    @property
    def error_count(self) -> int:
        return sum(len(row.errors) for row in self.rows) + sum(1 for one in self.findings if one.reason.is_error)

    @property
    def warning_count(self) -> int:
        return sum(len(row.warnings) for row in self.rows) + sum(1 for one in self.findings if not one.reason.is_error)

    @property
    def fixed_count(self) -> int:
        return sum(len(row.was) for row in self.rows)

    @property
    def header_errors(self) -> list[Finding]:
        return [one for one in self.findings if one.reason.is_error and one.reason.field != "lines"]


def row_texts(item: Mapping[str, Any], source: Source) -> tuple[dict[str, str], dict[str, str]]:
    """The texts that count (what was put right, else what is remembered, else the file's), and what they replace."""
    texts: dict[str, str] = {}
    was: dict[str, str] = {}
    fixed: Mapping[str, str] = item.get("fixed", {})
    read = {name: item["cells"].get(index, "") for index, name in source.mapping.items()}
    for name, text in read.items():
        remembered = source.values.get(name, {}).get(remembered_key(name, text, read.get("model", "")))
        now = fixed.get(name, remembered if remembered is not None and text else text)
        texts[name] = now
        if now != text:
            was[name] = text
    for name, text in fixed.items():
        if name not in texts:
            texts[name] = text
            was[name] = ""
    return texts, was


def remembered_key(name: str, text: str, model: str) -> str:
    """A revision means something only for its model."""
    return f"{model_key(model)}|{loose(text)}" if name == "revision" else loose(text)


def evaluate(source: Source, *, today: dt.date, tell: Callable[[int], None] | None = None) -> Evaluated:
    """Read and check every row that is not left out; ``tell`` hears how many are read."""
    reader = Reader()
    rows: list[RowView] = []
    lines: dict[int, LineInput] = {}
    header = _header(source, reader)
    views = [row_texts(item, source) for item in source.rows]
    catalogue = _catalogue([texts.get("model", "") for texts, _ in views], header, today)
    for index, (item, (texts, was)) in enumerate(zip(source.rows, views, strict=True)):
        view = RowView(index, item["row"], (index + 1) * 10, texts, was, bool(item.get("skip")))
        rows.append(view)
        if tell is not None:
            tell(index + 1)
        _split_revision(view, catalogue)
        if not view.skip:
            lines[view.line_no] = _read(view, source, reader, header)
            view.findings += _merged(view, item, source)
    header.custom, general = take(source.own, rows, source.header_values)
    by_line = {view.line_no: view for view in rows}
    for line in lines.values():
        complete(line, catalogue, today)
    header.lines = list(lines.values())
    found = [unreadable(reason, today) for reason in reader.reasons]
    blind = {(one.reason.row, one.reason.field) for one in found}
    blind |= {(view.line_no, one.reason.field) for view in rows for one in view.findings}
    checked = check_order(order_facts(header, catalogue), measures(today))
    # A cell that could not be read needs no second sentence that it is missing.
    found += [one for one in checked if (one.reason.row, one.reason.field) not in blind]
    found += _amounts(rows, header)
    for one in found:
        if one.reason.row in by_line:
            by_line[one.reason.row].findings.append(one)
        else:
            general.append(one)
    return Evaluated(rows, general, header)


def _catalogue(models: Sequence[str], header: OrderInput, today: dt.date) -> Catalogue:
    """With the part before a last blank too, where model and revision share a cell."""
    parts = [text.rsplit(None, 1)[0] for text in models if " " in text.strip()]
    return Catalogue([*models, *parts], currency=header.currency, on=header.contract_date or today)


def _split_revision(view: RowView, catalogue: Catalogue) -> None:
    """``HC-FS200 C`` is model HC-FS200 in revision C where the catalogue knows only the first part."""
    model = view.texts.get("model", "").strip()
    if " " not in model or view.texts.get("revision") or catalogue.product(model) is not None:
        return
    first, last = model.rsplit(None, 1)
    if catalogue.product(first) is not None and len(last) <= 4:
        view.texts["model"], view.texts["revision"] = first, last


def _header(source: Source, reader: Reader) -> OrderInput:
    values = source.header_values
    currency = values.get("currency", "")
    currency = CURRENCY_WORDS.get(currency.strip(), currency.strip().upper())
    customer = source.customer
    return OrderInput(
        customer=customer,
        customer_text="" if customer else values.get("customer", ""),
        customer_po_number=reader.text(values.get("customer_po_number", ""), "customer_po_number"),
        contract_date=reader.day(values.get("contract_date"), "contract_date"),
        currency=currency if currency in MINOR_UNITS else customer.currency if customer else "CNY",
        payment_terms=reader.text(values.get("payment_terms"), "payment_terms"),
        delivery_place=reader.text(values.get("delivery_place"), "delivery_place"),
        stated_total=reader.number(
            str(values.get("stated_total", "")).strip().lstrip("¥￥$€") or None, "stated_total", places=2
        ),
    )


def _read(view: RowView, source: Source, reader: Reader, header: OrderInput) -> LineInput:
    raw: dict[str, Any] = {name: view.texts.get(name, "") for name in LINE_CELLS}
    raw["requested_date"] = raw["requested_date"] or source.header_values.get("requested_date", "")
    for name in ("unit_price", "quantity"):
        raw[name] = raw[name].lstrip("¥￥$€ ")
    if raw["remark"]:
        raw["description"] = f"{raw['description']}（{raw['remark']}）" if raw["description"] else raw["remark"]
    line = read_line(reader, raw, view.line_no)
    if line.delivery_place == header.delivery_place:
        line.delivery_place = ""
    return line


def _merged(view: RowView, item: Mapping[str, Any], source: Source) -> list[Finding]:
    """A cell that a merged range left empty: its value stands in the first row only."""
    findings = []
    for index, (name, value) in item.get("merged", {}).items():
        where = source.mapping.get(index, "")
        if where not in LINE_CELLS or view.texts.get(where):
            continue
        reason = Reason(
            "order.import.merged",
            N_("Line %(line)d: the cell is inside the merged range %(range)s, so only its first row has the value."),
            {"line": view.line_no, "range": name},
            field=where,
            row=view.line_no,
        )
        fixes = (Fix(where, value, N_("Take %(value)s"), {"value": value}),) if value else ()
        findings.append(Finding(reason, N_("merged cells"), fingerprint("merged", name), fixes))
    return findings


def _amounts(rows: Sequence[RowView], header: OrderInput) -> list[Finding]:
    """Where the sheet states a line's amount and quantity × price gives another."""
    lines = {line.line_no: line for line in header.lines}
    findings = []
    for view in rows:
        stated = Reader().number(
            view.texts.get("amount", "").lstrip("¥￥$€ ") or None, "amount", view.line_no, places=2
        )
        line = lines.get(view.line_no)
        if stated is None or line is None or line.quantity is None or line.unit_price is None:
            continue
        ours: Decimal = rounded(line.quantity * line.unit_price, header.currency)
        if ours != stated:
            reason = Reason(
                "order.line.amount_differs",
                N_("Line %(line)d: quantity times price is %(ours)s, the customer wrote %(theirs)s."),
                {"line": view.line_no, "ours": f"{ours:,f}", "theirs": f"{stated:,f}"},
                field="amount",
                row=view.line_no,
                severity=Severity.WARNING,
            )
            fixes = (Fix("amount", plain(ours), N_("Take %(ours)s"), {"ours": plain(ours)}),)
            mark = fingerprint("amount", plain(stated), plain(ours))
            findings.append(Finding(reason, N_("quantity × price = %(ours)s"), mark, fixes))
    return findings
