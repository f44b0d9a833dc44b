"""Ask for something to be bought, and make purchase orders of what was asked."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal

from django.db import transaction

from punctual.domain.parties.selectors import get_supplier
from punctual.domain.plans.models import Task
from punctual.domain.supply.models import (
    Material,
    Offer,
    PurchaseLine,
    PurchaseOrder,
    PurchaseRequest,
    RequestState,
    Requirement,
)
from punctual.domain.supply.rules import PurchaseLineFacts, reasons_against_quantity
from punctual.domain.supply.selectors import material_by_id, requests_of
from punctual.domain.supply.services.purchases import write_purchase
from punctual.domain.supply.services.reservations import add, lock_sources, open_need
from punctual.kernel.checks import Checker
from punctual.kernel.refusal import NotFound, Reason, Refusal, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.audit.services import Change, record
from punctual.platform.outbox.services import emit
from punctual.platform.records import lock, save_next


def best_offer(material: Material) -> tuple[int | None, Decimal]:
    """The usual supplier with its price, else the cheapest offer, else nobody at the standard cost."""
    offers = list(Offer.objects.filter(material=material).order_by("unit_price", "pk"))
    usual = next((one for one in offers if one.supplier_id == material.supplier_id), None)
    found = usual or (offers[0] if offers and material.supplier_id is None else None)
    if found is not None:
        return found.supplier_id, found.unit_price
    return material.supplier_id, material.standard_cost


@transaction.atomic
def ask(
    *,
    actor: User,
    material_id: int | None = None,
    quantity: Decimal,
    needed_by: dt.date | None = None,
    requirement: Requirement | None = None,
    task_id: int | None = None,
    description: str = "",
    unit: str = "",
    supplier_id: int | None = None,
    unit_price: Decimal | None = None,
    reason: str = "",
) -> PurchaseRequest:
    """A request for a material, or for work on a task that a supplier does."""
    require(actor, "supply.decide")
    material = material_by_id(actor, material_id) if material_id is not None else None
    task = Task.objects.filter(pk=task_id).select_related("plan").first() if task_id is not None else None
    check = Checker("purchase_request")
    check.text("description", N_("Description"), description, longest=200)
    check.text("reason", N_("Reason"), reason, longest=200)
    reasons = [*reasons_against_quantity("purchase_request", quantity), *check.reasons]
    if material is None and not description.strip() and task is None:
        text = N_("Name the material, or say what work is ordered.")
        reasons.append(Reason("purchase_request.what", text, field="material"))
    if task_id is not None and task is None:
        reasons.append(Reason("purchase_request.task.unknown", N_("There is no such task."), field="task"))
    refuse_if(reasons)
    if supplier_id is not None:
        get_supplier(actor, supplier_id)
    elif material is not None:
        supplier_id, price = best_offer(material)
        unit_price = price if unit_price is None else unit_price
    found = PurchaseRequest.objects.create(
        material=material,
        description=description.strip() or (str(material) if material else task.name if task else ""),
        quantity=quantity,
        unit=material.unit if material else unit.strip()[:20],
        needed_by=needed_by,
        requirement=requirement,
        order_id=requirement.order_id if requirement else task.plan.order_id if task else None,
        task=task,
        supplier_id=supplier_id,
        unit_price=unit_price,
        asked_by=actor,
        reason=reason.strip(),
    )
    record(actor=actor, verb="create", target=found, reason=reason.strip())
    emit("purchase.requested", request_id=found.pk, by=actor.pk)
    return found


@transaction.atomic
def cancel_request(*, actor: User, request_id: int, expected_version: int | None = None) -> PurchaseRequest:
    """It is not needed after all."""
    require(actor, "supply.decide")
    found = lock(requests_of(actor), expected_version=expected_version, pk=request_id)
    _refuse_unless_open([found])
    old, found.state = found.state, RequestState.CANCELLED
    save_next(found, fields=["state"])
    record(actor=actor, verb="cancel", target=found, changes=[Change(field="state", old=old, new=found.state)])
    return found


def _refuse_unless_open(found: Sequence[PurchaseRequest]) -> None:
    refuse_if(
        Reason(
            "purchase_request.done",
            N_("“%(what)s” is no longer open: it was ordered or cancelled in the meantime."),
            {"what": str(one)},
        )
        for one in found
        if one.state != RequestState.OPEN
    )


@transaction.atomic
def order_requests(*, actor: User, request_ids: Sequence[int], today: dt.date) -> list[PurchaseOrder]:
    """Draft purchase orders, one a supplier, of some open requests; what they are for is spoken for on their lines."""
    require(actor, "supply.change")
    rows = requests_of(actor).select_for_update(of=("self",)).filter(pk__in=list(request_ids)).order_by("pk")
    found = list(rows)
    if len(found) != len(set(request_ids)) or not found:
        raise NotFound(Reason("purchase_request.not_found", N_("Some of these requests are not there any more.")))
    _refuse_unless_open(found)
    nobody = [one for one in found if one.supplier_id is None]
    if nobody:
        text = N_("“%(what)s” has no supplier yet; choose one first.")
        raise Refusal(*(Reason("purchase_request.supplier", text, {"what": str(one)}, "supplier") for one in nobody))
    by_supplier: dict[int, list[PurchaseRequest]] = defaultdict(list)
    for one in found:
        assert one.supplier_id is not None
        by_supplier[one.supplier_id].append(one)
    made = []
    for supplier_id in sorted(by_supplier):
        wishes = by_supplier[supplier_id]
        order = write_purchase(
            actor=actor, supplier_id=supplier_id, today=today, lines=[_line_of(one, today) for one in wishes]
        )
        _tie(order, wishes, actor=actor)
        made.append(order)
    hit = sorted({one.order_id for one in found if one.order_id is not None})
    if hit:
        emit("supply.changed", order_ids=hit, by=actor.pk)
    return made


def _line_of(one: PurchaseRequest, today: dt.date) -> PurchaseLineFacts:
    return PurchaseLineFacts(
        quantity=one.quantity,
        unit_price=one.unit_price or Decimal(0),
        material_id=one.material_id,
        task_id=one.task_id,
        order_id=one.order_id,
        description=one.description,
        unit=one.unit,
        asked_date=max(one.needed_by, today) if one.needed_by else None,
    )


def _tie(order: PurchaseOrder, wishes: Sequence[PurchaseRequest], *, actor: User) -> None:
    lines = list(order.lines.order_by("line_no"))
    locked = {line.pk: line for line in lock_sources({one.material_id for one in wishes if one.material_id})[1]}
    for one, line in zip(wishes, lines, strict=True):
        one.state, one.purchase_line = RequestState.ORDERED, line
        save_next(one, fields=["state", "purchase_line"])
        record(
            actor=actor, verb="order", target=one, changes=[Change(field="purchase_order", old=None, new=str(order))]
        )
        source: PurchaseLine | None = locked.get(line.pk)
        if one.requirement is None or source is None:
            continue
        part = min(open_need(one.requirement), source.free_quantity)
        if part > 0:
            add(one.requirement, part, actor=actor, line=source)


@transaction.atomic
def set_request_supplier(
    *, actor: User, request_id: int, supplier_id: int, unit_price: Decimal | None, expected_version: int | None = None
) -> PurchaseRequest:
    """From whom it is to be bought."""
    require(actor, "supply.change")
    found = lock(requests_of(actor), expected_version=expected_version, pk=request_id)
    _refuse_unless_open([found])
    supplier = get_supplier(actor, supplier_id)
    old = str(found.supplier or "")
    found.supplier, found.unit_price = supplier, found.unit_price if unit_price is None else unit_price
    save_next(found, fields=["supplier", "unit_price"])
    record(actor=actor, verb="change", target=found, changes=[Change(field="supplier", old=old, new=str(supplier))])
    return found
