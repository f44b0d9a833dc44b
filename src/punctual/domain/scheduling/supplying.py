"""Purchases that tasks wait for, as the simulation sees them: each comes late as its supplier's record says."""

from __future__ import annotations

from collections.abc import Sequence

from punctual.domain.calendars.models import WorkingCalendar
from punctual.domain.calendars.selectors import working_days_between
from punctual.domain.orders.models import Order
from punctual.domain.orders.workdays import CompanyWorkdays
from punctual.domain.plans.work_calendars import day_minutes
from punctual.domain.scheduling.axis import SLOT, Axis
from punctual.domain.scheduling.book import Wait
from punctual.domain.scheduling.models import TaskPin
from punctual.domain.supply.arrivals import line_day
from punctual.domain.supply.life import ON_THE_WAY
from punctual.domain.supply.models import PurchaseLine, Reservation, ReservationState
from punctual.domain.supply.scorecard import lateness


def waits_of(orders: Sequence[Order], axis: Axis) -> tuple[Wait, ...]:
    """One for each open task and each purchase line that brings something it needs, where the supplier's record says
    anything. Days by which the line has slipped already are not counted twice; what is expedited does not wait."""
    rows = (
        Reservation.objects.filter(
            state=ReservationState.ACTIVE,
            requirement__order__in=orders,
            requirement__task__actual_finish=None,
            requirement__task__isnull=False,
            purchase_line__purchase_order__state__in=ON_THE_WAY,
        )
        .select_related("purchase_line__purchase_order__supplier")
        .order_by("requirement__task_id", "purchase_line_id")
    )
    hurried = set(TaskPin.objects.filter(before_material=True).values_list("task_id", flat=True))
    asked: dict[tuple[int, int], PurchaseLine] = {}
    for task, one in ((row.requirement.task_id, row) for row in rows.select_related("requirement")):
        if task is not None and task not in hurried and one.purchase_line is not None:
            asked[task, one.purchase_line.pk] = one.purchase_line
    records = lateness({line.purchase_order.supplier_id for line in asked.values()}, today=axis.today)
    calendar = WorkingCalendar.objects.filter(is_default=True).first()
    after, day, found = CompanyWorkdays(), day_minutes(axis.calendar) // SLOT, []
    for (task, _line), line in asked.items():
        record = records.get(line.purchase_order.supplier_id)
        if record is None or not record.speaks:
            continue
        slipped = 0
        if line.confirmed_date and line.expected_date and line.expected_date > line.confirmed_date:
            slipped = working_days_between(calendar, line.confirmed_date, line.expected_date) if calendar else 0
        late = tuple(max(0, days - slipped) * day for days in record.days)
        if any(late):
            comes = line_day(line, today=axis.today, after=after.after)
            found.append(Wait(line.pk, task, str(line.purchase_order.supplier), axis.end_of(comes), late))
    return tuple(found)
