"""Read the catalogue. Prices are only ever read through :func:`prices` and :func:`price_on`, which ask who reads."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal

from django.db.models import Prefetch, QuerySet

from punctual.domain.catalog.models import ListPrice, Product, ProductFamily, ProductRevision
from punctual.domain.catalog.rules import KnownRevision, ProductFacts
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may
from punctual.platform.records import get_or_not_found


def families(actor: User) -> QuerySet[ProductFamily]:
    return ProductFamily.objects.all() if may(actor, "catalog.read") else ProductFamily.objects.none()


def products(actor: User, *, archived: bool = False) -> QuerySet[Product]:
    """The products in use, or with ``archived`` all of them; the family comes with each."""
    rows = Product.objects.all() if may(actor, "catalog.read") else Product.objects.none()
    rows = rows.select_related("family")
    return rows if archived else rows.filter(archived_at=None)


def products_with_details(actor: User) -> QuerySet[Product]:
    """All of them for the list, each with ``all_revisions`` and, for who may see them, ``known_prices``."""
    return products(actor, archived=True).prefetch_related(
        Prefetch("revisions", queryset=ProductRevision.objects.select_related("successor"), to_attr="all_revisions"),
        Prefetch("prices", queryset=prices(actor), to_attr="known_prices"),
    )


def prices(actor: User) -> QuerySet[ListPrice]:
    """List prices, newest first within a currency; none for who may not see them."""
    rows = ListPrice.objects.all() if may(actor, "catalog.see_prices") else ListPrice.objects.none()
    return rows.order_by("product_id", "currency", "-valid_from")


def price_on(actor: User, product: Product, currency: str, day: dt.date) -> Decimal | None:
    """The list price in force on ``day``, None when there is none or the actor may not see it."""
    found = prices(actor).filter(product=product, currency=currency, valid_from__lte=day).first()
    return found.amount if found else None


def prices_on(actor: User, product_ids: Iterable[int], day: dt.date) -> dict[tuple[int, str], Decimal]:
    """(product id, currency) → list price in force on ``day``, for many products with one query."""
    found: dict[tuple[int, str], Decimal] = {}
    for price in prices(actor).filter(product_id__in=list(product_ids), valid_from__lte=day):
        found.setdefault((price.product_id, price.currency), price.amount)
    return found


def get_product(actor: User, pk: int) -> Product:
    return get_or_not_found(products(actor, archived=True), pk=pk)


def find_product(actor: User, model: str) -> Product | None:
    """The product in use with this model number, whatever its case."""
    return products(actor).filter(model__iexact=model.strip()).first()


def known_revisions(product: Product) -> list[KnownRevision]:
    """The product's revisions as the rules take them, by code."""
    return [KnownRevision(item.pk, item.code, item.retired_on, item.successor_id) for item in product.revisions.all()]


def product_facts(found: Product) -> ProductFacts:
    """What stands in the record, to change some of it with :func:`dataclasses.replace`."""
    return ProductFacts(**{name: getattr(found, name) for name in ProductFacts.__dataclass_fields__})
