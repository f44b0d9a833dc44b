"""Exchange rates: what one unit of a currency is in the company's, from which day on."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Schema
from ninja.responses import Status
from pydantic import ConfigDict

from punctual.api.authentication import actor_of
from punctual.api.pages import Listing, Paging, listing
from punctual.platform.accounts.permissions import require
from punctual.platform.company.models import ExchangeRate
from punctual.platform.company.rates import rates_of, set_rate

router = Router()


class RateOut(Schema):
    id: int
    currency: str
    valid_from: dt.date
    rate: Decimal
    source: str


class RateIn(Schema):
    """One of the same currency and day is put right."""

    model_config = ConfigDict(extra="forbid")
    currency: str
    valid_from: dt.date
    rate: Decimal
    source: str = ""


def _shape(one: ExchangeRate) -> dict[str, Any]:
    return {
        "id": one.pk,
        "currency": one.currency,
        "valid_from": one.valid_from,
        "rate": one.rate,
        "source": one.source,
    }


@router.get("/exchange-rates", response=Listing[RateOut])
def exchange_rates(request: HttpRequest, paging: Query[Paging]) -> Any:
    """Every rate that is kept."""
    actor = actor_of(request)
    require(actor, "rates.view")
    return listing(rates_of(actor), paging, sorts=["valid_from", "currency"], shape=_shape)


@router.post("/exchange-rates", response={201: RateOut})
def exchange_rate_set(request: HttpRequest, payload: RateIn) -> Any:
    """Keep a rate from a day on."""
    made = set_rate(
        actor=actor_of(request),
        currency=payload.currency,
        valid_from=payload.valid_from,
        rate=payload.rate,
        source=payload.source,
    )
    return Status(201, _shape(made))
