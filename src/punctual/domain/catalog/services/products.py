"""Make, change, archive and restore products and their families."""

from __future__ import annotations

from dataclasses import asdict

from django.db import transaction

from punctual.domain.catalog.models import Product, ProductFamily
from punctual.domain.catalog.rules import FamilyFacts, ProductFacts, reasons_against_family, reasons_against_product
from punctual.domain.catalog.selectors import families, products
from punctual.kernel.refusal import Reason, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.audit.services import Change, differences, record
from punctual.platform.master_data import change, create, set_archived, taken
from punctual.platform.records import get_or_not_found, lock
from punctual.platform.search.services import Document, index


def document_of(found: Product) -> Document:
    return Document(found, f"{found.model} {found.name}", found.family.name, [found.model, found.name])


def _check(actor: User, facts: ProductFacts, pk: int | None = None) -> None:
    reasons = reasons_against_product(facts)
    if not families(actor).filter(pk=facts.family_id).exists():
        reasons.append(Reason("product.family.unknown", N_("Choose a product family that there is."), field="family"))
    refuse_if([*reasons, *taken(Product.objects.all(), noun="product", field="model", value=facts.model, pk=pk)])


def lock_product(actor: User, product_id: int, expected_version: int | None) -> Product:
    """For the services of this app: the caller has required its permission."""
    return lock(products(actor, archived=True), expected_version=expected_version, pk=product_id)


@transaction.atomic
def create_product(*, actor: User, facts: ProductFacts) -> Product:
    """A new product without revisions and prices."""
    require(actor, "catalog.change")
    _check(actor, facts)
    found = create(Product(**asdict(facts)), actor=actor)
    index([document_of(found)])
    return found


@transaction.atomic
def change_product(*, actor: User, product_id: int, facts: ProductFacts, expected_version: int | None) -> Product:
    """Other facts; nothing is written when nothing differs."""
    require(actor, "catalog.change")
    found = lock_product(actor, product_id, expected_version)
    _check(actor, facts, found.pk)
    wish = asdict(facts)
    family_id = wish.pop("family_id")
    more: list[Change] = []
    if family_id != found.family_id:
        family = families(actor).get(pk=family_id)
        more = [Change(field="family", old=found.family.name, new=family.name)]
        found.family = family
    if change(found, wish, actor=actor, more=more):
        index([document_of(found)])
    return found


@transaction.atomic
def archive_product(*, actor: User, product_id: int, expected_version: int | None) -> Product:
    """Take it out of the choices; orders that hold it stay."""
    require(actor, "catalog.change")
    return set_archived(lock_product(actor, product_id, expected_version), True, actor=actor)


@transaction.atomic
def restore_product(*, actor: User, product_id: int, expected_version: int | None) -> Product:
    require(actor, "catalog.change")
    return set_archived(lock_product(actor, product_id, expected_version), False, actor=actor)


@transaction.atomic
def create_family(*, actor: User, facts: FamilyFacts) -> ProductFamily:
    """A new product family."""
    require(actor, "catalog.change")
    refuse_if(
        [
            *reasons_against_family(facts),
            *taken(ProductFamily.objects.all(), noun="product_family", field="code", value=facts.code),
        ]
    )
    found = ProductFamily.objects.create(code=facts.code, name=facts.name)
    record(actor=actor, verb="create", target=found)
    return found


@transaction.atomic
def change_family(*, actor: User, family_id: int, facts: FamilyFacts) -> ProductFamily:
    """Other code or name. The last one to save wins: there are two fields and few people who touch them."""
    require(actor, "catalog.change")
    found = get_or_not_found(families(actor).select_for_update(), pk=family_id)
    refuse_if(
        [
            *reasons_against_family(facts),
            *taken(ProductFamily.objects.all(), noun="product_family", field="code", value=facts.code, pk=family_id),
        ]
    )
    changes = differences({"code": found.code, "name": found.name}, asdict(facts))
    if changes:
        found.code, found.name = facts.code, facts.name
        found.save()
        record(actor=actor, verb="change", target=found, changes=changes)
    return found
