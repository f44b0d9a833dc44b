"""Spare parts that a service case takes out of stock: each is a movement whose cause is the case."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum

from punctual.domain.aftersales.life import OPEN_CASES
from punctual.domain.aftersales.models import ServiceCase
from punctual.domain.aftersales.selectors import cases_of
from punctual.domain.supply.models import Material, MovementKind, StockItem, StockMovement
from punctual.domain.supply.rules import not_enough, reasons_against_quantity
from punctual.domain.supply.selectors import materials, stock_of
from punctual.domain.supply.services.stock import locked_items, move
from punctual.kernel.refusal import Reason, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.audit.services import Change, record, target_type
from punctual.platform.outbox.services import emit
from punctual.platform.records import lock, save_next


@dataclass(frozen=True, slots=True)
class Spare:
    """One material that the case took out of one place; ``quantity`` less what came back."""

    item: StockItem
    quantity: Decimal


def spares_of(case: ServiceCase) -> list[Spare]:
    """What the case has taken and not given back."""
    rows = StockMovement.objects.filter(cause_type=target_type(case), cause_id=case.pk)
    sums = dict(rows.order_by().values("item").annotate(n=Sum("quantity")).values_list("item", "n"))
    taken = {pk: -total for pk, total in sums.items() if total < 0}
    items = StockItem.objects.filter(pk__in=taken).select_related("material", "place")
    return [Spare(item, taken[item.pk]) for item in items]


def material_by_code(actor: User, code: str) -> Material | None:
    return materials(actor).filter(code__iexact=code.strip().replace("\0", "")).first()


def _case(actor: User, case_id: int, expected_version: int | None) -> ServiceCase:
    require(actor, "service.parts")
    return lock(cases_of(actor), expected_version=expected_version, pk=case_id)


@transaction.atomic
def issue_spare(
    *, actor: User, case_id: int, material: Material | None, quantity: Decimal, expected_version: int | None = None
) -> StockMovement:
    """Take it out of the place that has most of it free; what orders have reserved stays theirs."""
    case = _case(actor, case_id, expected_version)
    reasons = reasons_against_quantity("spare", quantity)
    if case.state not in OPEN_CASES:
        reasons.append(Reason("spare.state", N_("The case is over; reopen it before it takes parts.")))
    if material is None:
        reasons.append(Reason("spare.material", N_("There is no material of this code."), field="material"))
    refuse_if(reasons)
    assert material is not None
    seen = set(stock_of(actor).filter(material=material).values_list("pk", flat=True))
    items = sorted(
        (one for one in locked_items([material.pk]) if one.pk in seen), key=lambda one: one.free, reverse=True
    )
    free = items[0].free if items else Decimal(0)
    if quantity > free:
        refuse_if([not_enough("spare.too_much", wanted=quantity, free=free, material=material, unit=material.unit)])
    made = move(items[0], MovementKind.ISSUE, actor=actor, quantity=-quantity, cause=case)
    _told(case, actor, "issue_spare", material, quantity)
    return made


@transaction.atomic
def return_spare(
    *, actor: User, case_id: int, item_id: int, quantity: Decimal, expected_version: int | None = None
) -> StockMovement:
    """What was not needed goes back to where it was."""
    case = _case(actor, case_id, expected_version)
    taken = next((one.quantity for one in spares_of(case) if one.item.pk == item_id), Decimal(0))
    reasons = reasons_against_quantity("spare", quantity)
    if not reasons and quantity > taken:
        text = N_("The case has %(taken)s of it; %(wanted)s can't go back.")
        told = {"taken": taken.normalize(), "wanted": quantity.normalize()}
        reasons.append(Reason("spare.return_too_much", text, told, field="quantity"))
    refuse_if(reasons)
    item = StockItem.objects.select_for_update(of=("self",)).select_related("material").get(pk=item_id)
    made = move(item, MovementKind.RETURN, actor=actor, quantity=quantity, cause=case)
    _told(case, actor, "return_spare", item.material, quantity)
    emit("supply.arrived", material_id=item.material_id, by=actor.pk)
    return made


def _told(case: ServiceCase, actor: User, verb: str, material: Material, quantity: Decimal) -> None:
    save_next(case, fields=[])
    change = Change(field="spare", old=None, new=f"{material} × {quantity.normalize():f}")
    record(actor=actor, verb=verb, target=case, changes=[change])
