"""What other currencies are worth, from which day on; finance keeps it, everybody in the office sees it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from punctual.kernel.dates import NotADay, parse_day
from punctual.kernel.money import BASE, MINOR_UNITS
from punctual.kernel.quantity import NotANumber, parse_decimal
from punctual.kernel.refusal import Forbidden, Refusal
from punctual.platform.accounts.permissions import may, require
from punctual.platform.company.models import ExchangeRate
from punctual.platform.company.rates import rates_of, remove_rate, set_rate
from punctual.web.master.pages import actor_of
from punctual.web.orders.actions import done
from punctual.web.shell.middleware import status_of


def _day(text: str) -> dt.date | None:
    try:
        return parse_day(text) if text.strip() else None
    except NotADay:
        return None


def _number(text: str) -> Decimal | None:
    try:
        return parse_decimal(text, places=8)
    except NotANumber:
        return None


def rates_page(request: HttpRequest) -> HttpResponse:
    """The rates with the days from which they hold, and a row for the next one."""
    actor = actor_of(request)
    require(actor, "rates.view")
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            set_rate(
                actor=actor,
                currency=request.POST.get("currency", ""),
                valid_from=_day(request.POST.get("valid_from", "")),
                rate=_number(request.POST.get("rate", "")),
                source=request.POST.get("source", ""),
            )
            return done(request, reverse("exchange_rates"), _("Saved."))
        except Forbidden:
            raise
        except Refusal as refused:
            refusal = refused
    today = timezone.localdate()
    rows = list(rates_of(actor))
    context = {
        "title": _("Exchange rates"),
        "base": BASE,
        "rows": [(one, one.pk in _in_force(rows, today)) for one in rows],
        "currencies": [code for code in MINOR_UNITS if code != BASE],
        "today": today,
        "entered": request.POST if refusal else {},
        "may_set": may(actor, "rates.set"),
        "reasons": refusal.reasons if refusal else (),
    }
    return render(request, "rates/rates.html", context, status=status_of(refusal) if refusal else 200)


def _in_force(rows: list[ExchangeRate], today: dt.date) -> set[int]:
    """The rates that hold today: of each currency the last that has begun."""
    found: dict[str, ExchangeRate] = {}
    for one in rows:
        if one.valid_from <= today:
            found.setdefault(one.currency, one)
    return {one.pk for one in found.values()}


@require_POST
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    remove_rate(actor=actor_of(request), rate_id=pk)
    return done(request, reverse("exchange_rates"), _("Removed."))
