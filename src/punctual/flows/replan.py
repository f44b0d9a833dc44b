"""Planning everything again after every change that matters: one run in the background answers many wishes."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from django.conf import settings
from django.utils import timezone

from punctual.domain.orders.models import Order
from punctual.domain.scheduling.gathering import fingerprint
from punctual.domain.scheduling.models import RunState, ScheduleRun
from punctual.domain.scheduling.services.calibration import learn_durations
from punctual.domain.scheduling.services.runs import perform_run, request_run
from punctual.domain.scheduling.solving import Effort
from punctual.flows.promise_ledger import expire_quotations
from punctual.kernel.queues import PLANNING
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.jobs.services import Progress
from punctual.platform.outbox.models import OutboxEvent
from punctual.platform.outbox.services import subscribe

EVENTS: Final = (
    "plan.made",
    "plan.changed",
    "order.confirmed",
    "order.held",
    "order.resumed",
    "order.cancelled",
    "order.quoted",
    "order.reopened",
    "order.lost",
    "order.submitted",
    "order.delivered",
    "order.changed",
    "resource.changed",
    "absence.changed",
    "calendar.changed",
    "promise.given",
    "risk.changed",
    "scheduling.changed",
)
"""Everything after which dates may be others."""
STUCK_AFTER: Final = dt.timedelta(seconds=settings.Q_CLUSTER["ALT_CLUSTERS"][PLANNING]["retry"] + 60)
"""By then the queue has given out a run again whose worker was killed."""


def request_replan(*, why: str, actor: User | None, label: str = "") -> ScheduleRun:
    """Let everything be planned again in the background; joins the run that waits already, if one does."""
    return request_run(why=why, label=label, actor=actor)


def replan_by_hand(*, actor: User) -> ScheduleRun:
    """Somebody presses the button."""
    require(actor, "scheduling.run")
    return request_replan(why="by_hand", actor=actor)


def run_job(progress: Progress, *, run_id: int) -> dict[str, Any]:
    """The background job."""
    run = perform_run(run_id, today=timezone.localdate(), tell=lambda percent: progress.tell(percent, 100))
    return {"run": run.pk, "state": run.state, "seconds": run.seconds}


def on_event(event: OutboxEvent) -> None:
    """A change that matters asks for a run, unless the current one already knows it."""
    today = timezone.localdate()
    if ScheduleRun.objects.filter(is_current=True, fingerprint=fingerprint(today)).exists():
        return
    actor = User.objects.filter(pk=event.payload.get("by")).first() if event.payload.get("by") else None
    request_replan(why=event.kind, actor=actor, label=_label(event))


def _label(event: OutboxEvent) -> str:
    if number := event.payload.get("number"):
        return str(number)
    if order_id := event.payload.get("order_id"):
        order = Order.objects.filter(pk=order_id).first()
        return order.label if order else ""
    return str(event.payload.get("label", ""))


def listen() -> None:
    """Called once when the programme starts."""
    for kind in EVENTS:
        subscribe(kind, on_event)
    subscribe("order.reviewed", on_closed)


def on_closed(event: OutboxEvent) -> None:
    """What an order that is closed really took counts from now on."""
    learn_durations()


def daily() -> None:
    """By the clock: another day has begun, so everything open lies a day later."""
    resume_stuck()
    expire_quotations()
    learn_durations()
    request_replan(why="daily", actor=None)


def resume_stuck() -> int:
    """Runs whose worker was killed and whose job came to nothing are asked for again; returns how many."""
    long_ago = timezone.now() - STUCK_AFTER
    stuck = ScheduleRun.objects.filter(state=RunState.RUNNING, begun_at__lt=long_ago)
    found = list(stuck)
    for run in found:
        run.state, run.error = RunState.FAILED, "the worker that computed it was stopped"
        run.save(update_fields=["state", "error"])
    old = ScheduleRun.objects.filter(state=RunState.QUEUED, asked_at__lt=long_ago)
    lost = old.update(state=RunState.FAILED, error="no worker took it")
    if found or lost:
        request_replan(why="resumed", actor=None)
    return len(found) + lost


def first_schedule(*, actor: User, today: dt.date, effort: Effort | None = None) -> ScheduleRun:
    """A run at once, in this process: for a new database, and for tests."""
    run = ScheduleRun.objects.create(why=[{"kind": "first", "label": ""}], asked_by=actor)
    return perform_run(run.pk, today=today, effort=effort)
