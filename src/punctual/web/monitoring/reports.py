"""Status reports on the page, as PDF and Excel; their schedule."""

from __future__ import annotations

from typing import Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from punctual.domain.monitoring.selectors import schedules_of
from punctual.domain.monitoring.services.schedules import drop_schedule, schedule_report
from punctual.domain.orders.models import Order
from punctual.domain.orders.selectors import order_by_key
from punctual.flows.status_report import Report, order_report, portfolio_report, report_pdf, report_xlsx
from punctual.platform.accounts.permissions import may, require
from punctual.web.monitoring.tasks import actor_of
from punctual.web.monitoring.wording import sentence

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
