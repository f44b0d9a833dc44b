"""One day, number or id out of a small form; what can't be read is refused at its field."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.core.exceptions import BadRequest
from django.http import HttpRequest

from punctual.kernel.dates import NotADay, parse_day
from punctual.kernel.quantity import NotANumber, parse_decimal
from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_


def posted_day(request: HttpRequest, name: str) -> dt.date:
    try:
        return parse_day(request.POST.get(name, ""))
    except NotADay as error:
        text = N_("“%(value)s” is no date; write it as 2026-02-14.")
        raise Refusal(Reason("day", text, {"value": request.POST.get(name, "")}, field=name)) from error


def posted_number(request: HttpRequest, name: str) -> Decimal:
    try:
        return parse_decimal(request.POST.get(name, ""))
    except NotANumber as error:
        text = N_("“%(value)s” is no number; write it as 1234.5.")
        raise Refusal(Reason("number", text, {"value": request.POST.get(name, "")}, field=name)) from error


def posted_id(request: HttpRequest, name: str) -> int:
    text = request.POST.get(name, "")
    if not text.isdecimal() or len(text) > 17:
        raise BadRequest(name)
    return int(text)
