"""What tests of orders stand on: a calendar, a customer, products with prices and revisions, orders in any state."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import xlsxwriter

from punctual.domain.calendars.models import WorkingCalendar
from punctual.domain.catalog.models import ListPrice, Product, ProductFamily, ProductRevision
from punctual.domain.orders.inputs import read_order
from punctual.domain.orders.models import Order, OrderState, ReviewSign, SignState
from punctual.domain.orders.services.drafts import create_order
from punctual.domain.orders.services.review import submit_for_review
from punctual.domain.parties.models import Contact, Customer
from punctual.flows.confirm_order import confirm_order
from punctual.platform.accounts.models import User

TODAY = dt.date(2026, 11, 23)
FAR = dt.date(2027, 8, 11)
"""A Wednesday after every lead time used here."""
WEEK = {str(day): [["08:00", "12:00"], ["13:00", "17:00"]] for day in range(1, 6)}


def catalogue() -> Product:
    """A machine (台, 710,000, 20 days, revisions A retired for B) and seal rings (个, minimum 100, multiple 20)."""
    if not WorkingCalendar.objects.exists():
        WorkingCalendar.objects.create(code="CO", name="公司日历", region="", weekly=WEEK, is_default=True)
    family = ProductFamily.objects.get_or_create(code="VI", defaults={"name": "视觉"})[0]
    machine, fresh = Product.objects.get_or_create(
        model="HC-VI30", defaults={"name": "视觉检测机", "family": family, "unit": "台", "lead_time_days": 20}
    )
    if fresh:
        newest = ProductRevision.objects.create(product=machine, code="B", released_on=dt.date(2026, 6, 1))
        retired = dt.date(2026, 7, 1)
        ProductRevision.objects.create(product=machine, code="A", retired_on=retired, successor=newest)
        ListPrice.objects.create(product=machine, amount=Decimal(710_000), valid_from=dt.date(2026, 1, 1))
        rings = Product.objects.create(
            model="FKM-62X3",
            name="密封圈",
            family=family,
            unit="个",
            minimum_order_quantity=Decimal(100),
            order_multiple=Decimal(20),
        )
        ListPrice.objects.create(product=rings, amount=Decimal("12.5"), valid_from=dt.date(2026, 1, 1))
    return machine


def customer(code: str = "C001", name: str = "宁海锂科新能源有限公司") -> Customer:
    found, fresh = Customer.objects.get_or_create(
        code=code, defaults={"name": name, "short_name": name[:4], "payment_terms": "30/60/10"}
    )
    if fresh:
        Contact.objects.create(customer=found, name="张海涛", title="设备经理", is_primary=True)
    return found


def line(**more: Any) -> dict[str, Any]:
    return {
        "model": "HC-VI30",
        "quantity": "2",
        "unit_price": "710000",
        "requested_date": FAR.isoformat(),
        **more,
    }


def raw(*lines: Mapping[str, Any], **header: Any) -> dict[str, Any]:
    catalogue()
    return {"customer": customer().pk, "lines": list(lines or [line()]), **header}


def draft(actor: User, *lines: Mapping[str, Any], **header: Any) -> Order:
    """A saved draft; without lines one good line."""
    data, reasons = read_order(raw(*lines, **header))
    return create_order(actor=actor, data=data, today=TODAY, reasons=reasons)


def in_state(actor: User, state: str) -> Order:
    """An order brought to ``state`` the short way."""
    order = draft(actor)
    if state not in (OrderState.DRAFT, OrderState.QUOTED, OrderState.LOST):
        order = submit_for_review(actor=actor, order_id=order.pk, today=TODAY)
    if state != OrderState.DRAFT:
        order.state = state
        order.state_before_hold = OrderState.IN_PROGRESS if state == OrderState.ON_HOLD else ""
        order.save()
    return order


def sign_all(order: Order) -> None:
    ReviewSign.objects.filter(review__order=order).update(state=SignState.SIGNED)


def confirmed(actor: User) -> Order:
    order = submit_for_review(actor=actor, order_id=draft(actor).pk, today=TODAY)
    sign_all(order)
    return confirm_order(order_id=order.pk, actor=actor, today=TODAY)


HEADER = ("行号", "型号", "版本", "品名", "数量", "单位", "单价", "要求到货")


def workbook(
    rows: Sequence[Sequence[object]],
    *,
    header: Sequence[str] = HEADER,
    po: str = "PO-1",
    buyer: str = "",
    total: Any = None,
) -> bytes:
    """A customer's sheet: two facts above, the table, a total below."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"nan_inf_to_errors": True}) as book:
        sheet = book.add_worksheet("采购订单")
        sheet.write_row(0, 0, ("采购订单号：", po))
        sheet.write_row(1, 0, ("需方：", buyer or "宁海锂科新能源有限公司"))
        sheet.write_row(3, 0, header)
        date = book.add_format({"num_format": "yyyy-mm-dd"})
        for at, row in enumerate(rows, start=4):
            for column, value in enumerate(row):
                if isinstance(value, dt.date):
                    sheet.write_datetime(at, column, dt.datetime(value.year, value.month, value.day), date)  # noqa: DTZ001
                elif value is not None:
                    sheet.write(at, column, value)
        if total is not None:
            sheet.write_row(5 + len(rows), 0, ("合计", None, None, None, None, None, total))
    return buffer.getvalue()


GOOD_ROW = (10, "HC-VI30", "B", "视觉检测机", 2, "台", 710_000, FAR)
