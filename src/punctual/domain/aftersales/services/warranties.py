"""Warranty clocks of delivered lines and serial numbers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Final

from django.db import transaction

from punctual.domain.aftersales.models import Warranty
from punctual.domain.catalog.rules import LONGEST_WARRANTY, USUAL_WARRANTY
from punctual.domain.orders.models import Order, OrderLine, OrderState
from punctual.domain.orders.selectors import orders_of
from punctual.kernel.refusal import Reason, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.audit.services import Change, record
from punctual.platform.records import get_or_not_found

DELIVERED: Final = (OrderState.PARTIALLY_DELIVERED, OrderState.DELIVERED, OrderState.ACCEPTED, OrderState.CLOSED)


@transaction.atomic
def start_warranty(
    *, actor: User, order: Order, line_no: int, begins: dt.date | None, months: int | None, serials: Sequence[str] = ()
) -> list[Warranty]:
    """The clock of a delivered line begins; with serial numbers one each. Beginning again moves it. Without ``months``
    it runs as long as the product says."""
    require(actor, "service.change")
    found = get_or_not_found(orders_of(actor), pk=order.pk)
    line = get_or_not_found(found.lines.all(), line_no=line_no)
    if months is None:
        months = months_of(line)
    reasons = []
    if begins is None:
        reasons.append(Reason("warranty.begins", N_("Say when the warranty begins."), field="begins"))
    if not 1 <= months <= LONGEST_WARRANTY:
        reasons.append(Reason("warranty.months", N_("A warranty runs 1 to 240 months."), field="months"))
    if found.state not in DELIVERED:
        reasons.append(Reason("warranty.state", N_("The warranty begins with the delivery; nothing is delivered yet.")))
    refuse_if(reasons)
    assert begins is not None
    made = []
    names = [one.strip()[:80] for one in serials if one.strip()]
    if names and not line.warranties.filter(serial=names[0]).exists():
        # The clock that began without a number goes on as that of the first one.
        line.warranties.filter(serial="").update(serial=names[0])
    for serial in names or [""]:
        warranty, _fresh = Warranty.objects.update_or_create(
            order_line=line, serial=serial, defaults={"begins": begins, "ends": end_of(begins, months)}
        )
        made.append(warranty)
    clock = Change(field=f"{line.line_no}.warranty", old=None, new=f"{begins} – {end_of(begins, months)}")
    record(actor=actor, verb="start_warranty", target=found, changes=[clock], reason=", ".join(names))
    return made


@transaction.atomic
def begin_with_acceptance(
    *, order_id: int, begins: dt.date, serials: Mapping[int, Sequence[str]] | None = None
) -> list[Warranty]:
    """The customer has accepted the order: the clock of every line of goods that has none begins, of each of its
    delivered ``serials`` (line id → numbers) where there are any; where somebody began it with a serial number or
    other months before, that stands. A product without a warranty, such as a service, gets no clock."""
    order = Order.objects.select_for_update().get(pk=order_id)
    lines = order.lines.filter(warranties=None).exclude(product__warranty_months=0).select_related("product")
    ends = {line: end_of(begins, months_of(line)) for line in lines.order_by("line_no")}
    made = Warranty.objects.bulk_create(
        [
            Warranty(order_line=line, serial=serial, begins=begins, ends=until)
            for line, until in ends.items()
            for serial in dict.fromkeys((serials or {}).get(line.pk) or [""])
        ]
    )
    if made:
        clocks = [
            Change(field=f"{line.line_no}.warranty", old=None, new=f"{begins} – {until}")
            for line, until in ends.items()
        ]
        record(actor=None, verb="start_warranty", target=order, changes=clocks)
    return made


def months_of(line: OrderLine) -> int:
    """How long the line's product is under warranty; 0 for what is no goods."""
    return line.product.warranty_months if line.product else USUAL_WARRANTY


def end_of(begins: dt.date, months: int) -> dt.date:
    """The day before the same day ``months`` later; the month's last day where there is no such day."""
    total = begins.year * 12 + begins.month - 1 + months
    year, month = divmod(total, 12)
    following = dt.date(year + (month == 11), (month + 1) % 12 + 1, 1)
    last = (following - dt.timedelta(days=1)).day
    if begins.day > last:
        return dt.date(year, month + 1, last)
    return dt.date(year, month + 1, begins.day) - dt.timedelta(days=1)
