"""Somebody else instead: proposals out of the current schedule, computed once a process, accepted one by one."""

from __future__ import annotations

import datetime as dt
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from typing import Final

from django.db import transaction

from punctual.domain.plans.models import Assignment, Plan
from punctual.domain.plans.selectors import plans_of
from punctual.domain.plans.services.editing import edit_plan
from punctual.domain.resources.models import Resource
from punctual.domain.scheduling.gathering import availability_of, fingerprint
from punctual.domain.scheduling.models import ScheduleRun
from punctual.domain.scheduling.selectors import axis_of, book_of, current_run, is_stale, stamp_of
from punctual.domain.scheduling.swaps import Swap, swaps_of
from punctual.flows.promise_at_entry import no_schedule
from punctual.kernel.refusal import Conflict, Reason
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.audit.services import Change, record
from punctual.platform.records import get_or_not_found

_LOCK: Final = Lock()
_KEPT: Final[OrderedDict[str, list[Swap]]] = OrderedDict()


@dataclass(frozen=True)
class Proposed:
    """What the run lets propose; ``is_stale``: it stands on what has changed since and can't be accepted."""

    swaps: list[Swap]
    run: ScheduleRun
    is_stale: bool


def proposed_swaps(actor: User) -> Proposed:
    """Raises Refusal before the first run."""
    require(actor, "scheduling.view")
    run = current_run(actor)
    if run is None:
        raise no_schedule()
    return Proposed(_swaps(run), run, is_stale(run))


def _swaps(run: ScheduleRun) -> list[Swap]:
    key = stamp_of(run)
    with _LOCK:
        found = _KEPT.get(key)
    if found is None:
        book = book_of(run)
        if book is None:
            raise no_schedule()
        axis = axis_of(book)
        named = Assignment.objects.filter(asked__isnull=False, task__scheduled__run=run)
        asked = {(task, one): skill for task, one, skill in named.values_list("task_id", "resource_id", "asked_id")}
        found = swaps_of(book, axis, availability_of(axis), asked)
        with _LOCK:
            _KEPT[key] = found
            while len(_KEPT) > 2:
                _KEPT.popitem(last=False)
    return found


@transaction.atomic
def accept_swap(*, actor: User, run_id: int, task_id: int, out_id: int, into_id: int, today: dt.date) -> Swap:
    """Put ``into_id`` on the task instead of ``out_id``, as it was proposed from run ``run_id``; everything is then
    planned again. Raises Conflict, with nothing written, when the schedule or what it stands on has changed since."""
    require(actor, "scheduling.level")
    run = ScheduleRun.objects.select_for_update().filter(pk=run_id).first()
    if run is None or not run.is_current or fingerprint(today) != run.fingerprint:
        raise _outdated()
    wanted = (task_id, out_id, into_id)
    found = next((one for one in _swaps(run) if (one.task, one.out, one.into) == wanted), None)
    if found is None:
        raise _outdated()
    plan = get_or_not_found(plans_of(actor), tasks=task_id)
    need = Assignment.objects.filter(task=task_id, resource=out_id).order_by("pk").first()
    if need is None:
        raise _outdated()
    _write(actor, plan, need, found, today)
    return found


def _write(actor: User, plan: Plan, need: Assignment, found: Swap, today: dt.date) -> None:
    edit_plan(
        plan_id=plan.pk,
        actor=actor,
        today=today,
        expected_version=None,
        command={"verb": "name", "need": need.pk, "resource": found.into},
        permission="scheduling.level",
    )
    names = Resource.objects.in_bulk([found.out, found.into])
    change = Change(field=found.name, old=names[found.out].name, new=names[found.into].name)
    record(actor=actor, verb="swap_resource", target=plan, changes=[change])


def _outdated() -> Conflict:
    text = N_("The schedule has changed since this was proposed; nobody was put on the task. See the new proposals.")
    return Conflict(Reason("swap.outdated", text), current_version=0, changes=[])
