"""The book of a schedule is read by later releases too."""

from __future__ import annotations

import json
import zlib
from typing import Any

import pytest

from punctual.domain.scheduling.book import Book, Entry, Group, Piece, unpacked_starts

BOOK = Book(
    today="2026-11-23",
    orders=(Entry(1, "SO-2026-00001", "SO-2026-00001", "宁海锂科", 2),),
    groups=(Group("1", 1, 10, due=40),),
    pieces=(Piece("7", 1, "1", "装配", 8, {"R1": 1}, task=7),),
    resources={"R1": ((0, 2),)},
    starts=(3,),
)


def altered(change: Any) -> bytes:
    data = json.loads(zlib.decompress(BOOK.packed()))
    change(data)
    return zlib.compress(json.dumps(data).encode())


def test_a_book_comes_back_as_it_was_kept() -> None:
    assert Book.unpacked(BOOK.packed()) == BOOK
    assert unpacked_starts(BOOK.packed()) == (BOOK.day, {"7": 3})


def test_a_field_that_is_no_longer_known_is_left_out() -> None:
    def older(data: Any) -> None:
        for kind in ("orders", "groups", "pieces"):
            data[kind][0]["of_an_earlier_release"] = 1

    assert Book.unpacked(altered(older)) == BOOK


def test_a_book_that_lacks_what_is_needed_now_counts_as_none() -> None:
    with pytest.raises(LookupError, match="Entry of another release"):
        Book.unpacked(altered(lambda data: data["orders"][0].pop("label")))
