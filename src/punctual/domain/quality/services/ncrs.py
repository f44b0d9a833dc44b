"""Open, contain, verify and close nonconformities, book what they cost. Deciding the disposition changes the plan too
and is ``flows.failed_inspection``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import IO

from django.db import transaction
from django.utils import timezone

from punctual.domain.orders.models import Order
from punctual.domain.parties.models import Supplier
from punctual.domain.plans.models import Task
from punctual.domain.quality.life import NCR
from punctual.domain.quality.models import (
    Cause,
    Containment,
    CostKind,
    DebitNote,
    DefectClass,
    Inspection,
    InspectionState,
    Loss,
    Nonconformity,
    Origin,
)
from punctual.domain.quality.rules import reasons_against_text
from punctual.domain.quality.selectors import ncrs_of
from punctual.domain.quality.services.capas import reopen_for_same_cause
from punctual.kernel.refusal import Reason, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import Role, User
from punctual.platform.accounts.permissions import require
from punctual.platform.attachments.models import Attachment
from punctual.platform.attachments.services import attach
from punctual.platform.audit.services import Change, differences, record
from punctual.platform.notifications.services import notify
from punctual.platform.numbering.services import next_number
from punctual.platform.outbox.services import emit
from punctual.platform.records import get_or_not_found, lock, save_next
from punctual.platform.search.services import Document, index

MOST_MONEY = Decimal(10) ** 12


@dataclass(frozen=True, slots=True)
class NcrIn:
    """What is reported."""

    title: str
    detail: str = ""
    origin: str = Origin.TASK.value
    defect_class: str = DefectClass.MAJOR.value
    order: Order | None = None
    task: Task | None = None
    supplier: Supplier | None = None
    product_id: int | None = None
    inspection: Inspection | None = None
    source: tuple[str, int, str] = ("", 0, "")
    item_key: str = ""
    item_name: str = ""
    lot_no: str = ""
    quantity: int = 0
    nonconforming: int = 0
    unit: str = ""
    cause: str = ""
    owner: User | None = None


def reasons_against_reporting(given: NcrIn) -> list[Reason]:
    """Everything that is wrong with a report."""
    reasons = []
    if not given.title.strip() or len(given.title) > 160:
        text = N_("Say in 1 to 160 characters what is wrong.")
        reasons.append(Reason("ncr.title", text, field="title"))
    if given.origin not in Origin.values:
        reasons.append(Reason("ncr.origin", N_("Choose where it was found."), field="origin"))
    if given.defect_class not in DefectClass.values:
        reasons.append(Reason("ncr.class", N_("Choose the class: critical, major or minor."), field="defect_class"))
    if given.cause and given.cause not in Cause.values:
        reasons.append(Reason("ncr.cause", N_("Choose one of the causes, or none yet."), field="cause"))
    if given.quantity < 0 or given.nonconforming < 0:
        reasons.append(Reason("ncr.negative", N_("A count is 0 or more."), field="quantity"))
    elif given.quantity and given.nonconforming > given.quantity:
        text = N_("%(bad)s nonconforming is more than the %(all)s concerned.")
        params = {"bad": given.nonconforming, "all": given.quantity}
        reasons.append(Reason("ncr.more_than_all", text, params, field="nonconforming"))
    if given.task is not None and given.order is not None and given.task.plan.order_id != given.order.pk:
        text = N_("The task belongs to another order.")
        reasons.append(Reason("ncr.task", text, field="task"))
    return reasons


@transaction.atomic
def report_ncr(*, actor: User, given: NcrIn, today: dt.date) -> Nonconformity:
    """Somebody reports what is wrong; a quality engineer owns it."""
    require(actor, "quality.report")
    return open_ncr(actor=actor, given=given, today=today)


@transaction.atomic
def open_ncr(*, actor: User, given: NcrIn, today: dt.date) -> Nonconformity:
    """Open a nonconformity; for callers that have decided (a rejected inspection, a complaint)."""
    refuse_if(reasons_against_reporting(given))
    made = Nonconformity.objects.create(
        number=next_number(series="NCR", year=today.year, digits=4),
        title=given.title.strip(),
        detail=given.detail.strip(),
        origin=given.origin,
        defect_class=given.defect_class,
        order=given.order,
        task=given.task,
        supplier=given.supplier,
        product_id=given.product_id,
        inspection=given.inspection,
        source_type=given.source[0],
        source_id=given.source[1] or None,
        source_label=given.source[2],
        item_key=given.item_key,
        item_name=given.item_name,
        lot_no=given.lot_no,
        quantity=given.quantity,
        nonconforming=given.nonconforming,
        unit=given.unit,
        cause=given.cause,
        owner=given.owner or _quality_engineer(actor),
        found_by=actor,
    )
    record(actor=actor, verb="create", target=made)
    index([document_of(made)])
    _tell(made, actor)
    emit("ncr.opened", ncr_id=made.pk, order_id=made.order_id, source_type=made.source_type, source_id=made.source_id)
    return made


def _quality_engineer(actor: User) -> User:
    """Who answers for it unless somebody is named: the actor if of quality, else the first of quality."""
    if actor.role == Role.QUALITY:
        return actor
    return User.objects.filter(role=Role.QUALITY, is_active=True).order_by("pk").first() or actor


def document_of(ncr: Nonconformity) -> Document:
    supplier, order = str(ncr.supplier or ""), str(ncr.order or "")
    return Document(
        target=ncr,
        label=ncr.number,
        detail=" · ".join(part for part in (ncr.title, order, supplier) if part),
        texts=[ncr.number, ncr.title, ncr.item_name, ncr.item_key, ncr.lot_no, order, supplier],
    )


def _tell(ncr: Nonconformity, actor: User) -> None:
    people = [ncr.owner, *([ncr.order.owner] if ncr.order and ncr.order.owner else [])]
    if ncr.supplier is not None:
        people += list(User.objects.filter(role=Role.SUPPLY_CHAIN, is_active=True))
    notify(
        users=[one for one in people if one != actor],
        kind="quality",
        text=N_("%(number)s: %(title)s. %(who)s reported it."),
        params={"number": ncr.number, "title": ncr.title, "who": actor.name},
        url=f"/ncr/{ncr.pk}/",
    )


@dataclass(frozen=True, slots=True)
class ContainmentIn:
    place: str
    action: str
    quantity: int = 0
    who: User | None = None
    blocks_stock: bool = False
    done: bool = False


@transaction.atomic
def contain(
    *, actor: User, ncr_id: int, rows: Sequence[ContainmentIn], expected_version: int | None = None
) -> Nonconformity:
    """Where such parts may be and what was done there; what was entered before is replaced."""
    require(actor, "quality.handle")
    found = lock(ncrs_of(actor), expected_version=expected_version, pk=ncr_id)
    reasons = NCR.reasons(found.state, "contain")
    if not rows:
        text = N_("Name at least one place and what is done there.")
        reasons.append(Reason("ncr.containment", text, field="place"))
    for number, row in enumerate(rows, start=1):
        if not row.place.strip() or not row.action.strip() or len(row.place) > 80 or len(row.action) > 160:
            text = N_("Say where, and what is done there.")
            reasons.append(Reason("ncr.containment_row", text, field="place", row=number))
        if row.quantity < 0:
            reasons.append(Reason("ncr.negative", N_("A count is 0 or more."), field="quantity", row=number))
    refuse_if(reasons)
    now = timezone.now()
    kept = {one.place: one.done_at for one in found.containments.all()}
    found.containments.all().delete()
    Containment.objects.bulk_create(
        Containment(
            ncr=found,
            place=row.place.strip(),
            quantity=row.quantity,
            action=row.action.strip(),
            who=row.who or actor,
            blocks_stock=row.blocks_stock,
            done_at=(kept.get(row.place.strip()) or now) if row.done else None,
        )
        for row in rows
    )
    old, found.state = found.state, NCR.after(found.state, "contain")
    found.contained_at = found.contained_at or now
    save_next(found, fields=["state", "contained_at"])
    changes = [Change(field="state", old=old, new=found.state)] if old != found.state else []
    changes.append(
        Change(field="containment", old=None, new="; ".join(f"{row.place}: {row.action}" for row in rows)[:400])
    )
    record(actor=actor, verb="contain", target=found, changes=changes)
    emit("ncr.contained", ncr_id=found.pk, blocks_stock=any(row.blocks_stock for row in rows))
    return found


@transaction.atomic
def verify_ncr(*, actor: User, ncr_id: int, note: str, expected_version: int | None = None) -> Nonconformity:
    """The disposition was carried out and helped. Refused while its re-inspection is not accepted."""
    require(actor, "quality.handle")
    found = lock(ncrs_of(actor).select_related("recheck"), expected_version=expected_version, pk=ncr_id)
    reasons = [
        *NCR.reasons(found.state, "verify"),
        *reasons_against_text("ncr.finding", note, N_("Say what was seen."), field_name="note"),
    ]
    accepted = (InspectionState.ACCEPTED, InspectionState.DEVIATED)
    if found.recheck is not None and found.recheck.state not in accepted:
        text = N_("The re-inspection %(number)s is not accepted yet.")
        reasons.append(Reason("ncr.recheck", text, {"number": found.recheck.number}))
    refuse_if(reasons)
    _move(found, actor, "verify", note, verified_by=actor, verified_at=timezone.now(), verify_note=note.strip())
    return found


def _move(ncr: Nonconformity, actor: User, verb: str, note: str = "", **values: object) -> None:
    old, ncr.state = ncr.state, NCR.after(ncr.state, verb)
    for name, value in values.items():
        setattr(ncr, name, value)
    save_next(ncr, fields=["state", *values])
    changes = [Change(field="state", old=old, new=ncr.state)]
    record(actor=actor, verb=verb, target=ncr, changes=changes, reason=note.strip())
    emit(f"ncr.{ncr.state}", ncr_id=ncr.pk, order_id=ncr.order_id)


@transaction.atomic
def reopen_ncr(*, actor: User, ncr_id: int, reason: str, expected_version: int | None = None) -> Nonconformity:
    """The disposition did not do: decide anew."""
    require(actor, "quality.handle")
    found = lock(ncrs_of(actor), expected_version=expected_version, pk=ncr_id)
    refuse_if(
        [
            *NCR.reasons(found.state, "reopen"),
            *reasons_against_text("ncr.reason", reason, N_("Say why."), field_name="reason"),
        ]
    )
    reopen_failed(found, actor, reason)
    return found


def reopen_failed(ncr: Nonconformity, actor: User, reason: str) -> None:
    """Back to where the disposition is decided; part of the caller's transaction, which has locked it."""
    _move(ncr, actor, "reopen", reason, disposition="", recheck=None, verified_at=None, verified_by=None)


@transaction.atomic
def close_ncr(*, actor: User, ncr_id: int, expected_version: int | None = None) -> Nonconformity:
    """Everything is done; it is on record with its cause."""
    require(actor, "quality.handle")
    found = lock(ncrs_of(actor), expected_version=expected_version, pk=ncr_id)
    reasons = NCR.reasons(found.state, "close")
    if not found.cause:
        text = N_("Name the cause before it is closed; the Pareto chart lives on it.")
        reasons.append(Reason("ncr.cause", text, field="cause"))
    refuse_if(reasons)
    _move(found, actor, "close", closed_at=timezone.now())
    return found


@transaction.atomic
def cancel_ncr(*, actor: User, ncr_id: int, reason: str, expected_version: int | None = None) -> Nonconformity:
    """It was none, with the reason."""
    require(actor, "quality.handle")
    found = lock(ncrs_of(actor), expected_version=expected_version, pk=ncr_id)
    refuse_if(
        [
            *NCR.reasons(found.state, "cancel"),
            *reasons_against_text("ncr.reason", reason, N_("Say why."), field_name="reason"),
        ]
    )
    _move(found, actor, "cancel", reason)
    return found


@transaction.atomic
def change_ncr(
    *,
    actor: User,
    ncr_id: int,
    title: str,
    detail: str,
    cause: str,
    defect_class: str,
    owner: User | None,
    expected_version: int | None = None,
) -> Nonconformity:
    """Wording, cause, class and owner."""
    require(actor, "quality.handle")
    found = lock(ncrs_of(actor), expected_version=expected_version, pk=ncr_id)
    given = NcrIn(title, detail, found.origin, defect_class, cause=cause)
    refuse_if([*NCR.reasons(found.state, "change"), *reasons_against_reporting(given)])
    fields = ["title", "detail", "cause", "defect_class", "owner"]
    before = {name: getattr(found, name) for name in fields}
    found.title, found.detail, found.cause, found.defect_class = title.strip(), detail.strip(), cause, defect_class
    found.owner = owner or found.owner
    save_next(found, fields=fields)
    after = {name: getattr(found, name) for name in fields}
    record(actor=actor, verb="change", target=found, changes=differences(before, after))
    index([document_of(found)])
    if found.cause != before["cause"]:
        reopen_for_same_cause(found, actor=actor)
    return found


@transaction.atomic
def attach_to_ncr(*, actor: User, ncr_id: int, file: IO[bytes], name: str) -> Attachment:
    """A photo or a paper; who reported it may add one too."""
    require(actor, "quality.report")
    found = get_or_not_found(ncrs_of(actor), pk=ncr_id)
    return attach(actor=actor, target=found, file=file, name=name, kind="photo")


# ----------------------------------------------------------------------------------------------------------- money


@dataclass(frozen=True, slots=True)
class LossIn:
    name: str
    amount: Decimal
    kind: str = CostKind.INTERNAL.value
    days: int = 0


def reasons_against_loss(loss: LossIn) -> list[Reason]:
    """Money with at most two decimals, not negative; a name; a kind of the four."""
    reasons = reasons_against_text("loss.name", loss.name[:160], N_("Say what it was spent for."), field_name="name")
    if not loss.amount.is_finite() or not 0 <= loss.amount <= MOST_MONEY or loss.amount != round(loss.amount, 2):
        text = N_("“%(value)s” is no amount of money; it is 0 or more, with at most two decimals.")
        reasons.append(Reason("loss.amount", text, {"value": loss.amount}, field="amount"))
    if loss.kind not in CostKind.values:
        reasons.append(Reason("loss.kind", N_("Choose one of the four kinds of cost."), field="kind"))
    return reasons


@transaction.atomic
def book_loss(*, actor: User, ncr_id: int, loss: LossIn, today: dt.date, expected_version: int | None = None) -> Loss:
    """Money that a nonconformity cost, on the order and on the cause."""
    require(actor, "quality.book")
    found = lock(ncrs_of(actor), expected_version=expected_version, pk=ncr_id)
    refuse_if([*NCR.reasons(found.state, "book"), *reasons_against_loss(loss)])
    made = write_loss(found, actor, loss, today)
    save_next(found, fields=["cost"])
    record(
        actor=actor,
        verb="book",
        target=found,
        changes=[Change(field="cost", old=None, new=f"{loss.amount} {loss.name}")],
    )
    return made


def write_loss(ncr: Nonconformity, actor: User, loss: LossIn, today: dt.date) -> Loss:
    """The row, and the sum on the nonconformity; the caller saves that."""
    ncr.cost += loss.amount
    return Loss.objects.create(
        kind=loss.kind,
        ncr=ncr,
        order=ncr.order,
        supplier=ncr.supplier,
        cause=ncr.cause,
        name=loss.name.strip(),
        days=loss.days,
        amount=loss.amount,
        booked_on=today,
        by=actor,
    )


def draft_debit_note(ncr: Nonconformity, actor: User, amount: Decimal, today: dt.date) -> DebitNote:
    """What the supplier is asked to bear; finance sends it. Part of the caller's transaction."""
    assert ncr.supplier is not None
    made = DebitNote.objects.create(
        number=next_number(series="DBN", year=today.year, digits=4),
        ncr=ncr,
        supplier=ncr.supplier,
        amount=amount,
        reason=f"{ncr.number} {ncr.title}"[:400],
        created_by=actor,
    )
    record(actor=actor, verb="debit", target=ncr, changes=[Change(field="debit_note", old=None, new=made.number)])
    notify(
        users=User.objects.filter(role=Role.FINANCE, is_active=True),
        kind="quality",
        text=N_("Debit note %(number)s to %(supplier)s is drafted: %(amount)s."),
        params={"number": made.number, "supplier": str(ncr.supplier), "amount": str(amount)},
        url=f"/ncr/{ncr.pk}/",
    )
    return made
