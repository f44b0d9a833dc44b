"""The one verb by which a plan is edited: a command goes in, everything that moved comes out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db import transaction

from punctual.domain.calendars.models import WorkingCalendar
from punctual.domain.orders.models import OrderState
from punctual.domain.plans.commands import REPORTS, Scene, perform
from punctual.domain.plans.engine_plan import PlanCalendars, scheduled
from punctual.domain.plans.gates import reasons_against_beginning
from punctual.domain.plans.models import EditState, Plan, PlanEdit, Task
from punctual.domain.plans.results import delivered_on, reschedule
from punctual.domain.plans.selectors import (
    edit_depth,
    plans_of,
    shape_links,
    shape_needs,
    shape_plan,
    shape_tasks,
)
from punctual.domain.plans.state import PLAN_ROW, Dates, PlanState, RowChange, TaskFacts, condensed
from punctual.domain.plans.store import Stored, calendars_of, write_rows
from punctual.domain.plans.wishes import lies_with_others, moment, refuse
from punctual.domain.plans.work_calendars import day_minutes
from punctual.domain.resources.models import Resource, Skill
from punctual.kernel.refusal import Reason, Refusal, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.audit.services import Change, record
from punctual.platform.outbox.services import emit
from punctual.platform.records import lock, save_next

FROZEN: Final = frozenset({OrderState.CLOSED, OrderState.CANCELLED, OrderState.LOST})
MOST_IN_STORY: Final = 40
"""Single changes that one step of the story names; what moved because of them is computed, not told."""


def against_editing(plan: Plan) -> list[Reason]:
    """Whether the plan is on record for good."""
    if plan.order.state not in FROZEN:
        return []
    return [Reason("plan.frozen", N_("The order is closed; its plan is on record and can't be changed."))]


def against_deadline(task: Task, when: dt.datetime | None) -> list[Reason]:
    """Every reason why the ``change`` command would not give the task this deadline."""
    reasons = against_editing(task.plan) or ([lies_with_others(str(task))] if task.is_summary else [])
    if reasons:
        return reasons
    try:
        moment({"deadline": when and when.isoformat()}, "deadline", required=False)
    except Refusal as refusal:
        return list(refusal.reasons)
    return []


@dataclass(frozen=True)
class Edited:
    """The answer to a command: ``tasks`` are all that changed or moved; ``order`` is given when rows came or went."""

    plan: dict[str, Any]
    tasks: list[dict[str, Any]]
    removed: list[int]
    links: list[dict[str, Any]] | None
    needs: list[dict[str, Any]] | None
    created: list[int]
    history: dict[str, bool]


@transaction.atomic
def edit_plan(
    *,
    plan_id: int,
    actor: User,
    today: dt.date,
    expected_version: int | None,
    command: Mapping[str, Any],
    permission: str = "",
) -> Edited:
    """Do one command of ``commands.VERBS``, or ``undo`` / ``redo``, on the locked plan and schedule it again.

    Refused with every reason (circular links named task by task); raises Conflict when ``expected_version`` is old.
    A command that changes nothing leaves the version as it is. ``permission`` is what the actor needs instead, where
    a decision of another subject changes the plan (a disposition puts rework in).
    """
    require(actor, permission or ("plans.report" if command.get("verb") in REPORTS else "plans.edit"))
    plan = lock(plans_of(actor).select_related("order"), expected_version=expected_version, pk=plan_id)
    return edit_locked(plan, actor=actor, today=today, command=command)


def edit_locked(plan: Plan, *, actor: User | None, today: dt.date, command: Mapping[str, Any]) -> Edited:
    """Do one command on a plan that the caller has locked, for an actor whom the caller has authorised (None: the
    system), inside the caller's transaction."""
    verb = command.get("verb")
    refuse_if(against_editing(plan))
    stored = Stored(plan)
    before = calendars_of(plan, stored.state)
    edit: PlanEdit | None = None
    if verb == "undo":
        edit = _last_edit(plan, actor)
        stored.state.take_back(edit.changes)
    elif verb == "redo":
        edit = _next_edit(plan)
        stored.state.apply(edit.changes)
    else:
        refuse_if(reasons_against_beginning(plan, stored.state, command))
        perform(stored.state, command, _scene(plan, stored, before, today))
    changes = condensed(stored.state.journal)
    if not changes:
        return _answer(plan, stored, [], [])
    labels = _labels(stored.state, changes)
    ids = write_rows(plan, stored.state, changes)
    stored.state.replace_ids(ids)
    changes = condensed(stored.state.journal)
    _keep(plan, actor, command, changes, edit)
    result = reschedule(plan, stored)
    save_next(plan)
    stored.dates = dict(result.dates)
    record(actor=actor, verb=f"plan_{verb}", target=plan, changes=_story(changes, labels))
    emit("plan.changed", plan_id=plan.pk, order_id=plan.order_id, by=actor.pk if actor else None)
    return _answer(plan, stored, changes, result.moved)


@dataclass(frozen=True)
class WhatIf:
    """What commands would do: dates of every task, and of the last delivery, before and after."""

    before: Mapping[int, Dates | None]
    after: Mapping[int, Dates]
    planned_before: dt.date | None
    planned_after: dt.date
    state: PlanState


def what_if(plan: Plan, *, today: dt.date, commands: Sequence[Mapping[str, Any]]) -> WhatIf:
    """Do the commands in memory only. Refused as :func:`edit_plan` refuses."""
    stored = Stored(plan)
    scene = _scene(plan, stored, calendars_of(plan, stored.state), today)
    for command in commands:
        perform(stored.state, command, scene)
    result = scheduled(stored.state, calendars_of(plan, stored.state))
    after = delivered_on(stored.state, result)
    return WhatIf(dict(stored.dates), result.dates, plan.planned_date, after, stored.state)


@transaction.atomic
def roll_status_date(*, plan_id: int, today: dt.date) -> bool:
    """Progress is as of ``today``: unfinished work moves there. By the clock, not an edit that can be undone; returns
    whether the planned delivery moved."""
    plan = Plan.objects.select_for_update(of=("self",)).select_related("order").get(pk=plan_id)
    known_on = plan.status_date or plan.start
    if known_on >= today or plan.order.state in FROZEN:
        return False
    before = plan.planned_date
    stored = Stored(plan)
    stored.state.put("plan", PLAN_ROW, {"status_date": today})
    reschedule(plan, stored)
    save_next(plan)
    if plan.planned_date != before:
        emit("plan.changed", plan_id=plan.pk, order_id=plan.order_id, by=None)
    return plan.planned_date != before


def _last_edit(plan: Plan, actor: User | None) -> PlanEdit:
    found = plan.edits.filter(state=EditState.DONE).select_related("actor").order_by("-number").first()
    if found is None:
        refuse("nothing_to_undo", N_("There is nothing to take back."))
    if actor is not None and found.actor_id != actor.pk:
        refuse(
            "undo_other",
            N_("The last change was made by %(who)s; only they can take it back."),
            "",
            who=str(found.actor),
        )
    return found


def _next_edit(plan: Plan) -> PlanEdit:
    found = plan.edits.filter(state=EditState.UNDONE).order_by("number").first()
    if found is None:
        refuse("nothing_to_redo", N_("There is nothing to do again."))
    return found


def _keep(
    plan: Plan, actor: User | None, command: Mapping[str, Any], changes: list[RowChange], edit: PlanEdit | None
) -> None:
    """Write the edit with its inverse; a new one makes what was undone before it unreachable."""
    if edit is not None:
        edit.state = EditState.UNDONE if command["verb"] == "undo" else EditState.DONE
        edit.save(update_fields=["state"])
        return
    plan.edits.filter(state=EditState.UNDONE).update(state=EditState.DISCARDED)
    last = plan.edits.order_by("-number").values_list("number", flat=True).first() or 0
    PlanEdit.objects.create(plan=plan, number=last + 1, actor=actor, command=dict(command), changes=changes)


def forget_edits(plan: Plan) -> None:
    """What was edited so far can't be taken back any more."""
    plan.edits.exclude(state=EditState.DISCARDED).update(state=EditState.DISCARDED)


def _scene(plan: Plan, stored: Stored, calendars: PlanCalendars, today: dt.date) -> Scene:
    def work_between(task: TaskFacts, start: dt.datetime, finish: dt.datetime) -> int:
        return calendars.of(task).work_between(start, finish) if finish > start else 0

    return Scene(
        today=today,
        dates={task_id: dates for task_id, dates in stored.dates.items() if dates is not None},
        work_between=work_between,
        skills=frozenset(Skill.objects.values_list("pk", flat=True)),
        resources=frozenset(Resource.objects.filter(archived_at=None).values_list("pk", flat=True)),
        calendars=frozenset(WorkingCalendar.objects.filter(archived_at=None).values_list("pk", flat=True)),
        day_minutes=day_minutes(calendars.own),
    )


def _answer(plan: Plan, stored: Stored, changes: Sequence[RowChange], moved: list[int]) -> Edited:
    kinds = {change["kind"] for change in changes}
    touched = [change["id"] for change in changes if change["kind"] == "task"]
    return Edited(
        plan=shape_plan(plan),
        tasks=shape_tasks(stored.state, stored.dates, [*touched, *moved]) if changes else [],
        removed=[change["id"] for change in changes if change["kind"] == "task" and change["new"] is None],
        links=shape_links(stored.state) if "link" in kinds else None,
        needs=shape_needs(stored.state) if "need" in kinds else None,
        created=[change["id"] for change in changes if change["kind"] == "task" and change["old"] is None],
        history=edit_depth(plan),
    )


# ------------------------------------------------------------------------------------------------------- the story


def _labels(state: PlanState, changes: Sequence[RowChange]) -> dict[int, str]:
    """Names of the tasks that the story speaks of, those that are gone included."""
    gone = {c["id"]: (c["old"] or {}).get("name", "") for c in changes if c["kind"] == "task" and c["new"] is None}
    return {task_id: state.label(task_id) for task_id in state.tasks} | gone


def _story(changes: Sequence[RowChange], labels: Mapping[int, str]) -> list[Change]:
    told: list[Change] = []
    for change in changes:
        old, new = change["old"] or {}, change["new"] or {}
        if change["kind"] == "task":
            subject = labels.get(change["id"]) or (new or old).get("name", "")
            if not (old and new):
                told.append(Change(field="task", old=subject if old else None, new=subject if new else None))
                continue
            for name in new:
                if name not in ("position",):
                    told.append(Change(field=f"{subject}: {name}", old=old.get(name), new=new[name]))
        elif change["kind"] == "link":
            told.append(Change(field="link", old=_link_text(old, labels), new=_link_text(new, labels)))
        else:
            told.append(Change(field=change["kind"], old=_plain(old, labels), new=_plain(new, labels)))
    return told[:MOST_IN_STORY]


def _link_text(row: Mapping[str, Any], labels: Mapping[int, str]) -> str | None:
    if not row:
        return None
    if "predecessor" not in row:
        return " ".join(str(value) for value in row.values())
    ends = (labels.get(row[name], str(row[name])) for name in ("predecessor", "successor"))
    return f"{' → '.join(ends)} {row['type']}{row['lag']:+d} {row['lag_unit']}"


def _plain(row: Mapping[str, Any], labels: Mapping[int, str]) -> str | None:
    parts = [
        labels.get(value, str(value)) if name == "task" else f"{name} {value}"
        for name, value in row.items()
        if value is not None
    ]
    return ", ".join(parts) or None
