"""A year of quality in the demo company: plans, inspections, one supplier on tightened inspection, a chart with a real
signal, nonconformities of every state, an 8D report that waits for a supplier, a gate that stops a delivery."""

from __future__ import annotations

import datetime as dt
import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from django.utils import timezone

from punctual.domain.catalog.models import ProductFamily
from punctual.domain.orders.models import Order, OrderState
from punctual.domain.parties.models import Supplier
from punctual.domain.plans.models import Task
from punctual.domain.quality.models import (
    ControlChart,
    ControlPoint,
    CorrectiveAction,
    Defect,
    Gauge,
    Inspection,
    InspectionItem,
    Loss,
    Measurement,
    Nonconformity,
    QualityPlan,
    QualityTemplate,
    SeverityChange,
    SupplierSeverity,
    TemplateCharacteristic,
    TemplatePoint,
)
from punctual.domain.quality.rules import SamplingRule
from punctual.domain.quality.services.capas import ask_why, give_link, open_capa, write_step
from punctual.domain.quality.services.charts import refresh_signals
from punctual.domain.quality.services.inspections import LotIn, make_inspection
from punctual.domain.quality.services.inspections import document_of as inspection_document
from punctual.domain.quality.services.ncrs import ContainmentIn, NcrIn, contain, open_ncr
from punctual.domain.quality.services.ncrs import document_of as ncr_document
from punctual.domain.quality.services.plans import make_quality_plan
from punctual.domain.quality.services.reviews import CHECKLISTS, plan_review
from punctual.domain.quality.services.switching import DISCONTINUED, RULES
from punctual.engine.sampling import Severity, Switching, sampling_plan
from punctual.flows.demo import quality_texts as texts
from punctual.flows.demo.people import demo_user
from punctual.flows.demo.records import begin_stories, make_findable
from punctual.flows.failed_inspection import DispositionIn, decide_disposition
from punctual.platform.accounts.models import Role, User
from punctual.platform.numbering.models import NumberSeries

PLANNED: Final = (OrderState.CONFIRMED, OrderState.IN_PROGRESS, OrderState.PARTIALLY_DELIVERED)
DAYS: Final = 365


def build_quality(today: dt.date) -> None:
    """Everything of quality; the orders have their plans already."""
    engineer = demo_user(Role.QUALITY)
    world = _World(today, engineer)
    world.gauges = _gauges(today)
    _charts(world)
    _templates(world)
    _plans(world)
    _incoming(world)
    _torque(world)
    _passed_points(world)
    _past_ncrs(world)
    _stories(world)
    _reviews(world)


@dataclass(slots=True)
class _World:
    """What the parts hand on to each other."""

    today: dt.date
    engineer: User
    gauges: dict[str, Gauge] = field(default_factory=dict)
    charts: dict[str, ControlChart] = field(default_factory=dict)
    numbers: dict[tuple[str, int], int] = field(default_factory=lambda: defaultdict(int))
    random: random.Random = field(default_factory=lambda: random.Random(20_260))  # noqa: S311 made-up data

    def number(self, series: str, day: dt.date) -> str:
        """The next number of a series in the year of a day; :meth:`keep_numbers` writes the counters."""
        self.numbers[series, day.year] += 1
        return f"{series}-{day.year}-{self.numbers[series, day.year]:04d}"

    def keep_numbers(self) -> None:
        for (series, year), last in self.numbers.items():
            NumberSeries.objects.update_or_create(series=series, year=year, defaults={"last": last})

    def at(self, day: dt.date, hour: int = 14) -> dt.datetime:
        return timezone.make_aware(dt.datetime.combine(day, dt.time(hour)))


def _decimal(text: str) -> Decimal | None:
    return Decimal(text) if text else None


def _gauges(today: dt.date) -> dict[str, Gauge]:
    made = Gauge.objects.bulk_create(
        Gauge(
            code=code,
            name=name,
            unit=unit,
            minimum=_decimal(least),
            maximum=_decimal(most),
            resolution=_decimal(resolution),
            calibrated_on=today + dt.timedelta(days=left - 365),
            calibration_due=today + dt.timedelta(days=left),
            place="计量室",
        )
        for code, name, unit, least, most, resolution, left in texts.GAUGES
    )
    return {one.code: one for one in made}


def _charts(world: _World) -> None:
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


def _templates(world: _World) -> None:
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
                sample_number=_decimal(number),
                aql=_decimal(aql),
                hold=hold,
                role=role,
                evidence=evidence,
                needs_certificate=certificate,
            )
            TemplateCharacteristic.objects.bulk_create(
                _characteristic(world, point, place, one) for place, one in enumerate(rows)
            )


def _characteristic(world: _World, point: TemplatePoint, position: int, row: tuple[str, ...]) -> TemplateCharacteristic:
    kind, name, defect_class, unit, nominal, lower, upper, gauge, chart = (*row, *([""] * 6))[:9]
    return TemplateCharacteristic(
        point=point,
        position=position,
        kind=kind,
        name=name,
        defect_class=defect_class,
        unit=unit,
        nominal=_decimal(nominal),
        lower=_decimal(lower),
        upper=_decimal(upper),
        gauge=world.gauges.get(gauge),
        chart=world.charts.get(chart),
    )


def _plans(world: _World) -> None:
    """A quality plan for every order that is on its way, approved but for the newest three."""
    orders = list(Order.objects.filter(state__in=PLANNED, plan__isnull=False).order_by("pk"))
    plans = [make_quality_plan(order=order, actor=world.engineer) for order in orders]
    approved = [plan.pk for plan in plans[:-3]]
    QualityPlan.objects.filter(pk__in=approved).update(
        state="approved", approved_by=world.engineer, approved_at=world.at(world.today - dt.timedelta(days=20))
    )


# --------------------------------------------------------------------------------------------------------- incoming


@dataclass(slots=True)
class _Lot:
    inspection: Inspection
    defects: list[tuple[str, int]]


def _incoming(world: _World) -> None:
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


def _days(world: _World, every: int) -> Iterator[dt.date]:
    day = world.today - dt.timedelta(days=DAYS - world.random.randint(0, every))
    while day < world.today:
        yield day - dt.timedelta(days=max(0, day.weekday() - 4))
        day += dt.timedelta(days=every + world.random.randint(-2, 2))


def _lot(
    world: _World,
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


def _torque(world: _World) -> None:
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


def _passed_points(world: _World) -> None:
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


# --------------------------------------------------------------------------------------------------- what went wrong


def _past_ncrs(world: _World) -> None:
    """Two dozen that are closed, with what they cost."""
    suppliers = {one.code: one for one in Supplier.objects.all()}
    orders = list(Order.objects.filter(number__isnull=False, plan__isnull=False).order_by("pk"))
    made = []
    for place, (title, cause, item, supplier, disposition, cost, days, _kind) in enumerate(texts.PAST_NCRS):
        day = world.today - dt.timedelta(days=round(345 - place * 340 / len(texts.PAST_NCRS)))
        moment = world.at(day)
        order = orders[place * 5 % len(orders)]
        made.append(
            Nonconformity(
                number=world.number("NCR", day),
                state="closed",
                title=title,
                origin="complaint" if _kind == "external" else "inspection" if supplier else "task",
                order=None if supplier and place % 3 else order,
                supplier=suppliers.get(supplier),
                item_key=item,
                item_name=title.split()[0],
                quantity=40,
                nonconforming=2,
                cause=cause,
                owner=world.engineer,
                found_by=world.engineer,
                found_at=moment,
                contained_at=moment,
                disposition=disposition,
                disposed_by=world.engineer,
                disposed_at=moment + dt.timedelta(days=1),
                days_lost=days,
                cost=Decimal(cost),
                supplier_share=Decimal(cost) if supplier else Decimal(0),
                verified_by=world.engineer,
                verified_at=moment + dt.timedelta(days=4),
                closed_at=moment + dt.timedelta(days=5),
            )
        )
    Nonconformity.objects.bulk_create(made)
    Loss.objects.bulk_create(
        Loss(
            kind=row[7],
            ncr=one,
            order=one.order,
            supplier=one.supplier,
            cause=one.cause,
            name=f"{one.get_disposition_display()} {one.number}",
            days=one.days_lost,
            amount=one.cost,
            booked_on=one.found_at.date(),
            by=world.engineer,
        )
        for one, row in zip(made, texts.PAST_NCRS, strict=True)
    )
    months = [(world.today - dt.timedelta(days=30 * back)) for back in range(12)]
    Loss.objects.bulk_create(
        Loss(kind=kind, name=name, amount=Decimal(amount), booked_on=day, by=world.engineer)
        for day in months
        for kind, name, amount in (("appraisal", "检验与计量", 9800), ("prevention", "质量培训与评审", 3600))
    )
    begin_stories(made, world.engineer)
    make_findable(made, ncr_document)
    world.keep_numbers()


def _stories(world: _World) -> None:
    """What is on its way today goes through the same services as on the pages."""
    today, engineer = world.today, world.engineer
    _waiting_lots(world)
    running = Order.objects.filter(state=OrderState.IN_PROGRESS, plan__isnull=False).order_by("pk")
    orders = [order for order in running if _open_task(order) is not None]
    # Decided: rework and re-inspection stand in the plan of an order that has time.
    ample = sorted(orders, key=lambda order: _slack(order))[-3:]
    weld = _ncr(world, ample[-1], "夹具焊缝气孔", cause="man")
    rework = DispositionIn(
        "rework", "打磨后补焊，着色探伤", work_minutes=960, recheck_minutes=240, cost=Decimal(6900), cause="man"
    )
    decide_disposition(actor=engineer, ncr_id=weld.pk, given=rework, today=today)
    # Open, and contained: both stop a delivery.
    contain_only = _ncr(world, ample[-2], "导轨划伤 0.1 mm", cause="method")
    assert contain_only.state == "contained"
    _ncr(world, orders[0], "拧紧 Cpk 1.12，合同要 1.33", cause="machine", contained=False)
    _supplier_8d(world)


def _open_task(order: Order) -> Task | None:
    """The task at which something of it is found: the last one under way, else the next one."""
    rows = Task.objects.filter(plan__order=order, is_summary=False, is_milestone=False, percent__lt=100)
    return rows.order_by("-percent", "sequence").first()


def _slack(order: Order) -> int:
    return (order.promised_date - order.planned_date).days if order.promised_date and order.planned_date else -999


def _ncr(world: _World, order: Order, title: str, *, cause: str, contained: bool = True) -> Nonconformity:
    given = NcrIn(
        title,
        origin="task",
        order=order,
        task=_open_task(order),
        quantity=4,
        nonconforming=1,
        unit="件",
        cause=cause,
        owner=world.engineer,
    )
    made = open_ncr(actor=world.engineer, given=given, today=world.today)
    if contained:
        rows = [
            ContainmentIn("装配区", "挂红牌，隔离", 4, done=True),
            ContainmentIn("在途与库存", "已查，另批", 0, done=True),
        ]
        made = contain(actor=world.engineer, ncr_id=made.pk, rows=rows)
    return made


def _waiting_lots(world: _World) -> None:
    """Four lots wait for the inspector, one of them from the supplier on tightened inspection."""
    suppliers = {one.code: one for one in Supplier.objects.all()}
    wanted = ("S07", "S05", "S10", "S09")
    for code, item, name, unit, size, _every, _bad, _defects in texts.ITEMS:
        if code not in wanted:
            continue
        lot = LotIn(
            stage="iqc",
            item_name=name,
            item_key=item,
            lot_size=size,
            rule=SamplingRule("aql", aql=Decimal("1.0")),
            unit=unit,
            lot_no=f"B{world.today:%y%m%d}",
            supplier=suppliers[code],
            due=world.today + dt.timedelta(days=1),
            characteristics=_shaft_items(world) if code == texts.WORST else [],
            entry="serial" if code == texts.WORST else "count",
        )
        make_inspection(actor=world.engineer, lot=lot, today=world.today)


def _shaft_items(world: _World) -> list[dict[str, Any]]:
    rows = (
        ("外径", "mm", "20", "19.987", "20.000", "MIC-01"),
        ("长度", "mm", "480", "479.8", "480.2", "CAL-02"),
        ("粗糙度 Ra", "μm", "", "", "0.8", "RA-01"),
    )
    return [
        {
            "position": position,
            "kind": "measured",
            "name": name,
            "defect_class": "major",
            "unit": unit,
            "nominal": _decimal(nominal),
            "lower": _decimal(lower),
            "upper": _decimal(upper),
            "gauge_id": world.gauges[gauge].pk,
            "chart_id": None,
        }
        for position, (name, unit, nominal, lower, upper, gauge) in enumerate(rows)
    ]


def _supplier_8d(world: _World) -> None:
    """The worst supplier's last rejected lot: nonconformity, and a report whose D4 is two days late."""
    today, engineer = world.today, world.engineer
    begun = today - dt.timedelta(days=9)
    ncr = open_ncr(
        actor=engineer,
        given=NcrIn(
            "导向轴外径超差 2/50",
            origin="inspection",
            supplier=Supplier.objects.get(code=texts.WORST),
            inspection=Inspection.objects.filter(item_key="SHAFT-20", state="rejected").order_by("-judged_at").first(),
            item_key="SHAFT-20",
            item_name="导向轴 φ20h6×480",
            lot_no=f"B{begun:%y%m%d}",
            quantity=320,
            nonconforming=2,
            unit="件",
            cause="supplier",
        ),
        today=today,
    )
    places = (
        ("仓库 IQC 区", 320, "挂红牌，隔离"),
        ("产线 视觉机 1#、2#", 0, "装机前批次，另批"),
        ("供应商在途", 0, "停发，全检后再发"),
    )
    rows = [ContainmentIn(place, what, count, done=True, blocks_stock=count > 0) for place, count, what in places]
    ncr = contain(actor=engineer, ncr_id=ncr.pk, rows=rows)
    capa = open_capa(actor=engineer, title="导向轴 φ20h6 外径超差", today=begun, ncr=ncr)
    write_step(actor=engineer, capa_id=capa.pk, number=0, text="停用本批，改用上批库存 18 件。", done=True)
    write_step(actor=engineer, capa_id=capa.pk, number=1, text="孙倩、陈思远、刘芳；供应商质量 卢飞。", done=True)
    first = ask_why(actor=engineer, capa_id=capa.pk, text="外径小 0.004 mm：磨床修整后没重新对刀")
    ask_why(actor=engineer, capa_id=capa.pk, text="修整后对刀不在作业指导书里", parent=first.pk)
    give_link(actor=engineer, capa_id=capa.pk, today=today)
    CorrectiveAction.objects.filter(pk=capa.pk).update(opened_on=begun)


def _reviews(world: _World) -> None:
    today = world.today
    order = Order.objects.filter(state=OrderState.IN_PROGRESS).order_by("pk").first()
    for kind, title, days in (
        ("project", "月度项目质量评审", 6),
        ("process", "焊接与喷涂过程审核", 20),
        ("supplier", "腾飞机加 供应商审核", 13),
    ):
        plan_review(
            actor=world.engineer,
            kind=kind,
            title=title,
            planned_on=today + dt.timedelta(days=days),
            today=today,
            checks=[_CHINESE.get(text, text) for text in CHECKLISTS[kind]],
            order=order if kind == "project" else None,
            supplier=Supplier.objects.get(code=texts.WORST) if kind == "supplier" else None,
        )


_CHINESE: Final = {
    "Every acceptance criterion is covered by a control point": "每条验收标准都有控制点",
    "Control points that were due are inspected": "到期的控制点都已检验",
    "Nonconformities are contained and decided in time": "不合格及时围堵和处置",
    "Corrective actions are on time": "纠正措施按期",
    "Open risks of quality have an owner": "未关的质量风险有负责人",
    "Records and certificates are complete": "记录和证明齐全",
    "Work instructions are at the place of work and current": "现场作业指导书有效",
    "Gauges are calibrated": "量具在校准期内",
    "Nonconforming parts are marked and kept apart": "不合格品有标识、有隔离",
    "People are trained for what they do": "人员经过培训",
    "Incoming results of the last 12 months are known and discussed": "近 12 个月来料结果已沟通",
    "Corrective actions are carried out": "纠正措施已执行",
    "Changes of process or material are announced": "工艺、材料变更提前通知",
    "Certificates come with the goods": "随货提供证明",
}
"""The checklists in the company's language: they are data once a review is planned."""
