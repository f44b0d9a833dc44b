"""A year of quality in the demo company: plans, inspections, one supplier on tightened inspection, a chart with a real
signal, nonconformities of every state, an 8D report that waits for a supplier, a gate that stops a delivery."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django.utils import timezone

from punctual.domain.catalog.models import ProductFamily
from punctual.domain.orders.models import Order, OrderState
from punctual.domain.parties.models import Supplier
from punctual.domain.quality.models import (
    ControlChart,
    ControlPoint,
    Defect,
    Gauge,
    Inspection,
    InspectionItem,
    Measurement,
    PlanRevision,
    QualityPlan,
    QualityTemplate,
    SeverityChange,
    SupplierSeverity,
    TemplateCharacteristic,
    TemplatePoint,
)
from punctual.domain.quality.services.charts import refresh_signals
from punctual.domain.quality.services.inspections import document_of as inspection_document
from punctual.domain.quality.services.plans import document_of, make_quality_plan
from punctual.domain.quality.services.switching import DISCONTINUED, RULES
from punctual.engine.sampling import Severity, Switching, sampling_plan
from punctual.flows.demo import quality_texts as texts
from punctual.flows.demo.people import demo_user
from punctual.flows.demo.quality_stories import past_ncrs, reviews, stories
from punctual.flows.demo.quality_world import World, decimal_of
from punctual.flows.demo.records import begin_stories, make_findable
from punctual.platform.accounts.models import Role, User

PLANNED: Final = (OrderState.CONFIRMED, OrderState.IN_PROGRESS, OrderState.PARTIALLY_DELIVERED)
DAYS: Final = 365


def build_quality(today: dt.date) -> None:
    """Everything of quality; the orders have their plans already."""
    engineer = demo_user(Role.QUALITY)
    world = World(today, engineer)
    world.gauges = _gauges(today)
    _charts(world)
    _templates(world)
    _plans(world)
    _incoming(world)
    _torque(world)
    _passed_points(world)
    past_ncrs(world)
    stories(world)
    reviews(world)


def _gauges(today: dt.date) -> dict[str, Gauge]:
    made = Gauge.objects.bulk_create(
        Gauge(
            code=code,
            name=name,
            unit=unit,
            minimum=decimal_of(least),
            maximum=decimal_of(most),
            resolution=decimal_of(resolution),
            calibrated_on=today + dt.timedelta(days=left - 365),
            calibration_due=today + dt.timedelta(days=left),
            place="计量室",
        )
        for code, name, unit, least, most, resolution, left in texts.GAUGES
    )
    return {one.code: one for one in made}


def _charts(world: World) -> None:
    """Torque and shaft by measured values, the worst supplier's lots by share."""
    worst = Supplier.objects.get(code=texts.WORST)
    order = Order.objects.filter(state=OrderState.IN_PROGRESS, lines__product__family__code="AS").order_by("pk").first()
    rows: tuple[dict[str, Any], ...] = (
        {
            "code": "C-TORQUE",
            "name": "拧紧扭矩 24 ± 2 N·m",
            "type": "xbar-r",
            "subgroup_size": 5,
            "unit": "N·m",
            "lower": Decimal(22),
            "upper": Decimal(26),
            "wanted_cpk": Decimal("1.33"),
            "order": order,
        },
        {
            "code": "C-SHAFT",
            "name": "导向轴外径 φ20h6",
            "type": "xbar-r",
            "subgroup_size": 5,
            "unit": "mm",
            "lower": Decimal("19.987"),
            "upper": Decimal("20.000"),
        },
        {
            "code": "C-S07-P",
            "name": "导向轴来料不合格率",
            "type": "p",
            "supplier": worst,
            "item_key": "SHAFT-20",
        },
    )
    for row in rows:
        world.charts[row["code"]] = ControlChart.objects.create(owner=world.engineer, **row)


def _templates(world: World) -> None:
    families = {one.code: one for one in ProductFamily.objects.all()}
    for code, name, family, points in texts.TEMPLATES:
        template = QualityTemplate.objects.create(code=code, name=name, family=families[family])
        for position, row in enumerate(points):
            (label, stage, anchor, words, standards, sampling, number, aql, hold, role, evidence, certificate, rows) = (
                row
            )
            point = TemplatePoint.objects.create(
                template=template,
                position=position,
                name=label,
                stage=stage,
                anchor=anchor if anchor != "receipt" else "task",
                task_words=words,
                standard_words=standards,
                sampling=sampling,
                sample_number=decimal_of(number),
                aql=decimal_of(aql),
                hold=hold,
                role=role,
                evidence=evidence,
                needs_certificate=certificate,
            )
            TemplateCharacteristic.objects.bulk_create(
                _characteristic(world, point, place, one) for place, one in enumerate(rows)
            )


def _characteristic(world: World, point: TemplatePoint, position: int, row: tuple[str, ...]) -> TemplateCharacteristic:
    kind, name, defect_class, unit, nominal, lower, upper, gauge, chart = (*row, *([""] * 6))[:9]
    return TemplateCharacteristic(
        point=point,
        position=position,
        kind=kind,
        name=name,
        defect_class=defect_class,
        unit=unit,
        nominal=decimal_of(nominal),
        lower=decimal_of(lower),
        upper=decimal_of(upper),
        gauge=world.gauges.get(gauge),
        chart=world.charts.get(chart),
    )


def _plans(world: World) -> None:
    """A quality plan for every order that is on its way, approved but for the newest three."""
    orders = list(Order.objects.filter(state__in=PLANNED, plan__isnull=False).order_by("pk"))
    plans = [make_quality_plan(order=order, actor=world.engineer) for order in orders]
    by = {"approved_by": world.engineer, "approved_at": world.at(world.today - dt.timedelta(days=20))}
    approved = plans[:-3]
    QualityPlan.objects.filter(pk__in=[plan.pk for plan in approved]).update(state="approved", **by)
    PlanRevision.objects.bulk_create(
        [PlanRevision(plan=plan, number=plan.revision, document=document_of(plan), **by) for plan in approved]
    )


# --------------------------------------------------------------------------------------------------------- incoming


@dataclass(slots=True)
class _Lot:
    inspection: Inspection
    defects: list[tuple[str, int]]


def _incoming(world: World) -> None:
    """Lots of a year by the switching rules as they are; the worst supplier ends on tightened inspection."""
    people = list(User.objects.filter(department="质检").order_by("pk"))
    suppliers = {one.code: one for one in Supplier.objects.all()}
    lots: list[_Lot] = []
    severities: list[tuple[SupplierSeverity, list[SeverityChange]]] = []
    for code, item, name, unit, size, every, bad, defects in texts.ITEMS:
        row = SupplierSeverity(supplier=suppliers[code], item_key=item, item_name=name)
        state, changes = Switching(), []
        for day in _days(world, every):
            made, state, change = _lot(world, row, state, day, size, bad, defects, unit, people)
            lots.append(made)
            if change is not None:
                changes.append(change)
        row.severity, row.recent, row.score = state.severity.value, list(state.recent), state.score
        row.accepted_in_a_row, row.rejected_tightened = state.accepted_in_a_row, state.rejected_tightened
        severities.append((row, changes))
    lots.sort(key=lambda one: one.inspection.judged_at or world.at(world.today))
    for one in lots:
        assert one.inspection.judged_at is not None
        one.inspection.number = world.number("IQC", one.inspection.judged_at.date())
    made_lots = Inspection.objects.bulk_create([one.inspection for one in lots], batch_size=500)
    Defect.objects.bulk_create(
        Defect(inspection=one.inspection, name=name, quantity=count) for one in lots for name, count in one.defects
    )
    SupplierSeverity.objects.bulk_create([row for row, _ in severities])
    for row, changes in severities:
        for change in changes:
            change.of = row
    SeverityChange.objects.bulk_create([change for _, changes in severities for change in changes])
    begin_stories(made_lots, world.engineer)
    make_findable(made_lots, inspection_document)
    world.keep_numbers()
    for chart in world.charts.values():
        refresh_signals(chart)


def _days(world: World, every: int) -> Iterator[dt.date]:
    day = world.today - dt.timedelta(days=DAYS - world.random.randint(0, every))
    while day < world.today:
        yield day - dt.timedelta(days=max(0, day.weekday() - 4))
        day += dt.timedelta(days=every + world.random.randint(-2, 2))


def _lot(
    world: World,
    row: SupplierSeverity,
    state: Switching,
    day: dt.date,
    size: int,
    per_mille: int,
    defects: tuple[str, ...],
    unit: str,
    people: list[User],
) -> tuple[_Lot, Switching, SeverityChange | None]:
    """One judged lot and where the switching rules stand after it."""
    lot = max(2, round(size * world.random.uniform(0.8, 1.25)))
    plan = sampling_plan(lot, aql=1.0, severity=state.severity)
    sample = min(plan.n, lot)
    old_days = (world.today - day).days
    # The worst supplier got bad half a year ago and worse in the last weeks.
    share = per_mille / 1000 * (0.25 if old_days > 190 else 1.6 if old_days < 60 else 1.0)
    bad = sum(1 for _ in range(sample) if world.random.random() < share)
    accepted = plan.accepts(bad)
    made = Inspection(
        stage="iqc",
        state="accepted" if accepted else "rejected",
        supplier=row.supplier,
        item_key=row.item_key,
        item_name=row.item_name,
        unit=unit,
        lot_no=f"B{day:%y%m%d}",
        presented=lot,
        lot_size=lot,
        sampling="aql",
        level="II",
        aql=Decimal("1.0"),
        severity=state.severity.value,
        code_letter=plan.code_letter,
        sample_size=sample,
        ac=plan.ac,
        re=plan.re,
        inspector=people[world.random.randrange(len(people))],
        inspected=sample,
        nonconforming=bad,
        judged_at=world.at(day, 9 + world.random.randrange(8)),
        due=day,
    )
    found: dict[str, int] = defaultdict(int)
    for _ in range(bad):
        found[defects[0] if world.random.random() < 0.6 else world.random.choice(defects)] += 1
    old = state
    state = state.after(plan, bad)
    if state.discontinued:
        state = state.resumed()
    if state.may_reduce and row.supplier.code in ("S06", "S03"):
        state = state.reduced()
    change = None
    if old.severity is not state.severity:
        pair = (old.severity.value, state.severity.value)
        rule = "reduced" if state.severity is Severity.REDUCED else RULES.get(pair, DISCONTINUED)
        change = SeverityChange(old=pair[0], new=pair[1], rule=rule, inspection=made, by=made.inspector)
        change.at = made.judged_at or world.at(day)
    return _Lot(made, list(found.items())), state, change


# ------------------------------------------------------------------------------------------------ charts and points


def _torque(world: World) -> None:
    """Twenty subgroups of torque: the last six means rise."""
    chart = world.charts["C-TORQUE"]
    point = ControlPoint.objects.filter(plan__order=chart.order, name="装配拧紧抽检").select_related("task").first()
    inspections, items = [], []
    for place in range(len(texts.TORQUE)):
        day = world.today - dt.timedelta(days=len(texts.TORQUE) - place)
        one = Inspection(
            number=world.number("IPQC", day),
            stage="ipqc",
            state="accepted",
            point=point,
            order=chart.order,
            task=point.task if point else None,
            item_key="",
            item_name="压缩机螺栓拧紧",
            unit="处",
            presented=40,
            lot_size=40,
            sampling="fixed",
            sample_size=5,
            inspected=5,
            inspector=demo_user(Role.WORKER),
            role="worker",
            entry="serial",
            judged_at=world.at(day, 10),
        )
        inspections.append(one)
        items.append(
            InspectionItem(
                inspection=one,
                kind="measured",
                name="压缩机螺栓拧紧扭矩",
                defect_class="critical",
                unit="N·m",
                nominal=Decimal(24),
                lower=Decimal(22),
                upper=Decimal(26),
                gauge=world.gauges["TQ-03"],
                chart=chart,
            )
        )
    Inspection.objects.bulk_create(inspections)
    InspectionItem.objects.bulk_create(items)
    Measurement.objects.bulk_create(
        Measurement(
            item=item,
            unit_no=unit + 1,
            value=Decimal(str(round(mean + offset, 2))),
            is_ok=True,
            gauge=world.gauges["TQ-03"],
        )
        for place, (item, mean) in enumerate(zip(items, texts.TORQUE, strict=True))
        for unit, offset in enumerate(texts.OFFSETS[place % len(texts.OFFSETS)])
    )
    make_findable(inspections, inspection_document)
    world.keep_numbers()
    refresh_signals(chart)


def _passed_points(world: World) -> None:
    """Points whose task is done are passed and have their certificate; one inspection each."""
    points = list(
        ControlPoint.objects.filter(task__percent=100)
        .exclude(stage__in=["oqc", "sat"])
        .select_related("plan__order", "task", "order_line__product")
    )
    made = []
    for point in points:
        ended = point.task.actual_finish if point.task else None
        line = point.order_line
        product = line.product if line else None
        size = int(line.quantity) if line and line.quantity else 1
        day = timezone.localtime(ended).date() if ended else world.today - dt.timedelta(days=5)
        series = {"iqc": "IQC", "ipqc": "IPQC", "fqc": "FQC", "fat": "FAT", "first": "FAI"}[point.stage]
        made.append(
            Inspection(
                number=world.number(series, day),
                stage=point.stage,
                state="accepted",
                point=point,
                order=point.plan.order,
                task=point.task,
                product=product,
                item_key=product.model if product else "",
                item_name=f"{product.model} {product.name}" if product else point.name,
                unit=line.unit if line else "",
                presented=size,
                lot_size=size,
                sampling="all",
                sample_size=size,
                inspected=size,
                inspector=world.engineer,
                judged_at=world.at(day, 16),
            )
        )
    Inspection.objects.bulk_create(made, batch_size=500)
    ControlPoint.objects.filter(pk__in=[point.pk for point in points]).update(state="passed", has_certificate=True)
    make_findable(made, inspection_document)
    world.keep_numbers()
