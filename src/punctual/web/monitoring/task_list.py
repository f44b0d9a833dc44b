"""Every task of the running orders in one list: to filter, sort, export, and change several at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from punctual.domain.monitoring import my_tasks
from punctual.domain.plans.models import Task
from punctual.domain.plans.work_calendars import USUAL_DAY, plan_time, stored_time
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.web.formatting import day_text, listed
from punctual.web.monitoring.bulk import task_edits
from punctual.web.monitoring.task_pictures import as_bars, month
from punctual.web.monitoring.ways import ways
from punctual.web.orders.marks import progress_bar
from punctual.web.shell.bulk import BulkEdit
from punctual.web.shell.columns import BuiltInView, Column, Filter, link
from punctual.web.shell.lists import ListPage
from punctual.web.shell.months import month_of

STANDINGS = (
    ("late", _("Finish has passed")),
    ("begun", _("Under way")),
    ("waiting", _("Not begun")),
    ("done", _("Done")),
)


def _day_of(name: str) -> Any:
    def value(task: Task) -> dt.date | None:
        moment = plan_time(getattr(task, name))
        return moment.date() if moment else None

    return value


def _day_cell(name: str) -> Any:
    value = _day_of(name)
    return lambda task: format_html('<span class="nw">{}</span>', day_text(value(task)))


def _finish_cell(task: Task) -> SafeString:
    finish = _day_of("finish")(task)
    late = finish is not None and finish < timezone.localdate() and task.percent < 100
    return format_html('<span class="nw {}">{}</span>', "late b" if late else "", day_text(finish))


def _float(task: Task) -> float | None:
    return None if task.total_float is None else round(task.total_float / USUAL_DAY, 1)


def _people(task: Task) -> str:
    return listed(need.resource.name for need in task.needs.all() if need.resource is not None)


def _by_standing(rows: QuerySet[Task], values: Sequence[str]) -> QuerySet[Task]:
    midnight = stored_time(dt.datetime.combine(timezone.localdate(), dt.time()))
    begun = Q(percent__gt=0) | Q(actual_start__isnull=False)
    wanted = {
        "late": Q(finish__lt=midnight, percent__lt=100),
        "begun": begun & Q(percent__lt=100),
        "waiting": ~begun & Q(percent__lt=100),
        "done": Q(percent=100),
    }
    found = Q(pk__in=[])
    for value in values:
        found |= wanted.get(value, Q(pk__in=[]))
    return rows.filter(found)


def _by_due(rows: QuerySet[Task], values: Sequence[str]) -> QuerySet[Task]:
    days = int(values[0]) if values[0].isdecimal() and len(values[0]) < 4 else 0
    evening = dt.datetime.combine(timezone.localdate() + dt.timedelta(days=days), dt.time(23, 59))
    return rows.filter(finish__lte=stored_time(evening), percent__lt=100)


class TaskList(ListPage):
    """The tasks that the reader may report on, over all orders."""

    peeks = True
    peek_fields = ("notes",)
    key = "tasks"
    title = _("All tasks")
    icon = "checkbox"
    template_name = "monitoring/task_list.html"
    custom_subject = "task"
    columns = (
        Column(
            "task",
            _("Task"),
            str,
            lambda task: link(reverse("task", args=[task.pk]), str(task)),
            ("name",),
        ),
        Column(
            "order",
            _("Order"),
            lambda task: task.plan.order.label,
            lambda task: link(reverse("order", args=[task.plan.order.key]), task.plan.order.label, "ono"),
            ("plan__order__number",),
        ),
        Column(
            "customer",
            _("Customer"),
            lambda task: str(task.plan.order.customer or ""),
            sort=("plan__order__customer__name",),
            fold=True,
        ),
        Column("people", _("Who"), _people, fold=True),
        Column("start", _("Start"), _day_of("start"), _day_cell("start"), ("start",), fold=True),
        Column("finish", _("Finish"), _day_of("finish"), _finish_cell, ("finish",)),
        Column("deadline", _("Deadline"), _day_of("deadline"), _day_cell("deadline"), ("deadline",), fold=True),
        Column(
            "progress", _("Progress"), lambda task: task.percent, lambda task: progress_bar(task.percent), ("percent",)
        ),
        Column("float", _("Float, days"), _float, sort=("total_float",), number=True, fold=True),
    )
    filters = (
        Filter("standing", _("State"), lambda actor: STANDINGS, _by_standing),
        Filter(
            "due",
            _("Due"),
            lambda actor: [("0", _("today")), ("7", _("next 7 days")), ("30", _("next 30 days"))],
            _by_due,
            multiple=False,
        ),
        Filter(
            "critical",
            _("Critical"),
            lambda actor: [("yes", _("on the critical path"))],
            lambda rows, values: rows.filter(is_critical=True),
        ),
        Filter(
            "blocked",
            _("Blocked"),
            lambda actor: [("yes", _("Blocked"))],
            lambda rows, values: my_tasks.blocked(rows),
        ),
    )
    tabs = (
        BuiltInView(_("Open"), "standing=late,begun,waiting"),
        BuiltInView(_("Finish has passed"), "standing=late"),
        BuiltInView(_("Due in 7 days"), "due=7"),
        BuiltInView(_("Blocked"), "blocked=yes"),
        BuiltInView(_("All"), ""),
    )
    default_sort = "finish"
    empty_text = _("Tasks appear here when an order is confirmed and gets its plan.")
    from_orders = True

    def rows(self, actor: User) -> QuerySet[Task]:
        require(actor, "progress.own")
        return my_tasks.with_details(my_tasks.reportable(actor))

    def name_of(self, item: Task) -> str:
        return f"{item.plan.order.label} · {item}"

    def bulk(self, actor: User) -> Sequence[BulkEdit]:
        return task_edits(self.custom_fields)

    def more(self, request: HttpRequest, rows: QuerySet[Task]) -> dict[str, Any]:
        """The same rows as a month or as bars."""
        view = request.GET.get("view", "")
        pictures: dict[str, Any] = {"way": "list"}
        if view == "calendar":
            pictures = {"way": view, "month": month(rows, month_of(request.GET.get("month", "")))}
        elif view == "timeline":
            page = Paginator(rows, self.per_page).get_page(request.GET.get("page"))
            pictures = {"way": view, **as_bars(list(page))}
        return {**pictures, "ways": ways(request, pictures["way"])}

    def url_of(self, item: Task) -> str:
        return reverse("task", args=[item.pk])
