"""Tables out of a PDF that holds text: its ruled tables, and the lines of text around them."""

from __future__ import annotations

import io
from typing import Any, Final

from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_

MOST_PAGES: Final = 60
SAME_LINE: Final = 3.0
"""Points by which words of one line may differ in height."""


def pdf_rows(content: bytes, name: str) -> list[list[str | None]]:
    """Every line of text above a table as a row of one cell, every table row as its cells, page after page.

    A header that is repeated on later pages is left out. Refused when the file is no PDF, or holds no text (a scan).
    """
    import pdfplumber
    from pdfminer.pdfdocument import PDFPasswordIncorrect
    from pdfminer.pdfparser import PDFSyntaxError

    rows: list[list[str | None]] = []
    try:
        with pdfplumber.open(io.BytesIO(content)) as book:
            if len(book.pages) > MOST_PAGES:
                raise _refuse("pdf_pages", N_("“%(name)s” has more than %(limit)d pages."), name=name, limit=MOST_PAGES)
            for page in book.pages:
                _page(page, rows)
    except Refusal:
        raise
    except (PDFSyntaxError, PDFPasswordIncorrect, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _refuse("pdf_unreadable", N_("“%(name)s” can't be read as a PDF."), name=name) from error
    except Exception as error:
        if type(error).__module__.startswith(("pdfplumber", "pdfminer", "pypdfium2")):
            raise _refuse("pdf_unreadable", N_("“%(name)s” can't be read as a PDF."), name=name) from error
        raise
    if not any(any(cell for cell in row) for row in rows):
        text = N_("“%(name)s” holds no text; it looks like a scan. Ask for the original file or enter the lines.")
        raise _refuse("pdf_scan", text, name=name)
    return rows


def _refuse(code: str, text: str, **params: object) -> Refusal:
    return Refusal(Reason(code=f"sheet.{code}", text=text, params=params, field="file"))


def _page(page: Any, rows: list[list[str | None]]) -> None:
    tables = [table for table in page.find_tables() if max(len(row.cells) for row in table.rows) > 1]
    first = min((table.bbox[1] for table in tables), default=page.height)
    if not tables:
        _take(_by_place(page.extract_words()), rows)
        return
    if first > 5:
        above = page.crop((0, 0, page.width, first), strict=False).extract_text() or ""
        rows += [[line] for line in above.splitlines() if line.strip()]
    for table in tables:
        _take(table.extract(), rows)


def _by_place(words: list[dict[str, Any]]) -> list[list[str | None]]:
    """Rows and columns without rules: the first line of four words or more is taken for the header, and every word
    below it belongs to the header word that it stands nearest to."""
    lines: list[list[dict[str, Any]]] = []
    for word in sorted(words, key=lambda one: (one["top"], one["x0"])):
        if lines and abs(lines[-1][0]["top"] - word["top"]) <= SAME_LINE:
            lines[-1].append(word)
        else:
            lines.append([word])
    at = next((index for index, line in enumerate(lines) if len(line) >= 4), len(lines))
    found: list[list[str | None]] = [[" ".join(word["text"] for word in line)] for line in lines[:at]]
    if at == len(lines):
        return found
    heads = sorted(lines[at], key=lambda one: one["x0"])
    for line in lines[at:]:
        cells: list[str | None] = [None] * len(heads)
        for word in sorted(line, key=lambda one: one["x0"]):
            column = min(range(len(heads)), key=lambda index: _apart(heads[index], word))
            cells[column] = f"{cells[column]} {word['text']}" if cells[column] else word["text"]
        found.append(cells)
    return found


def _apart(head: dict[str, Any], word: dict[str, Any]) -> float:
    """0 where they overlap in width, else the gap between them."""
    return max(0.0, float(head["x0"] - word["x1"]), float(word["x0"] - head["x1"]))


def _take(found: list[list[str | None]], rows: list[list[str | None]]) -> None:
    for cells in found:
        row = [_cell(cell) for cell in cells]
        if any(row) and row not in rows:  # a header comes again on the next page
            rows.append(row)


def _cell(text: str | None) -> str | None:
    plain = " ".join((text or "").split())
    return None if plain in ("", "—", "-") else plain
