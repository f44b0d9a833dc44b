"""Spreadsheets that would hurt: bombs, liars, far corners, other formats in disguise; one sentence, nothing kept."""

from __future__ import annotations

import csv
import io
import os
import struct
import zipfile
from collections.abc import Callable

import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile

from punctual.domain.orders.models import Order, OrderImport
from punctual.domain.parties.models import Customer
from punctual.kernel.refusal import Refusal
from punctual.platform.sheets import reader
from punctual.platform.sheets.reader import read_sheets
from punctual.platform.sheets.writer import write_csv


def book(fill: Callable[[xlsxwriter.Workbook, xlsxwriter.worksheet.Worksheet], None] | None = None) -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as made:
        sheet = made.add_worksheet()
        sheet.write_row(0, 0, ("型号", "数量"))
        if fill:
            fill(made, sheet)
    return buffer.getvalue()


def rewritten(content: bytes, change: Callable[[str, bytes], bytes], more: dict[str, bytes] | None = None) -> bytes:
    """The same zip with its members changed, and some more."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
        for name, text in (more or {}).items():
            new.writestr(name, text)
    return buffer.getvalue()


def in_sheet(old: bytes, new: bytes) -> Callable[[str, bytes], bytes]:
    return lambda name, text: text.replace(old, new) if name.endswith("sheet1.xml") else text


def with_sizes(content: bytes, size: int, above: int) -> bytes:
    """The zip says ``size`` for what unpacks to more than ``above`` bytes."""
    changed = bytearray(content)
    for signature, offset in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        at = 0
        while (at := changed.find(signature, at)) >= 0:
            if struct.unpack_from("<I", changed, at + offset)[0] > above:
                struct.pack_into("<I", changed, at + offset, size)
            at += 4
    return bytes(changed)


def bomb() -> bytes:
    """What counts is what it says before anything is unpacked."""
    return with_sizes(rewritten(book(), lambda _n, t: t, {"xl/media/x.bin": b"\0" * 100_000}), 310 << 20, 90_000)


def liar() -> bytes:
    """Says a thousand bytes and unpacks to five million."""
    return with_sizes(rewritten(book(), in_sheet(b"</sheetData>", b"</sheetData>" + b" " * 5_000_000)), 1000, 1_000_000)


def far_corner() -> bytes:
    return book(lambda _book, sheet: sheet.write(1_048_575, 16_383, 1))


def far_row_with_unplaced_cells() -> bytes:
    return rewritten(book(), in_sheet(b"</sheetData>", b'<row r="1048576"><c><v>1</v></c></row></sheetData>'))


HOSTILE = {
    "zip bomb": (bomb, "sheet.bomb"),
    "unpacks to more than it says": (liar, "sheet.unreadable"),
    "two cells in opposite corners": (far_corner, "sheet.too_many_cells"),
    "far column only": (lambda: book(lambda _b, sheet: sheet.write(1, 300, 1)), "sheet.too_many_cells"),
    "far row only": (lambda: book(lambda _b, sheet: sheet.write(60_000, 0, 1)), "sheet.too_many_cells"),
    "cells without a place in a far row": (far_row_with_unplaced_cells, "sheet.too_many_cells"),
    "a binary workbook inside": (
        lambda: rewritten(book(), lambda _n, t: t, {"xl/workbook.bin": b"x"}),
        "sheet.unreadable",
    ),
    "an open document in disguise": (
        lambda: rewritten(book(), lambda _n, t: t, {"content.xml": b"<x/>"}),
        "sheet.unreadable",
    ),
    "utf-16 inside": (
        lambda: rewritten(book(), lambda n, t: t.decode().encode("utf-16") if n.endswith("sheet1.xml") else t),
        "sheet.unreadable",
    ),
    "cut in half": (lambda: book()[: len(book()) // 2], "sheet.unreadable"),
    "fifty megabytes": (lambda: os.urandom(1024) * 1024 * 50, "sheet.too_large"),
    "nothing at all": (lambda: b"", "sheet.empty_file"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_workbook_gets_one_sentence(kind):
    make, code = HOSTILE[kind]
    with pytest.raises(Refusal) as refused:
        read_sheets(make(), "po.xlsx")
    assert refused.value.codes == {code}
    assert len(refused.value.reasons) == 1


@pytest.mark.django_db
@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("page", ["/imports/", "/customers/import/"])
def test_a_hostile_workbook_is_said_on_the_page_and_nothing_is_kept(signed_in, kind, page):
    content = HOSTILE[kind][0]()
    client = signed_in("order_manager")
    answer = client.post(page, {"file": SimpleUploadedFile("po.xlsx", content)})
    assert answer.status_code in (200, 422)
    assert 'role="alert"' in answer.content.decode() or "ferr" in answer.content.decode()
    assert not OrderImport.objects.exists()
    assert not Order.objects.exists()
    assert not Customer.objects.exists()


def test_formats_far_away_do_not_make_a_file_too_large():
    """Whole columns that were coloured are everyday."""

    def fill(made: xlsxwriter.Workbook, sheet: xlsxwriter.worksheet.Worksheet) -> None:
        sheet.write_row(1, 0, ("HC-VI30", 2))
        sheet.write_blank(1_000_000, 16_000, None, made.add_format({"bg_color": "yellow"}))

    assert read_sheets(book(fill), "po.xlsx")[0].rows[1][:2] == ["HC-VI30", 2.0]


@pytest.mark.parametrize(("rows", "fits"), [(reader.MOST_ROWS - 1, True), (reader.MOST_ROWS, False)])
def test_the_last_row_that_is_read_is_the_one_that_is_named(rows, fits):
    content = book(lambda _book, sheet: sheet.write(rows, 0, "x"))
    if fits:
        assert len(read_sheets(content, "po.xlsx")[0].rows) == reader.MOST_ROWS
    else:
        with pytest.raises(Refusal):
            read_sheets(content, "po.xlsx")


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t=", "\r=", "\n=", "＝", "＋", "－", "＠"])
def test_no_text_becomes_a_formula_in_a_written_table(begin: str) -> None:
    text = f"{begin}HYPERLINK(A1)"
    table = list(csv.reader(io.StringIO(write_csv([text], [[text]]).decode("utf-8-sig"), newline="")))
    assert table == [[f"'{text}"], [f"'{text}"]]
