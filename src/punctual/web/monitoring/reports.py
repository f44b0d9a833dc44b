"""Status reports on the page, as PDF and Excel."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from punctual.domain.orders.models import Order
from punctual.domain.orders.selectors import order_by_key
from punctual.flows.status_report import Report, order_report, portfolio_report, report_pdf, report_xlsx
from punctual.platform.accounts.permissions import may, require
from punctual.web.monitoring.tasks import actor_of
from punctual.web.monitoring.wording import sentence


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
