"""The ledger of promises: every date that is told to a customer is one more row, never changed afterwards."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from punctual.domain.orders.models import Order, OrderLine
from punctual.domain.orders.services.promised import set_promised
from punctual.domain.scheduling.models import Channel, Promise, PromiseCause, ScheduleRun
from punctual.domain.scheduling.rules import PromiseLimits, reasons_against_promise, reasons_against_reason
from punctual.kernel.refusal import refuse_if
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may, require
from punctual.platform.outbox.services import emit


@transaction.atomic
def give_promise(
    *,
    actor: User,
    order_id: int,
    dates: Mapping[int, dt.date],
    today: dt.date,
    channel: str,
    cause: str,
    reason: str = "",
    exception_reason: str = "",
    percent: int | None,
    limits: PromiseLimits,
    earliest: dt.date | None,
    run: ScheduleRun | None,
    expected_version: int | None,
) -> list[Promise]:
    """Promise the lines of an order (line id → day) and keep it in the ledger.

    ``percent``: probability that the latest of the dates is kept, as ``run`` says; below the floor it is refused unless
    somebody who may gives a reason. A later date than the last one needs a reason.
    """
    require(actor, "promises.give")
    order, changed = set_promised(
        actor=actor,
        order_id=order_id,
        dates=dates,
        expected_version=expected_version,
        reason=reason or exception_reason,
    )
    last = max(dates.values())
    later = any(before is not None and dates[line.pk] > before for line, before in changed)
    refuse_if(
        [
            *reasons_against_promise(
                date=last,
                today=today,
                percent=percent,
                limits=limits,
                earliest=earliest,
                exception_reason=exception_reason,
                may_except=may(actor, "promises.exception"),
            ),
            *reasons_against_reason(
                channel=channel,
                channels=tuple(Channel.values),
                cause=cause,
                causes=tuple(PromiseCause.values),
                reason=reason,
                later=later,
            ),
        ]
    )
    below = percent is not None and percent < limits.floor
    made = write(
        order,
        changed,
        by=actor,
        channel=channel,
        cause=cause,
        reason=reason,
        exception_reason=exception_reason if below else "",
        percent=percent,
        run=run,
    )
    if made:
        emit("promise.given", order_id=order.pk, number=order.number, by=actor.pk)
    return made


def write(
    order: Order,
    changed: list[tuple[OrderLine, dt.date | None]],
    *,
    by: User | None,
    channel: str,
    cause: str = PromiseCause.FIRST,
    reason: str = "",
    exception_reason: str = "",
    percent: int | None = None,
    run: ScheduleRun | None = None,
    at: dt.datetime | None = None,
) -> list[Promise]:
    """The next row of each line; part of the caller's transaction, who holds the order's lock."""
    numbers = dict(
        Promise.objects.filter(order=order).values_list("line_no").annotate(last=Max("number")).order_by("line_no")
    )
    return Promise.objects.bulk_create(
        [
            Promise(
                order=order,
                line=line,
                line_no=line.line_no,
                number=numbers.get(line.line_no, 0) + 1,
                date=line.promised_date,
                before=before,
                at=at or timezone.now(),
                by=by,
                channel=channel,
                cause=cause if before is not None else PromiseCause.FIRST,
                reason=reason.strip(),
                exception_reason=exception_reason.strip(),
                probability=percent,
                run=run,
            )
            for line, before in changed
            if line.promised_date is not None
        ]
    )


@transaction.atomic
def keep_told(
    *, order_id: int, by: User | None, channel: str, percent: int | None, run: ScheduleRun | None, at: dt.datetime
) -> list[Promise]:
    """Dates that stand on the order but not yet in the ledger, when the order goes out to the customer. Doing it twice
    changes nothing."""
    order = Order.objects.select_for_update().get(pk=order_id)
    last: dict[int, dt.date] = {}
    for promise in Promise.objects.filter(order=order).order_by("number"):
        last[promise.line_no] = promise.date
    changed = [
        (line, last.get(line.line_no))
        for line in order.lines.all()
        if line.promised_date is not None and last.get(line.line_no) != line.promised_date
    ]
    return write(order, changed, by=by, channel=channel, cause=PromiseCause.OTHER, percent=percent, run=run, at=at)
