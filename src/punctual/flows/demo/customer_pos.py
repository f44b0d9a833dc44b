"""Customers' own purchase orders in the demo company: one that is being read in with what is wrong in it, and some
that were compared with the order, most of them equal."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from punctual.domain.changes.models import PointKind
from punctual.domain.changes.services.purchase_orders import compare, see_point, waive_point
from punctual.domain.orders.models import Order, OrderLine, OrderState
from punctual.domain.orders.services.imports import upload
from punctual.domain.parties.models import Customer
from punctual.flows.demo.people import demo_user
from punctual.platform.accounts.models import Role
from punctual.platform.sheets.writer import write_xlsx

HEADER: Final = ("客户行号", "品名", "型号", "版本", "数量", "单位", "单价", "要求到货", "收货地址")
PLACE: Final = "宁海 2# 厂房"
COMPARED: Final = 9
CHEAPER: Final = 3
"""The place, among the compared orders, of the one whose customer wrote another price."""
SOONER: Final = 6
"""The place of the one whose customer wrote an earlier day; it is still open."""


def build_customer_pos(today: dt.date) -> None:
    _read_in(today)
    _compare(today)


def _sheet(rows: Sequence[Sequence[object]]) -> bytes:
    return write_xlsx("采购订单", HEADER, rows)


def _read_in(today: dt.date) -> None:
    """Seven lines: a retired revision, a day without its year, less than the smallest quantity, another unit."""
    day = today + dt.timedelta(days=120)
    day -= dt.timedelta(days=(day.weekday() - 4) % 7)
    later = day + dt.timedelta(days=21)
    rows = (
        (10, "注液密封主线", "HC-FS200", "C", 1, "套", 4_320_000, day, PLACE),
        (20, "备件柜", "HC-SP21", "A", 2, "台", 148_000, day, PLACE),
        (30, "扫码枪", "HC-BC03", "B", 2, "把", 9_300, day, PLACE),
        (40, "安装调试", "SVC-INST", "", 12, "人日", 2_000, later, PLACE),
        (50, "氟橡胶密封圈", "FKM-62X3", "A", 50, "个", Decimal("12.50"), f"{day.month}/{day.day}", PLACE),
        (60, "操作培训", "SVC-TRN", "", 2, "天", 1_500, later, "宁海 1# 厂房"),
        (70, "真空油", "OIL-V100", "", 20, "L", 86, day, PLACE),
    )
    customer = Customer.objects.get(name__startswith="宁海锂科")
    name = f"LK-PO-{today:%y%m%d}.xlsx"
    upload(actor=demo_user(Role.SALES), content=_sheet(rows), name=name, today=today, customer_id=customer.pk)


def _compare(today: dt.date) -> None:
    sales, manager = demo_user(Role.SALES), demo_user(Role.ORDER_MANAGER)
    orders = Order.objects.filter(state__in=(OrderState.CONFIRMED, OrderState.IN_PROGRESS)).order_by("-pk")
    for place, order in enumerate(orders.select_related("customer").prefetch_related("lines__product")[:COMPARED]):
        rows = [
            _as_ordered(line, cheaper=first and place == CHEAPER, sooner=first and place == SOONER)
            for first, line in ((at == 0, line) for at, line in enumerate(order.lines.all()))
        ]
        name = f"{order.label} 客户采购单.xlsx"
        made = compare(actor=sales, order_id=order.pk, content=_sheet(rows), name=name, today=today)
        for point in made.points.all():
            if point.kind == PointKind.UNUSUAL:
                see_point(actor=manager, point_id=point.pk, reason="客户新产线，首次采购该型号，已电话核实。")
            elif place == CHEAPER:
                waive_point(actor=manager, point_id=point.pk, reason="客户电话确认按合同价，采购单随后改正。")


def _as_ordered(line: OrderLine, *, cheaper: bool, sooner: bool) -> list[object]:
    """What the customer would have written where it is what we have."""
    price, day = line.unit_price, line.requested_date
    if cheaper and price is not None:
        price = (price * Decimal("0.98")).quantize(Decimal("0.01"))
    if sooner and day is not None:
        day -= dt.timedelta(days=7)
    name = line.product.name if line.product else ""
    return [line.line_no, name, line.model_text, line.revision_text, line.quantity, line.unit, price, day, ""]
