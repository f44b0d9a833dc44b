"""Set and take back list prices. What they were stays in the product's story for who may see prices."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from punctual.domain.catalog.models import ListPrice, Product
from punctual.domain.catalog.rules import PriceFacts, reasons_against_price
from punctual.domain.catalog.services.products import lock_product
from punctual.kernel.quantity import plain
from punctual.kernel.refusal import Reason, Refusal, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.audit.services import Change, record
from punctual.platform.records import save_next


def _keep(product: Product, actor: User, currency: str, day: dt.date, old: str | None, new: str | None) -> None:
    save_next(product, fields=[])
    told = f"{currency} {day.isoformat()}:"
    change = Change(
        field="list_price",
        old=None if old is None else f"{told} {old}",
        new=None if new is None else f"{told} {new}",
    )
    record(actor=actor, verb="set_price", target=product, changes=[change])


@transaction.atomic
def set_price(*, actor: User, product_id: int, facts: PriceFacts, expected_version: int | None) -> ListPrice:
    """The list price in a currency from a day on; the same day again replaces it."""
    require(actor, "catalog.change_prices")
    product = lock_product(actor, product_id, expected_version)
    refuse_if(reasons_against_price(facts))
    found = product.prices.filter(currency=facts.currency, valid_from=facts.valid_from).first()
    old = plain(found.amount) if found else None
    if found is None:
        found = ListPrice(product=product, currency=facts.currency, valid_from=facts.valid_from)
    if old != plain(facts.amount):
        found.amount = facts.amount
        found.save()
        _keep(product, actor, facts.currency, facts.valid_from, old, plain(facts.amount))
    return found


@transaction.atomic
def remove_price(
    *, actor: User, product_id: int, currency: str, valid_from: dt.date, expected_version: int | None
) -> None:
    """Take a price back; the one before it counts again."""
    require(actor, "catalog.change_prices")
    product = lock_product(actor, product_id, expected_version)
    found = product.prices.filter(currency=currency, valid_from=valid_from).first()
    if found is None:
        raise Refusal(
            Reason(
                "list_price.unknown",
                N_("There is no list price in %(currency)s from %(day)s."),
                {"currency": currency, "day": valid_from.isoformat()},
            )
        )
    old = plain(found.amount)
    found.delete()
    _keep(product, actor, currency, valid_from, old, None)
