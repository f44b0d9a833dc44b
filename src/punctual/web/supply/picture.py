"""One material of one order on a time axis: when it is used, what is in stock and for whom, what comes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from punctual.domain.supply.models import PurchaseLine, Requirement, Reservation, Shortage
from punctual.domain.supply.models import ReservationState as R
from punctual.kernel.quantity import plain
from punctual.web.formatting import day_text, listed

WIDTH: Final = 832
LEFT: Final = 112
RIGHT: Final = 820
ZERO: Final = Decimal(0)


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle with words inside, or beside it."""

    x: float
    width: float
    css: str
    inside: str = ""
    beside: str = ""

    @property
    def middle(self) -> float:
        return self.x + self.width / 2

    @property
    def end(self) -> float:
        return self.x + self.width + 6


@dataclass(frozen=True)
class Axis:
    """Days → x. At least four weeks, at most half a year."""

    first: dt.date
    last: dt.date

    def x(self, day: dt.date) -> float:
        inside = min(max(day, self.first), self.last)
        share = (inside - self.first).days / max(1, (self.last - self.first).days)
        return round(LEFT + share * (RIGHT - LEFT), 1)

    @property
    def ticks(self) -> list[tuple[float, str]]:
        days = (self.last - self.first).days
        step = 7 if days <= 49 else 14 if days <= 98 else 28
        return [
            (self.x(self.first + dt.timedelta(days=at)), day_text(self.first + dt.timedelta(days=at)))
            for at in range(0, days + 1, step)
        ]

    @property
    def weekends(self) -> list[tuple[float, float]]:
        if (self.last - self.first).days > 98:
            return []
        found = []
        for at in range((self.last - self.first).days + 1):
            day = self.first + dt.timedelta(days=at)
            if day.weekday() == 5:
                x = self.x(day)
                found.append((x, round(self.x(day + dt.timedelta(days=2)) - x, 1)))
        return found


@dataclass(frozen=True)
class MaterialPicture:
    axis: Axis
    today_x: float
    uses: list[Box]
    stock: Box | None
    delays: list[Box]
    arrivals: list[Box]
    balance: str
    summary: str


def _monday(day: dt.date) -> dt.date:
    return day - dt.timedelta(days=day.weekday())


def material_picture(shortage: Shortage, *, today: dt.date, others: Sequence[Reservation]) -> MaterialPicture:
    """``others``: active stock reservations of the same material by other orders."""
    need: Requirement = shortage.requirement
    held = list(need.reservations.filter(state=R.ACTIVE).select_related("purchase_line__purchase_order", "stock_item"))
    lines = {one.purchase_line_id: one.purchase_line for one in held if one.purchase_line is not None}
    days = [today, need.needed_by or today, shortage.arrives or today]
    days += [day for line in lines.values() for day in (line.confirmed_date, line.expected_date) if day]
    first = _monday(max(min(days), today - dt.timedelta(days=60))) - dt.timedelta(days=7)
    last = max(min(max(days) + dt.timedelta(days=10), first + dt.timedelta(days=200)), first + dt.timedelta(days=28))
    axis = Axis(first, last)
    unit = need.material.unit
    uses = []
    if need.needed_by is not None:
        left = need.quantity - need.issued
        words = f"{need.task.wbs} {need.task.name}" if need.task else ""
        uses.append(Box(axis.x(need.needed_by), 64, "f-acc", f"−{plain(left)}", words))
    return MaterialPicture(
        axis,
        axis.x(today),
        uses,
        _stock(axis, held, others, unit),
        [box for line in lines.values() if (box := _delay(axis, line)) is not None],
        [_arrival(axis, line, held) for line in lines.values()],
        _balance(axis, need, held, lines, today=today),
        _summary(shortage),
    )


def _stock(axis: Axis, held: Sequence[Reservation], others: Sequence[Reservation], unit: str) -> Box | None:
    own = sum((one.quantity for one in held if one.stock_item_id), ZERO)
    theirs = sum((one.quantity for one in others), ZERO)
    if not own and not theirs:
        return None
    parts = []
    if own:
        parts.append(_("%(n)s %(unit)s reserved here") % {"n": plain(own), "unit": unit})
    if theirs:
        names = listed(dict.fromkeys(one.requirement.order.label for one in others[:3]))
        parts.append(_("%(n)s %(unit)s reserved for %(orders)s") % {"n": plain(theirs), "unit": unit, "orders": names})
    return Box(LEFT, RIGHT - LEFT, "hq", " · ".join(parts))


def _delay(axis: Axis, line: PurchaseLine) -> Box | None:
    if line.confirmed_date is None or line.expected_date is None or line.expected_date <= line.confirmed_date:
        return None
    start = axis.x(line.confirmed_date)
    late = (line.expected_date - line.confirmed_date).days
    words = ngettext("%(n)s day late", "%(n)s days late", late) % {"n": late}
    return Box(start, max(2, axis.x(line.expected_date) - start), "late", words)


def _arrival(axis: Axis, line: PurchaseLine, held: Sequence[Reservation]) -> Box:
    amount = sum((one.quantity for one in held if one.purchase_line_id == line.pk), ZERO)
    day = line.expected_date or line.asked_date
    late = bool(line.confirmed_date and line.expected_date and line.expected_date > line.confirmed_date)
    words = line.purchase_order.number
    if late:
        words += f" · {day_text(line.confirmed_date)} → {day_text(day)}"
    x = axis.x(day) if day else LEFT
    return Box(min(x, RIGHT - 42), 40, "f-late" if late else "f-acc", f"+{plain(amount)}", words)


def _balance(
    axis: Axis,
    need: Requirement,
    held: Sequence[Reservation],
    lines: dict[int | None, PurchaseLine],
    *,
    today: dt.date,
) -> str:
    """The step line of what is there for the task; it is taken when all of it is there."""
    steps = [(today, sum((one.quantity for one in held if one.stock_item_id), ZERO))]
    for line in lines.values():
        amount = sum((one.quantity for one in held if one.purchase_line_id == line.pk), ZERO)
        steps.append((max(today, line.expected_date or line.asked_date or today), amount))
    wanted = max(Decimal(1), need.quantity - need.issued)
    total, path = ZERO, f"M{LEFT} 192"
    for day, amount in sorted(steps, key=lambda step: step[0]):
        path += f"H{axis.x(day)}"
        total += amount
        path += f"V{round(192 - 30 * float(min(total / wanted, Decimal(1))), 1)}"
    return f"{path}H{RIGHT}"


def _summary(shortage: Shortage) -> str:
    need = shortage.requirement
    return _("%(material)s: %(needed)s %(unit)s needed by %(day)s, %(short)s short, the last comes on %(arrives)s") % {
        "material": need.material,
        "needed": plain(need.quantity - need.issued),
        "unit": need.material.unit,
        "day": day_text(need.needed_by),
        "short": plain(shortage.short),
        "arrives": day_text(shortage.arrives),
    }
