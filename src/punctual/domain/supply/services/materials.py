"""Make, change, archive and restore materials; who offers them and what can be taken instead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal

from django.db import transaction

from punctual.domain.parties.models import Supplier
from punctual.domain.supply.models import Alternative, Material, Offer
from punctual.domain.supply.rules import LONGEST_LEAD_TIME, MaterialFacts, reasons_against_material
from punctual.domain.supply.selectors import material_by_id, materials
from punctual.kernel.checks import Checker
from punctual.kernel.quantity import LARGEST
from punctual.kernel.refusal import Reason, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.audit.services import Change
from punctual.platform.master_data import change, create, set_archived, taken
from punctual.platform.records import lock, save_next
from punctual.platform.search.services import Document, index


def document_of(found: Material) -> Document:
    """Found by code, name, supplier and what stands in the notes."""
    supplier = found.supplier
    names = [supplier.name, supplier.short_name] if supplier else []
    return Document(
        target=found,
        label=f"{found.code} {found.name}",
        detail=" · ".join(part for part in (found.unit, str(supplier or "")) if part),
        texts=[found.code, found.name, *names, found.notes],
    )


def _known_supplier(supplier_id: int | None) -> list[Reason]:
    if supplier_id is None or Supplier.objects.filter(pk=supplier_id).exists():
        return []
    return [Reason("material.supplier.unknown", N_("There is no such supplier."), field="supplier")]


@transaction.atomic
def create_material(*, actor: User, facts: MaterialFacts) -> Material:
    """A new material."""
    require(actor, "supply.change")
    refuse_if(
        [
            *reasons_against_material(facts),
            *taken(Material.objects.all(), noun="material", field="code", value=facts.code),
            *_known_supplier(facts.supplier_id),
        ]
    )
    found = create(Material(**asdict(facts)), actor=actor)
    index([document_of(found)])
    return found


@transaction.atomic
def change_material(*, actor: User, material_id: int, facts: MaterialFacts, expected_version: int | None) -> Material:
    """Change what is told; the story keeps what it was."""
    require(actor, "supply.change")
    found = lock(materials(actor, archived=True), expected_version=expected_version, pk=material_id)
    refuse_if(
        [
            *reasons_against_material(facts),
            *taken(Material.objects.all(), noun="material", field="code", value=facts.code, pk=found.pk),
            *_known_supplier(facts.supplier_id),
        ]
    )
    change(found, asdict(facts), actor=actor)
    index([document_of(found)])
    return found


@transaction.atomic
def archive_material(*, actor: User, material_id: int, expected_version: int | None) -> Material:
    """Take it out of the choices; what it is used for stays."""
    require(actor, "supply.change")
    found = lock(materials(actor, archived=True), expected_version=expected_version, pk=material_id)
    return set_archived(found, True, actor=actor)


@transaction.atomic
def restore_material(*, actor: User, material_id: int, expected_version: int | None) -> Material:
    require(actor, "supply.change")
    found = lock(materials(actor, archived=True), expected_version=expected_version, pk=material_id)
    return set_archived(found, False, actor=actor)


@dataclass(frozen=True, slots=True)
class OfferFacts:
    supplier_id: int
    unit_price: Decimal
    lead_time_days: int
    minimum_quantity: Decimal = Decimal(0)


@transaction.atomic
def set_offer(*, actor: User, material_id: int, facts: OfferFacts) -> Offer:
    """A supplier's price and lead time for a material; the same supplier again replaces it."""
    require(actor, "supply.change")
    found = lock(materials(actor, archived=True), expected_version=None, pk=material_id)
    check = Checker("offer")
    check.number("unit_price", N_("Unit price"), facts.unit_price, most=LARGEST, places=4)
    check.whole("lead_time_days", N_("Lead time, working days"), facts.lead_time_days, least=0, most=LONGEST_LEAD_TIME)
    check.number("minimum_quantity", N_("Minimum quantity"), facts.minimum_quantity, most=LARGEST, places=6)
    refuse_if([*check.reasons, *_known_supplier(facts.supplier_id)])
    offer, _new = Offer.objects.update_or_create(
        material=found,
        supplier_id=facts.supplier_id,
        defaults={
            "unit_price": facts.unit_price,
            "lead_time_days": facts.lead_time_days,
            "minimum_quantity": facts.minimum_quantity,
        },
    )
    change(found, {}, actor=actor, more=[Change(field="offer", old=None, new=str(offer.supplier))])
    return offer


@dataclass(frozen=True, slots=True)
class AlternativeFacts:
    substitute_id: int
    factor: Decimal = Decimal(1)
    needs_consent: bool = True
    note: str = ""


@transaction.atomic
def set_alternatives(
    *, actor: User, material_id: int, facts: Sequence[AlternativeFacts], expected_version: int | None = None
) -> Material:
    """What may be taken instead, all of it at once."""
    require(actor, "supply.change")
    found = lock(materials(actor, archived=True), expected_version=expected_version, pk=material_id)
    reasons: list[Reason] = []
    for row, one in enumerate(facts, start=1):
        check = Checker("alternative")
        check.number("factor", N_("Factor"), one.factor, most=Decimal(100000), places=6, positive=True)
        check.text("note", N_("Note"), one.note, longest=200)
        reasons += [reason.at(row=row) for reason in check.reasons]
        if one.substitute_id == found.pk:
            text = N_("A material can't stand in for itself.")
            reasons.append(Reason("alternative.itself", text, field="substitute", row=row))
        else:
            material_by_id(actor, one.substitute_id)
    refuse_if(reasons)
    before = ", ".join(str(one.substitute) for one in found.alternatives.select_related("substitute"))
    found.alternatives.all().delete()
    made = Alternative.objects.bulk_create(Alternative(material=found, **asdict(one)) for one in facts)
    after = ", ".join(str(one.substitute) for one in made)
    change(
        found, {}, actor=actor, more=[Change(field="alternatives", old=before, new=after)] if before != after else []
    )
    if before == after:
        save_next(found, fields=[])
    return found
