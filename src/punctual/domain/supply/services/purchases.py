"""The steps of a purchase order's life but dates and receipts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from punctual.domain.parties.selectors import get_supplier
from punctual.domain.plans.models import Task
from punctual.domain.supply.life import LIFE
from punctual.domain.supply.models import (
    DateKind,
    Material,
    PurchaseDate,
    PurchaseLine,
    PurchaseOrder,
    PurchaseRequest,
    PurchaseState,
    RequestState,
    Reservation,
    ReservationState,
)
from punctual.domain.supply.rules import PurchaseLineFacts, reasons_against_date, reasons_against_purchase_lines
from punctual.domain.supply.selectors import purchases_of
from punctual.domain.supply.services import approving
from punctual.domain.supply.services.reservations import lock_sources, take_off
from punctual.domain.supply.services.shortages import orders_of_line
from punctual.kernel.checks import Checker
from punctual.kernel.money import MINOR_UNITS, rounded
from punctual.kernel.refusal import Reason, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.approvals.models import ApprovalRequest, ApprovalState
from punctual.platform.audit.services import Change, differences, record
from punctual.platform.numbering.services import next_number
from punctual.platform.outbox.services import emit
from punctual.platform.records import get_or_not_found, lock, save_next
from punctual.platform.search.services import Document, index

SERIES = "PO"


def document_of(order: PurchaseOrder, lines: Sequence[PurchaseLine]) -> Document:
    """Found by number, supplier and what is ordered."""
    supplier = order.supplier
    texts = {text for line in lines[:100] for text in _texts(line)}
    return Document(
        target=order,
        label=order.number,
        detail=str(supplier),
        texts=[order.number, supplier.name, supplier.short_name, supplier.code, *sorted(texts)],
    )


def _texts(line: PurchaseLine) -> list[str]:
    names = [line.material.code, line.material.name] if line.material else []
    return [text for text in (*names, line.description) if text]


def summarise(order: PurchaseOrder) -> list[PurchaseLine]:
    """Amount, number of lines and the last day on which something comes; the caller saves the order."""
    lines = list(order.lines.select_related("material"))
    order.line_count = len(lines)
    total = sum((line.quantity * line.unit_price for line in lines), Decimal(0))
    extra = sum((line.expedite_cost for line in lines), Decimal(0))
    order.total_amount = rounded(total, order.currency) + rounded(extra, order.currency)
    open_days = [line.expected_date or line.asked_date for line in lines if line.received < line.quantity]
    order.arrives = max((day for day in open_days if day is not None), default=None)
    return lines


@transaction.atomic
def create_purchase(
    *,
    actor: User,
    supplier_id: int,
    lines: Sequence[PurchaseLineFacts],
    today: dt.date,
    currency: str = "CNY",
    payment_terms: str = "",
    notes: str = "",
) -> PurchaseOrder:
    """A draft to one supplier."""
    require(actor, "supply.change")
    return write_purchase(
        actor=actor,
        supplier_id=supplier_id,
        lines=lines,
        today=today,
        currency=currency,
        payment_terms=payment_terms,
        notes=notes,
    )


def write_purchase(
    *,
    actor: User,
    supplier_id: int,
    lines: Sequence[PurchaseLineFacts],
    today: dt.date,
    currency: str = "CNY",
    payment_terms: str = "",
    notes: str = "",
) -> PurchaseOrder:
    """The same inside a transaction whose caller has asked for permission."""
    supplier = get_supplier(actor, supplier_id)
    check = Checker("purchase_order")
    check.one_of("currency", N_("Currency"), currency, list(MINOR_UNITS))
    check.text("payment_terms", N_("Payment terms"), payment_terms, longest=200)
    check.text("notes", N_("Notes"), notes, longest=4000)
    refuse_if([*check.reasons, *reasons_against_purchase_lines(lines), *_unknown(lines)])
    order = PurchaseOrder.objects.create(
        number=next_number(series=SERIES, year=today.year),
        supplier=supplier,
        currency=currency,
        payment_terms=payment_terms.strip(),
        notes=notes.strip(),
        buyer=actor,
    )
    _write_lines(order, lines)
    index([document_of(order, summarise(order))])
    order.save()
    record(actor=actor, verb="create", target=order)
    return order


def _unknown(lines: Sequence[PurchaseLineFacts]) -> list[Reason]:
    wanted = {line.material_id for line in lines if line.material_id is not None}
    known = set(Material.objects.filter(pk__in=wanted).values_list("pk", flat=True))
    tasks = {line.task_id for line in lines if line.task_id is not None}
    there = set(Task.objects.filter(pk__in=tasks).values_list("pk", flat=True))
    reasons = [
        Reason("purchase_line.material.unknown", N_("There is no such material."), field="material", row=row)
        for row, line in enumerate(lines, start=1)
        if line.material_id is not None and line.material_id not in known
    ]
    return reasons + [
        Reason("purchase_line.task.unknown", N_("There is no such task."), field="task", row=row)
        for row, line in enumerate(lines, start=1)
        if line.task_id is not None and line.task_id not in there
    ]


def _write_lines(order: PurchaseOrder, lines: Sequence[PurchaseLineFacts]) -> list[PurchaseLine]:
    found = Material.objects.in_bulk({line.material_id for line in lines if line.material_id is not None})
    return PurchaseLine.objects.bulk_create(
        PurchaseLine(
            purchase_order=order,
            line_no=number * 10,
            material_id=line.material_id,
            task_id=line.task_id,
            order_id=line.order_id,
            description=line.description.strip() or (str(found[line.material_id]) if line.material_id else ""),
            quantity=line.quantity,
            unit=found[line.material_id].unit if line.material_id else line.unit,
            unit_price=line.unit_price,
            asked_date=line.asked_date,
            expected_date=line.asked_date,
        )
        for number, line in enumerate(lines, start=1)
    )


@transaction.atomic
def change_purchase(
    *,
    actor: User,
    purchase_id: int,
    lines: Sequence[PurchaseLineFacts],
    payment_terms: str = "",
    notes: str = "",
    expected_version: int | None = None,
) -> PurchaseOrder:
    """Other lines or terms of a draft; what was spoken for on its lines is given back."""
    require(actor, "supply.change")
    order = lock(purchases_of(actor), expected_version=expected_version, pk=purchase_id)
    check = Checker("purchase_order")
    check.text("payment_terms", N_("Payment terms"), payment_terms, longest=200)
    check.text("notes", N_("Notes"), notes, longest=4000)
    refuse_if(
        [*LIFE.reasons(order.state, "change"), *check.reasons, *reasons_against_purchase_lines(lines), *_unknown(lines)]
    )
    before = {"total_amount": order.total_amount, "line_count": order.line_count, "notes": order.notes}
    hit = _give_back(order, actor=actor, reason=order.number)
    Reservation.objects.filter(purchase_line__purchase_order=order).delete()
    order.lines.all().delete()
    _write_lines(order, lines)
    order.payment_terms, order.notes = payment_terms.strip(), notes.strip()
    index([document_of(order, summarise(order))])
    save_next(order)
    after = {"total_amount": order.total_amount, "line_count": order.line_count, "notes": order.notes}
    record(actor=actor, verb="change", target=order, changes=differences(before, after))
    if hit:
        emit("supply.changed", order_ids=sorted(hit), by=actor.pk)
    return order


def _give_back(order: PurchaseOrder, *, actor: User, reason: str) -> set[int]:
    """Release what is spoken for on an order's lines; returns the orders that lost something."""
    lock_sources({line.material_id for line in order.lines.all() if line.material_id is not None})
    rows = Reservation.objects.select_for_update(of=("self",)).filter(
        purchase_line__purchase_order=order, state=ReservationState.ACTIVE
    )
    hit = set()
    for one in rows.select_related("requirement").order_by("pk"):
        hit.add(one.requirement.order_id)
        take_off(one, one.quantity, actor=actor, reason=reason, state=ReservationState.RELEASED)
    return hit


@transaction.atomic
def send(*, actor: User, purchase_id: int, today: dt.date, expected_version: int | None = None) -> PurchaseOrder:
    """It goes to the supplier; from now on it counts as on the way. Over the company's limit it is asked for first and
    stays a draft until the chain says yes."""
    require(actor, "supply.change")
    order = lock(purchases_of(actor), expected_version=expected_version, pk=purchase_id)
    reasons = LIFE.reasons(order.state, "send")
    if not reasons and order.lines.filter(asked_date=None).exists():
        text = N_("Say for every line when it is needed before the order goes out.")
        reasons.append(Reason("purchase_order.asked_date", text, field="asked_date"))
    refuse_if(reasons)
    if approving.is_over_limit(order):
        asked = approving.asked_for(order)
        if asked is None:
            asked = approving.ask(order, actor, today)
            order.refresh_from_db()
        if asked.state != ApprovalState.APPROVED or order.state != PurchaseState.DRAFT:
            return order
    return _send(order, actor, today)


def _send(order: PurchaseOrder, actor: User, today: dt.date) -> PurchaseOrder:
    old, order.state = order.state, LIFE.after(order.state, "send")
    order.sent_on = today
    save_next(order, fields=["state", "sent_on"])
    lines = list(order.lines.all())
    PurchaseDate.objects.bulk_create(
        PurchaseDate(line=line, kind=DateKind.ASKED, new=line.asked_date, by=actor) for line in lines
    )
    record(actor=actor, verb="send", target=order, changes=[Change(field="state", old=old, new=order.state)])
    _tell(order, lines, actor=actor)
    return order


def decided(request: ApprovalRequest, actor: User, approved: bool, comment: str) -> None:
    """A purchase over the limit: with yes it goes out, in the name of who asked, unless it has grown meanwhile."""
    order = get_or_not_found(PurchaseOrder.objects.select_for_update(of=("self",)), pk=request.target_id)
    verb = "approve" if approved else "reject"
    record(actor=actor, verb=verb, target=order, reason=comment)
    if approved and order.state == PurchaseState.DRAFT and order.total_amount <= request.amount:
        _send(order, request.requested_by, timezone.localdate())


def _tell(order: PurchaseOrder, lines: Sequence[PurchaseLine], *, actor: User | None) -> None:
    ids = sorted({pk for line in lines for pk in orders_of_line(line)})
    emit("purchase.changed", purchase_order_id=order.pk, order_ids=ids, by=actor.pk if actor else None)
    for material_id in sorted({line.material_id for line in lines if line.material_id is not None}):
        emit("supply.arrived", material_id=material_id, by=actor.pk if actor else None)


def confirm_lines(
    order: PurchaseOrder, days: Mapping[int, dt.date], *, actor: User | None, today: dt.date
) -> list[PurchaseLine]:
    """The supplier's first answer: line id → day, for every line. The order is locked, the caller asked for permission
    (or holds the supplier's link) and saves nothing more."""
    lines = list(order.lines.select_related("material").order_by("line_no"))
    reasons = LIFE.reasons(order.state, "confirm")
    for line in lines:
        day = days.get(line.pk)
        reasons += [reason.at(row=line.line_no) for reason in reasons_against_date(day, today=today)]
    refuse_if(reasons)
    told = []
    for line in lines:
        day = days[line.pk]
        told.append(PurchaseDate(line=line, kind=DateKind.CONFIRMED, old=line.expected_date, new=day, by=actor))
        line.confirmed_date = line.expected_date = day
    PurchaseLine.objects.bulk_update(lines, ["confirmed_date", "expected_date"], batch_size=500)
    PurchaseDate.objects.bulk_create(told)
    old, order.state = order.state, LIFE.after(order.state, "confirm")
    order.confirmed_on = today
    summarise(order)
    save_next(order)
    changes = [Change(field="state", old=old, new=order.state)]
    changes += [
        Change(field=f"{line.line_no}: confirmed_date", old=None, new=days[line.pk].isoformat()) for line in lines[:30]
    ]
    record(actor=actor, verb="confirm", target=order, changes=changes)
    _tell(order, lines, actor=actor)
    return lines


@transaction.atomic
def cancel(*, actor: User, purchase_id: int, reason: str, expected_version: int | None = None) -> PurchaseOrder:
    """It does not come; what was spoken for on it is short again."""
    require(actor, "supply.change")
    order = lock(purchases_of(actor), expected_version=expected_version, pk=purchase_id)
    reasons = LIFE.reasons(order.state, "cancel")
    if not reason.strip():
        reasons.append(Reason("purchase_order.reason", N_("Say why."), field="reason"))
    refuse_if(reasons)
    lines = list(order.lines.all())
    hit = _give_back(order, actor=actor, reason=reason.strip()) | {pk for line in lines for pk in orders_of_line(line)}
    old, order.state = order.state, LIFE.after(order.state, "cancel")
    order.arrives = None
    save_next(order, fields=["state", "arrives"])
    PurchaseRequest.objects.filter(purchase_line__purchase_order=order).update(
        state=RequestState.OPEN, purchase_line=None
    )
    changes = [Change(field="state", old=old, new=order.state)]
    record(actor=actor, verb="cancel", target=order, changes=changes, reason=reason.strip())
    emit("purchase.changed", purchase_order_id=order.pk, order_ids=sorted(hit), by=actor.pk)
    return order


@transaction.atomic
def close(*, actor: User, purchase_id: int, reason: str = "", expected_version: int | None = None) -> PurchaseOrder:
    """Nothing more is to come. Where something is still open, the reason is kept and it is short again."""
    require(actor, "supply.change")
    order = lock(purchases_of(actor), expected_version=expected_version, pk=purchase_id)
    reasons = LIFE.reasons(order.state, "close")
    waiting = order.lines.filter(inspecting__gt=0).exists()
    if waiting:
        reasons.append(
            Reason("purchase_order.inspecting", N_("Some of it still waits for inspection; decide on that first."))
        )
    if order.state == PurchaseState.PARTIALLY_RECEIVED and not reason.strip():
        text = N_("Not everything has come. Say why the rest is not waited for.")
        reasons.append(Reason("purchase_order.reason", text, field="reason"))
    refuse_if(reasons)
    hit = _give_back(order, actor=actor, reason=reason.strip())
    old, order.state = order.state, LIFE.after(order.state, "close")
    order.arrives = None
    save_next(order, fields=["state", "arrives"])
    changes = [Change(field="state", old=old, new=order.state)]
    record(actor=actor, verb="close", target=order, changes=changes, reason=reason.strip())
    emit("purchase.changed", purchase_order_id=order.pk, order_ids=sorted(hit), by=actor.pk)
    return order
