"""Giving a promise with its probability, keeping what went out to the customer, and quotations whose time is over."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.db import transaction
from django.utils import timezone

from punctual.domain.orders.life import RUNNING
from punctual.domain.orders.models import Order, OrderState
from punctual.domain.orders.selectors import orders_of
from punctual.domain.orders.services.states import move
from punctual.domain.orders.services.summary import record_confidence
from punctual.domain.scheduling.agreed import keep_agreed, places_of
from punctual.domain.scheduling.gathering import scheduling_settings
from punctual.domain.scheduling.models import Channel, Promise, ScheduleRun
from punctual.domain.scheduling.promising import Care, Offered, percent_kept
from punctual.domain.scheduling.selectors import current_run, forecast_of
from punctual.domain.scheduling.services.promises import give_promise, keep_told
from punctual.flows.promise_at_entry import limits_for, promise_for_order
from punctual.kernel.refusal import Refusal
from punctual.platform.accounts.models import Role, User
from punctual.platform.outbox.models import OutboxEvent
from punctual.platform.outbox.services import subscribe
from punctual.platform.records import get_or_not_found

CHANNELS: Final = {
    "order.quoted": Channel.QUOTATION,
    "order.submitted": Channel.SYSTEM,
    "order.confirmed": Channel.CONTRACT,
}
"""Events at which the dates on an order are told to the customer."""


def promise_order(
    *,
    actor: User,
    order_id: int,
    dates: Mapping[int, dt.date] | dt.date,
    today: dt.date,
    channel: str,
    cause: str,
    reason: str = "",
    exception_reason: str = "",
    offer: str = "nobody",
    expected_version: int | None = None,
    care: Care | None = None,
) -> list[Promise]:
    """Promise one day for all lines, or days by line, with the probability that the current schedule gives it."""
    order = get_or_not_found(orders_of(actor).select_related("customer"), pk=order_id)
    if isinstance(dates, dt.date):
        dates = dict.fromkeys(order.lines.values_list("pk", flat=True), dates)
    grade = order.customer.grade if order.customer else ""
    found = Chance(None, None, None)
    if dates:
        found = chance(order, max(dates.values()), actor=actor, offer=offer, care=care)
    with transaction.atomic():
        made = give_promise(
            actor=actor,
            order_id=order.pk,
            dates=dates,
            today=today,
            channel=channel,
            cause=cause,
            reason=reason,
            exception_reason=exception_reason,
            percent=found.percent,
            limits=limits_for(grade),
            earliest=found.earliest,
            run=found.run,
            expected_version=expected_version,
        )
        if found.offer is not None and found.run is not None:
            keep_agreed(order.pk, found.run, places_of(found.run, found.offer))
        _tell_chance(order.pk, actor)
    return made


def _tell_chance(order_id: int, actor: User) -> None:
    """The chance on the order's page is that of the day promised now, not of the day before it."""
    order = Order.objects.get(pk=order_id)
    found = forecast_of(actor, order)
    if found is not None and order.promised_date is not None:
        record_confidence(order.pk, percent_kept(found.histogram, order.promised_date))


@dataclass(frozen=True, slots=True)
class Chance:
    """Probability in percent that an order is delivered by a day, the earliest day at the company's floor, and the run
    that says so; for an order that has no plan the offer that was asked for."""

    percent: int | None
    earliest: dt.date | None
    run: ScheduleRun | None
    offer: Offered | None = None


def chance(order: Order, day: dt.date, *, actor: User, offer: str = "nobody", care: Care | None = None) -> Chance:
    """Empty while there is no schedule."""
    floor = scheduling_settings().floor_percent
    if order.state in RUNNING:
        run, found = current_run(actor), forecast_of(actor, order)
        if found is None:
            return Chance(None, None, run)
        return Chance(percent_kept(found.histogram, day), earliest_in(found.histogram, floor), run)
    # Whoever was shown a date may have it: a search cut short by a busy machine must not find less than the shown one.
    try:
        told = promise_for_order(order=order, actor=actor, care=care or Care(seconds=None))
    except Refusal:
        return Chance(None, None, None)
    if told is None:
        return Chance(None, None, None)
    chosen = told.answer.offer(offer)
    return Chance(chosen.percent(day), chosen.earliest(floor), told.run, chosen)


def earliest_in(histogram: list[tuple[str, int]], percent: int) -> dt.date | None:
    """The first day of a histogram with at least that probability."""
    total, counted = sum(count for _, count in histogram), 0
    for day, count in sorted(histogram):
        counted += count
        if 100 * counted >= percent * total:
            return dt.date.fromisoformat(day)
    return None


def on_told(event: OutboxEvent) -> None:
    """An order goes out: its dates stand in the ledger from now on."""
    order = Order.objects.filter(pk=event.payload.get("order_id")).first()
    if order is None:
        return
    by = User.objects.filter(pk=event.payload.get("by")).first()
    run = ScheduleRun.objects.filter(is_current=True).first()
    keep_told(order_id=order.pk, by=by, channel=CHANNELS[event.kind], percent=None, run=run, at=event.created_at)


def listen() -> None:
    for kind in CHANNELS:
        subscribe(kind, on_told)


def expire_quotations(today: dt.date | None = None) -> int:
    """By the clock: a quotation whose time is over becomes what the company has set, and gives its capacity back."""
    today = today or timezone.localdate()
    verb = "lose" if scheduling_settings().quote_after == "lost" else "reopen"
    actor = User.objects.filter(role=Role.ADMINISTRATOR, is_active=True).order_by("pk").first()
    if actor is None:
        return 0
    expired = Order.objects.filter(state=OrderState.QUOTED, quote_valid_until__lt=today)
    done = 0
    for order_id in list(expired.values_list("pk", flat=True)):
        move(actor=actor, order_id=order_id, verb=verb, today=today, reason="报价到期 / quotation expired")
        done += 1
    return done
