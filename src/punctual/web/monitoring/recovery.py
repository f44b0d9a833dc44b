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
from punctual.domain.scheduling.models import OrderForecast, ScheduledTask
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
from punctual.web.shell.reading import whole
from punctual.web.task_bars import Bar, task_bars

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
        "has_moved": bool(run and run.state == RecoveryState.READY and forecast and _has_moved(run, forecast)),
        "may_compute": may(actor, "recovery.compute"),
        "against_applying": reasons_against(actor, "recovery.apply"),
        "runs": list(recoveries_of(actor).filter(order=order, state__in=FINISHED)[:5]),
    }
    return render(request, "monitoring/recover.html", context)


def _has_moved(run: RecoveryRun, now: OrderForecast) -> bool:
    """Whether the order's dates are other ones than those the ways out were measured against."""
    measured = run.before.get("run")
    if measured in (None, now.run_id):  # None: computed before there was a schedule to measure against
        return False
    then = OrderForecast.objects.filter(run=measured, order=run.order_id).first()
    return then is None or (then.p50, then.p80) != (now.p50, now.p80)


def _picked(request: HttpRequest, run: RecoveryRun | None, options: list[dict[str, Any]]) -> dict[str, Any] | None:
    if run is None or not options:
        return None
    wish = request.GET.get("option", "")
    number = whole(wish) if wish.isdecimal() else run.chosen
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
        "detail": " · ".join(
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
        number=int(number) if number.isdecimal() and len(number) < 4 else -1,
        today=timezone.localdate(),
        expected_version=int(version) if version.isdecimal() and len(version) < 10 else None,
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

MOST = 9


def _picture(order: Order, option: Mapping[str, Any]) -> SafeString | str:
    """The tasks that move, as they are (outline) and as they would be (filled)."""
    starts = {int(name): slot for name, slot in option["patch"]["starts"].items() if name.isdecimal()}
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
            bars.append(Bar(task.name, first, max(first, last), "f-what", before=(begin, end)))
    due = order.promised_date or order.requested_date
    return task_bars(bars, due, _("Tasks now and with this way out"))


def address(order: Order) -> str:
    return reverse("recover", args=[order.key])
