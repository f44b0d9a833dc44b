"""Read a table out of .xlsx, .xls or .csv. A hostile or broken file gets one sentence, never a traceback."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from python_calamine import CalamineError, CalamineWorkbook

from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform.accounts.permissions import Listed
from punctual.platform.sheets.guard import LARGEST_UNPACKED, Harm, harm_of

Cell = str | int | float | bool | dt.date | dt.datetime | dt.time | dt.timedelta | None

LARGEST_FILE: Final = 20 * 1024 * 1024
MOST_ROWS: Final = 50_000
MOST_COLUMNS: Final = 200
_ENCODINGS: Final = ("utf-8-sig", "gb18030")
"""Excel on a Chinese Windows writes CSV in GB 18030."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """``rows`` of one sheet, row 1 first; ``merged`` are ranges whose value stands at their first cell."""

    name: str
    rows: Sequence[Sequence[Cell]]
    merged: Sequence[tuple[tuple[int, int], tuple[int, int]]] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """A header row and the rows under it. ``first_row`` is the sheet row (1-based) of ``rows[0]``."""

    sheet: str
    header: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    first_row: int
    merged_rows: Mapping[int, str] = field(default_factory=dict)
    """Sheet row → the merged range that covers it, for the sentence at the cell."""


def _refuse(code: str, text: str, **params: object) -> Refusal:
    return Refusal(Reason(code=f"sheet.{code}", text=text, params=params, field="file"))


def read_sheets(content: bytes, name: str) -> list[Sheet]:
    """Every sheet of the file; ``name`` only decides between CSV and workbook."""
    if not content:
        raise _refuse("empty_file", N_("The file “%(name)s” is empty."), name=name)
    if len(content) > LARGEST_FILE:
        raise _refuse(
            "too_large",
            N_("The file “%(name)s” has %(size)d MB; at most %(limit)d MB are read. Split it."),
            name=name,
            size=len(content) >> 20,
            limit=LARGEST_FILE >> 20,
        )
    suffix = name.rsplit(".", 1)[-1].lower() if "." in name else ""
    if suffix == "csv":
        return [Sheet("CSV", _csv_rows(content, name))]
    if suffix == "pdf":
        from punctual.platform.sheets.pdf import pdf_rows

        return [Sheet("PDF", pdf_rows(content, name))]
    if suffix not in {"xlsx", "xlsm", "xls"}:
        raise _refuse(
            "unknown_format", N_("“%(name)s” can't be read: choose an .xlsx, .xls, .csv or .pdf file."), name=name
        )
    return _workbook_sheets(content, name)


def _csv_rows(content: bytes, name: str) -> list[list[Cell]]:
    for encoding in _ENCODINGS:
        try:
            text = content.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise _refuse("encoding", N_("“%(name)s” is neither UTF-8 nor GB 18030 text. Save it as UTF-8."), name=name)
    if "\0" in text:
        raise _refuse("not_text", N_("“%(name)s” is named .csv but is not a text file."), name=name)
    sample = text[:4096]
    delimiter = max(",;\t", key=sample.count)
    rows: list[list[Cell]] = []
    try:
        for row in csv.reader(io.StringIO(text), delimiter=delimiter):
            rows.append([cell if cell != "" else None for cell in row])
            _check_size(len(rows), len(row), name)
    except csv.Error as error:
        raise _refuse(
            "csv", N_("Line %(line)d of “%(name)s” can't be read: %(why)s."), name=name, line=len(rows) + 1, why=error
        ) from error
    return rows


def _check_size(rows: int, columns: int, name: str) -> None:
    if rows > MOST_ROWS or columns > MOST_COLUMNS:
        raise _too_large(name)


def _too_large(name: str) -> Refusal:
    return _refuse(
        "too_many_cells",
        N_("“%(name)s” is larger than %(rows)d rows or %(columns)d columns. Split it."),
        name=name,
        rows=MOST_ROWS,
        columns=MOST_COLUMNS,
    )


def _guard_zip(content: bytes, name: str) -> None:
    """Refuse a small file that unpacks into a huge one, or spans a huge sheet, before anything opens it."""
    if not content.startswith(b"PK"):
        return
    harm, unpacked = harm_of(content)
    if harm is Harm.DAMAGED:
        raise _unreadable(name)
    if harm is Harm.TOO_FAR:
        raise _too_large(name)
    if harm is Harm.BOMB:
        raise _refuse(
            "bomb",
            N_("“%(name)s” would unpack to %(size)d MB; at most %(limit)d MB are read."),
            name=name,
            size=unpacked >> 20,
            limit=LARGEST_UNPACKED >> 20,
        )


def _unreadable(name: str) -> Refusal:
    return _refuse(
        "unreadable", N_("“%(name)s” can't be read as a workbook: it is damaged or protected by a password."), name=name
    )


def _workbook_sheets(content: bytes, name: str) -> list[Sheet]:
    _guard_zip(content, name)
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheets = []
        for sheet_name in book.sheet_names:
            sheet = book.get_sheet_by_name(sheet_name)
            _check_size(sheet.total_height, sheet.total_width, name)
            rows = [[None if cell == "" else cell for cell in row] for row in sheet.to_python(skip_empty_area=False)]
            _check_size(len(rows), max(map(len, rows), default=0), name)
            sheets.append(Sheet(sheet_name, rows, tuple(sheet.merged_cell_ranges or ())))
    except (CalamineError, OSError, ValueError) as error:
        raise _unreadable(name) from error
    return sheets


def find_table(sheets: Sequence[Sheet], known_headers: Sequence[str], name: str) -> Table:
    """The sheet and row that look most like a header: the most cells among ``known_headers`` (compared loosely).

    Raises :class:`Refusal` when no sheet holds anything, or no row names at least two of the known columns.
    """
    known = {loose(header) for header in known_headers}
    best: tuple[int, Sheet, int] | None = None
    for sheet in sheets:
        for index, row in enumerate(sheet.rows[:40]):
            score = sum(1 for cell in row if isinstance(cell, str) and loose(cell) in known)
            if best is None or score > best[0]:
                best = (score, sheet, index)
    if best is None or not any(any(cell is not None for cell in row) for sheet in sheets for row in sheet.rows):
        raise _refuse("no_data", N_("“%(name)s” holds no data in any sheet."), name=name)
    score, sheet, index = best
    if score < 2:
        raise _refuse(
            "no_header",
            N_("No row of “%(name)s” looks like a header. One row must name the columns, such as %(columns)s."),
            name=name,
            columns=Listed(list(known_headers)[:4]),
        )
    return table_at(sheet, index)


def table_at(sheet: Sheet, header_index: int) -> Table:
    """The table whose header is row ``header_index`` (0-based); blank rows at the end are dropped."""
    header = ["" if cell is None else str(cell).strip() for cell in sheet.rows[header_index]]
    rows = [list(row) for row in sheet.rows[header_index + 1 :]]
    while rows and all(cell is None or (isinstance(cell, str) and not cell.strip()) for cell in rows[-1]):
        rows.pop()
    merged = {
        row + 1: f"{_cell_name(start)}:{_cell_name(end)}"
        for start, end in sheet.merged
        for row in range(start[0], end[0] + 1)
        if row > header_index
    }
    return Table(sheet.name, header, rows, header_index + 2, merged)


def loose(text: str) -> str:
    """For comparing headers: without blanks, case, full-width forms and the stars of required columns."""
    import unicodedata

    return "".join(unicodedata.normalize("NFKC", text).lower().split()).strip("*:：")


def _cell_name(position: tuple[int, int]) -> str:
    row, column = position
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row + 1}"
