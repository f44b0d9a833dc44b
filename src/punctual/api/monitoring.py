"""Progress, early warnings, ways out, change notices, action items and earned value."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import File, Query, Router, Schema
from ninja.files import UploadedFile
from pydantic import Field

from punctual.api.authentication import actor_of
from punctual.api.pages import Listing, Paging, listing
from punctual.domain.monitoring.facts import Gathered
from punctual.domain.monitoring.lost_time import lost_time
from punctual.domain.monitoring.models import ChangeNotice, ProgressReport, RecoveryRun, ReportSource, Warning
from punctual.domain.monitoring.my_tasks import reportable, unfinished
from punctual.domain.monitoring.selectors import notices_of, recoveries_of, reports_of, warnings_of
from punctual.domain.monitoring.services.notices import acknowledge
from punctual.domain.monitoring.services.progress import (
    Effect,
    Progress,
    add_photo,
    effect_of,
    report_progress,
    take_back,
)
from punctual.domain.monitoring.services.warnings import hand_on, snooze
from punctual.domain.orders.models import Order
from punctual.domain.orders.selectors import order_by_key
from punctual.domain.plans.models import Task
from punctual.domain.plans.selectors import plan_by_order
from punctual.domain.plans.work_calendars import plan_time
from punctual.flows.recover import request_recovery
from punctual.flows.recovery_apply import undo_option
from punctual.flows.recovery_approval import choose_option
from punctual.flows.why import why_late
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may, require
from punctual.platform.records import get_or_not_found

router = Router()


class MyTaskOut(Schema):
    """A task that the caller may report on; ``remaining`` in working minutes."""

    id: int
    order: str
    wbs: str
    name: str
    percent: int
    remaining: int | None
    start: str | None
    finish: str | None
    is_critical: bool


class ProgressIn(Schema):
    """``remaining`` in working minutes; ``blocked`` why it can't go on, empty: it goes on. ``confirm``: codes of
    questions that are answered with yes."""

    percent: int | None = None
    remaining: int | None = None
    actual_start: dt.datetime | None = None
    actual_finish: dt.datetime | None = None
    hours: Decimal | None = None
    blocked: str | None = None
    note: str = ""
    confirm: list[str] = Field(default_factory=list)


class ReportOut(Schema):
    id: int
    task: int
    order: str
    by: str
    at: dt.datetime
    percent: int
    remaining: int | None
    hours: Decimal | None
    note: str
    source: str
    finish_before: dt.date | None
    finish_after: dt.date | None
    taken_back: bool


class MonitoringEffectOut(Schema):
    """What a report would move."""

    task_finish: str
    order_before: dt.date | None
    order_after: dt.date
    order_days: int
    questions: list[dict[str, Any]]


class WarningOut(Schema):
    """``facts`` fill the kind's sentence; ``damage`` = probability × cost, in the company's currency."""

    id: int
    version: int
    kind: str
    key: str
    order: str | None
    task: int | None
    state: str
    facts: dict[str, Any]
    probability: float | None
    cost: Decimal | None
    damage: Decimal | None
    owner: str | None
    first_seen: dt.datetime
    last_seen: dt.datetime
    snoozed_until: dt.date | None


class SnoozeIn(Schema):
    version: int
    until: dt.date
    reason: str


class HandOnIn(Schema):
    version: int
    owner: str


class RecoveryOut(Schema):
    """Ways out as they were computed; ``options`` with patch, dates, cost, damage left and orders touched."""

    id: int
    version: int
    order: str
    state: str
    before: dict[str, Any]
    options: list[dict[str, Any]]
    left_out: list[dict[str, Any]]
    chosen: int | None
    held: bool | None
    approval: int | None = None


class ApplyIn(Schema):
    version: int
    option: int


class NoticeOut(Schema):
    id: int
    order: str
    title: str
    why: str
    state: str
    moves: list[dict[str, Any]]
    sent_at: dt.datetime | None


class MonitoringOfOrder(Schema):
    """Narrows a list to one order."""

    order: str = ""


def _user(name: str) -> User:
    found: User = get_or_not_found(User.objects.filter(is_active=True), username=name)
    return found


def _order_ids(actor: User, key: str) -> list[int] | None:
    return [order_by_key(actor, key).pk] if key else None


def _task(task: Task) -> dict[str, Any]:
    start, finish = plan_time(task.start), plan_time(task.finish)
    return {
        "id": task.pk,
        "order": task.plan.order.key,
        "wbs": task.wbs,
        "name": task.name,
        "percent": task.percent,
        "remaining": task.remaining,
        "start": start and start.isoformat(),
        "finish": finish and finish.isoformat(),
        "is_critical": task.is_critical,
    }


def _report(one: ProgressReport) -> dict[str, Any]:
    return {
        "id": one.pk,
        "task": one.task_id,
        "order": one.plan.order.key,
        "by": one.by.username if one.by else "",
        "at": one.at,
        "percent": one.percent,
        "remaining": one.remaining,
        "hours": one.hours,
        "note": one.note,
        "source": one.source,
        "finish_before": one.finish_before,
        "finish_after": one.finish_after,
        "taken_back": one.taken_back_at is not None,
    }


def _said(payload: ProgressIn) -> Progress:
    def naive(moment: dt.datetime | None) -> dt.datetime | None:
        return plan_time(moment) if moment is not None and moment.tzinfo else moment

    return Progress(
        percent=payload.percent,
        remaining=payload.remaining,
        actual_start=naive(payload.actual_start),
        actual_finish=naive(payload.actual_finish),
        hours=payload.hours,
        blocked=payload.blocked,
        note=payload.note,
    )


@router.get("/my-tasks", response=Listing[MyTaskOut])
def my_tasks(request: HttpRequest, paging: Query[Paging], scope: str = "mine") -> Any:
    """Unfinished tasks that the caller may report on: ``scope`` mine, team or all."""
    rows = unfinished(reportable(actor_of(request), scope)).select_related("plan__order")
    return listing(rows, paging, sorts=["start", "finish", "percent"], shape=_task)


@router.get("/progress-reports", response=Listing[ReportOut])
def progress_reports(request: HttpRequest, of: Query[MonitoringOfOrder], paging: Query[Paging]) -> Any:
    """What was reported, newest first."""
    actor = actor_of(request)
    rows = reports_of(actor)
    ids = _order_ids(actor, of.order)
    return listing(
        rows if ids is None else rows.filter(plan__order__in=ids), paging, sorts=["at", "day"], shape=_report
    )


@router.post("/tasks/{task}/progress", response=ReportOut)
def progress(request: HttpRequest, task: int, payload: ProgressIn) -> Any:
    """Report on a task; everything downstream is forecast again. What is unlikely answers 422 with a question."""
    made = report_progress(
        actor=actor_of(request),
        task_id=task,
        said=_said(payload),
        today=timezone.localdate(),
        confirmed=payload.confirm,
        source=ReportSource.API,
    )
    return _report(made)


@router.post("/tasks/{task}/progress-effect", response=MonitoringEffectOut)
def progress_effect(request: HttpRequest, task: int, payload: ProgressIn) -> Any:
    """What the same report would do; nothing is written."""
    found: Effect = effect_of(actor=actor_of(request), task_id=task, said=_said(payload), today=timezone.localdate())
    return {
        "task_finish": found.task_after.isoformat(),
        "order_before": found.order_before,
        "order_after": found.order_after,
        "order_days": found.order_days,
        "questions": [one.as_data() for one in found.doubts],
    }


@router.post("/progress-reports/{report}/take-back", response=ReportOut)
def progress_undo(request: HttpRequest, report: int) -> Any:
    """Undo one's own last report of today."""
    return _report(take_back(actor=actor_of(request), report_id=report, today=timezone.localdate()))


def _warning(one: Warning) -> dict[str, Any]:
    return {
        "id": one.pk,
        "version": one.version,
        "kind": one.kind,
        "key": one.key,
        "order": one.order.key if one.order else None,
        "task": one.task_id,
        "state": one.state,
        "facts": one.facts,
        "probability": one.probability,
        "cost": one.cost,
        "damage": one.damage,
        "owner": one.owner.username if one.owner else None,
        "first_seen": one.first_seen,
        "last_seen": one.last_seen,
        "snoozed_until": one.snoozed_until,
    }


@router.post("/progress-reports/{report}/photos", response=ReportOut)
def progress_photo(request: HttpRequest, report: int, file: File[UploadedFile]) -> Any:
    """One more photo with one's own report."""
    actor = actor_of(request)
    made = add_photo(actor=actor, report_id=report, file=file, name=file.name or "photo.jpg")
    return _report(reports_of(actor).get(pk=made.pk))


@router.get("/warnings", response=Listing[WarningOut])
def warnings(request: HttpRequest, of: Query[MonitoringOfOrder], paging: Query[Paging], state: str = "open") -> Any:
    """Early warnings by state (open, snoozed, resolved), the dearest first."""
    actor = actor_of(request)
    rows = warnings_of(actor).filter(state=state)
    ids = _order_ids(actor, of.order)
    rows = rows if ids is None else rows.filter(order__in=ids)
    return listing(rows, paging, sorts=["damage", "first_seen", "kind"], shape=_warning)


@router.post("/warnings/{warning}/snooze", response=WarningOut)
def warning_snooze(request: HttpRequest, warning: int, payload: SnoozeIn) -> Any:
    """Put it off until a day, with the reason."""
    done = snooze(
        actor=actor_of(request),
        warning_id=warning,
        until=payload.until,
        reason=payload.reason,
        today=timezone.localdate(),
        expected_version=payload.version,
    )
    return _warning(done)


@router.post("/warnings/{warning}/hand-on", response=WarningOut)
def warning_hand_on(request: HttpRequest, warning: int, payload: HandOnIn) -> Any:
    """Another owner, by user name."""
    actor = actor_of(request)
    require(actor, "warnings.handle")
    return _warning(
        hand_on(actor=actor, warning_id=warning, owner=_user(payload.owner), expected_version=payload.version)
    )


@router.get("/orders/{key}/why")
def why(request: HttpRequest, key: str) -> Any:
    """The chain of causes behind an order's delivery, the nearest first: sentence, parts with addresses, days."""
    actor = actor_of(request)
    require(actor, "recovery.view")
    found = why_late(actor, order_by_key(actor, key))
    steps = [
        {"cause": step.cause, "text": step.text, "parts": dict(step.parts), "days": step.days, "root": step.root}
        for step in found.steps
    ]
    without = found.without
    return {"steps": steps, "without": without and {"text": without.text, "parts": dict(without.parts)}}


def _recovery(run: RecoveryRun) -> dict[str, Any]:
    return {
        "id": run.pk,
        "version": run.version,
        "order": run.order.key,
        "state": run.state,
        "before": run.before,
        "options": run.options,
        "left_out": run.left_out,
        "chosen": run.chosen,
        "held": run.held,
    }


@router.get("/recovery-options", response=Listing[RecoveryOut])
def recovery_options(request: HttpRequest, of: Query[MonitoringOfOrder], paging: Query[Paging]) -> Any:
    """Ways out that were computed, newest first."""
    actor = actor_of(request)
    rows = recoveries_of(actor)
    ids = _order_ids(actor, of.order)
    rows = rows if ids is None else rows.filter(order__in=ids)
    return listing(rows, paging, sorts=["created_at"], shape=_recovery)


@router.post("/orders/{key}/recover", response=RecoveryOut)
def recover(request: HttpRequest, key: str) -> Any:
    """Ask for ways out; they are computed in the background."""
    actor = actor_of(request)
    order = order_by_key(actor, key)
    made = request_recovery(actor=actor, order_id=order.pk, today=timezone.localdate())
    return _recovery(RecoveryRun.objects.select_related("order").get(pk=made.pk))


@router.post("/recovery-options/{run}/apply", response=RecoveryOut)
def recovery_apply(request: HttpRequest, run: int, payload: ApplyIn) -> Any:
    """Apply one option in one transaction; where its cost needs a yes, ``approval`` is the request that asks for it."""
    found, asked = choose_option(
        actor=actor_of(request),
        run_id=run,
        number=payload.option,
        today=timezone.localdate(),
        expected_version=payload.version,
    )
    return {**_recovery(found), "approval": asked.pk if asked else None}


@router.post("/recovery-options/{run}/undo", response=RecoveryOut)
def recovery_undo(request: HttpRequest, run: int) -> Any:
    """Take an applied option back while nothing of it has begun."""
    return _recovery(undo_option(actor=actor_of(request), run_id=run, today=timezone.localdate()))


def _notice(one: ChangeNotice) -> dict[str, Any]:
    return {
        "id": one.pk,
        "order": one.order.key,
        "title": one.title,
        "why": one.why,
        "state": one.state,
        "moves": one.moves,
        "sent_at": one.sent_at,
    }


@router.get("/change-notices", response=Listing[NoticeOut])
def change_notices(request: HttpRequest, paging: Query[Paging]) -> Any:
    """Change notices that concern the caller, or for the office all."""
    return listing(notices_of(actor_of(request)), paging, sorts=["sent_at"], shape=_notice)


@router.post("/change-notices/{notice}/acknowledge", response=NoticeOut)
def change_notice_acknowledge(request: HttpRequest, notice: int) -> Any:
    """I have read it."""
    found = acknowledge(actor=actor_of(request), notice_id=notice)
    return _notice(ChangeNotice.objects.select_related("order").get(pk=found.notice_id))


@router.get("/orders/{key}/earned-value")
def earned_value(request: HttpRequest, key: str) -> Any:
    """Weekly figures of an order; costs only for who may see them, null where they are not known."""
    actor = actor_of(request)
    require(actor, "reports.view")
    order = order_by_key(actor, key)
    plan_by_order(actor, key)
    seen = Gathered([Order.objects.select_related("customer", "plan__calendar").get(pk=order.pk)], timezone.localdate())
    done = seen.performed(seen.orders[0])
    if done is None:
        return {"bac": None, "periods": []}
    hidden = () if may(actor, "costs.view") else ("ac", "cv", "cpi", "eac", "etc", "vac", "tcpi")
    periods = [
        {"end": end, **{name: value for name, value in row.as_data().items() if name not in hidden}}
        for end, row in zip(done.ends, done.figures, strict=True)
    ]
    return {"bac": done.bac, "periods": periods}


@router.get("/lost-time", response=dict[str, Any])
def lost(request: HttpRequest, days: int = 90) -> Any:
    """Hours of the last days (1 to 730) that made nothing: tasks that waited, rework, work beyond its estimate."""
    actor, today = actor_of(request), timezone.localdate()
    require(actor, "scheduling.view")
    first = today - dt.timedelta(days=max(1, min(730, days)) - 1)
    found = lost_time(actor, first=first, last=today, now=timezone.now())
    return {
        "first": found.first.isoformat(),
        "last": found.last.isoformat(),
        "waiting": [
            {
                "task": one.task.pk,
                "order": one.task.plan.order.key,
                "reason": one.reason,
                "since": one.since.isoformat(),
                "until": one.until.isoformat() if one.until else None,
                "hours": round(one.hours, 2),
            }
            for one in found.waits
        ],
        "rework": [
            {
                "task": one.task.pk,
                "order": one.task.plan.order.key,
                "nonconformity": one.ncr.number,
                "booked": one.booked,
                "hours": round(one.hours, 2),
            }
            for one in found.redone
        ],
        "beyond_estimate": [
            {
                "step": one.name,
                "finished": one.count,
                "longer": one.over,
                "ratio": round(one.ratio, 3),
                "hours": round(one.hours, 2),
            }
            for one in found.overruns
        ],
    }
