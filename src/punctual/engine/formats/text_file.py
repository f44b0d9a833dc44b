"""Reading small planning files: size limit, text encoding, gzip, and refusals that name the line."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_

BYTES_LIMIT = 256 * 1024 * 1024
"""Largest file, after unpacking, that is read: far above any real plan, far below what would hurt the machine."""


def refuse(code: str, text: str, *, row: int | None = None, field: str = "", **params: object) -> NoReturn:
    """Raise one :class:`Refusal` for a fault of a file."""
    raise Refusal(Reason(code=f"file.{code}", text=text, params=params, row=row, field=field))


def read_text(path: Path) -> str:
    """The whole file as text: UTF-8 (with or without mark), else Latin-1; gzip is unpacked when it is gzip."""
    raw = read_bytes(path)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def read_bytes(path: Path) -> bytes:
    """The whole file, unpacked when it is gzip; refuses what cannot be read or is too large."""
    try:
        with path.open("rb") as file:
            raw = file.read(BYTES_LIMIT + 1)
        if raw[:2] == b"\x1f\x8b":
            with gzip.open(path, "rb") as packed:
                raw = packed.read(BYTES_LIMIT + 1)
    except (OSError, EOFError, zlib.error) as error:
        cause = getattr(error, "strerror", None) or str(error)
        refuse("unreadable", N_("%(path)s cannot be read: %(cause)s."), path=str(path), cause=cause)
    if len(raw) > BYTES_LIMIT:
        refuse("too_large", N_("%(path)s is larger than %(most)s bytes."), path=str(path), most=BYTES_LIMIT)
    return raw


@dataclass(frozen=True, slots=True)
class Word:
    """One blank-separated word and its 1-based line."""

    text: str
    line: int


def words_of(text: str) -> Iterator[Word]:
    """Every word of the text with its line."""
    for number, line in enumerate(text.splitlines(), start=1):
        for word in line.split():
            yield Word(word, number)


def whole(word: Word, what: str, *, low: int = 0, high: int = 2**30) -> int:
    """The word as a whole number from ``low`` to ``high``; ``what`` names it in the refusal."""
    try:
        value = int(word.text)
    except ValueError:
        value = low - 1
    if not low <= value <= high:
        text = N_("%(what)s is '%(word)s'; it must be a whole number from %(low)s to %(high)s.")
        refuse("number", text, row=word.line, what=what, word=word.text[:40], low=low, high=high)
    return value
