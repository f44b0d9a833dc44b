"""Ways out for a late order: asked for by a person, computed in the background on the current schedule, kept."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from punctual.domain.monitoring.models import RecoveryRun, RecoveryState
from punctual.domain.orders.models import Order
from punctual.domain.orders.selectors import order_by_id
from punctual.domain.plans.models import Plan
from punctual.domain.scheduling.axis import Axis
from punctual.domain.scheduling.book import Book, Group
from punctual.domain.scheduling.models import OrderForecast, ScheduleRun
from punctual.domain.scheduling.selectors import axis_of, book_of
from punctual.engine.recovery import Case, Recovery, recover
from punctual.flows.recovery_levers import levers_of
from punctual.flows.recovery_options import Days, Money, Words, new_promise, option_data
from punctual.kernel.queues import PLANNING
from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.audit.services import record
from punctual.platform.jobs.services import Progress, on_failure, start_job

JOB: Final = "punctual.flows.recover.compute_job"


def listen() -> None:
    """Called once when the programme starts."""
    on_failure(JOB, _failed)


def _failed(told: Mapping[str, Any], reasons: Sequence[Reason]) -> None:
    waiting = RecoveryRun.objects.filter(pk=told["run_id"], state=RecoveryState.COMPUTING)
    waiting.update(state=RecoveryState.FAILED, error=[{"text": one.text, "params": _texts(one)} for one in reasons])


@transaction.atomic
def request_recovery(*, actor: User, order_id: int, today: dt.date) -> RecoveryRun:
    """Ask for ways out; they are computed in the background. One that is being computed already is not asked twice."""
    require(actor, "recovery.compute")
    order = order_by_id(actor, order_id)
    recent = timezone.now() - dt.timedelta(minutes=10)
    busy = RecoveryRun.objects.filter(order=order, state=RecoveryState.COMPUTING, created_at__gte=recent).first()
    if busy is not None:
        return busy
    made = RecoveryRun.objects.create(order=order, asked_by=actor, day=today)
    start_job(
        function=JOB,
        label=f"Recovery {order.label}",
        actor=actor,
        arguments={"run_id": made.pk},
        queue=PLANNING,
    )
    return made


def compute_job(progress: Progress, *, run_id: int) -> dict[str, Any]:
    """The background job; a refusal is kept with the run, so that the page can word it."""
    run = RecoveryRun.objects.select_related("asked_by").get(pk=run_id)
    if run.state == RecoveryState.COMPUTING and run.asked_by is not None:
        try:
            compute_recovery(actor=run.asked_by, order_id=run.order_id, today=run.day, into=run)
        except Refusal as refusal:
            RecoveryRun.objects.filter(pk=run.pk).update(
                state=RecoveryState.FAILED, error=[{"text": one.text, "params": _texts(one)} for one in refusal.reasons]
            )
    progress.tell(1, 1)
    return {"recovery": run_id}


def _texts(reason: Reason) -> dict[str, str]:
    return {name: str(value) for name, value in reason.params.items()}


def _ours(reason: Reason, order: Order, axis: Axis) -> dict[str, Any]:
    """The engine's reason, which knows groups and slots, with the order's number and the day."""
    params = {**reason.params, "id": order.label}
    if "date" in params:
        params["date"] = axis.day_of(int(str(params["date"]))).isoformat()
    return {"text": reason.text, "params": {name: str(value) for name, value in params.items()}}


def compute_recovery(
    *, actor: User, order_id: int, today: dt.date, runs: int = 120, into: RecoveryRun | None = None
) -> RecoveryRun:
    """Compute ways out for one order on the current schedule and keep them. Takes seconds."""
    require(actor, "recovery.compute")
    order = order_by_id(actor, order_id)
    began = time.monotonic()
    run, book, axis = current_book()
    group = _target(book, order.pk)
    levers = levers_of(book, order.pk, group)
    case = Case(
        problem=book.problem,
        schedule=book.schedule,
        now=0,
        order=group.id,
        promises={one.id: one.promise for one in book.groups if one.promise is not None},
    )
    found = recover(case, levers, runs=runs)
    words = Words(book, axis, levers)
    days = Days(axis, found.before, _told(run, book, order, group))
    before = days.of(found.before)
    money = Money(order, today, axis, group)
    options = [option_data(option, words, days, money, before) for option in found.options]
    options += new_promise(order, before, money)
    best = max(options, key=lambda one: one["saved"], default=None)
    for number, one in enumerate(options):
        one["number"] = number
        one["recommended"] = one is best
    with transaction.atomic():
        made = into or RecoveryRun(order=order, asked_by=actor, day=today)
        made.state, made.options = RecoveryState.READY, options
        made.before = {**before, "damage": str(money.damage(before)), "kept": money.kept_now(before), "run": run.pk}
        made.left_out = [{"lever": words.title(name), "why": reason.code} for name, reason in found.left_out.items()]
        made.versions = {str(pk): version for pk, version in _versions(book, found)}
        made.seconds = round(time.monotonic() - began, 2)
        made.error = [_ours(found.reason, order, axis)] if found.reason else []
        made.save()
        record(actor=actor, verb="compute", target=made)
    return made


def current_book() -> tuple[ScheduleRun, Book, Axis]:
    run = ScheduleRun.objects.filter(is_current=True).first()
    book = book_of(run) if run else None
    if run is None or book is None:
        text = N_("There is no schedule over all orders yet; start one, then ways out can be computed.")
        raise Refusal(Reason("recovery.no_schedule", text))
    return run, book, axis_of(book)


def _target(book: Book, order_id: int) -> Group:
    """The delivery that misses its date by most; of those in time the last one."""
    groups = book.groups_of.get(order_id, [])
    if not groups:
        raise Refusal(Reason("recovery.nothing_open", N_("Nothing of this order is left to be scheduled.")))
    return max(groups, key=lambda one: (book.group_ends[one.id] - (one.due if one.due is not None else 10**9), one.id))


def _told(run: ScheduleRun, book: Book, order: Order, group: Group) -> tuple[dt.date, dt.date] | None:
    """P50 and P80 as the order's page tells them: the order's where this is its last delivery, else the line's."""
    found = OrderForecast.objects.filter(run=run, order=order).first()
    if found is None:
        return None
    if book.group_ends[group.id] == book.order_end(order.pk):
        return found.p50, found.p80
    line = found.lines.get(str(group.line))
    return (dt.date.fromisoformat(line[0]), dt.date.fromisoformat(line[1])) if line else None


def _versions(book: Book, found: Recovery) -> list[tuple[int, int]]:
    """Plan id → version of every plan that an option changes."""
    ids = {
        int(name)
        for option in found.options
        for name in (*option.patch.starts, *option.patch.modes)
        if name.isdecimal()
    }
    rows = Plan.objects.filter(tasks__in=ids).distinct()
    return list(rows.values_list("pk", "version"))
