"""What can be changed on several tasks or action items at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from punctual.domain.actions.life import LIFE
from punctual.domain.actions.models import ActionItem, ActionState
from punctual.domain.actions.services import (
    against_cancelling,
    against_change,
    against_touching,
    cancel_action,
    change_action,
    complete_action,
    reopen_action,
)
from punctual.domain.plans.models import Task
from punctual.domain.plans.services.custom import set_task_fields
from punctual.domain.plans.services.editing import against_deadline, against_editing, edit_plan
from punctual.domain.plans.work_calendars import plan_time
from punctual.kernel.refusal import Reason
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may
from punctual.platform.bulk.services import Asked, Foreseen, foreseen
from punctual.platform.custom_fields.models import CustomField
from punctual.web.shell.bulk import BulkEdit, active_user, custom_edits, day_or_refuse
from punctual.web.shell.navigation import Words

EVENING = dt.time(18)
"""When the day of a deadline ends, where it had no hour yet."""


def _plans(actor: User) -> bool:
    return may(actor, "plans.edit")


# — tasks —


def _deadline(task: Task) -> str:
    moment = plan_time(task.deadline)
    return moment.date().isoformat() if moment else ""


def _evening(task: Task, text: str) -> dt.datetime | None:
    """The deadline on another day, at the hour that it had."""
    now = plan_time(task.deadline)
    return dt.datetime.combine(day_or_refuse(text), now.time() if now else EVENING) if text else None


def _foresee_deadline(actor: User, asked: Asked, reason: str) -> Foreseen:
    return foreseen(asked, lambda task, text: against_deadline(task, _evening(task, text)))


def _set_deadline(actor: User, task: Task, text: str, reason: str) -> None:
    when = _evening(task, text)
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
        BulkEdit(
            "deadline", _("Deadline"), _deadline, _set_deadline, kind="day", may=_plans, foresee=_foresee_deadline
        ),
        BulkEdit(
            "deadline_shift",
            _("Move the deadline by"),
            _deadline,
            _set_deadline,
            kind="shift",
            may=_plans,
            foresee=_foresee_deadline,
        ),
        *custom_edits(fields, _fill_in, _plans, lambda task: against_editing(task.plan)),
    ]


# — action items —


_VERBS: Final = {ActionState.DONE.value: "complete", ActionState.CANCELLED.value: "cancel"}


def people() -> list[tuple[str, Words]]:
    return [(str(one.pk), one.name) for one in User.objects.filter(is_active=True).order_by("display_name")]


def _changed(actor: User, item: ActionItem, **new: Any) -> None:
    facts = {name: getattr(item, name) for name in ("title", "detail", "owner", "due", "check_effect_on")}
    change_action(actor=actor, action_id=item.pk, expected_version=item.version, **facts | new)


def _due(item: ActionItem) -> str:
    return str(item.due.isoformat())


def _give(actor: User, item: ActionItem, text: str, reason: str) -> None:
    _changed(actor, item, owner=active_user(text))


def _foresee_owner(actor: User, asked: Asked, reason: str) -> Foreseen:
    owner = active_user(asked[0][1])
    return foreseen(asked, lambda item, text: _against_change(actor, item, owner=owner))


def _against_change(actor: User, item: ActionItem, **new: Any) -> Sequence[Reason]:
    facts = {name: getattr(item, name) for name in ("title", "owner", "due")}
    return against_touching(actor, item) or against_change(item, **facts | new)


def _foresee_due(actor: User, asked: Asked, reason: str) -> Foreseen:
    return foreseen(asked, lambda item, text: _against_change(actor, item, due=day_or_refuse(text)))


def _set_due(actor: User, item: ActionItem, text: str, reason: str) -> None:
    _changed(actor, item, due=day_or_refuse(text))


def _set_state(actor: User, item: ActionItem, text: str, reason: str) -> None:
    verb = _VERBS.get(text, "reopen")
    if verb == "complete":
        complete_action(actor=actor, action_id=item.pk, note=reason)
    elif verb == "cancel":
        cancel_action(actor=actor, action_id=item.pk, note=reason)
    else:
        reopen_action(actor=actor, action_id=item.pk, note=reason)


def _foresee_state(actor: User, asked: Asked, reason: str) -> Foreseen:
    def against(item: ActionItem, text: str) -> Sequence[Reason]:
        verb = _VERBS.get(text, "reopen")
        said = against_cancelling(reason) if verb == "cancel" else []
        return said or against_touching(actor, item) or LIFE.reasons(item.state, verb)

    return {
        pk: (text if text in _VERBS else ActionState.OPEN.value, against)
        for pk, (text, against) in foreseen(asked, against).items()
    }


def action_edits() -> list[BulkEdit]:
    return [
        BulkEdit(
            "owner",
            _("Owner"),
            lambda one: str(one.owner_id),
            _give,
            options=lambda actor: people(),
            foresee=_foresee_owner,
        ),
        BulkEdit("due", _("Due"), _due, _set_due, kind="day", foresee=_foresee_due),
        BulkEdit("due_shift", _("Move the due day by"), _due, _set_due, kind="shift", foresee=_foresee_due),
        BulkEdit(
            "state",
            _("State"),
            lambda one: str(one.state),
            _set_state,
            options=lambda actor: list(ActionState.choices),
            asks_reason=True,
            foresee=_foresee_state,
        ),
    ]
