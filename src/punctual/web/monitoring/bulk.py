"""What can be changed on several tasks or action items at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from punctual.domain.actions.models import ActionItem, ActionState
from punctual.domain.actions.services import cancel_action, change_action, complete_action, reopen_action
from punctual.domain.plans.models import Task
from punctual.domain.plans.services.custom import set_task_fields
from punctual.domain.plans.services.editing import edit_plan
from punctual.domain.plans.work_calendars import plan_time
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may
from punctual.platform.custom_fields.models import CustomField
from punctual.web.shell.bulk import BulkEdit, custom_edits, day_or_refuse
from punctual.web.shell.navigation import Words

EVENING = dt.time(18)
"""When the day of a deadline ends, where it had no hour yet."""


def _plans(actor: User) -> bool:
    return may(actor, "plans.edit")


# — tasks —


def _deadline(task: Task) -> str:
    moment = plan_time(task.deadline)
    return moment.date().isoformat() if moment else ""


def _set_deadline(actor: User, task: Task, text: str, reason: str) -> None:
    now = plan_time(task.deadline)
    when = dt.datetime.combine(day_or_refuse(text), now.time() if now else EVENING) if text else None
    values = {"deadline": when.isoformat() if when else None}
    edit_plan(
        plan_id=task.plan_id,
        actor=actor,
        today=timezone.localdate(),
        expected_version=None,
        command={"verb": "change", "task": task.pk, "values": values},
    )


def _fill_in(actor: User, task: Task, given: dict[str, str]) -> None:
    set_task_fields(actor=actor, task_id=task.pk, given=given, expected_version=None)


def task_edits(fields: Sequence[CustomField]) -> list[BulkEdit]:
    return [
        BulkEdit("deadline", _("Deadline"), _deadline, _set_deadline, kind="day", may=_plans),
        BulkEdit("deadline_shift", _("Move the deadline by"), _deadline, _set_deadline, kind="shift", may=_plans),
        *custom_edits(fields, _fill_in, _plans),
    ]


# — action items —


def people() -> list[tuple[str, Words]]:
    return [(str(one.pk), one.name) for one in User.objects.filter(is_active=True).order_by("display_name")]


def _changed(actor: User, item: ActionItem, **new: Any) -> None:
    facts = {name: getattr(item, name) for name in ("title", "detail", "owner", "due", "check_effect_on")}
    change_action(actor=actor, action_id=item.pk, expected_version=item.version, **facts | new)


def _give(actor: User, item: ActionItem, text: str, reason: str) -> None:
    rows = User.objects.filter(is_active=True)
    _changed(actor, item, owner=rows.filter(pk=int(text)).first() if text.isdecimal() and len(text) < 18 else None)


def _set_due(actor: User, item: ActionItem, text: str, reason: str) -> None:
    _changed(actor, item, due=day_or_refuse(text))


def _set_state(actor: User, item: ActionItem, text: str, reason: str) -> None:
    if text == ActionState.DONE:
        complete_action(actor=actor, action_id=item.pk, note=reason)
    elif text == ActionState.CANCELLED:
        cancel_action(actor=actor, action_id=item.pk, note=reason)
    else:
        reopen_action(actor=actor, action_id=item.pk, note=reason)


def action_edits() -> list[BulkEdit]:
    return [
        BulkEdit("owner", _("Owner"), lambda one: str(one.owner_id), _give, options=lambda actor: people()),
        BulkEdit("due", _("Due"), lambda one: str(one.due.isoformat()), _set_due, kind="day"),
        BulkEdit("due_shift", _("Move the due day by"), lambda one: str(one.due.isoformat()), _set_due, kind="shift"),
        BulkEdit(
            "state",
            _("State"),
            lambda one: str(one.state),
            _set_state,
            options=lambda actor: list(ActionState.choices),
            asks_reason=True,
        ),
    ]
