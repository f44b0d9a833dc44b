"""Marks English sentences for the catalogues without translating them here.

The kernel and the engine say *what* is wrong as data; the faces put it into the reader's language.
"""

from typing import Final


def N_(text: str) -> str:
    """Return ``text`` unchanged; the name tells the catalogue tool to collect it (gettext's ``noop``)."""
    return text


LANGUAGES: Final = ("zh-hans", "en")


class Word(str):
    """A sentence parameter that is itself a catalogue key: faces translate it before they put it in."""

    __slots__ = ()
