"""Report progress: one task, in seconds; everything downstream is forecast again in the same transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import IO, Any

from django.db import transaction
from django.utils import timezone

from punctual.domain.costs.selectors import hours_booked
from punctual.domain.costs.services import book_time
from punctual.domain.monitoring.models import Block, ProgressReport, ReportSource
from punctual.domain.monitoring.my_tasks import task_to_report
from punctual.domain.monitoring.progress_rules import Claim, doubts, reasons_against
from punctual.domain.plans.models import Dependency, Plan, Task
from punctual.domain.plans.services.editing import edit_locked, what_if
from punctual.domain.plans.work_calendars import day_minutes, plan_time, work_calendar
from punctual.domain.resources.models import Resource
from punctual.kernel.refusal import Forbidden, Reason, Refusal, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may, require
from punctual.platform.attachments.services import attach, picture_type
from punctual.platform.notifications.services import notify
from punctual.platform.outbox.services import emit
from punctual.platform.records import get_or_not_found, lock

USUAL_HOURS = Decimal(8)


@dataclass(frozen=True, slots=True)
class Progress:
    """What is said of a task. ``percent`` None: as it was. ``remaining`` in working minutes. ``blocked``: why it can't
    go on; empty text: it goes on again; None: unchanged."""

    percent: int | None = None
    remaining: int | None = None
    actual_start: dt.datetime | None = None
    actual_finish: dt.datetime | None = None
    hours: Decimal | None = None
    blocked: str | None = None
    note: str = ""

    @property
    def moves(self) -> bool:
        """Whether the plan may change because of it."""
        given = (self.percent, self.remaining, self.actual_start, self.actual_finish)
        return any(value is not None for value in given)


def command_of(task: Task, said: Progress) -> dict[str, Any]:
    """The report as a command of the plan."""
    percent = task.percent if said.percent is None else said.percent
    command: dict[str, Any] = {"verb": "progress", "task": task.pk, "percent": percent, "remaining": said.remaining}
    if said.actual_start is not None:
        command["actual_start"] = said.actual_start.isoformat()
    if said.actual_finish is not None:
        command["actual_finish"] = said.actual_finish.isoformat()
    return command


def _claim(actor: User, task: Task, said: Progress, today: dt.date) -> Claim:
    open_before = Dependency.objects.filter(successor=task, type="FS", predecessor__percent__lt=100)
    capacity = USUAL_HOURS
    me = Resource.objects.filter(user=actor).select_related("calendar").first() if said.hours is not None else None
    if me is not None:
        capacity = Decimal(day_minutes(work_calendar(me.calendar, today))) / 60
    return Claim(
        task=str(task),
        now=dt.datetime.combine(today, dt.time(23, 59)),
        percent=task.percent if said.percent is None else said.percent,
        percent_before=task.percent,
        duration=task.duration,
        remaining=said.remaining,
        actual_start=said.actual_start,
        actual_finish=said.actual_finish,
        started_before=plan_time(task.actual_start),
        hours=said.hours,
        booked=hours_booked(actor, today) if said.hours is not None else Decimal(0),
        capacity=capacity,
        waiting_for=[str(link.predecessor) for link in open_before.select_related("predecessor")[:4]],
    )


@dataclass(frozen=True, slots=True)
class Effect:
    """What a report would move, seen before it is sent. Days on the site's clock."""

    task_before: dt.datetime | None
    task_after: dt.datetime
    order_before: dt.date | None
    order_after: dt.date
    due: dt.date | None
    doubts: tuple[Reason, ...]

    @property
    def order_days(self) -> int:
        """Positive: the order ends later."""
        return (self.order_after - self.order_before).days if self.order_before else 0

    @property
    def task_days(self) -> int:
        return (self.task_after.date() - self.task_before.date()).days if self.task_before else 0


def effect_of(*, actor: User, task_id: int, said: Progress, today: dt.date) -> Effect:
    """Refused as the report would be; nothing is written."""
    task = task_to_report(actor, task_id)
    claim = _claim(actor, task, said, today)
    refuse_if(reasons_against(claim))
    found = what_if(task.plan, today=today, commands=[command_of(task, said)])
    order = task.plan.order
    return Effect(
        plan_time(task.finish),
        found.after[task.pk].finish,
        found.planned_before,
        found.planned_after,
        order.promised_date or order.requested_date,
        tuple(doubts(claim)),
    )


@transaction.atomic
def report_progress(
    *,
    actor: User,
    task_id: int,
    said: Progress,
    today: dt.date,
    confirmed: Collection[str] = (),
    source: str = ReportSource.PAGE,
    photo: tuple[IO[bytes], str] | None = None,
) -> ProgressReport:
    """Take the report, move the plan, book the hours, keep the photo.

    Refused with every reason; what is possible but unlikely is refused too until its code is among ``confirmed``.
    """
    require(actor, "progress.own")
    task = task_to_report(actor, task_id)
    plan = lock(Plan.objects.select_related("order", "calendar"), expected_version=None, pk=task.plan_id)
    task.refresh_from_db()
    task.plan = plan
    claim = _claim(actor, task, said, today)
    asked = doubts(claim)
    errors = reasons_against(claim)
    if said.blocked is not None and len(said.blocked) > 200:
        errors.append(Reason("progress.blocked", N_("Say in at most 200 characters what holds it."), field="blocked"))
    refuse_if(errors)
    open_questions = [one for one in asked if one.code not in confirmed]
    if open_questions:
        raise Refusal(*open_questions)
    before = progress_of(task)
    finish_before = plan.planned_date
    if said.moves:
        edit_locked(plan, actor=actor, today=today, command=command_of(task, said))
        task.refresh_from_db()
    report = ProgressReport.objects.create(
        task=task,
        plan=plan,
        by=actor,
        day=today,
        percent=task.percent,
        remaining=task.remaining,
        actual_start=task.actual_start,
        actual_finish=task.actual_finish,
        hours=said.hours,
        note=" ".join(said.note.split())[:400],
        source=source,
        before=before,
        doubts=[one.code for one in asked],
        finish_before=finish_before,
        finish_after=plan.planned_date,
    )
    if said.hours is not None:
        book_time(actor=actor, task=task, day=today, hours=said.hours, today=today, note=report.note)
    if photo is not None:
        attach(actor=actor, target=report, file=photo[0], name=photo[1], kind="photo")
    _settle_block(actor, task, said)
    emit("progress.reported", report_id=report.pk, task_id=task.pk, plan_id=plan.pk, order_id=plan.order_id)
    return report


def progress_of(task: Task) -> dict[str, Any]:
    """The progress of a task as plain data, moments on the site's clock."""
    start, finish = plan_time(task.actual_start), plan_time(task.actual_finish)
    return {
        "percent": task.percent,
        "remaining": task.remaining,
        "actual_start": start and start.isoformat(),
        "actual_finish": finish and finish.isoformat(),
    }


def _settle_block(actor: User, task: Task, said: Progress) -> None:
    reason = None if said.blocked is None else " ".join(said.blocked.split())
    if task.percent == 100:
        reason = ""
    if reason is None:
        return
    if reason:
        hold_task(actor=actor, task=task, reason=reason)
    else:
        let_go(actor=actor, task=task)


def hold_task(*, actor: User, task: Task, reason: str) -> None:
    """It can't go on; the order's owner is told. The caller has fetched ``task`` for the actor."""
    current = Block.objects.filter(task=task, cleared_at=None).first()
    plan = task.plan
    if current is None:
        Block.objects.create(task=task, reason=reason[:200], waits_for=plan.order.owner, by=actor)
        _tell_owner(actor, task, plan, reason)
        emit("task.blocked", task_id=task.pk, plan_id=plan.pk, order_id=plan.order_id)
    elif current.reason != reason[:200]:
        current.reason = reason[:200]
        current.save(update_fields=["reason"])


def let_go(*, actor: User, task: Task) -> None:
    """It can go on, if it was blocked. The caller has fetched ``task`` for the actor."""
    plan = task.plan
    cleared = Block.objects.filter(task=task, cleared_at=None).update(cleared_at=timezone.now(), cleared_by=actor)
    if cleared:
        emit("task.unblocked", task_id=task.pk, plan_id=plan.pk, order_id=plan.order_id)


def _tell_owner(actor: User, task: Task, plan: Plan, reason: str) -> None:
    owner = plan.order.owner
    if owner is None or owner == actor:
        return
    notify(
        users=[owner],
        kind="blocked",
        text=N_("%(order)s: “%(task)s” is blocked: %(reason)s"),
        params={"order": plan.order.label, "task": str(task), "reason": reason},
        url=f"/tasks/{task.pk}/",
    )


@transaction.atomic
def add_photo(*, actor: User, report_id: int, file: IO[bytes], name: str) -> ProgressReport:
    """One more picture with one's own report."""
    require(actor, "progress.own")
    report: ProgressReport = get_or_not_found(ProgressReport.objects.filter(by=actor, taken_back_at=None), pk=report_id)
    begin = file.read(16)
    file.seek(0)
    if not picture_type(begin):
        text = N_("“%(name)s” is no picture; send a PNG, JPEG, GIF or WebP.")
        raise Refusal(Reason("progress.photo", text, {"name": name[:80]}, field="file"))
    attach(actor=actor, target=report, file=file, name=name, kind="photo")
    return report


@transaction.atomic
def clear_block(*, actor: User, task_id: int) -> None:
    """It can go on; who reported it blocked is told."""
    require(actor, "progress.own")
    task = task_to_report(actor, task_id)
    current = Block.objects.filter(task=task, cleared_at=None).select_related("by").first()
    if current is None:
        raise Refusal(Reason("progress.not_blocked", N_("“%(task)s” is not blocked."), {"task": str(task)}))
    current.cleared_at, current.cleared_by = timezone.now(), actor
    current.save(update_fields=["cleared_at", "cleared_by"])
    if current.by and current.by != actor:
        notify(
            users=[current.by],
            kind="unblocked",
            text=N_("“%(task)s” can go on: %(who)s has cleared “%(reason)s”."),
            params={"task": str(task), "who": actor.name, "reason": current.reason},
            url=f"/tasks/{task.pk}/",
        )
    emit("task.unblocked", task_id=task.pk, plan_id=task.plan_id, order_id=task.plan.order_id)


@transaction.atomic
def take_back(*, actor: User, report_id: int, today: dt.date) -> ProgressReport:
    """Undo one's own last word on a task, on the day it was said. The report stays on record as taken back."""
    require(actor, "progress.own")
    rows = ProgressReport.objects.filter(taken_back_at=None)
    report = get_or_not_found(rows.select_related("plan__order"), pk=report_id)
    if report.by_id != actor.pk and not may(actor, "plans.edit"):
        raise Forbidden(Reason("progress.not_yours", N_("Only who reported it takes it back.")))
    newest = rows.filter(task_id=report.task_id).order_by("-at", "-id").first()
    if report.day != today or newest != report:
        raise Refusal(
            Reason(
                "progress.too_late", N_("Only the last report on a task is taken back, on the same day. Report anew.")
            )
        )
    plan = lock(Plan.objects.select_related("order"), expected_version=None, pk=report.plan_id)
    was = report.before
    command = {"verb": "progress", "task": report.task_id, **{k: v for k, v in was.items() if v is not None}}
    edit_locked(plan, actor=actor, today=today, command=command)
    report.taken_back_at = timezone.now()
    report.save(update_fields=["taken_back_at"])
    emit("progress.reported", report_id=report.pk, task_id=report.task_id, plan_id=plan.pk, order_id=plan.order_id)
    return report
