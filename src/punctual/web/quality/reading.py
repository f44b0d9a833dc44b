"""What a form says, read out of untrusted text: a good value, or a refusal at its field."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest, QueryDict

from punctual.kernel.quantity import NotANumber, parse_decimal
from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User

M = TypeVar("M", bound=Model)
DAY_MINUTES = 480


def text(data: QueryDict, name: str) -> str:
    return data.get(name, "").strip()


def number(data: QueryDict, name: str, *, default: Decimal | None = None) -> Decimal | None:
    """A decimal number as people write it; nothing typed gives ``default``."""
    given = text(data, name)
    if not given:
        return default
    try:
        return parse_decimal(given)
    except NotANumber as error:
        sentence = N_("“%(value)s” is no number; write it as 1234.5.")
        raise Refusal(Reason("input.number", sentence, {"value": given[:40]}, field=name)) from error


def whole(data: QueryDict, name: str, *, default: int | None = None) -> int | None:
    """A whole number; nothing typed gives ``default``."""
    found = number(data, name)
    if found is None:
        return default
    if found != int(found) or abs(found) > 10**9:
        sentence = N_("“%(value)s” is no whole number.")
        raise Refusal(Reason("input.whole", sentence, {"value": text(data, name)[:40]}, field=name))
    return int(found)


def day(data: QueryDict, name: str) -> dt.date | None:
    """A day, or none."""
    given = text(data, name)
    if not given:
        return None
    try:
        return dt.date.fromisoformat(given)
    except ValueError as error:
        sentence = N_("“%(value)s” is no date; write it as 2026-02-14.")
        raise Refusal(Reason("input.day", sentence, {"value": given[:40]}, field=name)) from error


def minutes(data: QueryDict, name: str) -> int:
    """Working days as people write them (0.5, 2), as minutes."""
    found = number(data, name, default=Decimal(0))
    assert found is not None
    return int(found * DAY_MINUTES) if abs(found) < 10**6 else 10**9


def key(data: QueryDict, name: str) -> int:
    """The id of a record, 0 for none."""
    given = data.get(name, "")
    return int(given) if given.isdecimal() and len(given) < 18 else 0


def record(rows: QuerySet[M], data: QueryDict, name: str) -> M | None:
    """The record that is chosen, None for none."""
    found = key(data, name)
    return rows.filter(pk=found).first() if found else None


def version(request: HttpRequest) -> int | None:
    return key(request.POST, "version") or None


def person(data: QueryDict, name: str) -> User | None:
    return record(User.objects.filter(is_active=True), data, name)
