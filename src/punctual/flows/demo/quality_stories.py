"""What went wrong in the demo company: closed nonconformities, those of today with their rework, an 8D report that
waits for a supplier, planned reviews."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

from punctual.domain.customer_relations.life import RUNNING
from punctual.domain.customer_relations.models import CustomerRequest
from punctual.domain.orders.models import Order, OrderState
from punctual.domain.parties.models import Supplier
from punctual.domain.plans.models import Task
from punctual.domain.quality.models import (
    CorrectiveAction,
    Inspection,
    Loss,
    Nonconformity,
)
from punctual.domain.quality.rules import SamplingRule
from punctual.domain.quality.services.capas import DAYS, ask_why, finish_capa, give_link, open_capa, write_step
from punctual.domain.quality.services.inspections import LotIn, make_inspection
from punctual.domain.quality.services.ncrs import ContainmentIn, NcrIn, close_ncr, contain, open_ncr, verify_ncr
from punctual.domain.quality.services.ncrs import document_of as ncr_document
from punctual.domain.quality.services.reviews import CHECKLISTS, plan_review
from punctual.flows.complaints import ComplaintIn, open_report
from punctual.flows.demo import quality_texts as texts
from punctual.flows.demo.quality_world import World, decimal_of
from punctual.flows.demo.records import begin_stories, make_findable
from punctual.flows.failed_inspection import DispositionIn, decide_disposition


def past_ncrs(world: World) -> None:
    """Two dozen that are closed, with what they cost."""
    suppliers = {one.code: one for one in Supplier.objects.all()}
    orders = list(Order.objects.filter(number__isnull=False, plan__isnull=False).order_by("pk"))
    made = []
    for place, row in enumerate(texts.PAST_NCRS):
        supplier = suppliers.get(row[3])
        order = None if supplier and place % 3 else orders[place * 5 % len(orders)]
        day = world.today - dt.timedelta(days=round(345 - place * 340 / len(texts.PAST_NCRS)))
        made.append(_past_ncr(world, row, day, supplier, order))
    Nonconformity.objects.bulk_create(made)
    _past_losses(world, made)
    begin_stories(made, world.engineer)
    make_findable(made, ncr_document)
    world.keep_numbers()


def _past_ncr(
    world: World, row: tuple[Any, ...], day: dt.date, supplier: Supplier | None, order: Order | None
) -> Nonconformity:
    title, cause, item, _supplier, disposition, cost, days, kind = row
    moment, engineer = world.at(day), world.engineer
    return Nonconformity(
        number=world.number("NCR", day),
        state="closed",
        title=title,
        origin="complaint" if kind == "external" else "inspection" if supplier else "task",
        order=order,
        supplier=supplier,
        item_key=item,
        item_name=title.split()[0],
        quantity=40,
        nonconforming=2,
        cause=cause,
        owner=engineer,
        found_by=engineer,
        found_at=moment,
        contained_at=moment,
        disposition=disposition,
        disposed_by=engineer,
        disposed_at=moment + dt.timedelta(days=1),
        days_lost=days,
        cost=Decimal(cost),
        supplier_share=Decimal(cost) if supplier else Decimal(0),
        verified_by=engineer,
        verified_at=moment + dt.timedelta(days=4),
        closed_at=moment + dt.timedelta(days=5),
    )


def _past_losses(world: World, made: Sequence[Nonconformity]) -> None:
    """What they cost, and what inspecting and preventing cost every month."""
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


def stories(world: World) -> None:
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
    _supplier_8d(world, ample[-3])
    _returned(world)
    _complaint_8d(world)


def _open_task(order: Order) -> Task | None:
    """The task at which something of it is found: the last one under way, else the next one."""
    rows = Task.objects.filter(plan__order=order, is_summary=False, is_milestone=False, percent__lt=100)
    return rows.order_by("-percent", "sequence").first()


def _slack(order: Order) -> int:
    return (order.promised_date - order.planned_date).days if order.promised_date and order.planned_date else -999


def _ncr(world: World, order: Order, title: str, *, cause: str, contained: bool = True) -> Nonconformity:
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


def _waiting_lots(world: World) -> None:
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


def _shaft_items(world: World) -> list[dict[str, Any]]:
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
            "nominal": decimal_of(nominal),
            "lower": decimal_of(lower),
            "upper": decimal_of(upper),
            "gauge_id": world.gauges[gauge].pk,
            "chart_id": None,
        }
        for position, (name, unit, nominal, lower, upper, gauge) in enumerate(rows)
    ]


def _returned(world: World) -> None:
    """A lot that goes back, with what its supplier is asked to bear: a debit note waits for finance."""
    given = NcrIn(
        "安装板色差，8 件超出色板",
        origin="receipt",
        supplier=Supplier.objects.get(code="S09"),
        item_key="AN-PLT",
        item_name="安装板 阳极氧化",
        lot_no=f"B{world.today - dt.timedelta(days=3):%y%m%d}",
        quantity=80,
        nonconforming=8,
        unit="件",
        cause="supplier",
        owner=world.engineer,
    )
    made = open_ncr(actor=world.engineer, given=given, today=world.today)
    rows = [ContainmentIn("仓库 IQC 区", "挂红牌，隔离", 80, done=True)]
    contain(actor=world.engineer, ncr_id=made.pk, rows=rows)
    back = DispositionIn("return", "整批退回重做", cost=Decimal(3400), supplier_share=Decimal(2100), cause="supplier")
    decide_disposition(actor=world.engineer, ncr_id=made.pk, given=back, today=world.today)


def _supplier_8d(world: World, order: Order) -> None:
    """The worst supplier's last rejected lot: nonconformity, and a report whose D4 is two days late."""
    today, engineer = world.today, world.engineer
    begun = today - dt.timedelta(days=9)
    rejected = Inspection.objects.filter(item_key="SHAFT-20", state="rejected").order_by("-judged_at").first()
    assert rejected is not None
    rejected.order = order
    rejected.save(update_fields=["order"])
    ncr = open_ncr(
        actor=engineer,
        given=NcrIn(
            "导向轴外径超差 2/50",
            origin="inspection",
            supplier=Supplier.objects.get(code=texts.WORST),
            inspection=rejected,
            order=order,
            task=_open_task(order),
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


def _complaint_8d(world: World) -> None:
    """A complaint whose report is finished: its effect is to be looked at today, and the customer can be answered."""
    engineer, today = world.engineer, world.today
    delivered = (OrderState.DELIVERED, OrderState.ACCEPTED, OrderState.CLOSED)
    complaints = CustomerRequest.objects.filter(kind="complaint", order__state__in=delivered).exclude(state__in=RUNNING)
    request = complaints.order_by("-received_at").first()
    if request is None:
        return
    given = ComplaintIn(texts.COMPLAINT, quantity=12, nonconforming=2)
    begun = today - dt.timedelta(days=48)
    capa = open_report(actor=engineer, request_id=request.pk, given=given, today=begun)
    parent = None
    for number, why in enumerate(texts.COMPLAINT_WHYS, start=1):
        is_root = number == len(texts.COMPLAINT_WHYS)
        parent = ask_why(actor=engineer, capa_id=capa.pk, text=why, parent=parent, is_root=is_root).pk
    for number, text in enumerate(texts.COMPLAINT_STEPS):
        write_step(actor=engineer, capa_id=capa.pk, number=number, text=text, done=True, cause="method")
    for step in capa.disciplines.all():
        capa.disciplines.filter(pk=step.pk).update(done_at=world.at(begun + dt.timedelta(days=DAYS[step.number])))
    finish_capa(actor=engineer, capa_id=capa.pk, check_on=today, today=begun)
    assert capa.ncr_id is not None
    contain(
        actor=engineer, ncr_id=capa.ncr_id, rows=[ContainmentIn("在途 3 箱、成品库 8 箱", "开箱加护角", 11, done=True)]
    )
    scrap = DispositionIn("scrap", "2 件外壳报废，当天补发", cost=Decimal(1860), cause="method")
    decide_disposition(actor=engineer, ncr_id=capa.ncr_id, given=scrap, today=today)
    verify_ncr(actor=engineer, ncr_id=capa.ncr_id, note="客户现场已换，新包装到货完好")
    close_ncr(actor=engineer, ncr_id=capa.ncr_id)


def reviews(world: World) -> None:
    today = world.today
    order = Order.objects.filter(state=OrderState.IN_PROGRESS).order_by("pk").first()
    for kind, title, days, months in (
        ("project", "月度项目质量评审", 6, 1),
        ("process", "焊接与喷涂过程审核", 20, 6),
        ("supplier", "腾飞机加 供应商审核", 13, 12),
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
            every_months=months,
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
