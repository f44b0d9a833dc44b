"""Write a table as .xlsx or .csv; text that begins like a formula stays text."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable, Sequence
from decimal import Decimal

import xlsxwriter

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""The full-width ones are read as the others where people write Chinese or Japanese."""


def _plain(value: object) -> object:
    """What a cell can hold; times of day without zone, since spreadsheets know none."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, dt.datetime) and value.tzinfo is not None:
        return value.replace(tzinfo=None)
    if value is None or isinstance(value, int | float | dt.date | dt.datetime | str):
        return value
    return str(value)


def write_xlsx(title: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """One sheet with a frozen header, filters and columns as wide as their content."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(
        buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "remove_timezone": True}
    )
    sheet = book.add_worksheet(title[:31].translate({ord(c): " " for c in "[]:*?/\\"}) or "Sheet")
    bold = book.add_format({"bold": True, "bg_color": "#EEF1F5", "bottom": 1})
    date = book.add_format({"num_format": "yyyy-mm-dd"})
    moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    widths = [_width(str(name)) for name in header]
    sheet.write_row(0, 0, header, bold)
    last = 0
    for last, row in enumerate(rows, start=1):
        for column, raw in enumerate(row):
            value = _plain(raw)
            if isinstance(value, dt.datetime):
                sheet.write_datetime(last, column, value, moment)
            elif isinstance(value, dt.date):
                sheet.write_datetime(last, column, dt.datetime(value.year, value.month, value.day), date)  # noqa: DTZ001
            elif isinstance(value, str):
                sheet.write_string(last, column, value)
            elif value is not None:
                sheet.write(last, column, value)
            if last <= 200 and value is not None:
                widths[column] = max(widths[column], _width(str(value)[:60]))
    for column, width in enumerate(widths):
        sheet.set_column(column, column, min(width + 2, 60))
    sheet.freeze_panes(1, 0)
    if header:
        sheet.autofilter(0, 0, last, len(header) - 1)
    book.close()
    return buffer.getvalue()


def _width(text: str) -> int:
    """Columns a text takes: Han characters two."""
    return sum(2 if ord(character) > 0x2E7F else 1 for character in text)


def write_csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """UTF-8 with byte order mark, which Excel needs; cells that begin like a formula get an apostrophe."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow([harmless(name) for name in header])
    for row in rows:
        writer.writerow([harmless(_plain(value)) for value in row])
    return b"\xef\xbb\xbf" + buffer.getvalue().encode()


def harmless(value: object) -> object:
    """Text that a spreadsheet would take for a formula gets an apostrophe in front."""
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS):
        return f"'{value}"
    return "" if value is None else value
