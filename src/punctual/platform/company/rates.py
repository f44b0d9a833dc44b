"""Amounts of other currencies in the company's: the rate of a day is the last one that was valid then."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final

from django.db import transaction
from django.db.models import QuerySet

from punctual.kernel.money import BASE, MINOR_UNITS, rounded
from punctual.kernel.quantity import plain
from punctual.kernel.refusal import Reason, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may, require
from punctual.platform.audit.services import differences, record
from punctual.platform.company.models import ExchangeRate
from punctual.platform.records import get_or_not_found

MOST: Final = Decimal(1_000_000)


@dataclass(frozen=True)
class Rates:
    """Every rate that is kept: currency → (day, rate), oldest first. Pure once read."""

    kept: Mapping[str, list[tuple[dt.date, Decimal]]]

    def rate(self, currency: str, on: dt.date) -> Decimal | None:
        """Of that day; None where none was valid yet."""
        if currency == BASE:
            return Decimal(1)
        rows = self.kept.get(currency, [])
        place = bisect_right(rows, on, key=lambda row: row[0])
        return rows[place - 1][1] if place else None

    def in_base(self, amount: Decimal, currency: str, on: dt.date) -> Decimal | None:
        """``amount`` in the company's currency; None without a rate."""
        rate = self.rate(currency, on)
        return None if rate is None else rounded(amount * rate, BASE)

    def total(self, amounts: Iterable[tuple[Decimal, str]], on: dt.date) -> Total:
        """The sum in the company's currency, and the currencies that it leaves out because no rate is kept."""
        total, missing = Decimal(0), set()
        for amount, currency in amounts:
            found = self.in_base(amount, currency, on)
            if found is None:
                missing.add(currency)
            else:
                total += found
        return Total(total, tuple(sorted(missing)))


@dataclass(frozen=True, slots=True)
class Total:
    """A sum in the company's currency; ``missing``: currencies without a rate, left out of it."""

    amount: Decimal
    missing: tuple[str, ...] = ()


def rates() -> Rates:
    """All of them, in one query."""
    kept: dict[str, list[tuple[dt.date, Decimal]]] = {}
    rows = ExchangeRate.objects.order_by("currency", "valid_from")
    for currency, day, rate in rows.values_list("currency", "valid_from", "rate"):
        kept.setdefault(currency, []).append((day, rate))
    return Rates(kept)


def in_base(amount: Decimal, currency: str, on: dt.date) -> Decimal | None:
    """One amount; amounts of the company's own currency ask no database."""
    return amount if currency == BASE else rates().in_base(amount, currency, on)


def rates_of(actor: User) -> QuerySet[ExchangeRate]:
    """The rates that the actor may see, the last of each currency first."""
    rows = ExchangeRate.objects.select_related("set_by").order_by("currency", "-valid_from")
    return rows if may(actor, "rates.view") else rows.none()


@transaction.atomic
def set_rate(
    *, actor: User, currency: str, valid_from: dt.date | None, rate: Decimal | None, source: str = ""
) -> ExchangeRate:
    """Keep the rate from a day on; one of the same day is put right. What was decided before stays decided."""
    require(actor, "rates.set")
    refuse_if(_against(currency, valid_from, rate))
    assert valid_from is not None
    assert rate is not None
    found = ExchangeRate.objects.select_for_update().filter(currency=currency, valid_from=valid_from).first()
    before = {"rate": plain(found.rate), "source": found.source} if found else {}
    found = found or ExchangeRate(currency=currency, valid_from=valid_from)
    found.rate, found.source, found.set_by = rate, source.strip()[:80], actor
    found.save()
    changes = differences(before, {"rate": plain(rate), "source": found.source})
    record(actor=actor, verb="change" if before else "create", target=found, changes=changes)
    return found


@transaction.atomic
def remove_rate(*, actor: User, rate_id: int) -> None:
    """Take back a rate that was wrong."""
    require(actor, "rates.set")
    found = get_or_not_found(rates_of(actor), pk=rate_id)
    record(actor=actor, verb="delete", target=found, changes=differences({"rate": plain(found.rate)}, {}))
    found.delete()


def _against(currency: str, valid_from: dt.date | None, rate: Decimal | None) -> list[Reason]:
    reasons = []
    if currency not in MINOR_UNITS:
        text = N_("“%(currency)s” is no currency known here; give its three letters, for example USD.")
        reasons.append(Reason("rate.unknown", text, {"currency": currency[:10]}, field="currency"))
    elif currency == BASE:
        reasons.append(Reason("rate.currency", N_("Choose another currency than the company's."), field="currency"))
    if valid_from is None:
        reasons.append(Reason("rate.valid_from", N_("Say from which day the rate is valid."), field="valid_from"))
    try:
        good = rate is not None and Decimal(0) < rate < MOST and round(rate, 8) == rate
    except InvalidOperation:
        good = False
    if not good:
        text = N_("A rate is a number above 0 and below %(most)s with at most 8 decimals.")
        reasons.append(Reason("rate.rate", text, {"most": f"{MOST:,}"}, field="rate"))
    return reasons


def against_currency(currency: str, on: dt.date) -> list[Reason]:
    """An amount that must be held beside a limit needs a rate."""
    if currency == BASE or rates().rate(currency, on) is not None:
        return []
    text = N_("No exchange rate of %(currency)s is kept; finance enters it under settings, exchange rates.")
    return [Reason("rate.missing", text, {"currency": currency}, field="currency")]
