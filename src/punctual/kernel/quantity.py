"""Quantities as people write them: a decimal number in a unit, full-width digits and thousands separators included."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal, InvalidOperation
from typing import Final

LARGEST: Final = Decimal("999999999999")
"""Beyond this a quantity or price is a typing error, not business (12 digits)."""

_GROUPED = re.compile(r"^[+-]?\d{1,3}(,\d{3})+(\.\d+)?$")
_PLAIN = re.compile(r"^[+-]?(\d+(\.\d*)?|\.\d+)$")


class NotANumber(ValueError):
    """The text is not one plain decimal number within ±LARGEST."""


def parse_decimal(text: object, *, places: int = 6) -> Decimal:
    """Read a decimal from a cell or a form field.

    Accepts int, Decimal, finite float, and text with full-width digits (NFKC), blanks around, ``1,234.5``.
    Refuses NaN, infinities, exponents, more than ``places`` decimals that matter, and anything beyond LARGEST.
    """
    if isinstance(text, bool):
        raise NotANumber(str(text))
    if isinstance(text, int | Decimal):
        number = Decimal(text)
    elif isinstance(text, float):
        number = Decimal(repr(text))
    else:
        plain = unicodedata.normalize("NFKC", str(text)).strip().replace("−", "-")
        if _GROUPED.match(plain):
            plain = plain.replace(",", "")
        if not _PLAIN.match(plain):
            raise NotANumber(str(text))
        try:
            number = Decimal(plain)
        except InvalidOperation as error:
            raise NotANumber(str(text)) from error
    if not number.is_finite() or abs(number) > LARGEST:
        raise NotANumber(str(text))
    return number.quantize(Decimal(1).scaleb(-places)).normalize() + Decimal(0)


def is_multiple(quantity: Decimal, step: Decimal) -> bool:
    """True when ``quantity`` is a whole number of ``step`` (step > 0)."""
    return quantity % step == 0


def plain(number: Decimal) -> str:
    """Without exponent and trailing zeros: 12, 0.5, 1200."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
