"""What other currencies are worth in the demo company: three quarters of rates."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Final

from punctual.platform.accounts.models import Role, User
from punctual.platform.company.rates import set_rate

RATES: Final = {
    "EUR": ("7.6210", "7.7035", "7.5780"),
    "USD": ("6.9120", "6.8850", "6.9040"),
    "HKD": ("0.8840", "0.8812", "0.8836"),
}


def build_rates(today: dt.date) -> None:
    """The last three months' first days, kept by finance."""
    finance = User.objects.filter(role=Role.FINANCE).order_by("pk")[0]
    first = today.replace(day=1)
    for back in range(3):
        for currency, values in RATES.items():
            set_rate(
                actor=finance, currency=currency, valid_from=first, rate=Decimal(values[back]), source="月初中间价"
            )
        first = (first - dt.timedelta(days=1)).replace(day=1)
