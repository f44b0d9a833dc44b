"""Load against capacity: heat map, histogram, drill-down; utilisation; levelling as a proposal."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, cast, get_args

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from punctual.domain.orders.models import Order
from punctual.domain.orders.selectors import orders_of
from punctual.domain.plans.models import Plan
from punctual.domain.resources.models import ResourceKind, Skill
from punctual.domain.scheduling.load import Basis, Cell, LoadRow, Loads, Period, Unit, periods_of
from punctual.domain.scheduling.models import AbsenceKind, ScheduleRun
from punctual.domain.scheduling.selectors import current_run, forecasts_of, is_stale
from punctual.domain.scheduling.services.levelling import accept_levelling, shifts_of
from punctual.flows.load_picture import loads_of
from punctual.kernel.refusal import Refusal
from punctual.platform.accounts.permissions import may, require
from punctual.platform.sheets.writer import write_xlsx
from punctual.web.formatting import day_text
from punctual.web.scheduling.promise import actor_of
from punctual.web.shell.reading import whole
from punctual.web.templatetags.charts import Picture

COUNTS: Final = {"day": 20, "week": 10, "month": 8}
BY: Final = ("team", "skill", "resource")
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
KINDS: Final = {"skill": gettext_lazy("Skills"), **dict(ResourceKind.choices)}
MOST_TASKS: Final = 40


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for."""

    by: str
    unit: Unit
    basis: Basis
    show: str
    first: dt.date
    pick: str
    at: str


def _asked(request: HttpRequest, today: dt.date) -> Asked:
    get = request.GET.get
    unit = get("unit", "week")
    basis = get("basis", "planned")
    try:
        first = dt.date.fromisoformat(get("from", ""))
    except ValueError:
        first = today
    return Asked(
        by=by if (by := get("by", "team")) in BY else "team",
        unit=cast(Unit, unit if unit in get_args(Unit) else "week"),
        basis=cast(Basis, basis if basis in get_args(Basis) else "planned"),
        show="hours" if get("show") == "hours" else "percent",
        first=max(today, first),
        pick=get("pick", ""),
        at=get("at", ""),
    )


def level(cell: Cell) -> str:
    """CSS class of a cell: l1 … l5 as it fills, off where nobody is there."""
    if cell.away:
        return "off"
    for css, least in (("l5", 100), ("l4", 95), ("l3", 80), ("l2", 60), ("l1", 35)):
        if cell.percent > least:
            return css
    return ""


def capacity(request: HttpRequest) -> HttpResponse:
    """The heat map, with the chosen cell beside it."""
    actor, today = actor_of(request), timezone.localdate()
    require(actor, "scheduling.view")
    asked = _asked(request, today)
    try:
        loads, run = loads_of(actor, asked.basis)
    except Refusal as refusal:
        return render(request, "scheduling/capacity.html", {"title": _("Load"), "reasons": refusal.reasons})
    periods = periods_of(loads.availability, asked.first, COUNTS[asked.unit], asked.unit)
    rows = loads.rows(asked.by, periods, dict(Skill.objects.values_list("pk", "name")))
    rows = [row for row in rows if asked.by == "team" or any(cell.firm or cell.soft for cell in row.cells)]
    if request.GET.get("export") == "xlsx":
        return _export(rows, periods)
    over = [(row, cell) for row in rows for cell in row.cells if cell.firm > cell.capacity + 0.5]
    worst = max(over, key=lambda item: item[1].percent, default=None)
    picked = next((row for row in rows if row.key == asked.pick), None)
    context = {
        "title": _("Load"),
        "asked": asked,
        "periods": [(period, period_words(period, asked.unit)) for period in periods],
        "groups": _groups(rows, asked),
        "over": len(over),
        "worst": worst,
        "worst_words": period_words(worst[1].period, asked.unit)[0] if worst else "",
        "idle": min(rows, key=lambda row: sum(cell.percent for cell in row.cells), default=None),
        "run": run,
        "stale": is_stale(run),
        "picked": _picked(loads, picked, periods, asked) if picked else None,
        "may_level": may(actor, "scheduling.level"),
        "may_absent": may(actor, "scheduling.absence"),
        "kinds": AbsenceKind.choices,
        "resources": sorted(loads.availability.staff.values(), key=lambda one: (one.kind, one.name)),
        "today": today,
        "earlier": max(today, asked.first - dt.timedelta(days=COUNTS[asked.unit] * _length(asked.unit))),
        "later": asked.first + dt.timedelta(days=COUNTS[asked.unit] * _length(asked.unit)),
    }
    return render(request, "scheduling/capacity.html", context)


def _length(unit: str) -> int:
    return {"day": 1, "week": 7, "month": 30}[unit]


def period_words(period: Period, unit: str) -> tuple[str, str]:
    """(``W50``, ``12-07``), (``12``, ``2026``) or (``12-07``, number of the weekday)."""
    if unit == "week":
        return f"W{period.first.isocalendar().week}", day_text(period.first)
    if unit == "month":
        return f"{period.first.month}", f"{period.first.year}"
    return day_text(period.first), period.first.strftime("%u")


def _groups(rows: list[LoadRow], asked: Asked) -> list[tuple[str, list[dict[str, Any]]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        cells = []
        for cell in row.cells:
            on = row.key == asked.pick and cell.period.key == asked.at
            cells.append({"cell": cell, "css": level(cell), "on": on})
        found[row.kind].append({"row": row, "cells": cells})
    return [(str(KINDS.get(kind, kind)), found[kind]) for kind in found]


def _picked(loads: Loads, row: LoadRow, periods: list[Period], asked: Asked) -> dict[str, Any]:
    cell = next((cell for cell in row.cells if cell.period.key == asked.at), row.cells[0])
    orders: dict[int, list[tuple[str, float]]] = defaultdict(list)
    for use, hours in loads.uses_in(row.key, cell.period)[:400]:
        piece = loads.book.pieces[use.piece]
        orders[piece.order].append((piece.name, hours))
    entries = []
    for order, tasks in sorted(orders.items(), key=lambda item: -sum(hours for _name, hours in item[1])):
        entry = loads.book.entries[order]
        names = list(dict.fromkeys(name for name, _hours in tasks))
        hours = round(sum(hours for _name, hours in tasks))
        entries.append({"entry": entry, "tasks": names, "hours": hours, "room": _room(loads, order)})
    return {
        "row": row,
        "cell": cell,
        "css": level(cell),
        "words": period_words(cell.period, asked.unit)[0],
        "entries": entries[:MOST_TASKS],
        "picture": _histogram(row, asked.unit),
    }


def _room(loads: Loads, order: int) -> int | None:
    """Days from the scheduled end of an order to its promise: what it can give to others."""
    end, promised = loads.book.order_end(order), loads.book.entries[order].promised
    if end is None or promised is None:
        return None
    return (dt.date.fromisoformat(promised) - loads.availability.axis.day_of(end)).days


def _histogram(row: LoadRow, unit: str) -> Picture:
    labels = [period_words(cell.period, unit)[0] for cell in row.cells]
    within = [round(min(cell.firm, cell.capacity)) for cell in row.cells]
    beyond = [round(max(0, cell.firm - cell.capacity)) for cell in row.cells]
    soft = [round(cell.soft) for cell in row.cells]
    capacity_line = [round(cell.capacity) for cell in row.cells]
    option = {
        "xAxis": {"type": "category", "data": labels},
        "yAxis": {"type": "value", "axisLabel": {"formatter": "{value} h"}},
        "legend": {"bottom": 0},
        "grid": {"left": 8, "right": 12, "top": 16, "bottom": 30, "containLabel": True},
        "tooltip": {"trigger": "axis"},
        "series": [
            _stacked(_("Confirmed"), within, "@band"),
            _stacked(_("Over-use"), beyond, "@late-fill"),
            _stacked(_("Quotations"), soft, "@mute-fill"),
            {
                "type": "line",
                "step": "middle",
                "name": _("Capacity"),
                "data": capacity_line,
                "symbol": "none",
                "itemStyle": {"color": "@text"},
            },
        ],
    }
    total = sum(cell.firm for cell in row.cells)
    room = sum(cell.capacity for cell in row.cells)
    summary = _("%(name)s: %(load)d h of %(room)d h, %(over)d h beyond capacity.") % {
        "name": row.name,
        "load": round(total),
        "room": round(room),
        "over": sum(beyond),
    }
    head = (_("Period"), _("Capacity"), _("Confirmed"), _("Over-use"), _("Quotations"))
    table = list(zip(labels, capacity_line, within, beyond, soft, strict=True))
    return Picture(option, summary, head, table, size="s")


def _stacked(name: str, data: list[int], colour: str) -> dict[str, Any]:
    return {"type": "bar", "stack": "load", "name": name, "data": data, "itemStyle": {"color": colour}}


def kind_words(name: str) -> str:
    return str(KINDS.get(name, name))


def _export(rows: list[LoadRow], periods: list[Period]) -> HttpResponse:
    head = [_("Resource"), _("Kind"), _("Period"), _("Capacity"), _("Confirmed"), _("Quotations"), "%"]
    lines = [
        [row.name, kind_words(row.kind), cell.period.first, cell.capacity, cell.firm, cell.soft, cell.percent]
        for row in rows
        for cell in row.cells
    ]
    return as_sheet(_("Load"), head, lines, f"load-{periods[0].key}.xlsx")


def as_sheet(title: str, head: Sequence[str], lines: Sequence[Sequence[object]], name: str) -> HttpResponse:
    response = HttpResponse(write_xlsx(title, head, lines), content_type=XLSX)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


# ------------------------------------------------------------------------------------------------------- levelling


def levelling(request: HttpRequest) -> HttpResponse:
    """What accepting the schedule would move in the plans, order by order."""
    actor = actor_of(request)
    require(actor, "scheduling.view")
    run = current_run(actor)
    context = {
        "title": _("Levelling"),
        "run": run,
        "stale": is_stale(run) if run else False,
        "rows": _proposal(request, run) if run else [],
        "may_level": may(actor, "scheduling.level"),
        "chart": _before_after(request) if run else None,
    }
    return render(request, "scheduling/levelling.html", context)


def _proposal(request: HttpRequest, run: ScheduleRun) -> list[dict[str, Any]]:
    actor = actor_of(request)
    found = shifts_of(run)
    orders = {order.pk: order for order in orders_of(actor).select_related("customer").filter(pk__in=found)}
    plans = {plan.order_id: plan for plan in Plan.objects.filter(order__in=orders)}
    then = forecasts_of(actor, orders.values())
    rows = []
    for order_id, shifts in found.items():
        order, plan = orders.get(order_id), plans.get(order_id)
        if order is None or plan is None:
            continue
        rows.append(
            {
                "order": order,
                "version": plan.version,
                "shifts": sorted(shifts, key=lambda shift: -shift.days)[:6],
                "count": len(shifts),
                "before": plan.planned_date,
                "after": then[order_id].planned if order_id in then else None,
                "keeps": order.promised_date is None
                or (order.forecast_p50 is not None and order.forecast_p50 <= order.promised_date),
            }
        )
    rows.sort(key=lambda row: cast(Order, row["order"]).promised_date or dt.date.max)
    return rows


def _before_after(request: HttpRequest) -> Picture | None:
    """Percent of capacity used by the busiest team, in the plans as they are and with the proposal accepted."""
    actor, today = actor_of(request), timezone.localdate()
    before, _run = loads_of(actor, "planned")
    after, _run = loads_of(actor, "scheduled")
    periods = periods_of(before.availability, today, 8, "week")
    rows = before.rows("team", periods, {})
    worst = max(rows, key=lambda row: max(cell.percent for cell in row.cells if cell.percent < 999), default=None)
    if worst is None:
        return None
    then = next(row for row in after.rows("team", periods, {}) if row.key == worst.key)
    labels = [period_words(period, "week")[0] for period in periods]
    now = [min(cell.percent, 300) for cell in worst.cells]
    later = [min(cell.percent, 300) for cell in then.cells]
    option = {
        "xAxis": {"type": "category", "data": labels},
        "yAxis": {"type": "value", "axisLabel": {"formatter": "{value}%"}},
        "legend": {"bottom": 0},
        "grid": {"left": 8, "right": 12, "top": 16, "bottom": 30, "containLabel": True},
        "series": [
            {
                "type": "bar",
                "name": _("Now"),
                "data": [
                    {"value": value, "itemStyle": {"color": "@late-fill" if value > 100 else "@base"}} for value in now
                ],
                "markLine": {"symbol": "none", "silent": True, "data": [{"yAxis": 100}], "label": {"show": False}},
            },
            {"type": "bar", "name": _("Levelled"), "data": later, "itemStyle": {"color": "@what-fill"}},
        ],
    }
    summary = _("%(name)s: at most %(now)d %% of capacity now, %(then)d %% when levelled.") % {
        "name": worst.name,
        "now": max(now),
        "then": max(later),
    }
    table = list(zip(labels, now, later, strict=True))
    return Picture(option, summary, (_("Week"), _("Now"), _("Levelled")), table, size="s")


@require_POST
def accept(request: HttpRequest) -> HttpResponse:
    """Accept the proposal for the chosen orders."""
    actor = actor_of(request)
    versions = {}
    for value in request.POST.getlist("order"):
        order, _sep, version = value.partition(":")
        if order.isdecimal() and version.isdecimal():
            versions[whole(order)] = whole(version)
    run = request.POST.get("run", "")
    moved = accept_levelling(actor=actor, run_id=whole(run), versions=versions, today=timezone.localdate())
    words = {"count": moved, "orders": len(versions)}
    messages.success(request, _("%(count)d tasks moved in %(orders)d plans.") % words)
    return redirect("levelling")
