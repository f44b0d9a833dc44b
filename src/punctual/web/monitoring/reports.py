"""Status reports on the page, as PDF and Excel; their schedule; the management dashboard."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any, Final

from django.contrib import messages
from django.db.models import F, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from punctual.domain.monitoring.facts import Gathered, running
from punctual.domain.monitoring.models import ForecastPoint
from punctual.domain.monitoring.performance import portfolio_of
from punctual.domain.monitoring.selectors import open_warnings, schedules_of
from punctual.domain.monitoring.services.schedules import drop_schedule, schedule_report
from punctual.domain.orders.life import RUNNING
from punctual.domain.orders.models import Order, OrderLine
from punctual.domain.orders.selectors import order_by_key, orders_of
from punctual.flows.status_report import Report, order_report, portfolio_report, report_pdf, report_xlsx
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may, require
from punctual.web.formatting import day_text, money_text
from punctual.web.monitoring.performance import bubbles
from punctual.web.monitoring.tasks import actor_of
from punctual.web.monitoring.wording import sentence, shown
from punctual.web.templatetags.charts import Picture

WEEKDAYS: Final = (
    (1, gettext_lazy("Monday")),
    (2, gettext_lazy("Tuesday")),
    (3, gettext_lazy("Wednesday")),
    (4, gettext_lazy("Thursday")),
    (5, gettext_lazy("Friday")),
    (6, gettext_lazy("Saturday")),
    (7, gettext_lazy("Sunday")),
)


def _answer(request: HttpRequest, report: Report, name: str, order: Order | None) -> HttpResponse:
    export = request.GET.get("export", "")
    if export == "pdf":
        response = HttpResponse(report_pdf(report), content_type="application/pdf")
        response["Content-Disposition"] = f'inline; filename="{name}.pdf"'
        return response
    if export == "xlsx":
        kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        response = HttpResponse(report_xlsx(report), content_type=kind)
        response["Content-Disposition"] = f'attachment; filename="{name}.xlsx"'
        return response
    context = {
        "title": report.title,
        "report": report,
        "order": order,
        "may_schedule": may(request.user, "reports.schedule"),
    }
    return render(request, "monitoring/report.html", context)


def order_status(request: HttpRequest, key: str) -> HttpResponse:
    actor, today = actor_of(request), timezone.localdate()
    require(actor, "reports.view")
    order = order_by_key(actor, key)
    report = order_report(actor, order, today=today, worded=sentence)
    return _answer(request, report, f"status-{order.key}-{today.isoformat()}", order)


def portfolio_status(request: HttpRequest) -> HttpResponse:
    actor, today = actor_of(request), timezone.localdate()
    require(actor, "reports.view")
    report = portfolio_report(actor, today=today, worded=sentence)
    return _answer(request, report, f"status-{today.isoformat()}", None)


@require_http_methods(["GET", "POST"])
def schedules(request: HttpRequest) -> HttpResponse:
    """What goes out by itself, to whom, when."""
    actor = actor_of(request)
    require(actor, "reports.schedule")
    if request.method == "POST":
        key = request.POST.get("order", "").strip()
        hour, weekday = request.POST.get("hour", ""), request.POST.get("weekday", "")
        schedule_report(
            actor=actor,
            order=order_by_key(actor, key) if key else None,
            weekday=int(weekday) if weekday.isdigit() and len(weekday) < 3 else 0,
            hour=int(hour) if hour.isdigit() and len(hour) < 3 else -1,
            language=request.POST.get("language", ""),
            recipients=request.POST.get("recipients", "")
            .replace("；", ",")
            .replace(";", ",")
            .replace("\n", ",")
            .split(","),
        )
        messages.success(request, _("Saved."))
        return redirect("report_schedules")
    context = {
        "title": _("Reports by schedule"),
        "rows": [(one, dict(WEEKDAYS)[one.weekday]) for one in schedules_of(actor)],
        "weekdays": WEEKDAYS,
        "order_key": request.GET.get("order", ""),
    }
    return render(request, "monitoring/schedules.html", context)


@require_POST
def drop(request: HttpRequest, pk: int) -> HttpResponse:
    drop_schedule(actor=actor_of(request), schedule_id=pk)
    messages.success(request, _("It is not sent any more."))
    return redirect("report_schedules")


# ------------------------------------------------------------------------------------------------------ dashboard


def dashboard(request: HttpRequest) -> HttpResponse:
    """How the company delivers: each figure opens its rows."""
    actor, today = actor_of(request), timezone.localdate()
    require(actor, "reports.view")
    visible = orders_of(actor)
    months = _months(today, 6)
    seen = Gathered(running(visible.values_list("pk", flat=True)), today)
    context = {
        "title": _("Dashboard"),
        "figures": _figures(actor, today),
        "otd": _otd(actor, months),
        "slip": _slip(actor),
        "bubbles": bubbles(portfolio_of(seen).orders, sees_costs=may(actor, "costs.view")),
        "dearest": [
            shown(one) for one in open_warnings(actor, today=today).filter(damage__gt=0).order_by("-damage")[:8]
        ],
    }
    return render(request, "monitoring/dashboard.html", context)


def _months(today: dt.date, count: int) -> list[tuple[dt.date, dt.date]]:
    found = []
    first = today.replace(day=1)
    for _number in range(count):
        last = (first.replace(day=28) + dt.timedelta(days=4)).replace(day=1) - dt.timedelta(days=1)
        found.append((first, last))
        first = (first - dt.timedelta(days=1)).replace(day=1)
    return found[::-1]


def _figures(actor: User, today: dt.date) -> list[dict[str, Any]]:
    visible = orders_of(actor)
    year = today - dt.timedelta(days=365)
    done = visible.filter(actual_date__gt=year, actual_date__lte=today, promised_date__isnull=False)
    count = done.count()
    on_time = done.filter(actual_date__lte=F("promised_date")).count()
    lines = OrderLine.objects.filter(order__in=done, actual_date__isnull=False)
    late_orders = set(lines.filter(actual_date__gt=F("promised_date")).values_list("order_id", flat=True))
    otif = done.exclude(pk__in=late_orders).filter(actual_date__lte=F("promised_date")).count()
    hand = visible.filter(state__in=RUNNING)
    damage = (
        open_warnings(actor, today=today).filter(kind__in=["promise", "overdue"]).aggregate(sum=Sum("damage"))["sum"]
    )
    return [
        {
            "label": "OTD",
            "value": _percent(on_time, count),
            "more": f"{on_time} / {count}",
            "url": "/orders/?state=delivered,accepted,closed",
        },
        {
            "label": "OTIF",
            "value": _percent(otif, count),
            "more": f"{otif} / {count}",
            "url": "/orders/?state=delivered,accepted,closed",
        },
        {
            "label": _("Running"),
            "value": hand.count(),
            "more": money_text(hand.aggregate(s=Sum("total_amount"))["s"] or Decimal(0)),
            "url": "/orders/?state=confirmed,in_progress,partially_delivered",
        },
        {
            "label": _("Will be late"),
            "value": hand.filter(planned_date__gt=F("promised_date")).count(),
            "more": _("by the plan"),
            "url": "/orders/?health=late,overdue",
        },
        {
            "label": _("Expected damage"),
            "value": money_text(damage or Decimal(0)),
            "more": _("of promises in danger"),
            "url": "/warnings/?state=open",
        },
    ]


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}%" if whole else "—"


def _otd(actor: User, months: list[tuple[dt.date, dt.date]]) -> Picture:
    rows = []
    for first, last in months:
        done = orders_of(actor).filter(actual_date__gte=first, actual_date__lte=last, promised_date__isnull=False)
        count, good = done.count(), done.filter(actual_date__lte=F("promised_date")).count()
        rows.append((f"{first:%Y-%m}", good, count))
    option = {
        "grid": {"left": 8, "right": 16, "top": 16, "bottom": 8, "containLabel": True},
        "xAxis": {"type": "category", "data": [row[0] for row in rows]},
        "yAxis": {"type": "value", "min": 0, "max": 100},
        "tooltip": {"trigger": "axis"},
        "series": [
            {
                "type": "line",
                "name": "OTD %",
                "data": [round(100 * good / count, 1) if count else None for _m, good, count in rows],
                "itemStyle": {"color": "@accent-fill"},
                "lineStyle": {"color": "@accent-fill"},
            }
        ],
    }
    good, count = sum(row[1] for row in rows), sum(row[2] for row in rows)
    words = _("%(good)d of %(count)d orders in six months were delivered by their promise")
    table = [[month, f"{good} / {count}", _percent(good, count)] for month, good, count in rows]
    return Picture(option, words % {"good": good, "count": count}, [_("Month"), _("On time"), "OTD"], table)


def _slip(actor: User) -> Picture | None:
    """Mean days by which P80 lies after (+) or before (−) the promise, week by week over all running orders."""
    points = ForecastPoint.objects.filter(order__in=orders_of(actor), p80__isnull=False, promised__isnull=False)
    weeks: dict[tuple[int, int], list[int]] = {}
    last: dict[tuple[int, int], dt.date] = {}
    for day, p80, promised in points.order_by("day").values_list("day", "p80", "promised"):
        if p80 is None or promised is None:
            continue
        key = day.isocalendar()[:2]
        weeks.setdefault(key, []).append((p80 - promised).days)
        last[key] = day
    if len(weeks) < 2:
        return None
    rows = [(day_text(last[key]), sum(found) / len(found)) for key, found in weeks.items()]
    option = {
        "grid": {"left": 8, "right": 16, "top": 16, "bottom": 8, "containLabel": True},
        "xAxis": {"type": "category", "data": [row[0] for row in rows]},
        "yAxis": {"type": "value"},
        "tooltip": {"trigger": "axis"},
        "series": [{"type": "bar", "data": [round(row[1], 1) for row in rows], "itemStyle": {"color": "@band"}}],
    }
    words = _("P80 lies on average %(days).1f days from the promise (negative: before it)")
    return Picture(option, words % {"days": rows[-1][1]}, [_("Week"), _("Days")], [[d, f"{v:+.1f}"] for d, v in rows])
