"""The board of tasks: columns by state, lanes by order or person, limits, blocked flag; works without a mouse."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from punctual.domain.monitoring import my_tasks
from punctual.domain.monitoring.models import BoardLimit, ReportSource
from punctual.domain.monitoring.services.progress import Progress, report_progress
from punctual.domain.orders.facts import check_settings
from punctual.domain.plans.models import Task
from punctual.domain.plans.work_calendars import stored_time
from punctual.domain.scheduling.load import LoadRow
from punctual.flows.load_picture import week_of
from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may, require
from punctual.web.monitoring.task_list import TaskList
from punctual.web.monitoring.tasks import SCOPES, actor_of, card_of, next_or, plain_number
from punctual.web.monitoring.ways import narrowing, ways
from punctual.web.orders.marks import health_chip, progress_bar
from punctual.web.shell.reading import whole

COLUMNS: Final = (
    ("waiting", gettext_lazy("Not ready")),
    ("ready", gettext_lazy("Can begin")),
    ("doing", gettext_lazy("Under way")),
    ("blocked", gettext_lazy("Blocked")),
    ("done", gettext_lazy("Done this week")),
)
MOST: Final = 160
WEEK_BAR: Final = 120
"""Width of a day's bar in the strip of the week."""
LANES: Final = 8
"""Shown at once; the others on request."""


def _column(task: Task, card: dict[str, Any], open_before: set[int]) -> str:
    if task.percent == 100:
        return "done"
    if card["block"]:
        return "blocked"
    if card["started"]:
        return "doing"
    return "waiting" if task.pk in open_before else "ready"


def board(request: HttpRequest) -> HttpResponse:
    """Tasks of these days and what was done in this one."""
    actor, today = actor_of(request), timezone.localdate()
    require(actor, "progress.own")
    sees_all = may(actor, "plans.report")
    scope: str = request.GET.get("scope", "all" if sees_all else "team")
    if scope not in my_tasks.SCOPES or (scope == "all" and not sees_all):
        scope = "team"
    by_person = request.GET.get("lanes") == "person"
    narrowed = narrowing(request.GET)
    chosen = _chosen(request, actor, scope, today)
    tasks = list(my_tasks.with_details(chosen)[:MOST])
    of = chosen.count() if len(tasks) == MOST else len(tasks)
    waiting = set(
        Task.objects.filter(
            pk__in=[task.pk for task in tasks], links_in__type="FS", links_in__predecessor__percent__lt=100
        ).values_list("pk", flat=True)
    )
    limits = dict(BoardLimit.objects.values_list("column", "most"))
    lanes, counts = _sorted_into_lanes(tasks, waiting, by_person, today)
    shown_lanes = lanes[: None if "whole" in request.GET else LANES]
    tolerance = check_settings().at_risk_days
    for lane in shown_lanes:
        lane["health"] = health_chip(lane["order"], today=today, at_risk_days=tolerance)
    context = {
        "title": _("Board of tasks"),
        "week": _week(week_of(actor, today), today),
        "ways": ways(request, "board"),
        "more_url": f"{reverse('tasks')}?{narrowing(request.GET)}"
        if narrowed
        else f"{reverse('my_tasks')}?scope={scope}&tab=week",
        "chips": TaskList().chips(actor, request.GET),
        "of": of,
        "scopes": [one for one in SCOPES if one[0] != "all" or sees_all],
        "scope": scope,
        "by_person": by_person,
        "full": any(key == "doing" and key in limits and counts[key] >= limits[key] for key in counts),
        "columns": _heads(counts, limits, narrowed=bool(narrowed)),
        "lanes": [{**lane, "cells": [(key, lane["cells"][key]) for key, _w in COLUMNS]} for lane in shown_lanes],
        "more_lanes": len(lanes) - len(shown_lanes),
        "blocked_count": counts["blocked"],
        "task_count": len(tasks),
        "may_limit": may(actor, "plans.edit"),
    }
    return render(request, "monitoring/board.html", context)


def _sorted_into_lanes(
    tasks: Sequence[Task], waiting: set[int], by_person: bool, today: dt.date
) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """The lanes with their cards by column, and how many tasks stand in each column."""
    lanes: dict[str, dict[str, Any]] = {}
    counts = dict.fromkeys(dict(COLUMNS), 0)
    for task in tasks:
        card = card_of(task, today, progress=progress_bar(task.percent))
        column = _column(task, card, waiting)
        counts[column] += 1
        for name in _lanes(task, card, by_person):
            empty = {"name": name, "order": card["order"], "cells": {key: [] for key, _w in COLUMNS}}
            lanes.setdefault(name, empty)["cells"][column].append(card)
    return list(lanes.values()), counts


def _heads(counts: Mapping[str, int], limits: Mapping[str, int], *, narrowed: bool) -> list[dict[str, Any]]:
    """What stands above each column; under a filter what is done is not that of this week alone."""
    return [
        {
            "key": key,
            "words": _("Done") if narrowed and key == "done" else words,
            "count": counts[key],
            "limit": limits.get(key),
            "over": key in limits and counts[key] > limits[key],
        }
        for key, words in COLUMNS
    ]


def _chosen(request: HttpRequest, actor: User, scope: str, today: dt.date) -> QuerySet[Task]:
    """What the list shows under the same filters; without one the tasks of these days and what was done in this week.
    A milestone is nothing that somebody works on, so that it has no card."""
    rows = my_tasks.reportable(actor, scope).filter(is_milestone=False)
    if narrowing(request.GET):
        return rows.filter(pk__in=TaskList().matching(actor, request.GET).values("pk")).order_by("finish", "pk")
    monday = stored_time(dt.datetime.combine(today - dt.timedelta(days=today.weekday()), dt.time()))
    soon = my_tasks.due_by(rows, today + dt.timedelta(days=5)) | rows.filter(actual_finish__gte=monday)
    return soon.distinct()


def _week(row: LoadRow | None, today: dt.date) -> dict[str, Any] | None:
    """The strip above the board: hours given against hours there, a day each, on one scale."""
    if row is None:
        return None
    scale = WEEK_BAR / max([8, *(max(cell.capacity, cell.firm) for cell in row.cells)])
    days = [
        {
            "day": cell.period.first,
            "today": cell.period.first == today,
            "given": plain_number(cell.firm),
            "there": plain_number(cell.capacity),
            "width": f"{min(cell.firm, cell.capacity) * scale:.1f}",
            "limit": f"{cell.capacity * scale:.1f}",
            "over": f"{max(0.0, cell.firm - cell.capacity) * scale:.1f}" if cell.firm > cell.capacity else "",
            "away": cell.away,
        }
        for cell in row.cells
    ]
    given, there = (sum(getattr(cell, name) for cell in row.cells) for name in ("firm", "capacity"))
    return {"name": row.name, "days": days, "given": plain_number(given), "there": plain_number(there)}


def _lanes(task: Task, card: dict[str, Any], by_person: bool) -> list[str]:
    if not by_person:
        return [task.plan.order.label]
    return card["people"] or [str(_("Nobody named"))]


@require_POST
def move(request: HttpRequest) -> HttpResponse:
    """A card to another column is a report: begin, block, go on, finish. Over a limit a reason is needed."""
    actor, today = actor_of(request), timezone.localdate()
    task_id, column, reason = (
        request.POST.get("task", ""),
        request.POST.get("column", ""),
        request.POST.get("reason", "").strip(),
    )
    if not task_id.isdecimal() or len(task_id) > 17 or column not in ("doing", "blocked", "done"):
        raise Refusal(Reason("board.move", N_("A card goes to under way, blocked or done."), field="column"))
    task = my_tasks.task_to_report(actor, int(task_id))
    limit = BoardLimit.objects.filter(column=column).first()
    if limit is not None and column == "doing" and not reason:
        doing = my_tasks.reportable(actor).filter(percent__gt=0, percent__lt=100).count()
        if doing >= limit.most:
            text = N_("“Under way” holds %(count)d, its limit is %(limit)d. Finish one first, or say why.")
            raise Refusal(Reason("board.limit", text, {"count": doing, "limit": limit.most}, "reason"))
    if column == "blocked" and not reason:
        raise Refusal(Reason("progress.blocked", N_("Say what holds it."), field="reason"))
    said = {
        "doing": Progress(percent=max(5, task.percent), blocked="", note=reason),
        "blocked": Progress(blocked=reason),
        "done": Progress(percent=100, note=reason),
    }[column]
    report_progress(
        actor=actor,
        task_id=task.pk,
        said=said,
        today=today,
        source=ReportSource.BOARD,
        confirmed=request.POST.getlist("confirmed"),
    )
    messages.success(request, _("Reported."))
    return redirect(next_or(request, "/tasks/board/"))


@require_POST
def set_limit(request: HttpRequest) -> HttpResponse:
    """How many cards a column may hold; empty takes the limit away."""
    actor = actor_of(request)
    require(actor, "plans.edit")
    column, text = request.POST.get("column", ""), request.POST.get("most", "").strip()
    if column not in dict(COLUMNS) or (text and not 1 <= whole(text) <= 999):
        raise Refusal(Reason("board.limit_value", N_("Give a limit of 1 to 999, or none."), field="most"))
    if text:
        BoardLimit.objects.update_or_create(column=column, defaults={"most": int(text)})
    else:
        BoardLimit.objects.filter(column=column).delete()
    return redirect(next_or(request, "/tasks/board/"))
