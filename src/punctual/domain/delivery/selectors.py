"""What an actor may see of deliveries, acceptances and payments."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from django.db.models import Prefetch, Q, QuerySet, Sum
from django.utils import timezone

from punctual.domain.actions.models import ActionState
from punctual.domain.delivery.models import (
    OPEN_MILESTONES,
    Acceptance,
    AcceptanceKind,
    AcceptanceState,
    Delivery,
    DeliveryItem,
    DeliverySettings,
    DeliveryState,
    PayEvent,
    PaymentMilestone,
    PunchItem,
)
from punctual.domain.delivery.rules import Delivered, LineFacts, due_day
from punctual.domain.orders.models import Order, OrderLine, OrderState
from punctual.domain.orders.selectors import orders_of
from punctual.domain.scheduling.models import OrderForecast, Promise
from punctual.domain.scheduling.task_ends import forecasts_of_tasks
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may
from punctual.platform.attachments.models import Attachment, DocumentKind
from punctual.platform.attachments.services import attachments_of
from punctual.platform.one_row import the_row
from punctual.platform.records import get_or_not_found

GONE = (DeliveryState.SHIPPED, DeliveryState.RECEIVED)
COUNTS = (DeliveryState.PREPARING, *GONE)


def delivery_settings() -> DeliverySettings:
    """The company's row; made with its defaults the first time."""
    return the_row(DeliverySettings)


def deliveries_of(actor: User) -> QuerySet[Delivery]:
    """Deliveries of the orders that the actor may see."""
    if not may(actor, "delivery.view"):
        return Delivery.objects.none()
    return Delivery.objects.filter(order__in=orders_of(actor))


def listed_deliveries(actor: User) -> QuerySet[Delivery]:
    return deliveries_of(actor).select_related("order__customer").prefetch_related("items__line")


def photos_of(delivery: Delivery) -> QuerySet[Attachment]:
    """The pictures of what is packed, a box after the other."""
    return attachments_of(delivery).filter(kind=DocumentKind.PHOTO).order_by("name", "pk")


def delivery_by_number(actor: User, number: str) -> Delivery:
    visible = deliveries_of(actor).select_related("order__customer", "order__owner", "released_by")
    return get_or_not_found(visible, number__iexact=number)


def delivery_by_id(actor: User, pk: int) -> Delivery:
    return get_or_not_found(deliveries_of(actor).select_related("order"), pk=pk)


def deliveries_on(actor: User, order: Order) -> QuerySet[Delivery]:
    """The deliveries of an order that the actor has fetched, batch 1 first."""
    return deliveries_of(actor).filter(order=order).prefetch_related("items__line", "boxes").order_by("batch")


def acceptances_of(actor: User) -> QuerySet[Acceptance]:
    if not may(actor, "delivery.view"):
        return Acceptance.objects.none()
    rows = Acceptance.objects.filter(order__in=orders_of(actor)).select_related("order", "delivery")
    punch = PunchItem.objects.select_related("action__owner")
    return rows.prefetch_related("results", Prefetch("punch", punch))


def acceptance_by_id(actor: User, pk: int) -> Acceptance:
    return get_or_not_found(acceptances_of(actor).select_related("order__customer", "order__owner"), pk=pk)


# ------------------------------------------------------------------------------------------------------ quantities


def shipped_quantities(order: Order) -> dict[int, Decimal]:
    """Line id → what has left the house."""
    rows = DeliveryItem.objects.filter(delivery__order=order, delivery__state__in=GONE)
    return dict(rows.values_list("line").annotate(sum=Sum("quantity")).order_by())


def line_facts(order: Order, *, but: Delivery | None = None) -> dict[int, LineFacts]:
    """What is ordered of each line and what deliveries other than ``but`` take."""
    rows = DeliveryItem.objects.filter(delivery__order=order, delivery__state__in=COUNTS)
    if but is not None:
        rows = rows.exclude(delivery=but)
    taken = dict(rows.values_list("line").annotate(sum=Sum("quantity")).order_by())
    lines = OrderLine.objects.filter(order=order).order_by("line_no")
    return {
        line.pk: LineFacts(line.line_no, line.quantity or Decimal(0), taken.get(line.pk, Decimal(0))) for line in lines
    }


def serials_of(order: Order, *, but: Delivery | None = None, gone: bool = False) -> dict[int, list[str]]:
    """Line → serial numbers in deliveries other than ``but``; ``gone``: only of what has left the house."""
    rows = DeliveryItem.objects.filter(delivery__order=order, delivery__state__in=GONE if gone else COUNTS)
    if but is not None:
        rows = rows.exclude(delivery=but)
    found: dict[int, list[str]] = {}
    for line, serials in rows.order_by("delivery__batch").values_list("line", "serials"):
        found.setdefault(line, []).extend(serials)
    return found


def all_shipped(order: Order) -> bool:
    shipped = shipped_quantities(order)
    lines = OrderLine.objects.filter(order=order).values_list("pk", "quantity")
    return all(shipped.get(pk, Decimal(0)) >= (quantity or 0) for pk, quantity in lines)


def is_shipped(acceptance: Acceptance) -> bool:
    """Whether what the acceptance is about has left the house."""
    if acceptance.delivery is not None and acceptance.kind != AcceptanceKind.FINAL:
        return acceptance.delivery.state in GONE
    return all_shipped(acceptance.order)


def open_punch(order: Order, *, delivery: Delivery | None = None) -> dict[str, int]:
    """Grade → open items of the order (or of one delivery's acceptances)."""
    rows = punch_of(order)
    if delivery is not None:
        rows = rows.filter(Q(acceptance__delivery=delivery) | Q(acceptance__delivery=None))
    counts: dict[str, int] = {}
    for grade in rows.values_list("grade", flat=True):
        counts[grade] = counts.get(grade, 0) + 1
    return counts


def punch_of(order: Order) -> QuerySet[PunchItem]:
    """The open items of all its acceptances."""
    rows = PunchItem.objects.filter(acceptance__order=order, action__state=ActionState.OPEN)
    return rows.select_related("acceptance", "action__owner")


def punch_before(acceptance: Acceptance) -> QuerySet[PunchItem]:
    """Its own open items, done or not; with a final acceptance also what is open of the order's others."""
    which = Q(acceptance=acceptance)
    if acceptance.kind == AcceptanceKind.FINAL:
        which |= Q(acceptance__order=acceptance.order_id, action__state=ActionState.OPEN)
    return PunchItem.objects.filter(which).select_related("acceptance", "action__owner")


# ------------------------------------------------------------------------------------------------------ payments


def milestones_of(actor: User) -> QuerySet[PaymentMilestone]:
    """Payment milestones of the orders that the actor may see."""
    if not may(actor, "payments.view"):
        return PaymentMilestone.objects.none()
    return PaymentMilestone.objects.filter(order__in=orders_of(actor))


def listed_milestones(actor: User) -> QuerySet[PaymentMilestone]:
    return milestones_of(actor).select_related("order__customer", "order__owner", "task")


NOTHING_COMES: Final = (OrderState.CANCELLED, OrderState.LOST, OrderState.DRAFT, OrderState.QUOTED)
"""States of an order whose payments nobody expects."""


def open_milestones(actor: User) -> QuerySet[PaymentMilestone]:
    """Not yet received in full, of orders that are alive."""
    return listed_milestones(actor).filter(OPEN_MILESTONES).exclude(order__state__in=NOTHING_COMES)


OWN_DAY: Final = (PayEvent.TASK, PayEvent.DATE, PayEvent.CONFIRMED)
"""Events that come on a day of their own, whenever the order is delivered."""


@dataclass(frozen=True, slots=True)
class Expected:
    """When money is expected: due day by the plan and by P50/P80 of the event; equal once the event has happened."""

    planned: dt.date | None
    p50: dt.date | None
    p80: dt.date | None
    happened: bool

    def month(self, today: dt.date, *, likely: bool) -> dt.date | None:
        """The first of the month in which it is expected, by the plan or with 80 percent; what is overdue, now."""
        day = self.p80 if likely else self.planned
        return max(day, today).replace(day=1) if day is not None else None


EventDays = Mapping[int, tuple[dt.date, dt.date]]
"""Milestone id → the days by which its event has come in half, and in 80 % of the simulated runs."""


def event_days(milestones: Collection[PaymentMilestone]) -> EventDays:
    """Of the milestones whose event the current schedule says something of: the end of a task or phase, or the
    order's delivery."""
    tasks = forecasts_of_tasks({one.task_id for one in milestones if one.event == PayEvent.TASK and one.task_id})
    orders = {one.order_id for one in milestones if one.event not in OWN_DAY}
    rows = OrderForecast.objects.filter(run__is_current=True, order_id__in=orders)
    delivered = {order: (p50, p80) for order, p50, p80 in rows.values_list("order", "p50", "p80")}
    found = {}
    for one in milestones:
        days = tasks.get(one.task_id or 0) if one.event in OWN_DAY else delivered.get(one.order_id)
        if days is not None:
            found[one.pk] = days
    return found


def expected(milestone: PaymentMilestone, days: EventDays) -> Expected:
    """The milestone's due day, actual or to be expected."""
    if milestone.due_on is not None:
        return Expected(milestone.due_on, milestone.due_on, milestone.due_on, happened=True)
    planned = _event_day(milestone)
    if planned is None:
        return Expected(None, None, None, happened=False)
    p50, p80 = days.get(milestone.pk, (planned, planned))
    planned, p50, p80 = (due_day(day, days=milestone.days, months=milestone.months) for day in (planned, p50, p80))
    return Expected(planned, p50, p80, happened=False)


def _event_day(milestone: PaymentMilestone) -> dt.date | None:
    order = milestone.order
    if milestone.event == PayEvent.DATE:
        return milestone.fixed_on
    if milestone.event == PayEvent.CONFIRMED:
        return timezone.localdate(order.confirmed_at) if order.confirmed_at else None
    if milestone.event == PayEvent.TASK and milestone.task is not None and milestone.task.finish is not None:
        return timezone.localdate(milestone.task.finish)
    return order.actual_date or order.planned_date or order.promised_date or order.requested_date


def first_shipment(order: Order) -> dt.date | None:
    """The day on which the first batch left or is planned to leave; money due before shipping is due then."""
    rows = order.deliveries.filter(state__in=COUNTS).values_list("shipped_on", "planned_on")
    return min((day for shipped, planned in rows if (day := shipped or planned) is not None), default=None)


def passed_on(order: Order) -> Mapping[str, dt.date]:
    """Kind of acceptance → the last day on which one passed."""
    rows = order.acceptances.filter(state=AcceptanceState.PASSED).exclude(held_on=None).order_by("held_on")
    return {str(kind): day for kind, day in rows.values_list("kind", "held_on") if day is not None}


# ------------------------------------------------------------------------------------------------------ punctuality


def delivered_lines(actor: User, first: dt.date, last: dt.date) -> list[tuple[OrderLine, Delivered]]:
    """The lines delivered between two days, with the dates they are measured by."""
    lines = list(
        OrderLine.objects.filter(order__in=orders_of(actor), actual_date__gte=first, actual_date__lte=last)
        .select_related("order__customer")
        .order_by("-actual_date", "pk")
    )
    firsts: dict[tuple[int, int], dt.date] = {}
    orders = {line.order_id for line in lines}
    for order, line_no, date in (
        Promise.objects.filter(order__in=orders).order_by("-number").values_list("order", "line_no", "date")
    ):
        firsts[order, line_no] = date
    shipped = dict(
        DeliveryItem.objects.filter(line__in=lines, delivery__state__in=GONE)
        .values_list("line")
        .annotate(sum=Sum("quantity"))
        .order_by()
    )
    return [
        (
            line,
            Delivered(
                actual=line.actual_date or last,
                complete=shipped.get(line.pk, line.quantity or 0) >= (line.quantity or 0),
                requested=line.requested_date,
                first_promise=firsts.get((line.order_id, line.line_no), line.promised_date),
                last_promise=line.promised_date,
            ),
        )
        for line in lines
    ]
