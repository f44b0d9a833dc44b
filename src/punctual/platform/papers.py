"""Papers: A4 documents as PDF with Chinese text, for what is signed, sent or filed.

A paper is a list of blocks; :func:`paper` sets them. No font file is shipped: Chinese is set in the standard CID font
STSong-Light (Adobe-GB1), which every PDF reader brings.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from xml.sax.saxutils import escape

from PIL import Image as Pixels
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.pdfmetrics import registerFont
from reportlab.platypus import Image, KeepTogether, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

MOST_PIXELS: Final = 12_000_000
"""An A4 page at 350 dots an inch."""

FONT: Final = "STSong-Light"
registerFont(UnicodeCIDFont(FONT))

_INK: Final = colors.HexColor("#19212d")
_GREY: Final = colors.HexColor("#596473")
_LINE: Final = colors.HexColor("#cfd5de")
_BODY: Final = ParagraphStyle("body", fontName=FONT, fontSize=9.5, leading=14, textColor=_INK, wordWrap="CJK")
_SMALL: Final = ParagraphStyle("small", parent=_BODY, fontSize=8.5, leading=12, textColor=_GREY)
_HEAD: Final = ParagraphStyle("head", parent=_BODY, fontSize=12, leading=18, spaceBefore=8, spaceAfter=3)
_TITLE: Final = ParagraphStyle("title", parent=_BODY, fontSize=16, leading=24)


@dataclass(frozen=True, slots=True)
class Heading:
    text: str


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph; line breaks are kept."""

    text: str
    small: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """Pairs of name and value, two pairs a row."""

    pairs: Sequence[tuple[str, object]]


@dataclass(frozen=True, slots=True)
class Grid:
    """A table with a head that repeats on each page. ``widths`` are shares of the page; ``right`` numbers the columns
    that are set flush right."""

    head: Sequence[str]
    rows: Sequence[Sequence[object]]
    widths: Sequence[float] = ()
    right: Sequence[int] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG or JPEG, ``height`` in millimetres."""

    content: bytes
    height: float = 30


Block = Heading | Text | Facts | Grid | Picture


def _is_picture(content: bytes) -> bool:
    """Whether it can be read to its end, and is not far larger than a sheet shows: a few kilobytes may unfold into
    gigabytes."""
    try:
        with Pixels.open(io.BytesIO(content)) as read:
            if read.width * read.height > MOST_PIXELS:
                return False
            read.load()
    except (OSError, SyntaxError, ValueError, EOFError, Pixels.DecompressionBombError):
        return False
    return True


def _words(value: object) -> str:
    return escape("—" if value is None or value == "" else str(value)).replace("\n", "<br/>")


def _facts(block: Facts, width: float) -> Table:
    cells = [[Paragraph(_words(name), _SMALL), Paragraph(_words(value), _BODY)] for name, value in block.pairs]
    if len(cells) % 2:
        cells.append(["", ""])
    rows = [[*cells[at], *cells[at + 1]] for at in range(0, len(cells), 2)]
    table = Table(rows, colWidths=[width * share for share in (0.14, 0.36, 0.14, 0.36)])
    table.setStyle(TableStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), ("LINEBELOW", (0, 0), (-1, -1), 0.3, _LINE)]))
    return table


def _grid(block: Grid, width: float) -> Table:
    shares = block.widths or [1.0] * len(block.head)
    rows = [[Paragraph(_words(one), _SMALL) for one in block.head]]
    rows += [[Paragraph(_words(cell), _BODY) for cell in row] for row in block.rows]
    if block.right:
        flush = ParagraphStyle("right", parent=_BODY, alignment=2)
        for row, cells in zip(rows[1:], block.rows, strict=True):
            for column in block.right:
                row[column] = Paragraph(_words(cells[column]), flush)
    table = Table(rows, colWidths=[width * share / sum(shares) for share in shares], repeatRows=1)
    table.setStyle(
        TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LINEBELOW", (0, 0), (-1, 0), 0.8, _GREY),
                ("LINEBELOW", (0, 1), (-1, -1), 0.3, _LINE),
            ]
        )
    )
    return table


def _set(block: Block, width: float) -> Any:
    match block:
        case Heading(text):
            return Paragraph(_words(text), _HEAD)
        case Text(text, small):
            return Paragraph(_words(text), _SMALL if small else _BODY)
        case Facts():
            return _facts(block, width)
        case Grid():
            return _grid(block, width)
        case Picture(content, height):
            if not _is_picture(content):
                return Paragraph(_words(""), _BODY)  # a file that is no picture spoils no paper
            image = Image(io.BytesIO(content))
            share = height * mm / image.imageHeight
            image.drawHeight, image.drawWidth = height * mm, image.imageWidth * share
            image.hAlign = "LEFT"
            return KeepTogether([image])


def paper(*, title: str, subtitle: str = "", blocks: Sequence[Block], footer: str = "") -> bytes:
    """The PDF. ``footer`` stands beside the page number; the same input gives the same bytes."""
    out = io.BytesIO()
    document = SimpleDocTemplate(
        out,
        pagesize=A4,
        leftMargin=18 * mm,
        rightMargin=18 * mm,
        topMargin=16 * mm,
        bottomMargin=16 * mm,
        title=title,
        author="Punctual",
        invariant=1,
    )

    def foot(canvas: Any, _document: Any) -> None:
        canvas.setFont(FONT, 8)
        canvas.setFillColor(_GREY)
        canvas.drawString(18 * mm, 9 * mm, footer)
        canvas.drawRightString(A4[0] - 18 * mm, 9 * mm, str(canvas.getPageNumber()))

    story: list[Any] = [Paragraph(_words(title), _TITLE)]
    if subtitle:
        story.append(Paragraph(_words(subtitle), _SMALL))
    story.append(Spacer(1, 4 * mm))
    for block in blocks:
        story += [_set(block, document.width), Spacer(1, 2 * mm)]
    document.build(story, onFirstPage=foot, onLaterPages=foot)
    return out.getvalue()
