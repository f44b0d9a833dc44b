"""Earned value of an order with its S-curve and phases, of the portfolio, and how forecasts moved."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from punctual.domain.monitoring.earning import Performed
from punctual.domain.monitoring.facts import Gathered, running
from punctual.domain.monitoring.models import ForecastPoint, MilestonePoint, ProgressRule
from punctual.domain.monitoring.performance import phases_of, portfolio_of
from punctual.domain.monitoring.services.earning_rule import choose_rule
from punctual.domain.orders.models import Order
from punctual.domain.orders.selectors import order_by_key, orders_of
from punctual.domain.plans.selectors import plan_by_order
from punctual.engine.earned_value import PeriodFigures
from punctual.kernel.refusal import NotFound, Reason
from punctual.kernel.wording import N_
from punctual.platform.accounts.permissions import may, require
from punctual.platform.sheets.writer import write_xlsx
from punctual.web.formatting import UNKNOWN, day_text
from punctual.web.monitoring.tasks import actor_of
from punctual.web.shell.columns import link
from punctual.web.templatetags.charts import Picture

COST_FIGURES: Final = frozenset({"ac", "cv", "cpi", "eac", "etc", "vac", "tcpi"})
FIGURES: Final = (
    ("pv", "PV", gettext_lazy("planned value")),
    ("ev", "EV", gettext_lazy("earned value")),
    ("ac", "AC", gettext_lazy("actual cost")),
    ("sv", "SV", gettext_lazy("schedule variance")),
    ("cv", "CV", gettext_lazy("cost variance")),
    ("spi", "SPI", gettext_lazy("below 1: slower than planned")),
    ("cpi", "CPI", gettext_lazy("below 1: dearer than planned")),
    ("es", "ES", gettext_lazy("earned schedule, weeks")),
    ("spi_t", "SPI(t)", gettext_lazy("by time, right to the end")),
    ("eac", "EAC", gettext_lazy("estimate at completion")),
    ("etc", "ETC", gettext_lazy("still to spend")),
    ("vac", "VAC", gettext_lazy("variance at completion")),
    ("tcpi", "TCPI", gettext_lazy("needed to keep the budget")),
)
INDEXES: Final = frozenset({"spi", "cpi", "spi_t", "tcpi", "es"})


def figure_text(name: str, value: float | None) -> str:
    """n/a rather than a wrong number."""
    if value is None:
        return str(_("n/a"))
    return f"{value:.2f}" if name in INDEXES else f"{value:,.0f}"


def figures_of(row: PeriodFigures | None, *, sees_costs: bool) -> list[dict[str, Any]]:
    shown = []
    for name, words, meaning in FIGURES:
        if name in COST_FIGURES and not sees_costs:
            continue
        value = getattr(row, name) if row else None
        bad = name in ("spi", "cpi", "spi_t") and value is not None and value < 0.9
        shown.append(
            {"name": words, "meaning": meaning, "value": figure_text(name, value), "css": "late" if bad else ""}
        )
    return shown


def s_curve(done: Performed, *, sees_costs: bool) -> Picture:
    """PV, EV and AC week by week."""
    days = [day_text(end) for end in done.ends]
    series = [
        _line("PV", [row.pv for row in done.figures], "@base", dashed=True),
        _line("EV", [row.ev for row in done.figures], "@accent-fill"),
    ]
    head, rows = (
        [_("Week"), "PV", "EV"],
        [[d, round(r.pv), _whole(r.ev)] for d, r in zip(days, done.figures, strict=True)],
    )
    if sees_costs and done.cost_known:
        series.append(_line("AC", [row.ac for row in done.figures], "@late-fill"))
        head.append("AC")
        rows = [[*row, _whole(figures.ac)] for row, figures in zip(rows, done.figures, strict=True)]
    now = done.current
    words = _("Planned %(pv)s, earned %(ev)s of %(bac)s")
    summary = words % {
        "pv": figure_text("pv", now.pv if now else None),
        "ev": figure_text("ev", now.ev if now else None),
        "bac": f"{done.bac:,.0f}",
    }
    option = {
        "grid": {"left": 8, "right": 16, "top": 30, "bottom": 8, "containLabel": True},
        "legend": {"top": 0, "right": 0},
        "tooltip": {"trigger": "axis"},
        "xAxis": {"type": "category", "data": days},
        "yAxis": {"type": "value"},
        "series": series,
    }
    return Picture(option, summary, head, rows, size="l")


def _whole(value: float | None) -> object:
    return UNKNOWN if value is None else round(value)


def _line(name: str, data: Sequence[float | None], colour: str, *, dashed: bool = False) -> dict[str, Any]:
    return {
        "name": name,
        "type": "line",
        "data": [None if value is None else round(value, 2) for value in data],
        "showSymbol": False,
        "itemStyle": {"color": colour},
        "lineStyle": {"color": colour, "type": "dashed" if dashed else "solid", "width": 2},
    }


def order_performance(request: HttpRequest, key: str) -> HttpResponse:
    """One order: the figures, the S-curve, the phases, and how its forecast moved."""
    actor, today = actor_of(request), timezone.localdate()
    require(actor, "reports.view")
    order = order_by_key(actor, key)
    plan_by_order(actor, key)
    seen = Gathered([Order.objects.select_related("customer", "plan__calendar").get(pk=order.pk)], today)
    done = seen.performed(seen.orders[0])
    sees_costs = may(actor, "costs.view")
    _weights, is_money = seen.weights_of(seen.plans[order.pk])
    if done is None:
        raise NotFound(
            Reason("performance.nothing", N_("Nothing is planned for this order, so nothing can be earned."))
        )
    phases = phases_of(seen, seen.orders[0])
    if request.GET.get("export") == "xlsx":
        return _exported(order, done, sees_costs=sees_costs)
    context = {
        "title": _("Earned value of %(order)s") % {"order": order.label},
        "order": order,
        "figures": figures_of(done.current, sees_costs=sees_costs),
        "bac": figure_text("pv", done.bac),
        "unit": _("company currency") if is_money else _("working days, as no budget is known"),
        "is_money": is_money,
        "cost_known": done.cost_known,
        "sees_costs": sees_costs,
        "curve": s_curve(done, sees_costs=sees_costs),
        "phases": [
            (name, figure_text("pv", part.bac), figures_of(part.current, sees_costs=sees_costs))
            for name, part in phases
        ],
        "rules": ProgressRule.choices,
        "rule": seen.rules.get(order.pk, ProgressRule.PERCENT),
        "may_choose": may(actor, "plans.make"),
        "forecast": forecast_chart(order),
        "milestones": milestone_chart(order),
    }
    return render(request, "monitoring/performance.html", context)


def _exported(order: Order, done: Performed, *, sees_costs: bool) -> HttpResponse:
    names = [(name, words) for name, words, _m in FIGURES if sees_costs or name not in COST_FIGURES]
    rows = [
        [end, *(getattr(row, name) for name, _w in names)] for end, row in zip(done.ends, done.figures, strict=True)
    ]
    content = write_xlsx(f"EV {order.label}", [_("Week"), *(words for _n, words in names)], rows)
    response = HttpResponse(content, content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
    response["Content-Disposition"] = f'attachment; filename="earned-value-{order.key}.xlsx"'
    return response


@require_POST
def set_rule(request: HttpRequest, key: str) -> HttpResponse:
    order = order_by_key(actor_of(request), key)
    choose_rule(actor=actor_of(request), order_id=order.pk, rule=request.POST.get("rule", ""))
    messages.success(request, _("Saved."))
    return redirect("performance", key=order.key)


def forecast_chart(order: Order) -> Picture | None:
    """P50 and P80 through time against the promise, a point a week."""
    points = list(ForecastPoint.objects.filter(order=order).order_by("day"))
    points = _weekly(points)
    if len(points) < 2:
        return None
    days = [day_text(one.day) for one in points]
    base = min(day for one in points for day in (one.planned, one.p50, one.promised) if day)

    def offsets(name: str) -> list[float | None]:
        return [None if (day := getattr(one, name)) is None else float((day - base).days) for one in points]

    series = [
        _line("P50", offsets("p50"), "@band"),
        _line("P80", offsets("p80"), "@accent-fill"),
        _line(_("Promised"), offsets("promised"), "@text", dashed=True),
    ]
    rows = [[day_text(one.day), day_text(one.p50), day_text(one.p80), day_text(one.promised)] for one in points]
    first, last = points[0], points[-1]
    words = _("P80 was %(first)s on %(then)s and is %(last)s now")
    summary = words % {"first": day_text(first.p80), "then": day_text(first.day), "last": day_text(last.p80)}
    option = {
        "grid": {"left": 8, "right": 16, "top": 30, "bottom": 8, "containLabel": True},
        "legend": {"top": 0, "right": 0},
        "xAxis": {"type": "category", "data": days},
        "yAxis": {"type": "value", "name": _("days from %(day)s") % {"day": day_text(base)}},
        "tooltip": {"trigger": "axis"},
        "series": series,
    }
    return Picture(option, summary, [_("As of"), "P50", "P80", _("Promised")], rows)


def _weekly(points: Sequence[Any]) -> list[Any]:
    kept: dict[tuple[int, int], Any] = {}
    for one in points:
        kept[one.day.isocalendar()[:2]] = one
    return list(kept.values())


def milestone_chart(order: Order) -> Picture | None:
    """Milestone trend: each week's date of each milestone; a line that rises slips."""
    rows = list(MilestonePoint.objects.filter(order=order).order_by("day"))
    by_task: dict[int, list[MilestonePoint]] = {}
    for one in rows:
        by_task.setdefault(one.task_ref, []).append(one)
    chosen = {task: _weekly(found) for task, found in list(by_task.items())[:6]}
    days = sorted({one.day for found in chosen.values() for one in found})
    if len(days) < 2:
        return None
    base = min(one.date for found in chosen.values() for one in found)
    colours = ("@accent-fill", "@what-fill", "@ok-fill", "@warn-fill", "@late-fill", "@mute-fill")
    series = []
    slips = []
    for (_task, found), colour in zip(chosen.items(), colours, strict=False):
        known = {one.day: one.date for one in found}
        series.append(
            _line(found[-1].name, [float((known[d] - base).days) if d in known else None for d in days], colour)
        )
        slips.append((found[-1].name, (found[-1].date - found[0].date).days))
    worst = max(slips, key=lambda one: one[1])
    summary = _("%(name)s moved most: %(days)d days") % {"name": worst[0], "days": worst[1]}
    option = {
        "grid": {"left": 8, "right": 16, "top": 30, "bottom": 8, "containLabel": True},
        "legend": {"top": 0, "right": 0},
        "tooltip": {"trigger": "axis"},
        "xAxis": {"type": "category", "data": [day_text(day) for day in days]},
        "yAxis": {"type": "value", "name": _("days from %(day)s") % {"day": day_text(base)}},
        "series": series,
    }
    table = [[found[-1].name, day_text(found[0].date), day_text(found[-1].date)] for found in chosen.values()]
    return Picture(option, summary, [_("Milestone"), _("At first"), _("Now")], table)


def portfolio_performance(request: HttpRequest) -> HttpResponse:
    """All running orders: SPI × CPI as bubbles, and the sums."""
    actor, today = actor_of(request), timezone.localdate()
    require(actor, "reports.view")
    sees_costs = may(actor, "costs.view")
    visible = orders_of(actor).values_list("pk", flat=True)
    seen = Gathered(running(visible), today)
    found = portfolio_of(seen)
    context = {
        "title": _("Earned value of all orders"),
        "rows": [
            (
                one.order,
                one.is_money,
                figures_of(one.done.current, sees_costs=sees_costs),
                figure_text("pv", one.done.bac),
            )
            for one in found.orders
        ],
        "head": [words for name, words, _m in FIGURES if sees_costs or name not in COST_FIGURES],
        "sums": figures_of(found.total, sees_costs=sees_costs),
        "bac": figure_text("pv", found.bac),
        "bubbles": bubbles(found.orders, sees_costs=sees_costs),
    }
    return render(request, "monitoring/portfolio_performance.html", context)


def bubbles(rows: Sequence[Any], *, sees_costs: bool) -> Picture | None:
    """Each order at its SPI × CPI (where costs are not known or not shown: at SPI × progress); a click opens it."""
    data = []
    table: list[Sequence[object]] = []
    for one in rows:
        now = one.done.current
        if now is None or now.spi is None:
            continue
        cpi = now.cpi if sees_costs else None
        y = cpi if cpi is not None else 1.0
        size = 8 + min(30.0, float(one.order.total_amount or Decimal(0)) ** 0.5 / 60)
        bad = now.spi < 0.9 or y < 0.9
        data.append(
            {
                "value": [round(now.spi, 3), round(y, 3)],
                "name": one.order.label,
                "symbolSize": round(size),
                "url": f"/performance/{one.order.key}/",
                "itemStyle": {"color": "@late-fill" if bad else "@accent-fill", "opacity": 0.75},
            }
        )
        where = link(f"/performance/{one.order.key}/", one.order.label)
        table.append([where, f"{now.spi:.2f}", figure_text("cpi", cpi)])
    if not data:
        return None
    option = {
        "grid": {"left": 8, "right": 24, "top": 24, "bottom": 8, "containLabel": True},
        "tooltip": {},
        "xAxis": {"type": "value", "name": "SPI", "scale": True},
        "yAxis": {"type": "value", "name": "CPI", "scale": True},
        "series": [{"type": "scatter", "data": data}],
    }
    slow = sum(1 for row in data if row["value"][0] < 0.9)
    words = _("%(slow)d of %(all)d orders are slower than planned (SPI below 0.9)")
    return Picture(option, words % {"slow": slow, "all": len(data)}, [_("Order"), "SPI", "CPI"], table, size="l")
