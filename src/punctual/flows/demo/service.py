"""After delivery: warranties of every delivered machine, a year of service cases, visits with their reports."""

from __future__ import annotations

import datetime as dt
import io
import struct
import zlib
from decimal import Decimal
from typing import Final

from django.db import transaction

from punctual.domain.aftersales.models import CaseKind, Outcome, ServiceCase, Visit, Warranty
from punctual.domain.aftersales.services.cases import (
    CaseInput,
    authorise_return,
    move_return,
    open_case,
    plan_return_visits,
    plan_visit,
    solve_case,
)
from punctual.domain.aftersales.services.warranties import end_of
from punctual.domain.orders.models import Order, OrderState
from punctual.flows.demo.customers import Clockwork
from punctual.flows.demo.people import demo_user
from punctual.platform.accounts.models import Role, User
from punctual.platform.attachments.services import store
from punctual.platform.notifications.models import Notification

CASES: Final = (
    ("fault", "真空泵异响，真空度上不去", "泵轴承磨损", "更换泵轴承，复测真空度合格。"),
    ("fault", "气缸漏气，节拍变慢", "密封圈老化", "更换密封圈两套，节拍恢复。"),
    ("spare", "要 5 套密封圈备件", "密封圈老化", "备件已寄出，单号随邮件发送。"),
    ("fault", "视觉相机偶发丢图", "网线接头松动", "重做接头并固定，连续运行 4 小时无丢图。"),
    ("training", "夜班新操作工培训", "", "现场培训半天，6 人考核合格。"),
    ("fault", "伺服报警停机", "驱动器过温", "清理滤网，加装风扇，温度降 12 度。"),
    ("visit", "搬线后复调", "", "水平与节拍复调完成。"),
    ("fault", "注液量波动", "注液泵单向阀磨损", "更换单向阀，Cpk 恢复到 1.5。"),
)


def _signature() -> str:
    """The hash of a small picture with a stroke across it."""
    width, height = 120, 40
    rows = b"".join(
        b"\x00" + bytes(0 if abs(x * height // width - y) < 2 else 255 for x in range(width)) for y in range(height)
    )

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    picture = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return store(io.BytesIO(picture))[0]


@transaction.atomic
def build_service(today: dt.date) -> None:
    """Warranties, twelve cases, return visits."""
    work = Clockwork(today)
    states = (OrderState.DELIVERED, OrderState.ACCEPTED, OrderState.CLOSED)
    orders = list(
        Order.objects.filter(state__in=states, actual_date__isnull=False)
        .select_related("customer", "owner")
        .order_by("pk")
    )
    if not orders:
        return
    _warranties(orders)
    engineers = list(User.objects.filter(department="现场服务", is_active=True).order_by("username"))
    engineers = [demo_user(Role.WORKER), *engineers]
    signature = _signature()
    for number in range(12):
        _case(work, orders[(number * 5) % len(orders)], number, engineers, signature)
    manager = demo_user(Role.ORDER_MANAGER)
    for number, order in enumerate(one for one in orders if one.state == OrderState.ACCEPTED):
        accepted = order.actual_date or today
        engineer = engineers[number % len(engineers)]
        plan_return_visits(actor=manager, order=order, engineer=engineer, accepted_on=accepted)
    _past_return_visits(today, signature)
    Notification.objects.filter(kind="service").exclude(user=demo_user(Role.WORKER)).delete()


def _warranties(orders: list[Order]) -> None:
    """Twelve months from the delivery; machines with their serial number."""
    made = []
    for order in orders:
        for line in order.lines.filter(line_no=10):
            begins = order.actual_date
            assert begins is not None
            serial = f"{line.model_text}-{begins:%y%m}{order.pk:03d}"
            made.append(Warranty(order_line=line, serial=serial, begins=begins, ends=end_of(begins, 12)))
    Warranty.objects.bulk_create(made)


def _case(work: Clockwork, order: Order, number: int, engineers: list[User], signature: str) -> None:
    kind, title, cause, measure = CASES[number % len(CASES)]
    manager = demo_user(Role.ORDER_MANAGER)
    assert order.customer is not None
    line = order.lines.order_by("line_no").first()
    delivered = order.actual_date or work.today
    days = max(1, (work.today - delivered).days)
    came = work.moment(max(delivered, work.today - dt.timedelta(days=min(days, 300 - number * 24))), 9)
    if came.date() >= work.today:
        came = work.moment(work.today - dt.timedelta(days=5), 9)
    if number >= 10:  # what is still open has come in lately
        came = work.moment(work.today - dt.timedelta(days=1), 15)
    data = CaseInput(
        customer=order.customer,
        title=title,
        kind=kind,
        text=title,
        urgency="normal" if kind != CaseKind.FAULT else "high",
        order=order,
        order_line=line,
        serial=line.warranties.values_list("serial", flat=True).first() or "" if line else "",
        contact=order.customer.contacts.first(),
        engineer=engineers[number % len(engineers)],
    )
    found = open_case(actor=manager, data=data, today=came.date(), at=came)
    ServiceCase.objects.filter(pk=found.pk).update(created_at=came)
    if number >= 10:
        _ahead(work, found, engineers[0], manager)
        return
    if kind != CaseKind.SPARE:
        day = work.moment(came.date() + dt.timedelta(days=2), 10)
        Visit.objects.create(
            case=found,
            order=order,
            customer=order.customer,
            engineer=engineers[number % len(engineers)],
            day=day.date(),
            purpose=title,
            done_at=day + dt.timedelta(hours=5),
            report=measure,
            hours=Decimal("4.5"),
            signed_by=str(order.customer.contacts.first() or "客户"),
            signature=signature,
        )
    if number == 0:
        rma = authorise_return(actor=manager, case_id=found.pk, part="真空泵轴承", serial="B-22871")
        move_return(actor=manager, rma_id=rma.pk, verb="receive")
        move_return(actor=manager, rma_id=rma.pk, verb="inspect", finding="滚道点蚀，润滑不足")
        move_return(actor=manager, rma_id=rma.pk, verb="decide", outcome=Outcome.REPLACE)
        move_return(actor=manager, rma_id=rma.pk, verb="settle", waybill="SF1420087331542")
    solve_case(actor=manager, case_id=found.pk, cause=cause, measure=measure)
    settled = work.moment(came.date() + dt.timedelta(days=3), 10)
    found.refresh_from_db()
    found.request.messages.filter(author="reply").update(at=settled)
    type(found.request).objects.filter(pk=found.request_id).update(
        responded_at=came + dt.timedelta(minutes=50),
        resolved_at=settled,
        response_used=50,
        resolution_used=1300,
    )


def _ahead(work: Clockwork, found: ServiceCase, engineer: User, manager: User) -> None:
    """What is still to be done: a visit in the coming days."""
    day = work.moment(work.today + dt.timedelta(days=2 + found.pk % 3), 9).date()
    plan_visit(actor=manager, case_id=found.pk, engineer=engineer, day=day, today=work.today)


def _past_return_visits(today: dt.date, signature: str) -> None:
    for visit in Visit.objects.filter(kind="return", day__lt=today).select_related("customer"):
        visit.done_at = Clockwork(today).moment(visit.day, 15)
        visit.report, visit.hours = "设备运行正常，客户反馈良好；提醒按保养表换油。", Decimal(2)
        visit.signed_by = str(visit.customer.contacts.first() or "客户")
        visit.signature = signature
        visit.save()
