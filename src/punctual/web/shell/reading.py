"""Whole numbers out of what a browser sends: no text, however long, is a fault of ours."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

MOST_DIGITS: Final = 17
"""More than any number of a record or version has, and less than a database's integer takes."""


def whole(text: str, otherwise: int = 0) -> int:
    """The number that the text is; ``otherwise`` where it is none, or one that no record has."""
    return int(text) if text.isdecimal() and len(text) <= MOST_DIGITS else otherwise


def wholes(texts: Iterable[str]) -> list[int]:
    """Those of the texts that are numbers."""
    return [int(text) for text in texts if text.isdecimal() and len(text) <= MOST_DIGITS]
