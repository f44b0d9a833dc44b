"""Money: an exact decimal amount in one currency, rounded to the currency's minor unit (ISO 4217)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

MINOR_UNITS: Final = {"CNY": 2, "USD": 2, "EUR": 2, "HKD": 2, "GBP": 2, "JPY": 0}
"""Currency → decimals (ISO 4217). These are the currencies the product offers."""

BASE: Final = "CNY"
"""The company's currency: limits, costs and sums over several orders are in it."""

SYMBOLS: Final = {"CNY": "¥", "USD": "$", "EUR": "€", "HKD": "HK$", "GBP": "£", "JPY": "JP¥"}


def rounded(amount: Decimal, currency: str) -> Decimal:
    """``amount`` to the currency's minor unit, half up (GB/T 8170 leaves commerce half up)."""
    return amount.quantize(Decimal(1).scaleb(-MINOR_UNITS[currency]), rounding=ROUND_HALF_UP)


def written(amount: Decimal, currency: str, *, whole: bool = True) -> str:
    """``¥95,100``; cents are written only where there are any (or always with ``whole=False``)."""
    places = MINOR_UNITS.get(currency, 2)
    if whole and amount == amount.to_integral_value():
        places = 0
    sign = "−" if amount < 0 else ""
    return f"{sign}{SYMBOLS.get(currency, currency + ' ')}{abs(amount):,.{places}f}"


@dataclass(frozen=True, slots=True)
class Money:
    """An amount and its currency; amounts of different currencies are never added."""

    amount: Decimal
    currency: str = "CNY"

    def __post_init__(self) -> None:
        if self.currency not in MINOR_UNITS:
            raise ValueError(f"unknown currency {self.currency!r}; known are {', '.join(MINOR_UNITS)}")
        if not self.amount.is_finite():
            raise ValueError("an amount of money must be a finite number")

    def __add__(self, other: Money) -> Money:
        if self.currency != other.currency:
            raise ValueError(f"cannot add {other.currency} to {self.currency}")
        return Money(self.amount + other.amount, self.currency)

    def rounded(self) -> Money:
        return Money(rounded(self.amount, self.currency), self.currency)

    def allocate(self, weights: Sequence[Decimal | int]) -> list[Money]:
        """Split by ``weights`` (≥ 0, sum > 0) so that the parts add up exactly to the rounded amount.

        Largest remainder method (Hamilton): each part is floored to the minor unit, the units left over go to
        the largest remainders, ties to the earlier part.
        """
        total_weight = sum((Decimal(weight) for weight in weights), Decimal(0))
        if total_weight <= 0 or any(weight < 0 for weight in weights):
            raise ValueError("weights must not be negative and must not all be zero")
        unit = Decimal(1).scaleb(-MINOR_UNITS[self.currency])
        units = int(self.rounded().amount / unit)
        sign = -1 if units < 0 else 1
        shares = [abs(units) * Decimal(weight) / total_weight for weight in weights]
        parts = [int(share) for share in shares]
        by_remainder = sorted(range(len(parts)), key=lambda i: (parts[i] - shares[i], i))
        for i in by_remainder[: abs(units) - sum(parts)]:
            parts[i] += 1
        return [Money(sign * part * unit, self.currency) for part in parts]
