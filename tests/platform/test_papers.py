"""Papers are real PDFs whose Chinese can be read back."""

import io
import struct
import zlib

import pdfplumber
import pytest

from punctual.platform.papers import Facts, Grid, Heading, Picture, Text, paper


def test_a_paper_holds_its_words_and_repeats_the_head_on_each_page() -> None:
    rows = [[f"行 {at}", at, "<b>不是标记</b>"] for at in range(80)]
    made = paper(
        title="检验报告 Inspection report",
        blocks=[
            Heading("结论"),
            Facts([("型号", "HC-200"), ("数量", None), ("结果", "合格")]),
            Text("第一行\n第二行"),
            Grid(["项目", "数量", "备注"], rows, widths=[2, 1, 2], right=[1]),
        ],
        footer="华辰自动化",
    )
    with pdfplumber.open(io.BytesIO(made)) as read:
        texts = [page.extract_text() for page in read.pages]
    assert len(texts) > 1
    assert "检验报告" in texts[0]
    assert all("备注" in text for text in texts)
    assert "<b>不是标记</b>" in texts[0]
    assert made == paper(
        title="检验报告 Inspection report",
        blocks=[
            Heading("结论"),
            Facts([("型号", "HC-200"), ("数量", None), ("结果", "合格")]),
            Text("第一行\n第二行"),
            Grid(["项目", "数量", "备注"], rows, widths=[2, 1, 2], right=[1]),
        ],
        footer="华辰自动化",
    )


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _png(width: int, height: int, data: bytes) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


DRAWN = _png(2, 2, zlib.compress(b"\0" * 18))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x89PNG\r\n\x1a\nno more",
        DRAWN[:45],
        _png(100, 100, b"no deflate"),
        _png(100, 100, zlib.compress(b"")),
        _png(0, 0, zlib.compress(b"")),
        _png(4000, 4000, zlib.compress(b"\0" * 4000 * 16_001)),
        _png(50_000, 50_000, zlib.compress(b"")),
    ],
)
def test_a_picture_that_cannot_be_read_or_unfolds_into_too_much_spoils_no_paper(content: bytes) -> None:
    assert paper(title="x", blocks=[Picture(content)]) == paper(title="x", blocks=[Picture(b"")])
    assert paper(title="x", blocks=[Picture(DRAWN)]) != paper(title="x", blocks=[Picture(b"")])
