"""Tables out of a PDF that holds text: its ruled tables, and the lines of text around them."""

from __future__ import annotations

import io
from typing import Any, Final

from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_

MOST_PAGES: Final = 60
_TEXT_TABLE: Final = {"vertical_strategy": "text", "horizontal_strategy": "text"}


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
        # Without ruled columns the words' own places make them; what stands above is in the same rows.
        for table in page.find_tables(_TEXT_TABLE):
            _take(table.extract(), rows)
        if not rows:
            rows += [[line] for line in (page.extract_text() or "").splitlines() if line.strip()]
        return
    if first > 5:
        above = page.crop((0, 0, page.width, first), strict=False).extract_text() or ""
        rows += [[line] for line in above.splitlines() if line.strip()]
    for table in tables:
        _take(table.extract(), rows)


def _take(found: list[list[str | None]], rows: list[list[str | None]]) -> None:
    for cells in found:
        row = [_cell(cell) for cell in cells]
        if any(row) and row not in rows:  # a header comes again on the next page
            rows.append(row)


def _cell(text: str | None) -> str | None:
    plain = " ".join((text or "").split())
    return None if plain in ("", "—", "-") else plain
