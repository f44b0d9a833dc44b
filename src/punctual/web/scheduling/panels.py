"""What schedules and promises add to the order's page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any, Final

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from punctual.domain.orders.life import RUNNING
from punctual.domain.orders.models import Order, OrderState
from punctual.domain.orders.selectors import orders_of
from punctual.domain.scheduling.models import Channel, OrderForecast, Promise, PromiseCause
from punctual.domain.scheduling.selectors import (
    current_run,
    forecast_of,
    is_stale,
    promises_of,
)
from punctual.flows.why import why_late
from punctual.platform.accounts.permissions import may
from punctual.web.formatting import day_text
from punctual.web.master.pages import actor_of
from punctual.web.monitoring.wording import filled_html, step_html
from punctual.web.rail import RailFacts, rail
from punctual.web.scheduling.promise import tone
from punctual.web.shell.panels import register_panel
from punctual.web.templatetags.charts import Picture

OPEN: Final = (OrderState.DRAFT, OrderState.QUOTED, OrderState.IN_REVIEW)
MOST_CAUSES: Final = 4
MOST_PROMISES: Final = 4
MOST_READ: Final = 40


def _at_once(told: Iterable[Promise]) -> list[Promise]:
    """The same date told for several lines in one breath is one row."""
    seen: dict[tuple[object, ...], Promise] = {}
    for one in told:
        said = f"{one.at:%Y-%m-%d %H:%M}"
        seen.setdefault((one.date, one.before, said, one.by_id, one.channel, one.reason), one)
    return list(seen.values())


def _promise(request: HttpRequest, order: Order) -> dict[str, Any] | None:
    actor = actor_of(request)
    kept = list(promises_of(actor, order)[:MOST_READ])
    told = _at_once(kept)[:MOST_PROMISES]
    common = {
        "told": told,
        "told_count": len(kept),
        "may_give": may(actor, "promises.give"),
        "channels": Channel.choices,
        "causes": [one for one in PromiseCause.choices if one[0] != PromiseCause.FIRST],
    }
    if order.state in OPEN:
        return {**common, "asks": True} if order.line_count else None
    found = forecast_of(actor, order)
    if found is None:
        return {**common, "forecast": None} if told else None
    run = current_run(actor)
    assert run is not None
    due = order.promised_date or order.requested_date
    why = why_late(actor, order)
    return {
        **common,
        "forecast": found,
        "css": tone(order.confidence),
        "percent": order.confidence,
        "late": due is not None and found.p80 > due,
        "picture": histogram(found, order),
        "rail": rail(rail_facts(order, found), width=334, height=46, labels=True),
        "why": [(step_html(step), step.root, step.days) for step in why.briefly(MOST_CAUSES)],
        "without": filled_html(_(why.without.text), why.without.parts) if why.without else "",
        "run": run,
        "stale": is_stale(run),
        "may_recover": may(actor, "scheduling.scenario"),
    }


def rail_facts(order: Order, found: OrderForecast) -> RailFacts:
    """P50–P80 as band, P95 as tail."""
    return RailFacts(
        promised=order.promised_date,
        requested=order.requested_date,
        planned_from=found.p50,
        planned=found.p80,
        tail=found.p95,
        actual=order.actual_date,
    )


def histogram(found: OrderForecast, order: Order) -> Picture:
    """Simulated deliveries by day or, where they spread wide, by week; what is after the promise is red."""
    days = [(dt.date.fromisoformat(day), count) for day, count in found.histogram]
    runs = sum(count for _day, count in days)
    wide = (days[-1][0] - days[0][0]).days > 45
    bins: dict[dt.date, int] = {}
    for day, count in days:
        key = day - dt.timedelta(days=day.weekday()) if wide else day
        bins[key] = bins.get(key, 0) + count
    due = order.promised_date or order.requested_date
    bars = [
        {"value": round(100 * count / runs, 1), "itemStyle": {"color": "@late-fill" if due and day > due else "@band"}}
        for day, count in bins.items()
    ]
    total, curve = 0, []
    for count in bins.values():
        total += count
        curve.append(round(100 * total / runs, 1))
    option = {
        "xAxis": {"type": "category", "data": [day_text(day) for day in bins]},
        "yAxis": [
            {"type": "value", "axisLabel": {"formatter": "{value}%"}},
            {"type": "value", "max": 100, "show": False},
        ],
        "tooltip": {"trigger": "axis"},
        "series": [
            {"type": "bar", "name": _("Lines delivered"), "data": bars, "barMaxWidth": 16},
            {"type": "line", "name": _("Delivered by then"), "data": curve, "yAxisIndex": 1, "symbol": "none"},
        ],
    }
    summary = _("Of %(runs)d simulated runs half deliver by %(p50)s, 80 %% by %(p80)s, 95 %% by %(p95)s.") % {
        "runs": runs,
        "p50": day_text(found.p50),
        "p80": day_text(found.p80),
        "p95": day_text(found.p95),
    }
    rows = [(day.isoformat(), count, f"{share}%") for (day, count), share in zip(bins.items(), curve, strict=True)]
    return Picture(option, summary, (_("Day"), _("Runs"), _("Delivered by then")), rows, size="s")


def _peek(request: HttpRequest, order: Order) -> dict[str, Any] | None:
    found = forecast_of(actor_of(request), order)
    if found is None:
        return None
    percent = found.promise_percent if found.promise_percent is not None else found.request_percent
    return {"forecast": found, "percent": percent, "css": tone(percent), "today": timezone.localdate()}


register_panel(
    "order",
    "promise",
    order=10,
    place="main",
    template="scheduling/order_panel.html",
    context_function=_promise,
    permission="promises.view",
    label=gettext_lazy("Promise"),
    style="css/scheduling.css",
    script="dist/order-promise.js",
)
register_panel(
    "peek",
    "forecast",
    order=10,
    place="main",
    template="scheduling/peek.html",
    context_function=_peek,
    permission="scheduling.view",
)


def _first_schedule(request: HttpRequest, _subject: object) -> dict[str, Any] | None:
    """Said on today until there is a schedule: what is missing meanwhile, and that it comes by itself."""
    actor = actor_of(request)
    if current_run(actor) is not None or not orders_of(actor).filter(state__in=RUNNING).exists():
        return None
    return {}


register_panel(
    "home",
    "first_schedule",
    order=1,
    place="top",
    template="scheduling/first.html",
    context_function=_first_schedule,
    permission="scheduling.view",
)
