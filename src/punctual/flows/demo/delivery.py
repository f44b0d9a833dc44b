"""Deliveries, acceptances and payments of the demo company: what has happened is written as it happened."""

from __future__ import annotations

import base64
import datetime as dt
import io
from decimal import Decimal
from typing import Any, Final

from punctual.domain.changes.services.revisions import ensure_first_revision
from punctual.domain.delivery.models import (
    Acceptance,
    AcceptanceKind,
    AcceptanceResult,
    AcceptanceState,
    Box,
    Delivery,
    DeliveryItem,
    DeliveryState,
    PaymentEntry,
    PaymentMilestone,
)
from punctual.domain.delivery.services.acceptance import add_punch, criteria_of, plan_acceptance
from punctual.domain.delivery.services.payments import date_milestones, write_from_terms
from punctual.domain.orders.models import Order, OrderLine, OrderState
from punctual.domain.parties.models import Customer
from punctual.flows.demo.people import demo_user
from punctual.flows.demo.plans import report_gone_out
from punctual.platform.accounts.models import Role, User
from punctual.platform.attachments.services import attach
from punctual.platform.numbering.services import next_number

S = OrderState
ALIVE: Final = (S.CONFIRMED, S.IN_PROGRESS, S.ON_HOLD, S.PARTIALLY_DELIVERED, S.DELIVERED, S.ACCEPTED, S.CLOSED)
MOST_PLATES: Final = 6
PIXEL: Final = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
"""A small PNG that stands for a signature on paper."""


def build_deliveries(today: dt.date) -> None:
    """Payment milestones for every order that was confirmed; shipments and acceptances as far as the orders are."""
    orders = list(Order.objects.filter(state__in=ALIVE).select_related("customer", "owner").order_by("pk"))
    people = {role: demo_user(role) for role in Role}
    for order in orders:
        ensure_first_revision(order)
        write_from_terms(order)
    gone = [order for order in orders if order.state in (S.DELIVERED, S.ACCEPTED, S.CLOSED)]
    for order in gone:
        delivery = _shipped(order, order.actual_date or today, batch=1)
        if order.state in (S.ACCEPTED, S.CLOSED):
            _passed(order, delivery, AcceptanceKind.FINAL, min(today, (order.actual_date or today) + dt.timedelta(7)))
    parts = [one for one in orders if one.state == S.PARTIALLY_DELIVERED and _can_be_parted(one)]
    for index, order in enumerate(parts):
        _partial(order, today, people, with_second=index == 0)
    for order in orders:
        date_milestones(order.pk)
    _receipts(orders, today, people[Role.FINANCE])


def _can_be_parted(order: Order) -> bool:
    return order.line_count > 1 or any((line.quantity or 0) > 1 for line in order.lines.all())


def _shipped(order: Order, day: dt.date, *, batch: int, partly: bool = False) -> Delivery:
    """A delivery that has left: everything, or of several machines the first half; of a single machine with its spares
    the spares alone."""
    delivery = Delivery.objects.create(
        number=next_number(series="DN", year=day.year),
        order=order,
        batch=batch,
        state=DeliveryState.RECEIVED,
        place=order.delivery_place,
        planned_on=day,
        shipped_on=day,
        carrier="德顺物流",
        waybill=f"DS{day:%y%m%d}{order.pk:04d}",
        received_on=day + dt.timedelta(days=2),
        received_by="库房",
        created_by=order.owner,
    )
    lines = list(order.lines.order_by("line_no"))
    share = 1
    if partly and (lines[0].quantity or 1) > 1:
        lines, share = lines[:1], 2
    elif partly:
        lines = lines[1:]
    DeliveryItem.objects.bulk_create(
        [_item(delivery, one, (one.quantity or Decimal(1)) // share, numbered=one.line_no == 1) for one in lines]
    )
    return delivery


def _item(delivery: Delivery, line: OrderLine, quantity: Decimal, *, numbered: bool) -> DeliveryItem:
    """The machines, which stand in the first line, have plates."""
    count = int(quantity) if numbered and quantity <= MOST_PLATES else 0
    serials = [f"HC{delivery.order_id:04d}-{delivery.batch}{n:02d}" for n in range(1, count + 1)]
    return DeliveryItem(delivery=delivery, line=line, quantity=quantity, serials=serials)


def _passed(order: Order, delivery: Delivery, kind: str, day: dt.date) -> Acceptance:
    acceptance = Acceptance.objects.create(
        order=order,
        delivery=None if kind == AcceptanceKind.FINAL else delivery,
        kind=kind,
        state=AcceptanceState.PASSED,
        held_on=day,
        signer="周建平",
        created_by=order.owner,
    )
    rows = criteria_of(order, None)[:6]
    AcceptanceResult.objects.bulk_create(
        [
            AcceptanceResult(
                acceptance=acceptance, position=at, standard=one, criterion=one.criterion, method=one.method,
                value="", verdict="met",
            )
            for at, one in enumerate(rows, start=1)
        ]
    )  # fmt: skip
    attach(actor=order.owner, target=acceptance, file=io.BytesIO(PIXEL), name="签字.png", kind="signature")
    return acceptance


def _partial(order: Order, today: dt.date, people: dict[Role, User], *, with_second: bool) -> None:
    """Part has left; on the first such order a second batch is being prepared, its FAT has open items."""
    first = _shipped(order, today - dt.timedelta(days=10), batch=1, partly=True)
    taken = {item.line_id: item.quantity for item in first.items.all()}
    machine = order.lines.order_by("line_no")[0]
    if machine.pk in taken:
        _passed(order, first, AcceptanceKind.FAT, today - dt.timedelta(days=12))
    else:
        gone = order.lines.filter(pk__in=taken)
        gone.update(actual_date=first.shipped_on)
        assert first.shipped_on is not None
        assert first.received_on is not None
        report_gone_out(gone, shipped=first.shipped_on, received=first.received_on, today=today)
    if not with_second:
        return
    actor = people[Role.ORDER_MANAGER]
    delivery = Delivery.objects.create(
        number=next_number(series="DN", year=today.year),
        order=order,
        batch=2,
        place=order.delivery_place,
        planned_on=today + dt.timedelta(days=4),
        created_by=actor,
    )
    rows = [
        DeliveryItem(delivery=delivery, line=line, quantity=(line.quantity or 0) - taken.get(line.pk, Decimal(0)))
        for line in order.lines.all()
        if (line.quantity or 0) > taken.get(line.pk, Decimal(0))
    ]
    DeliveryItem.objects.bulk_create(rows)
    assert order.customer is not None
    Customer.objects.filter(pk=order.customer.pk).update(wants_photos=True)
    boxes: list[tuple[str, str, Any, str]] = [
        ("主机", "2.4 × 1.6 × 2.1 m", Decimal(1180), "主机 1 台，防潮、倾斜标签"),
        ("输送", "1.8 × 0.9 × 1.1 m", Decimal(260), "进出料轨道 2 段"),
        ("备件", "0.8 × 0.6 × 0.5 m", Decimal(46), "备件箱 1、文件袋 1"),
    ]
    Box.objects.bulk_create(
        [
            Box(delivery=delivery, number=at, name=name, size=size, weight=weight, contents=contents)
            for at, (name, size, weight, contents) in enumerate(boxes, start=1)
        ]
    )
    fat = plan_acceptance(actor=actor, order_id=order.pk, kind=AcceptanceKind.FAT, delivery=delivery, planned_on=today)
    worker = people[Role.WORKER]
    for title, grade, days in (
        ("急停按钮标牌改中文", "B", 4),
        ("出料轨道护板松动", "A", 1),
        ("备份参数光盘 1 份", "C", -3),
    ):
        due = today + dt.timedelta(days=days)
        add_punch(actor=actor, acceptance_id=fat.pk, title=title, grade=grade, owner=worker, due=due)


def _receipts(orders: list[Order], today: dt.date, finance: User) -> None:
    """What is due was mostly paid a few days after; every ninth milestone is still open and becomes overdue."""
    entries = []
    rows = list(PaymentMilestone.objects.filter(order__in=orders).exclude(due_on=None).order_by("pk"))
    for index, row in enumerate(rows):
        assert row.due_on is not None
        if row.due_on > today:
            continue
        invoiced = min(today, row.due_on)
        entries.append(
            PaymentEntry(
                milestone=row, kind="invoice", amount=row.amount, on=invoiced, reference=f"FP{row.pk:06d}", by=finance
            )
        )
        row.invoiced = row.amount
        paid = row.due_on + dt.timedelta(days=3 + index % 9)
        if index % 9 == 4 or paid > today:
            continue
        entries.append(
            PaymentEntry(
                milestone=row, kind="receipt", amount=row.amount, on=paid, reference=f"SK{row.pk:06d}", by=finance
            )
        )
        row.received = row.amount
    PaymentEntry.objects.bulk_create(entries, batch_size=500)
    PaymentMilestone.objects.bulk_update(rows, ["invoiced", "received"], batch_size=500)
