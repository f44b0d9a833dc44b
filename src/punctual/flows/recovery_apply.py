"""One way out applied, in one transaction: what the plans do, who is bought in, what people have to arrange, and who is
told. Taken back the same way while nothing of it has begun; after a week somebody asks whether it held."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from punctual.domain.actions.models import ActionItem
from punctual.domain.actions.services import cancel_action, open_action
from punctual.domain.monitoring.models import MessageDraft, RecoveryRun, RecoveryState
from punctual.domain.monitoring.selectors import recoveries_of
from punctual.domain.monitoring.services.notices import concerned_by, draft_notice, send_notice, withdraw_notice
from punctual.domain.plans.models import Assignment, Plan, Task
from punctual.domain.plans.services.editing import edit_locked
from punctual.domain.plans.work_calendars import SITE, plan_time
from punctual.domain.resources.models import Resource
from punctual.domain.scheduling.axis import SLOT, Axis
from punctual.domain.scheduling.models import ExtraShift, OrderForecast, ScheduleRun, TaskPin
from punctual.domain.scheduling.selectors import axis_of, book_of
from punctual.domain.scheduling.services.extras import cancel_extra, enter_extra
from punctual.domain.supply.models import PurchaseRequest
from punctual.domain.supply.services.requests import ask, cancel_request
from punctual.flows.recover import current_book
from punctual.flows.recovery_options import worded_title
from punctual.flows.replan import request_replan
from punctual.kernel.refusal import Conflict, NotFound, Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.audit.services import Change, record
from punctual.platform.outbox.services import emit
from punctual.platform.records import lock, save_next

CHECK_AFTER: Final = dt.timedelta(days=7)
BOUGHT: Final = ("outsourcing", "expedite")
"""Levers that a supplier has to be asked for."""


def _ready(actor: User, run_id: int, expected_version: int | None) -> RecoveryRun:
    return lock(recoveries_of(actor), expected_version=expected_version, pk=run_id)


@transaction.atomic
def apply_option(
    *, actor: User, run_id: int, number: int, today: dt.date, expected_version: int | None = None
) -> RecoveryRun:
    """Apply one option: plans, locks, action items, change notice, draft to the customer; then plan again.

    Refused when a plan that it changes has moved on since it was computed: compute again.
    """
    require(actor, "recovery.apply")
    run = _ready(actor, run_id, expected_version)
    option = option_of(run, number)
    patch = option["patch"]
    tasks = _tasks_of(option)
    plans = unchanged_plans(run, option)
    axis = axis_of(book_of(ScheduleRun.objects.get(pk=run.before["run"])) or current_book()[1])
    moves = _moves(tasks, patch, axis)
    before = _work_otherwise(plans, tasks, option, actor, today)
    pins = _pin(tasks, patch, axis, actor)
    extras = _more_people(run, patch, axis, actor)
    requests = _purchases(run, option, tasks, axis, actor, today)
    title = title_of(option)
    items = _to_do(run, option, actor, today)
    notice = draft_notice(
        actor=actor, order=run.order, title=title, why=_why_text(run, option), moves=moves, source=run
    )
    people = concerned_by(run.order, tasks.values())
    if people:
        send_notice(actor=actor, notice_id=notice.pk, people=people)
    draft = _customer_draft(run, option, actor)
    run.state, run.chosen, run.applied_by, run.applied_at = RecoveryState.APPLIED, number, actor, timezone.now()
    run.check_on = today + CHECK_AFTER
    run.applied = {
        "pins": pins,
        "before": before,
        "extras": [one.pk for one in extras],
        "requests": [one.pk for one in requests],
        "items": [item.pk for item in items],
        "notice": notice.pk,
        "draft": draft.pk,
    }
    save_next(run)
    record(actor=actor, verb="apply", target=run, changes=[Change(field="option", old=None, new=title)])
    emit("recovery.applied", recovery_id=run.pk, order_id=run.order_id, by=actor.pk)
    request_replan(why="recovery", label=run.order.label, actor=actor)
    return run


def option_of(run: RecoveryRun, number: int) -> dict[str, Any]:
    """One way of a run that is not settled yet."""
    if run.state != RecoveryState.READY:
        raise Refusal(Reason("recovery.state", N_("These ways out are settled already; compute new ones.")))
    option: dict[str, Any] | None = next((one for one in run.options if one["number"] == number), None)
    if option is None:
        raise NotFound(Reason("recovery.option", N_("There is no such way out.")))
    return option


def _tasks_of(option: Mapping[str, Any]) -> dict[int, Task]:
    patch = option["patch"]
    changed = {int(name) for name in (*patch["starts"], *patch["modes"]) if name.isdecimal()}
    return {task.pk: task for task in Task.objects.filter(pk__in=changed).select_related("plan__order")}


def unchanged_plans(run: RecoveryRun, option: Mapping[str, Any]) -> dict[int, Plan]:
    """The plans that an option changes, locked; refused when one has moved on since it was computed."""
    plan_ids = {task.plan_id for task in _tasks_of(option).values()}
    plans = {
        p.pk: p for p in Plan.objects.select_for_update(of=("self",)).filter(pk__in=plan_ids).select_related("order")
    }
    for pk, plan in plans.items():
        known = run.versions.get(str(pk))
        if known is not None and plan.version != known:
            text = N_("The plan of %(order)s has changed since these ways out were computed. Compute them again.")
            reason = Reason("recovery.outdated", text, {"order": plan.order.label})
            raise Conflict(reason, current_version=plan.version)
    return plans


def _moves(tasks: Mapping[int, Task], patch: Mapping[str, Any], axis: Axis) -> list[dict[str, Any]]:
    moves = []
    for name, slot in patch["starts"].items():
        task = tasks.get(int(name)) if name.isdecimal() else None
        before = plan_time(task.start) if task else None
        if task is None or before is None:
            continue
        moves.append(
            {
                "task": task.pk,
                "name": str(task),
                "order": task.plan.order.label,
                "key": task.plan.order.key,
                "from": before.date().isoformat(),
                "to": axis.start_of(slot).date().isoformat(),
            }
        )
    return moves


def _work_otherwise(
    plans: Mapping[int, Plan], tasks: Mapping[int, Task], option: Mapping[str, Any], actor: User, today: dt.date
) -> dict[str, dict[str, Any]]:
    """Overtime, somebody else, a supplier: other durations and assignments; returns those before."""
    others = _who_instead(option)
    before: dict[str, dict[str, Any]] = {}
    for name, mode in option["patch"]["modes"].items():
        task = tasks.get(int(name)) if name.isdecimal() else None
        if task is None or task.actual_start is not None:
            continue
        commands: list[dict[str, Any]] = []
        minutes = int(mode["duration"]) * SLOT
        if minutes != task.duration:
            commands.append({"verb": "resize", "task": task.pk, "duration": minutes})
        if name in others:
            commands.append({"verb": "assign", "task": task.pk, "needs": [{"resource": others[name], "units": 1}]})
        if commands:
            before[name] = {"duration": task.duration, "needs": _needs(task)}
            command = {"verb": "several", "commands": commands}
            edit_locked(plans[task.plan_id], actor=actor, today=today, command=command)
    return before


def _who_instead(option: Mapping[str, Any]) -> dict[str, int]:
    """Task → the resource that does it instead: ``instead:<task>:<resource>``, ``outsource:<task>:<resource>``."""
    named = [use["lever"].split(":") for use in option["uses"]]
    return {parts[1]: int(parts[2]) for parts in named if parts[0] in ("instead", "outsource")}


def _needs(task: Task) -> list[dict[str, Any]]:
    rows = Assignment.objects.filter(task=task).order_by("pk")
    return [
        {"skill": skill, "units": units}
        if skill is not None
        else {"resource": resource, "units": units, "asked": asked}
        for skill, resource, units, asked in rows.values_list("skill_id", "resource_id", "units", "asked_id")
    ]


def _pin(tasks: Mapping[int, Task], patch: Mapping[str, Any], axis: Axis, actor: User) -> list[int]:
    """Lock what moves where it was computed; what was locked before keeps its lock. What is expedited may begin before
    the day for which its material is confirmed."""
    locked = set(TaskPin.objects.filter(task__in=tasks).values_list("task_id", flat=True))
    made = [
        TaskPin(
            task_id=int(name),
            start=axis.start_of(slot).replace(tzinfo=SITE),
            by=actor,
            before_material=name in patch["releases"],
        )
        for name, slot in patch["starts"].items()
        if name.isdecimal() and int(name) in tasks and int(name) not in locked
    ]
    TaskPin.objects.bulk_create(made)
    return [pin.task_id for pin in made]


def _more_people(run: RecoveryRun, patch: Mapping[str, Any], axis: Axis, actor: User) -> list[ExtraShift]:
    """The extra people as capacity of their days, so that the load shows them too."""
    made = []
    for pool, windows in patch["capacity"].items():
        key = int(pool[1:].split("-")[0])
        by_resource = pool.startswith("r")
        for first, until, units in windows:
            shift = enter_extra(
                actor=actor,
                resource_id=key if by_resource else None,
                skill_id=None if by_resource else key,
                units=int(units),
                first=axis.day_of(first + 1),
                last=axis.day_of(until),
                note=run.order.label,
            )
            made.append(shift)
    return made


def _purchases(
    run: RecoveryRun, option: Mapping[str, Any], tasks: Mapping[int, Task], axis: Axis, actor: User, today: dt.date
) -> list[PurchaseRequest]:
    """What a supplier does or brings sooner is asked for: supply chain orders it."""
    made = []
    for use in option["uses"]:
        parts = use["lever"].split(":")
        task = tasks.get(int(parts[1])) if len(parts) > 1 and parts[1].isdecimal() else None
        if use["kind"] not in BOUGHT or task is None:
            continue
        supplier = None
        if parts[0] == "outsource":
            supplier = Resource.objects.filter(pk=int(parts[2])).values_list("supplier_id", flat=True).first()
        start = option["patch"]["starts"].get(str(task.pk))
        request = ask(
            actor=actor,
            quantity=Decimal(1),
            task_id=task.pk,
            description=f"{run.order.label}: {worded_title(use['title'])}"[:200],
            supplier_id=supplier,
            unit_price=Decimal(use["cost"]),
            needed_by=today if start is None else axis.start_of(start).date(),
            reason=_why_text(run, option)[:200],
        )
        made.append(request)
    return made


def title_of(option: Mapping[str, Any]) -> str:
    """What an option consists of, in the language that is active."""
    return " + ".join(worded_title(one) for one in option["titles"])[:200]


def _why_text(run: RecoveryRun, option: Mapping[str, Any]) -> str:
    words = _("%(order)s would be late (P80 %(before)s). With this the P80 is %(after)s.")
    return words % {"order": run.order.label, "before": run.before["p80"], "after": option["p80"]}


def _to_do(run: RecoveryRun, option: Mapping[str, Any], actor: User, today: dt.date) -> list[ActionItem]:
    """One action item for each lever: somebody has to arrange it, and its effect is looked at later."""
    owner = run.order.owner or actor
    with translation.override(owner.language or translation.get_language()):
        titles = [worded_title(one) for one in option["titles"]]
    return [
        open_action(
            actor=actor,
            title=f"{run.order.label}: {title}"[:200],
            owner=owner,
            due=today + dt.timedelta(days=2),
            order=run.order,
            cause=run,
            check_effect_on=today + CHECK_AFTER,
        )
        for title in titles
    ]


def _customer_draft(run: RecoveryRun, option: Mapping[str, Any], actor: User) -> MessageDraft:
    order = run.order
    if option["needs_customer"]:
        subject = _("%(order)s: we would like to agree on the delivery date") % {"order": order.label}
        text = _("We expect to deliver by %(day)s. May we agree on this date with you?") % {"day": option["p80"]}
    else:
        subject = _("%(order)s: delivery date stays") % {"order": order.label}
        words = _("We have taken measures; the agreed date of %(day)s stays.")
        text = words % {"day": (order.promised_date or option["planned"])}
    return MessageDraft.objects.create(order=order, subject=subject[:200], text=text, created_by=actor)


@transaction.atomic
def undo_option(*, actor: User, run_id: int, today: dt.date, expected_version: int | None = None) -> RecoveryRun:
    """Take an applied option back while nothing that it moved has begun."""
    require(actor, "recovery.apply")
    run = _ready(actor, run_id, expected_version)
    if run.state != RecoveryState.APPLIED:
        raise Refusal(Reason("recovery.not_applied", N_("This way out is not applied.")))
    done = run.applied
    ids = {*done["pins"], *(int(name) for name in done["before"])}
    begun = Task.objects.filter(pk__in=ids, actual_start__isnull=False, actual_start__gte=run.applied_at).first()
    if begun is not None:
        text = N_("“%(task)s” has begun as agreed; the way out can't be taken back any more.")
        raise Refusal(Reason("recovery.begun", text, {"task": str(begun)}))
    bought = PurchaseRequest.objects.filter(pk__in=done["requests"]).exclude(state="open").first()
    if bought is not None:
        text = N_("“%(what)s” is ordered already; the way out can't be taken back any more.")
        raise Refusal(Reason("recovery.ordered", text, {"what": str(bought)}))
    since = (run.applied_at or timezone.now()) - dt.timedelta(minutes=5)
    TaskPin.objects.filter(task__in=done["pins"], at__gte=since).delete()
    _work_as_before(done["before"], actor, today)
    for pk in done["extras"]:
        cancel_extra(actor=actor, extra_id=pk, expected_version=None)
    for pk in done["requests"]:
        cancel_request(actor=actor, request_id=pk)
    for item in ActionItem.objects.filter(pk__in=done["items"], state="open"):
        cancel_action(actor=actor, action_id=item.pk, note=_("The way out was taken back."))
    withdraw_notice(actor=actor, notice_id=done["notice"])
    MessageDraft.objects.filter(pk=done["draft"], state="draft").delete()
    run.state, run.check_on = RecoveryState.UNDONE, None
    save_next(run)
    record(actor=actor, verb="undo", target=run)
    emit("recovery.undone", recovery_id=run.pk, order_id=run.order_id, by=actor.pk)
    request_replan(why="recovery", label=run.order.label, actor=actor)
    return run


def _work_as_before(before: Mapping[str, Mapping[str, Any]], actor: User, today: dt.date) -> None:
    for name, was in before.items():
        task = Task.objects.get(pk=int(name))
        plan = Plan.objects.select_for_update(of=("self",)).select_related("order").get(pk=task.plan_id)
        commands: list[dict[str, Any]] = []
        if task.duration != was["duration"]:
            commands.append({"verb": "resize", "task": task.pk, "duration": was["duration"]})
        if _needs(task) != was["needs"]:
            commands.append({"verb": "assign", "task": task.pk, "needs": was["needs"]})
        if commands:
            edit_locked(plan, actor=actor, today=today, command={"verb": "several", "commands": commands})


def check_effects(today: dt.date) -> int:
    """By the clock: did what was applied hold? Compares the order's forecast now with what was promised."""
    due = RecoveryRun.objects.filter(state=RecoveryState.APPLIED, held=None, check_on__lte=today)
    checked = 0
    for run in due.select_related("order"):
        option = next(one for one in run.options if one["number"] == run.chosen)
        now = OrderForecast.objects.filter(run__is_current=True, order=run.order).first()
        planned = run.order.actual_date or (now.planned if now else run.order.planned_date)
        run.held = planned is not None and planned <= dt.date.fromisoformat(option["p80"])
        run.save(update_fields=["held"])
        checked += 1
    return checked


def check_effects_today() -> int:
    """Called by the clock."""
    return check_effects(timezone.localdate())
