"""From what was handed in to the plain facts that the rules judge, with as few queries as lines of a kind."""

from __future__ import annotations

import datetime as dt
import difflib
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from django.db.models import Prefetch, Value
from django.db.models.functions import Upper

from punctual.domain.catalog.models import Product, ProductRevision
from punctual.domain.orders.inputs import LineInput, OrderInput
from punctual.domain.orders.models import CheckSettings, Order, OrderState
from punctual.domain.orders.rules import (
    Finding,
    LineFacts,
    Measures,
    OrderFacts,
    ProductFacts,
    RevisionFacts,
    check_order,
)
from punctual.domain.orders.workdays import CompanyWorkdays
from punctual.platform.one_row import the_row

_CHUNK: Final = 400
_MOST_SIMILAR: Final = 20


def model_key(text: str) -> str:
    """How model numbers are compared: without blanks, case and full-width forms."""
    return "".join(unicodedata.normalize("NFKC", text).upper().split())


class Catalogue:
    """The products that some lines name, with revisions and list prices, loaded at once."""

    def __init__(self, models: Iterable[str], *, currency: str, on: dt.date) -> None:
        keys = sorted({model_key(text) for text in models if text})
        self._products: dict[str, Product] = {}
        for chunk in _chunks(keys):
            found = (
                Product.objects.annotate(upper=Upper("model"))
                .filter(upper__in=chunk)
                .select_related("family")
                .prefetch_related(Prefetch("revisions", ProductRevision.objects.select_related("successor")), "prices")
            )
            self._products |= {model_key(product.model): product for product in found}
        self._facts = {key: _product_facts(product, currency, on) for key, product in self._products.items()}
        self._similar = self._close_names([key for key in keys if key not in self._products])

    @staticmethod
    def _close_names(unknown: Sequence[str]) -> dict[str, tuple[str, ...]]:
        if not unknown:
            return {}
        names = {
            model_key(name): name for name in Product.objects.filter(archived_at=None).values_list("model", flat=True)
        }
        return {
            key: tuple(names[close] for close in difflib.get_close_matches(key, list(names), n=3, cutoff=0.6))
            for key in unknown[:_MOST_SIMILAR]
        }

    def product(self, model: str) -> Product | None:
        return self._products.get(model_key(model))

    def facts(self, model: str) -> ProductFacts | None:
        return self._facts.get(model_key(model))

    def similar(self, model: str) -> tuple[str, ...]:
        return self._similar.get(model_key(model), ())

    def revision(self, model: str, code: str) -> ProductRevision | None:
        product = self.product(model)
        if product is None or not code:
            return None
        return next((one for one in product.revisions.all() if one.code == code), None)


def _chunks(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(keys), _CHUNK):
        yield keys[start : start + _CHUNK]


def _product_facts(product: Product, currency: str, on: dt.date) -> ProductFacts:
    prices = [price for price in product.prices.all() if price.currency == currency and price.valid_from <= on]
    newest = max(prices, key=lambda price: price.valid_from, default=None)
    return ProductFacts(
        model=product.model,
        unit=product.unit,
        minimum=product.minimum_order_quantity,
        multiple=product.order_multiple,
        lead_time_days=product.lead_time_days,
        list_price=newest.amount if newest else None,
        archived=product.archived_at is not None,
        revisions=tuple(
            RevisionFacts(one.code, one.retired_on, one.successor.code if one.successor else "")
            for one in product.revisions.all()
        ),
    )


def current_revision(product: Product, today: dt.date) -> str:
    """The last released revision that is not retired; empty where there is none."""
    living = [
        one
        for one in product.revisions.all()
        if (one.retired_on is None or one.retired_on > today) and (one.released_on is None or one.released_on <= today)
    ]
    newest = max(living, key=lambda one: (one.released_on or dt.date.min, one.code), default=None)
    return newest.code if newest else ""


def complete(line: LineInput, catalogue: Catalogue, today: dt.date) -> None:
    """What the catalogue knows and nobody wrote: the model as it is spelt there, unit, name, current revision."""
    product = catalogue.product(line.model)
    if product is None:
        return
    line.model = product.model
    line.unit = line.unit or product.unit
    line.description = line.description or product.name
    line.revision = line.revision or current_revision(product, today)


def catalogue_for(data: OrderInput, today: dt.date) -> Catalogue:
    return Catalogue((line.model for line in data.lines), currency=data.currency, on=data.contract_date or today)


def order_facts(data: OrderInput, catalogue: Catalogue, *, order_id: int | None = None) -> OrderFacts:
    """``order_id`` is the order itself, which is not its own duplicate."""
    return OrderFacts(
        customer=str(data.customer or ""),
        customer_archived=bool(data.customer and data.customer.archived_at),
        customer_text=data.customer_text,
        contact_belongs=data.contact is None or data.contact.customer_id == getattr(data.customer, "pk", None),
        po_number=data.customer_po_number,
        same_po=tuple(_same_po(data, order_id)),
        currency=data.currency,
        stated_total=data.stated_total,
        lines=tuple(_line_facts(line, catalogue) for line in data.lines),
    )


def _line_facts(line: LineInput, catalogue: Catalogue) -> LineFacts:
    return LineFacts(
        line_no=line.line_no,
        model=line.model,
        product=catalogue.facts(line.model),
        revision=line.revision,
        quantity=line.quantity,
        unit=line.unit,
        unit_price=line.unit_price,
        requested=line.requested_date,
        similar=catalogue.similar(line.model),
    )


def _same_po(data: OrderInput, order_id: int | None) -> list[str]:
    if data.customer is None or not data.customer_po_number:
        return []
    others = (
        Order.objects.annotate(po=Upper("customer_po_number"))  # as it is indexed
        .filter(customer=data.customer, po=Upper(Value(data.customer_po_number)))
        .exclude(state__in=[OrderState.CANCELLED, OrderState.LOST])
        .exclude(pk=order_id or 0)
    )
    return [order.label for order in others[:3]]


def check_settings() -> CheckSettings:
    """The company's row; made with its defaults the first time."""
    return the_row(CheckSettings)


def measures(today: dt.date) -> Measures:
    return Measures(today, CompanyWorkdays(), check_settings().price_tolerance_percent)


def findings_of(
    data: OrderInput, *, today: dt.date, order_id: int | None = None, catalogue: Catalogue | None = None
) -> list[Finding]:
    """Everything that is wrong with what was handed in; lines are completed from the catalogue first."""
    catalogue = catalogue or catalogue_for(data, today)
    for line in data.lines:
        complete(line, catalogue, today)
    return check_order(order_facts(data, catalogue, order_id=order_id), measures(today))
