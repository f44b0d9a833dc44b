"""From a spreadsheet's cells to typed values, every problem at its cell."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.utils import translation

from punctual.flows.master_import.columns import ImportColumn, MasterImport, Shape
from punctual.kernel.dates import NotADay, NoYear, parse_day
from punctual.kernel.quantity import NotANumber, parse_decimal, plain
from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_, Word
from punctual.platform.accounts.models import User
from punctual.platform.sheets.reader import Cell, Table, find_table, loose, read_sheets

MOST_ROWS: Final = 2000
_YES: Final = frozenset({"yes", "y", "true", "1", "是", "√", "✓"})
_NO: Final = frozenset({"no", "n", "false", "0", "否", "×", "✕"})
_SEPARATORS: Final = re.compile(r"[、,，;；|\n]+")


@dataclass(slots=True)
class ReadRow:
    """``number`` is the row in the sheet (1-based); ``cells`` stand as the file has them."""

    number: int
    cells: Sequence[Cell]
    values: dict[str, Any] = field(default_factory=dict)
    reasons: list[Reason] = field(default_factory=list)


def headers_of(column: ImportColumn) -> set[str]:
    """Every way in which a file may head the column: its field, both languages, other names."""
    with translation.override("zh-hans"):
        chinese = translation.gettext(column.label)
    return {loose(text) for text in (column.field, column.label, chinese, *column.headers)}


def read_table(subject: MasterImport, actor: User, content: bytes, name: str) -> Table:
    """The table of the file that looks most like this noun. Raises Refusal for a file that can't be used."""
    known = sorted({header for column in subject.columns_for(actor) for header in headers_of(column)})
    table = find_table(read_sheets(content, name), known, name)
    if len(table.rows) > MOST_ROWS:
        raise Refusal(
            Reason(
                "import.too_many_rows",
                N_("“%(name)s” has %(rows)d rows; at most %(most)d are imported at once. Split it."),
                {"name": name, "rows": len(table.rows), "most": MOST_ROWS},
                field="file",
            )
        )
    if not table.rows:
        raise Refusal(
            Reason("import.no_rows", N_("“%(name)s” has a header but no row under it."), {"name": name}, field="file")
        )
    return table


def guess(subject: MasterImport, actor: User, header: Sequence[str]) -> dict[int, str]:
    """Position in the file → field, each field once, the first column that fits."""
    mapping: dict[int, str] = {}
    for column in subject.columns_for(actor):
        names = headers_of(column)
        for position, text in enumerate(header):
            if position not in mapping and loose(text) in names:
                mapping[position] = column.field
                break
    return mapping


def reasons_against_mapping(subject: MasterImport, mapping: Mapping[int, str]) -> list[Reason]:
    """A column told twice, or a needed one not at all."""
    reasons = []
    for column in subject.every_column():
        times = list(mapping.values()).count(column.field)
        if times > 1:
            text = N_("Two columns of the file are taken for “%(name)s”; take one.")
        elif times == 0 and column.required:
            text = N_("No column of the file is taken for “%(name)s”, which every row needs.")
        else:
            continue
        reasons.append(Reason("import.mapping", text, {"name": Word(column.label)}, field=column.field))
    return reasons


def read_rows(subject: MasterImport, table: Table, mapping: Mapping[int, str]) -> list[ReadRow]:
    """Every row that is not blank, its cells read by the columns' shapes; the same key twice is refused."""
    columns = {column.field: column for column in subject.every_column()}
    rows = []
    seen: dict[tuple[str, ...], int] = {}
    for offset, cells in enumerate(table.rows):
        if all(_is_blank(cell) for cell in cells):
            continue
        row = ReadRow(table.first_row + offset, cells)
        for position, name in mapping.items():
            _read_cell(row, columns[name], cells[position] if position < len(cells) else None)
        _check_merged(row, table)
        for column in columns.values():
            if column.required and column.field not in row.values and not _told(row, column.field):
                text = N_("“%(name)s” is missing.")
                row.reasons.append(_reason("missing", text, column, name=Word(column.label)))
        _check_key(subject, row, seen)
        rows.append(row)
    return rows


def _told(row: ReadRow, name: str) -> bool:
    return any(reason.field == name for reason in row.reasons)


def _check_merged(row: ReadRow, table: Table) -> None:
    if row.number in table.merged_rows:
        row.reasons.append(
            Reason(
                "import.merged",
                N_("Cells are merged here (%(range)s); a row needs cells of its own. Split them."),
                {"range": table.merged_rows[row.number]},
            )
        )


def _check_key(subject: MasterImport, row: ReadRow, seen: dict[tuple[str, ...], int]) -> None:
    if not all(row.values.get(name) is not None for name in subject.key[:1]):
        return
    key = tuple(str(row.values.get(name, "")).lower() for name in subject.key)
    if key in seen:
        text = N_("Row %(first)d says the same already; keep one of the two.")
        row.reasons.append(Reason("import.twice", text, {"first": seen[key]}, field=subject.key[0]))
    seen.setdefault(key, row.number)


def _is_blank(cell: Cell) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _reason(problem: str, text: str, column: ImportColumn, **params: object) -> Reason:
    return Reason(f"import.{column.field}.{problem}", text, params, field=column.field)


def _read_cell(row: ReadRow, column: ImportColumn, cell: Cell) -> None:
    if _is_blank(cell):
        return
    try:
        row.values[column.field] = _READERS[column.shape](cell)
    except NoYear:
        text = N_("“%(value)s” has no year; write it as 2026-03-19.")
        row.reasons.append(_reason("form", text, column, value=cell))
    except NotADay:
        text = N_("“%(value)s” is no day; write it as 2026-03-19.")
        row.reasons.append(_reason("form", text, column, value=cell))
    except NotANumber:
        text = N_("“%(value)s” is no number; write it as 1234.5.")
        row.reasons.append(_reason("form", text, column, value=cell))
    except _NotYesNo:
        text = N_("“%(value)s” is neither yes nor no.")
        row.reasons.append(_reason("form", text, column, value=cell))


class _NotYesNo(ValueError):
    """Neither yes nor no."""


def text_of(cell: Cell) -> str:
    """A cell as the text a person sees: whole numbers without “.0”, days as ISO, no NUL (databases hold none)."""
    if isinstance(cell, bool):
        return "1" if cell else "0"
    if isinstance(cell, float):
        try:
            return plain(parse_decimal(cell))
        except NotANumber:
            return str(cell)
    if isinstance(cell, dt.datetime) and cell.time() == dt.time():
        return cell.date().isoformat()
    return "" if cell is None else str(cell).replace("\0", "").strip()


def _whole(cell: Cell) -> int:
    number = parse_decimal(cell)
    if number != int(number):
        raise NotANumber(str(cell))
    return int(number)


def _yes_no(cell: Cell) -> bool:
    text = loose(text_of(cell))
    if text in _YES:
        return True
    if text in _NO:
        return False
    raise _NotYesNo(text)


def _list(cell: Cell) -> list[str]:
    return [part.strip() for part in _SEPARATORS.split(text_of(cell)) if part.strip()]


_READERS: Final[Mapping[Shape, Any]] = {
    Shape.TEXT: text_of,
    Shape.NUMBER: parse_decimal,
    Shape.WHOLE: _whole,
    Shape.DAY: parse_day,
    Shape.YES_NO: _yes_no,
    Shape.LIST: _list,
}
