"""All running plans on one axis: each order is a bar that unfolds into its phases and opens its Gantt."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from django.core.paginator import Paginator
from django.db.models import DateField, F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from punctual.domain.orders.facts import check_settings
from punctual.domain.orders.life import RUNNING
from punctual.domain.orders.models import OrderState
from punctual.domain.orders.selectors import orders_of, with_health
from punctual.domain.plans.models import Baseline, Plan
from punctual.domain.plans.selectors import free_days, plan_by_order, plans_of
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.web.formatting import day_text
from punctual.web.orders import marks
from punctual.web.plans.pictures import long_breaks, phases_of
from punctual.web.shell.reading import whole

PER_PAGE: Final = 40
ZOOMS: Final = {"week": 9.0, "month": 4.0, "quarter": 1.8}
"""Pixels a day."""
LONGEST: Final = 900
HEIGHT: Final = 30


@dataclass(frozen=True, slots=True)
class Axis:
    """Days to pixels."""

    first: dt.date
    days: int
    scale: float

    @property
    def width(self) -> int:
        return int(self.days * self.scale) + 40

    def x(self, day: dt.date) -> float:
        return round(min(max((day - self.first).days, 0), self.days) * self.scale, 1)

    def bar(self, start: dt.date, end: dt.date) -> tuple[float, float]:
        """Left edge and width; a day is as wide as the scale."""
        left = self.x(start)
        return left, round(max(self.x(end + dt.timedelta(days=1)) - left, 2), 1)


@dataclass(frozen=True, slots=True)
class Row:
    """One bar with what lies beyond its promise."""

    label: str
    title: str
    left: float
    width: float
    done: float
    over_left: float
    over_width: float
    is_critical: bool = False
    due: float | None = None
    kept: float | None = None
    plan: Plan | None = None
    chip: object = ""


def _axis(plans: Sequence[Plan], today: dt.date, zoom: str) -> Axis:
    starts = [timezone.localdate(one.planned_start) for one in plans if one.planned_start]
    ends = [timezone.localdate(one.planned_finish) for one in plans if one.planned_finish]
    ends += [day for one in plans for day in (one.order.promised_date, one.order.requested_date) if day]
    first = min([today - dt.timedelta(days=21), *starts])
    first -= dt.timedelta(days=first.weekday())
    last = max([today + dt.timedelta(days=60), *ends])
    return Axis(first, min((last - first).days + 14, LONGEST), ZOOMS[zoom])


def timeline(request: HttpRequest) -> HttpResponse:
    """The portfolio, the next due first."""
    actor = cast(User, request.user)
    require(actor, "plans.view")
    today = timezone.localdate()
    zoom = request.GET.get("zoom", "")
    zoom = zoom if zoom in ZOOMS else "month"
    show = request.GET.get("show", "")
    page = Paginator(_plans(actor, show, today), PER_PAGE).get_page(request.GET.get("page"))
    plans = list(page)
    axis = _axis(plans, today, zoom)
    tolerance = check_settings().at_risk_days
    context = {
        "title": _("All plans on one axis"),
        "page": page,
        "axis": axis,
        "height": HEIGHT,
        "zoom": zoom,
        "zooms": [("week", _("Weeks")), ("month", _("Months")), ("quarter", _("Quarters"))],
        "show": show,
        "choices": [
            (value, words, _plans(actor, value, today).count())
            for value, words in (("", _("Running")), ("mine", _("Mine")), ("danger", _("Late and at risk")))
        ],
        "ticks": _ticks(axis, zoom),
        "today_x": axis.x(today),
        "scroll_to": max(0, int(axis.x(today - dt.timedelta(days=14)))),
        "rows": [_row(plan, axis, today, tolerance) for plan in plans],
    }
    return render(request, "plans/timeline.html", context)


def _plans(actor: User, show: str, today: dt.date) -> QuerySet[Plan]:
    orders = orders_of(actor).filter(state__in=[*RUNNING, OrderState.ON_HOLD])
    if show == "mine":
        orders = orders.filter(owner=actor)
    elif show == "danger":
        wanted = ["overdue", "late", "at_risk"]
        orders = with_health(orders, wanted, today=today, at_risk_days=check_settings().at_risk_days)
    kept = Baseline.objects.filter(plan=OuterRef("pk")).order_by("-number").values("planned_date")[:1]
    return (
        plans_of(actor)
        .filter(order__in=orders.values("pk"))
        .select_related("order__customer")
        .annotate(
            due=Coalesce("order__promised_date", "order__requested_date"),
            kept_date=Subquery(kept, output_field=DateField()),
        )
        .order_by(F("due").asc(nulls_last=True), "pk")
    )


def _ticks(axis: Axis, zoom: str) -> list[tuple[float, str, bool]]:
    """(x, words, whether a month begins)."""
    found = []
    for number in range(axis.days):
        day = axis.first + dt.timedelta(days=number)
        if day.day == 1 and (zoom != "quarter" or day.month % 3 == 1):
            found.append((axis.x(day), f"{day.year}-{day.month:02d}", True))
        elif zoom == "week" and day.weekday() == 0 and 3 < day.day < 28:
            found.append((axis.x(day), day_text(day), False))
    return found


def _row(plan: Any, axis: Axis, today: dt.date, tolerance: int) -> Row:
    order = plan.order
    start = timezone.localdate(plan.planned_start) if plan.planned_start else plan.start
    end = plan.planned_date or start
    left, width = axis.bar(start, end)
    over_left, over = _beyond(axis, start, end, plan.due)
    return Row(
        label=order.label,
        title=f"{order.label} {order.customer or ''} · {day_text(start)} – {day_text(end)} · {plan.progress}%",
        left=left,
        width=max(width - over, 0),
        done=round(width * plan.progress / 100, 1),
        over_left=over_left,
        over_width=over,
        due=axis.x(plan.due) + axis.scale if plan.due else None,
        kept=axis.x(plan.kept_date) + axis.scale if plan.kept_date else None,
        plan=plan,
        chip=marks.health_chip(order, today=today, at_risk_days=tolerance),
    )


def _beyond(axis: Axis, start: dt.date, end: dt.date, due: dt.date | None) -> tuple[float, float]:
    """The part of a bar after the day it is due."""
    if due is None or end <= due:
        return 0.0, 0.0
    return axis.bar(max(start, due + dt.timedelta(days=1)), end)


def phases(request: HttpRequest, order: str) -> HttpResponse:
    """The phases of one plan on the axis of the page that asks."""
    actor = cast(User, request.user)
    plan = plan_by_order(actor, order)
    first = _day(request.GET.get("first", "")) or plan.start
    if abs((first - plan.start).days) > LONGEST:
        first = plan.start
    days = request.GET.get("days", "")
    zoom = request.GET.get("zoom", "")
    axis = Axis(first, min(whole(days, 365), LONGEST), ZOOMS.get(zoom, ZOOMS["month"]))
    due = plan.order.promised_date or plan.order.requested_date
    rows = []
    for task, percent in phases_of(plan):
        start, end = timezone.localdate(task.start), timezone.localdate(task.finish)
        left, width = axis.bar(start, end)
        over_left, over = _beyond(axis, start, end, due)
        title = f"{task.wbs} {task.name} · {day_text(start)} – {day_text(end)} · {percent}%"
        done = round(width * percent / 100, 1)
        rows.append(Row(task.name, title, left, max(width - over, 0), done, over_left, over, task.is_critical))
    last = first + dt.timedelta(days=axis.days)
    shades = [axis.bar(start, end) for start, end in long_breaks(free_days(plan, first, last))]
    today_x = axis.x(timezone.localdate())
    context = {"rows": rows, "axis": axis, "height": 24, "order": plan.order, "shades": shades, "today_x": today_x}
    return render(request, "plans/timeline_phases.html", context)


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None
