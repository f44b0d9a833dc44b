"""Open an inspection, enter what was found, judge it, accept it by deviation."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import IO, Any

from django.db import transaction
from django.utils import timezone

from punctual.domain.orders.models import Order
from punctual.domain.parties.models import Supplier
from punctual.domain.quality.life import INSPECTION, WAITING
from punctual.domain.quality.models import (
    ControlPoint,
    Entry,
    Inspection,
    InspectionItem,
    InspectionState,
    Kind,
    PointState,
    Stage,
)
from punctual.domain.quality.models.plans import CHARACTERISTIC_FIELDS, SERIES
from punctual.domain.quality.rules import (
    Sample,
    SamplingRule,
    Verdict,
    reasons_against_four_eyes,
    reasons_against_lot,
    reasons_against_text,
    sample_of,
)
from punctual.domain.quality.selectors import inspections_of
from punctual.domain.quality.services.results import CERTIFICATE, refuse_other_inspector, verdict_now
from punctual.domain.quality.services.switching import after_lot, severity_for
from punctual.engine.sampling import Severity, sampling_plan
from punctual.kernel.refusal import Reason, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import Role, User
from punctual.platform.accounts.permissions import require
from punctual.platform.attachments.models import Attachment
from punctual.platform.attachments.services import attach
from punctual.platform.audit.services import Change, record
from punctual.platform.numbering.services import next_number
from punctual.platform.outbox.services import emit
from punctual.platform.records import get_or_not_found, lock, save_next
from punctual.platform.search.services import Document, index

# -------------------------------------------------------------------------------------------------------- opening


@dataclass(frozen=True, slots=True)
class LotIn:
    """What is to be inspected. ``asked``: the sampling was typed for this very lot."""

    stage: str
    item_name: str
    lot_size: int
    rule: SamplingRule
    item_key: str = ""
    unit: str = ""
    lot_no: str = ""
    order: Order | None = None
    supplier: Supplier | None = None
    product_id: int | None = None
    task_id: int | None = None
    point: ControlPoint | None = None
    source: tuple[str, int, str] = ("", 0, "")
    role: str = Role.QUALITY.value
    due: dt.date | None = None
    entry: str = Entry.COUNT.value
    needs_certificate: bool = False
    is_first: bool = True
    asked: bool = False
    characteristics: Sequence[Mapping[str, Any]] = field(default_factory=tuple)


def reasons_against_opening(lot: LotIn) -> list[Reason]:
    """Everything that is wrong with a lot before it is inspected."""
    reasons = reasons_against_lot(lot.lot_size, lot.rule, asked=lot.asked)
    if lot.stage not in Stage.values:
        reasons.append(Reason("inspection.stage", N_("Choose the stage of the inspection."), field="stage"))
    if not lot.item_name.strip() or len(lot.item_name) > 160:
        text = N_("Say in at most 160 characters what is inspected.")
        reasons.append(Reason("inspection.item", text, field="item_name"))
    severity = severity_for(lot.supplier, lot.item_key)
    if severity is not None and severity.is_discontinued:
        text = N_("Inspection of %(item)s from %(supplier)s is discontinued; resume it when the process has improved.")
        params = {"item": lot.item_name, "supplier": str(lot.supplier)}
        reasons.append(Reason("inspection.discontinued", text, params, field="supplier"))
    return reasons


@transaction.atomic
def make_inspection(*, actor: User, lot: LotIn, today: dt.date) -> Inspection:
    """The inspection with its sample by the severity in force. For callers that have decided (a receipt, a point)."""
    refuse_if(reasons_against_opening(lot))
    severity = Severity.NORMAL
    if lot.is_first and (row := severity_for(lot.supplier, lot.item_key)) is not None:
        severity = Severity(row.severity)
    sample = sample_of(lot.lot_size, lot.rule, severity)
    made = Inspection.objects.create(
        number=next_number(series=SERIES[Stage(lot.stage)], year=today.year, digits=4),
        stage=lot.stage,
        point=lot.point,
        order=lot.order,
        task_id=lot.task_id,
        product_id=lot.product_id,
        supplier=lot.supplier,
        item_key=lot.item_key,
        item_name=lot.item_name.strip(),
        unit=lot.unit,
        lot_no=lot.lot_no.strip()[:60],
        source_type=lot.source[0],
        source_id=lot.source[1] or None,
        source_label=lot.source[2],
        presented=lot.lot_size,
        role=lot.role,
        due=lot.due,
        entry=lot.entry,
        needs_certificate=lot.needs_certificate,
        is_first=lot.is_first,
        **_sampled(lot.lot_size, lot.rule, sample, severity),
    )
    InspectionItem.objects.bulk_create(InspectionItem(inspection=made, **dict(one)) for one in lot.characteristics)
    record(actor=actor, verb="create", target=made)
    index([document_of(made)])
    emit("inspection.opened", inspection_id=made.pk)
    return made


def _sampled(lot_size: int, rule: SamplingRule, sample: Sample, severity: Severity) -> dict[str, Any]:
    by_aql = sample.plan is not None
    return {
        "lot_size": lot_size,
        "sampling": rule.sampling,
        "aql": rule.aql if by_aql else None,
        "level": rule.level if by_aql else "",
        "severity": severity.value if by_aql else Severity.NORMAL.value,
        "code_letter": sample.code_letter,
        "sample_size": sample.size,
        "ac": sample.ac,
        "re": sample.re,
    }


def document_of(inspection: Inspection) -> Document:
    """How an inspection is found."""
    supplier = str(inspection.supplier or "")
    return Document(
        target=inspection,
        label=inspection.number,
        detail=" · ".join(part for part in (inspection.item_name, supplier) if part),
        texts=[inspection.number, inspection.item_name, inspection.item_key, inspection.lot_no, supplier],
    )


@transaction.atomic
def open_inspection(*, actor: User, lot: LotIn, today: dt.date) -> Inspection:
    """An inspection that somebody enters by hand."""
    require(actor, "quality.inspect")
    return make_inspection(actor=actor, lot=replace(lot, asked=True), today=today)


def rule_of(point: ControlPoint) -> SamplingRule:
    return SamplingRule(point.sampling, point.sample_number, point.aql, point.level)


def lot_of_point(point: ControlPoint, *, lot_size: int, lot_no: str = "", supplier: Supplier | None = None) -> LotIn:
    """What a control point asks for of a lot that is presented to it. The caller has fetched the point."""
    line = point.order_line
    product = line.product if line else None
    judged = point.inspections.exclude(state=InspectionState.CANCELLED).exists()
    name = f"{product.model} {product.name}" if product else point.name
    return LotIn(
        stage=point.stage,
        item_name=name[:160],
        lot_size=lot_size,
        rule=rule_of(point),
        item_key=product.model if product else "",
        unit=line.unit if line else "",
        lot_no=lot_no,
        order=point.plan.order,
        supplier=supplier,
        product_id=product.pk if product else None,
        task_id=point.task_id,
        point=point,
        role=point.role,
        due=point.task.finish.date() if point.task and point.task.finish else None,
        entry=Entry.SERIAL.value if _has_measured(point) else Entry.COUNT.value,
        needs_certificate=point.needs_certificate and not point.has_certificate,
        is_first=not judged,
        characteristics=[
            {name: getattr(one, name) for name in CHARACTERISTIC_FIELDS} for one in point.characteristics.all()
        ],
    )


def _has_measured(point: ControlPoint) -> bool:
    return any(one.kind == Kind.MEASURED for one in point.characteristics.all())


@transaction.atomic
def inspect_point(
    *,
    actor: User,
    point: ControlPoint,
    lot_size: int,
    today: dt.date,
    lot_no: str = "",
    supplier: Supplier | None = None,
) -> Inspection:
    """Present a lot to a control point. An open inspection of the point is taken up instead of a second one."""
    require(actor, "quality.inspect")
    waiting = point.inspections.filter(state__in=WAITING).first()
    if waiting is not None:
        return waiting
    lot = lot_of_point(point, lot_size=lot_size, lot_no=lot_no, supplier=supplier)
    return make_inspection(actor=actor, lot=lot, today=today)


@transaction.atomic
def split_lot(
    *, actor: User, inspection_id: int, part: int, today: dt.date, expected_version: int | None = None
) -> Inspection:
    """Take ``part`` of the lot now; the rest becomes an inspection of its own, which is returned."""
    require(actor, "quality.inspect")
    found = lock(inspections_of(actor), expected_version=expected_version, pk=inspection_id)
    reasons = INSPECTION.reasons(found.state, "split")
    if not 1 <= part < found.lot_size:
        text = N_("A part has from 1 to %(most)s units; %(part)s was given.")
        reasons.append(Reason("inspection.part", text, {"most": found.lot_size - 1, "part": part}, field="part"))
    refuse_if(reasons)
    rest = found.lot_size - part
    rule = rule_in_force(found)
    severity = Severity(found.severity)
    for name, value in _sampled(part, rule, sample_of(part, rule, severity), severity).items():
        setattr(found, name, value)
    save_next(found)
    second = Inspection.objects.get(pk=found.pk)
    second.pk, second.version = None, 1
    second.number = next_number(series=SERIES[Stage(found.stage)], year=today.year, digits=4)
    for name, value in _sampled(rest, rule, sample_of(rest, rule, severity), severity).items():
        setattr(second, name, value)
    second.save()
    items = [{name: getattr(one, name) for name in CHARACTERISTIC_FIELDS} for one in found.items.all()]
    InspectionItem.objects.bulk_create(InspectionItem(inspection=second, **one) for one in items)
    record(actor=actor, verb="split", target=found, changes=[Change(field="lot_size", old=part + rest, new=part)])
    record(actor=actor, verb="create", target=second)
    index([document_of(second)])
    return second


def rule_in_force(inspection: Inspection) -> SamplingRule:
    """The rule that its sample came from."""
    number: Decimal | None = Decimal(inspection.sample_size)
    if inspection.sampling == "percent":
        number = Decimal(100 * inspection.sample_size) / inspection.lot_size
    return SamplingRule(inspection.sampling, number, inspection.aql, inspection.level or "II")


@transaction.atomic
def judge_inspection(
    *, actor: User, inspection_id: int, expected_version: int | None = None
) -> tuple[Inspection, Verdict]:
    """Give the automatic verdict. What follows from a rejection is ``flows.failed_inspection``."""
    require(actor, "quality.inspect")
    visible = inspections_of(actor).select_related("point", "supplier", "inspector", "order")
    found = lock(visible, expected_version=expected_version, pk=inspection_id)
    refuse_other_inspector(found, actor, take_over=False)
    judged, against = verdict_now(found)
    verb = "accept" if judged.accepted else "reject"
    refuse_if([*INSPECTION.reasons(found.state, verb), *against])
    old, found.state = found.state, INSPECTION.after(found.state, verb)
    found.inspector, found.judged_at = actor, timezone.now()
    save_next(found, fields=["state", "inspector", "judged_at"])
    record(actor=actor, verb=verb, target=found, changes=[Change(field="state", old=old, new=found.state)])
    _count_for_switching(found, judged, actor)
    settle_point(found.point)
    emit(f"inspection.{found.state}", inspection_id=found.pk, order_id=found.order_id)
    return found, judged


def _count_for_switching(inspection: Inspection, judged: Verdict, actor: User) -> None:
    """Original lots of suppliers, by AQL; one rejected for another reason counts as not accepted."""
    if inspection.supplier is None or inspection.aql is None or not inspection.is_first or not inspection.item_key:
        return
    plan = sampling_plan(
        inspection.lot_size,
        aql=float(inspection.aql),
        level=inspection.level,
        severity=Severity(inspection.severity),
    )
    counted = inspection.nonconforming if judged.accepted else max(inspection.nonconforming, plan.re)
    after_lot(inspection, plan, counted, actor=actor)


def settle_point(point: ControlPoint | None) -> None:
    """What the point's inspections say together: one still waiting leaves it open, else the last judged decides."""
    if point is None:
        return
    states = list(
        point.inspections.exclude(state=InspectionState.CANCELLED)
        .order_by("judged_at", "id")
        .values_list("state", flat=True)
    )
    if not states or any(state in WAITING for state in states):
        state = PointState.OPEN
    else:
        state = PointState.FAILED if states[-1] == InspectionState.REJECTED else PointState.PASSED
    if point.state != state:
        point.state = state
        point.save(update_fields=["state"])


@transaction.atomic
def accept_by_deviation(
    *, actor: User, inspection_id: int, reason: str, expected_version: int | None = None
) -> Inspection:
    """A rejected lot is taken after all: by somebody else than its inspector, by name and with the reason."""
    require(actor, "quality.concede")
    found = lock(inspections_of(actor).select_related("point"), expected_version=expected_version, pk=inspection_id)
    refuse_if(
        [
            *INSPECTION.reasons(found.state, "deviate"),
            *reasons_against_four_eyes(inspector=found.inspector_id, approver=actor.pk),
            *reasons_against_text("inspection.reason", reason, N_("Say why it may be accepted."), field_name="reason"),
        ]
    )
    old, found.state = found.state, INSPECTION.after(found.state, "deviate")
    found.deviated_by, found.deviation_reason = actor, reason.strip()
    save_next(found, fields=["state", "deviated_by", "deviation_reason"])
    changes = [Change(field="state", old=old, new=found.state)]
    record(actor=actor, verb="deviate", target=found, changes=changes, reason=reason.strip())
    settle_point(found.point)
    emit("inspection.deviated", inspection_id=found.pk, order_id=found.order_id)
    return found


@transaction.atomic
def cancel_inspection(
    *, actor: User, inspection_id: int, reason: str, expected_version: int | None = None
) -> Inspection:
    """It is not needed after all, with the reason."""
    require(actor, "quality.inspect")
    found = lock(inspections_of(actor).select_related("point"), expected_version=expected_version, pk=inspection_id)
    refuse_if(
        [
            *INSPECTION.reasons(found.state, "cancel"),
            *reasons_against_text("inspection.reason", reason, N_("Say why."), field_name="reason"),
        ]
    )
    found.state = INSPECTION.after(found.state, "cancel")
    save_next(found, fields=["state"])
    record(actor=actor, verb="cancel", target=found, reason=reason.strip())
    settle_point(found.point)
    return found


@transaction.atomic
def attach_to_inspection(
    *, actor: User, inspection_id: int, file: IO[bytes], name: str, is_certificate: bool = False
) -> Attachment:
    """A photo, a record, or the certificate asked for."""
    require(actor, "quality.inspect")
    found = get_or_not_found(inspections_of(actor).select_related("point"), pk=inspection_id)
    made = attach(actor=actor, target=found, file=file, name=name, kind=CERTIFICATE if is_certificate else "photo")
    if is_certificate:
        certificate_has_come(found)
    return made


def certificate_has_come(found: Inspection) -> None:
    """What the control point asked for is here, and nobody has to approve it any more."""
    if found.point is not None and not found.point.has_certificate:
        found.point.has_certificate = True
        found.point.save(update_fields=["has_certificate"])
