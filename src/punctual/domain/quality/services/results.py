"""Enter what was found in an inspection, and the verdict as it stands."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from django.db import transaction

from punctual.domain.quality.life import INSPECTION
from punctual.domain.quality.models import (
    Defect,
    DefectClass,
    Gauge,
    Hold,
    Inspection,
    InspectionItem,
    Kind,
    Measurement,
)
from punctual.domain.quality.rules import (
    GaugeFacts,
    ItemFacts,
    Lot,
    Results,
    ValueIn,
    Verdict,
    judge,
    reasons_against_results,
    reasons_against_value,
    within,
)
from punctual.domain.quality.selectors import inspections_of, items_of
from punctual.kernel.refusal import Conflict, Reason, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.attachments.models import Approval
from punctual.platform.attachments.services import documents_on
from punctual.platform.audit.services import Change, differences, record
from punctual.platform.records import conflict, lock, save_next

COUNTED: Final = ("inspected", "nonconforming", "note", "witness")
CERTIFICATE = "certificate"
"""Kind of an attachment that is the certificate asked for."""


@dataclass(frozen=True, slots=True)
class ValueGiven:
    """A measured value; ``value`` None takes it back. ``gauge`` is a code, empty = the characteristic's own."""

    item: int
    unit_no: int
    value: Decimal | None
    unit: str = ""
    gauge: str = ""
    serial: str = ""


@dataclass(frozen=True, slots=True)
class ResultsIn:
    """What is entered; None leaves as it is. ``answers`` are the checks by item: yes, no, not answered."""

    inspected: int | None = None
    nonconforming: int | None = None
    defects: Mapping[str, int] | None = None
    values: Sequence[ValueGiven] = ()
    answers: Mapping[int, bool | None] = field(default_factory=dict)
    note: str | None = None
    witness: str | None = None


def facts_of(item: InspectionItem) -> ItemFacts:
    return ItemFacts(item.pk, item.kind, item.name, item.unit, item.lower, item.upper, item.defect_class)


def gauge_facts(gauge: Gauge) -> GaugeFacts:
    return GaugeFacts(gauge.code, gauge.unit, gauge.minimum, gauge.maximum, gauge.calibration_due)


def refuse_other_inspector(inspection: Inspection, actor: User, *, take_over: bool) -> None:
    """Two people at one lot: the second is told who has it and what they have entered."""
    if inspection.inspector_id in (None, actor.pk) or take_over:
        return
    text = N_("%(who)s is inspecting this lot. Agree with them, then take it over.")
    entered = [one for one in conflict(inspection, 0).changes if one["verb"] == "enter" and one["field"]]
    raise Conflict(
        Reason("inspection.other_inspector", text, {"who": str(inspection.inspector)}),
        current_version=inspection.version,
        changes=entered,
    )


@transaction.atomic
def enter_results(
    *,
    actor: User,
    inspection_id: int,
    results: ResultsIn,
    today: dt.date,
    expected_version: int | None = None,
    take_over: bool = False,
) -> Inspection:
    """Write what was found so far. Every value is checked at once; a wrong one refuses the whole entry."""
    require(actor, "quality.inspect")
    visible = inspections_of(actor).select_related("inspector")
    found = lock(visible, expected_version=expected_version, pk=inspection_id)
    refuse_if(INSPECTION.reasons(found.state, "enter"))
    refuse_other_inspector(found, actor, take_over=take_over)
    items = {item.pk: item for item in items_of(found)}
    gauges = {one.code: one for one in Gauge.objects.filter(archived_at=None)}
    refuse_if([*_against_values(results.values, items, gauges, found, today), *_against_defects(results.defects)])
    changes = [
        *_write_values(results.values, items, gauges),
        *_write_answers(results.answers, items),
        *_write_defects(found, results.defects),
    ]
    before = {name: getattr(found, name) for name in COUNTED}
    if results.inspected is not None:
        found.inspected = results.inspected
    found.inspected = max(found.inspected, _units_measured(found))
    found.nonconforming = found.nonconforming if results.nonconforming is None else results.nonconforming
    found.note = found.note if results.note is None else results.note.strip()
    found.witness = found.witness if results.witness is None else results.witness.strip()[:160]
    gathered = gather(found)
    refuse_if(reasons_against_results(lot_facts(found), gathered))
    found.nonconforming = gathered.nonconforming
    found.state, found.inspector = INSPECTION.after(found.state, "enter"), actor
    save_next(found, fields=[*COUNTED, "state", "inspector"])
    after = {name: getattr(found, name) for name in COUNTED}
    record(actor=actor, verb="enter", target=found, changes=[*differences(before, after), *changes])
    return found


def _against_values(
    values: Sequence[ValueGiven],
    items: Mapping[int, InspectionItem],
    gauges: Mapping[str, Gauge],
    inspection: Inspection,
    today: dt.date,
) -> list[Reason]:
    reasons = []
    for one in values:
        item = items.get(one.item)
        if item is None:
            reasons.append(Reason("measurement.item", N_("This inspection has no such characteristic.")))
            continue
        if one.gauge and one.gauge not in gauges:
            text = N_("There is no gauge “%(code)s”.")
            reasons.append(Reason("measurement.gauge", text, {"code": one.gauge}, "gauge"))
            continue
        if one.value is not None:
            gauge = gauges[one.gauge] if one.gauge else item.gauge
            value = ValueIn(item.pk, one.unit_no, one.value, one.unit, gauge_facts(gauge) if gauge else None)
            reasons += reasons_against_value(value, facts_of(item), today=today, sample=inspection.lot_size)
    return reasons


def _against_defects(defects: Mapping[str, int] | None) -> list[Reason]:
    wrong = [name for name, count in (defects or {}).items() if not name.strip() or len(name) > 60 or count < 0]
    text = N_("A defect has a name of at most 60 characters and a count of 0 or more.")
    return [Reason("inspection.defect", text, field="defects")] if wrong else []


def _write_values(
    values: Sequence[ValueGiven], items: Mapping[int, InspectionItem], gauges: Mapping[str, Gauge]
) -> Iterator[Change]:
    for one in values:
        item = items[one.item]
        known = next((row for row in item.measurements.all() if row.unit_no == one.unit_no), None)
        old = f"{known.value.normalize():f}" if known else None
        new = f"{one.value.normalize():f}" if one.value is not None else None
        if one.value is None:
            item.measurements.filter(unit_no=one.unit_no).delete()
        else:
            Measurement.objects.update_or_create(
                item=item,
                unit_no=one.unit_no,
                defaults={
                    "value": one.value,
                    "is_ok": within(one.value, item.lower, item.upper),
                    "gauge": gauges[one.gauge] if one.gauge else item.gauge,
                    "serial": one.serial[:60],
                },
            )
        if old != new:
            yield Change(field=f"{item.name} #{one.unit_no}", old=old, new=new)


def _write_answers(answers: Mapping[int, bool | None], items: Mapping[int, InspectionItem]) -> Iterator[Change]:
    changed = []
    for pk, passed in answers.items():
        item = items.get(pk)
        if item is not None and item.kind != Kind.MEASURED and item.passed != passed:
            yield Change(field=item.name, old=item.passed, new=passed)
            item.passed = passed
            changed.append(item)
    InspectionItem.objects.bulk_update(changed, ["passed"])


def _write_defects(inspection: Inspection, defects: Mapping[str, int] | None) -> Iterator[Change]:
    if defects is None:
        return
    before = {one.name: one.quantity for one in inspection.defects.all()}
    after = {name.strip(): count for name, count in defects.items() if count > 0}
    inspection.defects.all().delete()
    Defect.objects.bulk_create(
        Defect(inspection=inspection, name=name, quantity=count) for name, count in after.items()
    )
    for name in sorted({*before, *after}):
        if before.get(name) != after.get(name):
            yield Change(field=name, old=before.get(name), new=after.get(name))


def _units_measured(inspection: Inspection) -> int:
    return Measurement.objects.filter(item__inspection=inspection).values("unit_no").distinct().count()


def lot_facts(inspection: Inspection) -> Lot:
    point = inspection.point
    return Lot(
        inspection.lot_size,
        inspection.sample_size,
        inspection.ac,
        needs_evidence=bool(point and point.evidence),
        needs_certificate=inspection.needs_certificate,
        needs_witness=bool(point and point.hold == Hold.WITNESS),
    )


def gather(inspection: Inspection) -> Results:
    """What is on record of an inspection, as the rules see it."""
    items = list(items_of(inspection))
    bad = [(item, one) for item in items for one in item.measurements.all() if not one.is_ok]
    checks = [item for item in items if item.kind != Kind.MEASURED]
    failed = [item for item in checks if item.passed is False]
    unanswered = [item for item in checks if item.passed is None and item.kind != Kind.ATTRIBUTE]
    unanswered += [item for item in items if item.kind == Kind.MEASURED and not item.measurements.all()]
    hard = [item.name for item, _ in bad if item.defect_class == DefectClass.CRITICAL]
    hard += [item.name for item in failed if item.defect_class == DefectClass.CRITICAL]
    counting = documents_on(inspection).filter(approval__in=[Approval.NONE, Approval.APPROVED])
    files = list(counting.values_list("kind", flat=True))
    return Results(
        inspected=inspection.inspected,
        counted=inspection.nonconforming,
        bad_units=frozenset(one.unit_no for _, one in bad),
        failed=[facts_of(item) for item in failed],
        unanswered=[facts_of(item) for item in unanswered],
        critical=hard,
        defects=sum(one.quantity for one in inspection.defects.all()),
        has_evidence=bool(files),
        has_certificate=CERTIFICATE in files or bool(inspection.point and inspection.point.has_certificate),
        has_witness=bool(inspection.witness),
    )


def verdict_now(inspection: Inspection) -> tuple[Verdict, list[Reason]]:
    """The verdict as it stands, and what stands against giving it."""
    found = judge(lot_facts(inspection), gather(inspection))
    return found.verdict, found.reasons


def names_of_defects(inspection: Inspection) -> Iterable[str]:
    """Defects that were found before on the same item, the most frequent first, for the chips of the page."""
    rows = Defect.objects.filter(inspection__stage=inspection.stage)
    if inspection.item_key:
        rows = rows.filter(inspection__item_key=inspection.item_key)
    counted: dict[str, int] = {}
    for name, quantity in rows.order_by("-id").values_list("name", "quantity")[:200]:
        counted[name] = counted.get(name, 0) + quantity
    return sorted(counted, key=lambda name: -counted[name])[:6]
