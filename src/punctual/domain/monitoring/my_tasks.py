"""Which tasks somebody may report on: their own, their team's, and for who steers plans all."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet

from punctual.domain.monitoring.models import Block, ProgressReport
from punctual.domain.orders.life import RUNNING
from punctual.domain.orders.models import OrderState
from punctual.domain.plans.models import Assignment, Task
from punctual.domain.plans.selectors import plans_of
from punctual.domain.plans.work_calendars import stored_time
from punctual.domain.resources.models import Resource, ResourceKind
from punctual.kernel.refusal import NotFound
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may
from punctual.platform.records import get_or_not_found

REPORTED_ON: Final = (*RUNNING, OrderState.DELIVERED)
"""States of an order in which progress is reported."""
SCOPES: Final = ("mine", "team", "all")


def _needs(**of: Any) -> Exists:
    return Exists(Assignment.objects.filter(task=OuterRef("pk"), **of))


def _belongs(actor: User, scope: str) -> Q:
    """``mine``: assigned to me. ``team``: to somebody of my team, or open to everybody with a skill that I have."""
    mine = Q(_needs(resource__user=actor))
    if scope == "mine":
        return mine
    me = Resource.objects.filter(user=actor, archived_at=None).prefetch_related("skills").first()
    if me is None:
        return mine
    skills = [skill.pk for skill in me.skills.all()]
    nobody_yet = ~Q(_needs(resource__kind=ResourceKind.PERSON))
    found = mine | (Q(_needs(skill__in=skills)) & nobody_yet)
    return found | Q(_needs(resource__team=me.team, resource__kind=ResourceKind.PERSON)) if me.team else found


def _open_orders() -> QuerySet[Task]:
    return Task.objects.filter(plan__order__state__in=REPORTED_ON, is_summary=False)


def reportable(actor: User, scope: str = "all") -> QuerySet[Task]:
    """Tasks that the actor may report on; ``all`` is everything for who may report on any task, else the team's."""
    if not may(actor, "progress.own"):
        return Task.objects.none()
    if scope == "all" and may(actor, "plans.report"):
        return _open_orders().filter(plan__in=plans_of(actor))
    return _open_orders().filter(_belongs(actor, "mine" if scope == "mine" else "team"))


def with_details(rows: QuerySet[Task]) -> QuerySet[Task]:
    """With what a card shows, in a fixed number of statements."""
    return rows.select_related("plan__order__customer", "plan__order__owner", "plan__calendar").prefetch_related(
        Prefetch("blocks", Block.objects.filter(cleared_at=None).select_related("waits_for"), to_attr="open_blocks"),
        Prefetch("needs", Assignment.objects.select_related("resource__user", "skill")),
    )


def task_to_report(actor: User, pk: int) -> Task:
    """One of them, by its id; raises NotFound."""
    return get_or_not_found(with_details(reportable(actor)), pk=pk)


def task_seen(actor: User, pk: int) -> Task:
    """A task that the actor reports on, or whose plan the actor sees."""
    try:
        return task_to_report(actor, pk)
    except NotFound:
        return get_or_not_found(with_details(Task.objects.filter(plan__in=plans_of(actor))), pk=pk)


def due_by(rows: QuerySet[Task], day: dt.date) -> QuerySet[Task]:
    """Unfinished, and begun or to be begun by the end of ``day``."""
    evening = stored_time(dt.datetime.combine(day, dt.time(23, 59)))
    begun = Q(actual_start__isnull=False) | Q(start__lte=evening)
    return rows.filter(begun, actual_finish=None, percent__lt=100).order_by("finish", "pk")


def blocked(rows: QuerySet[Task]) -> QuerySet[Task]:
    stuck = Block.objects.filter(task=OuterRef("pk"), cleared_at=None)
    return rows.filter(Exists(stuck), percent__lt=100).order_by("finish", "pk")


def unfinished(rows: QuerySet[Task]) -> QuerySet[Task]:
    return rows.filter(percent__lt=100).order_by("start", "pk")


def reports_by(actor: User, *, since: dt.date) -> QuerySet[ProgressReport]:
    """What the actor has reported lately, newest first."""
    rows = ProgressReport.objects.filter(by=actor, day__gte=since, taken_back_at=None)
    return rows.select_related("task__plan__order__customer")


def open_count(actor: User, today: dt.date) -> int:
    """How many of one's own tasks wait today."""
    found = due_by(reportable(actor, "mine"), today).order_by().aggregate(n=Count("pk"))
    return int(found["n"])


def tasks_of_order(actor: User, order_key: str) -> QuerySet[Task]:
    """The tasks of one order that the actor may report on, in the order of the outline."""
    lookup = Q(plan__order__number__iexact=order_key)
    if order_key.isdecimal() and len(order_key) < 18:
        lookup |= Q(plan__order_id=int(order_key))
    return reportable(actor).filter(lookup).order_by("sequence")
