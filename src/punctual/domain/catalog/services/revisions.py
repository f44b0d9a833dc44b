"""Release, retire and bring back revisions. Each counts the product's version and stands in its story."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from punctual.domain.catalog.models import Product, ProductRevision
from punctual.domain.catalog.rules import (
    KnownRevision,
    RevisionFacts,
    reasons_against_retiring,
    reasons_against_revision,
)
from punctual.domain.catalog.selectors import known_revisions
from punctual.domain.catalog.services.products import lock_product
from punctual.kernel.refusal import Reason, Refusal, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.audit.services import Change, record
from punctual.platform.records import not_found, save_next


def _keep(product: Product, actor: User, verb: str, change: Change) -> None:
    save_next(product, fields=[])
    record(actor=actor, verb=verb, target=product, changes=[change])


def _of(known: list[KnownRevision], revision_id: int) -> KnownRevision:
    found = next((item for item in known if item.pk == revision_id), None)
    if found is None:
        raise not_found(ProductRevision, revision_id)
    return found


@transaction.atomic
def add_revision(
    *, actor: User, product_id: int, facts: RevisionFacts, expected_version: int | None
) -> ProductRevision:
    """A new state of the drawings that can be ordered."""
    require(actor, "catalog.change")
    product = lock_product(actor, product_id, expected_version)
    refuse_if(reasons_against_revision(facts, known_revisions(product)))
    found = ProductRevision.objects.create(product=product, code=facts.code, released_on=facts.released_on)
    released = facts.released_on.isoformat() if facts.released_on else "✓"
    _keep(product, actor, "add_revision", Change(field="revision", old=None, new=f"{facts.code} {released}"))
    return found


@transaction.atomic
def retire_revision(
    *,
    actor: User,
    product_id: int,
    revision_id: int,
    retired_on: dt.date,
    successor_id: int | None,
    expected_version: int | None,
) -> ProductRevision:
    """From ``retired_on`` it can't be ordered; revisions that pointed to it point to its successor now."""
    require(actor, "catalog.change")
    product = lock_product(actor, product_id, expected_version)
    known = known_revisions(product)
    refuse_if(reasons_against_retiring(_of(known, revision_id), successor_id, retired_on, known))
    found = product.revisions.get(pk=revision_id)
    found.retired_on, found.successor_id = retired_on, successor_id
    found.save(update_fields=["retired_on", "successor"])
    if successor_id is not None:
        product.revisions.filter(successor_id=found.pk).update(successor_id=successor_id)
    to = f" → {found.successor.code}" if found.successor else ""
    _keep(
        product,
        actor,
        "retire_revision",
        Change(field="revision", old=f"{found.code} ✓", new=f"{found.code} ✕ {retired_on.isoformat()}{to}"),
    )
    return found


@transaction.atomic
def reinstate_revision(
    *, actor: User, product_id: int, revision_id: int, expected_version: int | None
) -> ProductRevision:
    """It can be ordered again."""
    require(actor, "catalog.change")
    product = lock_product(actor, product_id, expected_version)
    _of(known_revisions(product), revision_id)
    found = product.revisions.get(pk=revision_id)
    if found.retired_on is None:
        raise Refusal(
            Reason(
                "product_revision.retired_on.active",
                N_("Revision %(code)s is not retired."),
                {"code": found.code},
            )
        )
    was = found.retired_on.isoformat()
    found.retired_on = found.successor = None
    found.save(update_fields=["retired_on", "successor"])
    _keep(
        product,
        actor,
        "reinstate_revision",
        Change(field="revision", old=f"{found.code} ✕ {was}", new=f"{found.code} ✓"),
    )
    return found
