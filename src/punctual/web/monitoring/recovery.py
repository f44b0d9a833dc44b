"""Why an order is late, and ways out: compare, apply, undo."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from punctual.domain.monitoring.models import RecoveryRun, RecoveryState
from punctual.domain.monitoring.selectors import recoveries_of
from punctual.domain.orders.models import Order
from punctual.domain.orders.selectors import order_by_key
from punctual.domain.plans.models import Task
from punctual.domain.plans.work_calendars import plan_time
from punctual.domain.scheduling.axis import SLOT
from punctual.domain.scheduling.gathering import company_axis
from punctual.domain.scheduling.models import ScheduledTask
from punctual.domain.scheduling.selectors import forecast_of
from punctual.flows.recover import request_recovery
from punctual.flows.recovery_apply import BOUGHT, undo_option
from punctual.flows.recovery_approval import choose_option, waiting_of
from punctual.flows.recovery_options import worded_title
from punctual.flows.why import why_late
from punctual.platform.accounts.permissions import may, reasons_against, require
from punctual.web.formatting import day_text, money_text
from punctual.web.monitoring.tasks import actor_of
from punctual.web.monitoring.wording import filled_html, step_html
from punctual.web.orders import marks
from punctual.web.rail import RailFacts, rail

LEFT_OUT: Final = {
    "recovery.too_late": gettext_lazy("comes too late: what it changes has begun or is over"),
    "recovery.not_driving": gettext_lazy("does not touch what holds the delivery"),
    "recovery.no_gain": gettext_lazy("alone gains nothing"),
    "recovery.dominated": gettext_lazy("gains nothing that another way does not give for less"),
}
FINISHED: Final = (RecoveryState.APPLIED, RecoveryState.UNDONE)


@require_http_methods(["GET", "POST"])
def recover_page(request: HttpRequest, key: str) -> HttpResponse:
    """Why, what could be done, and what one of the ways would create. POST computes anew. A warning leads everybody
    here; who may not see ways out is shown the order."""
    actor, today = actor_of(request), timezone.localdate()
    order = order_by_key(actor, key)
    if request.method == "GET" and not may(actor, "recovery.view"):
        return redirect("order", key=order.key)
    require(actor, "recovery.view")
    if request.method == "POST":
        request_recovery(actor=actor, order_id=order.pk, today=today)
        return redirect("recover", key=order.key)
    run = recoveries_of(actor).filter(order=order).first()
    computing = run is not None and run.state == RecoveryState.COMPUTING
    if request.headers.get("HX-Request") and "wait" in request.GET:
        if computing:
            return HttpResponse(status=204)
        return HttpResponse(status=204, headers={"HX-Redirect": address(order)})
    options = [_option_view(order, one) for one in run.options] if run else []
    picked = _picked(request, run, options)
    why = why_late(actor, order)
    forecast = forecast_of(actor, order)
    context = {
        "title": _("Ways out of %(order)s") % {"order": order.label},
        "order": order,
        "chip": marks.health_chip(order, today=today, at_risk_days=5),
        "subject": order.lines.order_by("line_no").values_list("description", flat=True).first() or "",
        "why": [(step_html(step), step.root, step.days) for step in reversed(why.steps)],
        "without": filled_html(_(why.without.text), why.without.parts) if why.without else "",
        "forecast": forecast,
        "run": run,
        "computing": computing,
        "failed": [worded_title(one) for one in run.error] if run and not options else [],
        "options": options,
        "picked": picked,
        "picture": _picture(order, picked) if picked else "",
        "before": _before(order, run),
        "left_out": [(worded_title(one["lever"]), LEFT_OUT.get(one["why"], "")) for one in run.left_out] if run else [],
        "is_open": bool(run and run.state == RecoveryState.READY),
        "is_applied": bool(run and run.state == RecoveryState.APPLIED),
        "asked": waiting_of(run) if run and run.state == RecoveryState.READY else None,
        "is_old": bool(run and run.state == RecoveryState.READY and run.day < today),
        "may_compute": may(actor, "recovery.compute"),
        "against_applying": reasons_against(actor, "recovery.apply"),
        "runs": list(recoveries_of(actor).filter(order=order, state__in=FINISHED)[:5]),
    }
    return render(request, "monitoring/recover.html", context)


def _picked(request: HttpRequest, run: RecoveryRun | None, options: list[dict[str, Any]]) -> dict[str, Any] | None:
    if run is None or not options:
        return None
    wish = request.GET.get("option", "")
    number = int(wish) if wish.isdigit() else run.chosen
    named = next((one for one in options if one["number"] == number), None)
    return named or next((one for one in options if one["recommended"]), options[0])


def _days(value: str) -> dt.date:
    return dt.date.fromisoformat(value)


def _option_view(order: Order, one: Mapping[str, Any]) -> dict[str, Any]:
    p50, p80 = _days(one["p50"]), _days(one["p80"])
    due = order.promised_date or order.requested_date
    facts = RailFacts(promised=due, requested=order.requested_date, planned=p80, planned_from=p50)
    kept = one.get("kept")
    saved = Decimal(round(one["saved"]))
    titles = [worded_title(title) for title in one["titles"]]
    if one["kind"] == "new_promise":
        titles = [worded_title({**one["titles"][0], "params": {"day": day_text(p80)}})]
    return {
        **one,
        "title": " + ".join(titles),
        "detail": "；".join(
            _("%(what)s: %(hours)s h, %(cost)s")
            % {"what": worded_title(use["title"]), "hours": use["hours"], "cost": money_text(Decimal(use["cost"]))}
            for use in one["uses"]
            if use["hours"]
        ),
        "p50_day": p50,
        "p80_day": p80,
        "rail": rail(facts, width=150),
        "phone_rail": rail(facts, width=300),
        "kept_percent": None if kept is None else round(100 * kept),
        "kept_css": "" if kept is None else "ok" if kept >= 0.8 else "warn" if kept >= 0.5 else "late",
        "cost_text": money_text(Decimal(one["cost"])),
        "damage_text": money_text(Decimal(one["damage"])),
        "saved_text": money_text(saved),
        "saved_css": "ok" if saved > 0 else "late" if saved < 0 else "",
        "moves": len(one["patch"]["starts"]),
        "done_otherwise": len(one["patch"]["modes"]),
        "extras": len(one["patch"]["capacity"]),
        "bought": sum(use.get("kind") in BOUGHT for use in one["uses"]),
        "touched_more": max(0, len(one["touched"]) - 4),
    }


def _before(order: Order, run: RecoveryRun | None) -> dict[str, Any] | None:
    if run is None or not run.before:
        return None
    p50, p80 = _days(run.before["p50"]), _days(run.before["p80"])
    due = order.promised_date or order.requested_date
    facts = RailFacts(promised=due, requested=order.requested_date, planned=p80, planned_from=p50)
    kept = run.before.get("kept")
    return {
        "p50": p50,
        "p80": p80,
        "rail": rail(facts, width=150),
        "kept": None if kept is None else round(100 * kept),
        "damage": money_text(Decimal(run.before["damage"])),
    }


@require_POST
def apply(request: HttpRequest, key: str, pk: int) -> HttpResponse:
    """One way, everything it needs, at once."""
    actor = actor_of(request)
    order = order_by_key(actor, key)
    number = request.POST.get("option", "")
    version = request.POST.get("version", "")
    _run, asked = choose_option(
        actor=actor,
        run_id=pk,
        number=int(number) if number.isdigit() and len(number) < 4 else -1,
        today=timezone.localdate(),
        expected_version=int(version) if version.isdigit() and len(version) < 10 else None,
    )
    if asked is not None:
        messages.success(request, _("Its cost needs a yes first. Those who decide are told; nothing has changed yet."))
    else:
        text = _("Applied. Everything is planned again in the background; those concerned are asked to acknowledge.")
        messages.success(request, text)
    return redirect("recover", key=order.key)


@require_POST
def undo(request: HttpRequest, key: str, pk: int) -> HttpResponse:
    actor = actor_of(request)
    order = order_by_key(actor, key)
    undo_option(actor=actor, run_id=pk, today=timezone.localdate())
    messages.success(request, _("Taken back."))
    return redirect("recover", key=order.key)


# ------------------------------------------------------------------------------------------------------- picture

WIDTH, LABEL, ROW, HEAD, MOST = 760, 190, 38, 26, 9


def _picture(order: Order, option: Mapping[str, Any]) -> SafeString | str:
    """The tasks that move, as they are (outline) and as they would be (filled)."""
    starts = {int(name): slot for name, slot in option["patch"]["starts"].items() if name.isdigit()}
    if not starts:
        return ""
    rows = list(Task.objects.filter(pk__in=starts, plan__order=order).order_by("start", "sequence")[:MOST])
    now = {
        one.task_id: (plan_time(one.start), plan_time(one.finish))
        for one in ScheduledTask.objects.filter(run__is_current=True, task__in=[task.pk for task in rows])
    }
    axis = company_axis(timezone.localdate())
    bars = []
    for task in rows:
        mode = option["patch"]["modes"].get(str(task.pk))
        slots = int(mode["duration"]) if mode else max(1, -(-task.duration * (100 - task.percent) // 100 // SLOT))
        first, last = axis.start_of(starts[task.pk]), axis.finish_of(starts[task.pk] + slots)
        begin, end = now.get(task.pk) or (plan_time(task.start), plan_time(task.finish))
        if begin is not None and end is not None:
            bars.append((task.name, begin, end, first, max(first, last)))
    if not bars:
        return ""
    due = order.promised_date or order.requested_date
    return _drawn(bars, due)


def _drawn(
    bars: list[tuple[str, dt.datetime, dt.datetime, dt.datetime, dt.datetime]], due: dt.date | None
) -> SafeString:
    moments = [moment for bar in bars for moment in bar[1:]]
    first, last = min(moments).date(), max(moments).date()
    if due is not None and due < first - dt.timedelta(days=14):
        due = None  # long past: the line would only squeeze the picture
    if due is not None:
        first, last = min(first, due), max(last, due)
    span = max(1, (last - first).days + 2)
    per_day = (WIDTH - LABEL - 60) / span

    def at(moment: dt.datetime) -> float:
        return LABEL + ((moment.date() - first).days + (moment.hour - 8) / 9) * per_day

    height = HEAD + ROW * len(bars) + 4
    parts: list[SafeString] = []
    for week in range(0, span, 7):
        x = LABEL + week * per_day
        parts.append(format_html('<line x1="{0}" x2="{0}" y1="20" y2="{1}" class="s-grid"/>', f"{x:.1f}", height))
        parts.append(
            format_html(
                '<text x="{}" y="14" class="s">{}</text>', f"{x:.1f}", day_text(first + dt.timedelta(days=week))
            )
        )
    for index, (name, begin, end, start, finish) in enumerate(bars):
        y = HEAD + index * ROW
        parts.append(
            format_html('<text x="{}" y="{}" text-anchor="end" class="k">{}</text>', LABEL - 10, y + 18, name[:14])
        )
        parts.append(_rect(at(start), at(finish), y + 4, "f-what"))
        parts.append(_rect(at(begin), at(end), y + 18, "nf s-line2"))
        gained = (end.date() - finish.date()).days
        if gained:
            words = f"−{gained}" if gained > 0 else f"+{-gained}"
            right = f"{max(at(end), at(finish)) + 4:.1f}"
            parts.append(format_html('<text x="{}" y="{}" class="what b">{}</text>', right, y + 24, words))
    if due is not None:
        x = LABEL + ((due - first).days + 1) * per_day
        parts.append(format_html('<line x1="{0}" x2="{0}" y1="0" y2="{1}" class="s-text w15"/>', f"{x:.1f}", height))
    body = format_html_join("", "{}", ((part,) for part in parts))
    words = _("Tasks now and with this way out")
    shape = '<svg class="psvg" viewBox="0 0 {0} {1}" role="img" aria-label="{2}">{3}</svg>'
    return format_html(shape, WIDTH, height, words, body)


def _rect(left: float, right: float, y: int, css: str) -> SafeString:
    shape = '<rect x="{}" y="{}" width="{}" height="10" rx="2" class="{}"/>'
    return format_html(shape, f"{left:.1f}", y, f"{max(3.0, right - left):.1f}", css)


def address(order: Order) -> str:
    return reverse("recover", args=[order.key])
