"""Checks that master data of every noun has in common; a :class:`Checker` collects all reasons against one record."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection
from decimal import Decimal
from typing import Final

from punctual.kernel.dates import EARLIEST, LATEST
from punctual.kernel.refusal import Reason
from punctual.kernel.wording import N_, Word

_CODE: Final = re.compile(r"[^\s/\\?#%\"'<>]+")
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class Checker:
    """Collects what is wrong with one record of ``noun``; codes read ``noun.field.problem``.

    ``label`` is the field's English word as the pages write it; it is put into the reader's language with the sentence.
    """

    def __init__(self, noun: str) -> None:
        self.noun = noun
        self.reasons: list[Reason] = []

    def add(self, field: str, problem: str, text: str, **params: object) -> None:
        self.reasons.append(Reason(code=f"{self.noun}.{field}.{problem}", text=text, params=params, field=field))

    def text(self, field: str, label: str, value: str, *, longest: int, required: bool = False) -> None:
        """A text that fits and, where ``required``, says something."""
        if required and not value.strip():
            self.add(field, "missing", N_("“%(name)s” is missing."), name=Word(label))
        if len(value) > longest:
            self.add(
                field,
                "too_long",
                N_("“%(name)s” has %(length)d characters; at most %(longest)d fit."),
                name=Word(label),
                length=len(value),
                longest=longest,
            )
        if _CONTROL.search(value):
            self.add(field, "control", N_("“%(name)s” holds characters that can't be printed."), name=Word(label))

    def code(self, field: str, label: str, value: str, *, longest: int) -> None:
        """A code by which files and addresses call the thing: no blanks and none of ``/ \\ ? # % " ' < >``."""
        self.text(field, label, value, longest=longest, required=True)
        if value.strip() and not _CODE.fullmatch(value):
            self.add(
                field,
                "form",
                N_("“%(name)s” has no blanks and none of / \\ ? # %% \" ' < >; it is “%(value)s”."),
                name=Word(label),
                value=value,
            )

    def email(self, field: str, label: str, value: str) -> None:
        self.text(field, label, value, longest=254)
        if value and not _EMAIL.fullmatch(value):
            self.add(
                field,
                "form",
                N_("“%(value)s” is not an e-mail address such as name@example.com."),
                value=value,
            )

    def one_of(self, field: str, label: str, value: str, choices: Collection[str]) -> None:
        if value not in choices:
            self.add(
                field,
                "unknown",
                N_("“%(name)s” can't be “%(value)s”; it is one of %(choices)s."),
                name=Word(label),
                value=value,
                choices=", ".join(choices),
            )

    def whole(self, field: str, label: str, value: int, *, least: int, most: int) -> None:
        if not least <= value <= most:
            self.add(
                field,
                "range",
                N_("“%(name)s” lies between %(least)s and %(most)s; it is %(value)s."),
                name=Word(label),
                least=least,
                most=most,
                value=value,
            )

    def number(
        self, field: str, label: str, value: Decimal, *, most: Decimal, places: int, positive: bool = False
    ) -> None:
        """Finite, not negative (``positive``: above zero), at most ``most``, with at most ``places`` decimals."""
        if not value.is_finite() or value < 0 or value > most or (positive and value == 0):
            text = (
                N_("“%(name)s” is a number above 0 and at most %(most)s; it is %(value)s.")
                if positive
                else N_("“%(name)s” is a number from 0 to %(most)s; it is %(value)s.")
            )
            self.add(field, "range", text, name=Word(label), most=most, value=value)
        elif value != value.quantize(Decimal(1).scaleb(-places)):
            self.add(
                field,
                "places",
                N_("“%(name)s” has at most %(places)d decimals; it is %(value)s."),
                name=Word(label),
                places=places,
                value=value,
            )

    def day(self, field: str, label: str, value: dt.date | None) -> None:
        """A day that business can mean (1990 to 2099), or none."""
        if value is not None and not EARLIEST <= value <= LATEST:
            self.add(
                field,
                "range",
                N_("“%(name)s” lies between %(least)s and %(most)s; it is %(value)s."),
                name=Word(label),
                least=EARLIEST,
                most=LATEST,
                value=value,
            )
