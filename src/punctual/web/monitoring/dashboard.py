"""The management dashboard: how the company delivers, what threatens it, what money comes when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlencode

from django.db.models import F, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from punctual.domain.changes.selectors import first_time_right
from punctual.domain.delivery.selectors import event_days, expected, open_milestones
from punctual.domain.monitoring.facts import Gathered, running
from punctual.domain.monitoring.models import ForecastPoint
from punctual.domain.monitoring.performance import portfolio_of
from punctual.domain.monitoring.selectors import open_warnings
from punctual.domain.orders.facts import check_settings
from punctual.domain.orders.life import RUNNING, Health
from punctual.domain.orders.models import Order, OrderLine
from punctual.domain.orders.selectors import orders_of, with_health
from punctual.domain.scheduling.load import periods_of
from punctual.flows.load_picture import loads_of
from punctual.kernel.refusal import Refusal
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may, require
from punctual.platform.company.rates import rates
from punctual.web.formatting import day_text, listed, money_text
from punctual.web.monitoring.performance import bubbles
from punctual.web.monitoring.tasks import actor_of
from punctual.web.monitoring.wording import shown
from punctual.web.risks.tables import top_risks
from punctual.web.shell.columns import link
from punctual.web.templatetags.charts import Picture

TOP: Final = 6
TOP_TEAMS: Final = 8
LOAD_WEEKS: Final = 4
LATE: Final = (Health.LATE, Health.OVERDUE)
DELIVERED: Final = "/orders/?kept=any&delivered="
PAYMENTS: Final = "/payments/?month="
MOST_MILESTONES: Final = 5_000
CASH_FIELDS: Final = (
    *("amount", "received", "event", "due_on", "fixed_on", "days", "months", "task__finish"),
    *(f"order__{name}" for name in ("currency", "confirmed_at")),
    *(f"order__{name}_date" for name in ("actual", "planned", "promised", "requested")),
)
"""All that a milestone's month and amount hang on."""


def dashboard(request: HttpRequest) -> HttpResponse:
    """How the company delivers: each figure opens its rows."""
    actor, today = actor_of(request), timezone.localdate()
    require(actor, "reports.view")
    months = _months(today, 6)
    context = {
        "title": _("Dashboard"),
        "figures": _figures(actor, today),
        "otd": _otd(actor, months),
        "slip": _slip(actor),
        "load": _load(actor, today),
        "dearest": [
            shown(one) for one in open_warnings(actor, today=today).filter(damage__gt=0).order_by("-damage")[:8]
        ],
        "risks": top_risks(actor, TOP),
        "cash": _cash(actor, today) if may(actor, "payments.view") else None,
    }
    return render(request, "monitoring/dashboard.html", context)


def earned(request: HttpRequest) -> HttpResponse:
    """The card of earned value, which comes after the page: it reads every task of every running order."""
    actor = actor_of(request)
    require(actor, "reports.view")
    seen = Gathered(running(orders_of(actor).order_by().values_list("pk", flat=True)), timezone.localdate())
    found = bubbles(portfolio_of(seen).orders, sees_costs=may(actor, "costs.view"))
    return render(request, "monitoring/bubbles.html", {"bubbles": found})


def _cash(actor: User, today: dt.date) -> dict[str, Any]:
    """What the payment milestones bring, month by month: by the plan, and as the forecasts have it with 80 percent.

    In the company's currency; what no exchange rate is kept for is left out."""
    needed = open_milestones(actor).select_related(None).select_related("order", "task").only(*CASH_FIELDS)
    rows = list(needed[:MOST_MILESTONES])
    days = event_days(rows)
    months = [first for first, _last in _months(today + dt.timedelta(days=150), 6)]
    planned, likely = dict.fromkeys(months, Decimal(0)), dict.fromkeys(months, Decimal(0))
    overdue, kept = Decimal(0), rates()
    for one in rows:
        amount = kept.in_base(one.open_amount, one.order.currency, today)
        if amount is None:
            continue
        when = expected(one, days)
        for sums, with_p80 in ((planned, False), (likely, True)):
            if (month := when.month(today, likely=with_p80)) in sums:
                sums[month] += amount
        if when.happened and when.planned is not None and when.planned < today:
            overdue += amount
    return {"overdue": money_text(overdue) if overdue else "", "picture": _cash_picture(months, planned, likely)}


def _cash_picture(
    months: list[dt.date], planned: Mapping[dt.date, Decimal], likely: Mapping[dt.date, Decimal]
) -> Picture:
    series = (
        (_("By the plan"), planned, "@mute-fill", ""),
        (_("With 80 % certainty"), likely, "@accent-fill", "-p80"),
    )
    option = {
        "grid": {"left": 8, "right": 16, "top": 16, "bottom": 30, "containLabel": True},
        "legend": {"bottom": 0},
        "xAxis": {"type": "category", "data": [f"{month:%Y-%m}" for month in months]},
        "yAxis": {"type": "value"},
        "tooltip": {"trigger": "axis"},
        "series": [
            {
                "type": "bar",
                "name": str(name),
                "data": [{"value": round(found[m]), "url": f"{PAYMENTS}{m:%Y-%m}{end}"} for m in months],
                "itemStyle": {"color": color},
            }
            for name, found, color, end in series
        ],
    }
    words = _("%(planned)s are due in six months by the plan, %(likely)s with 80 %% certainty")
    told = {
        "planned": money_text(sum(planned.values(), Decimal(0))),
        "likely": money_text(sum(likely.values(), Decimal(0))),
    }
    table = [
        [
            f"{month:%Y-%m}",
            link(f"{PAYMENTS}{month:%Y-%m}", money_text(planned[month])),
            link(f"{PAYMENTS}{month:%Y-%m}-p80", money_text(likely[month])),
        ]
        for month in months
    ]
    return Picture(option, words % told, [_("Month"), *(str(name) for name, *_rest in series)], table)


def _load(actor: User, today: dt.date) -> Picture | None:
    """Each team's confirmed work against its capacity in the next four weeks, the fullest first."""
    if not may(actor, "scheduling.view"):
        return None
    try:
        loads, _run = loads_of(actor, "scheduled")
    except Refusal:
        return None
    rows = []
    for row in loads.rows("team", periods_of(loads.availability, today, LOAD_WEEKS, "week"), {}):
        room, firm = sum(cell.capacity for cell in row.cells), sum(cell.firm for cell in row.cells)
        if firm:  # without any capacity it is the worst of all
            url = f"{reverse('capacity')}?{urlencode({'by': 'team', 'basis': 'scheduled', 'pick': row.key})}"
            rows.append((min(999, round(100 * firm / room)) if room else 999, row.name, round(firm), round(room), url))
    over = sum(1 for percent, *_rest in rows if percent > 100)
    rows = sorted(rows, key=lambda one: -one[0])[:TOP_TEAMS]
    bars = [
        {"value": percent, "url": url, "itemStyle": {"color": "@late-fill" if percent > 100 else "@accent-fill"}}
        for percent, _name, _firm, _room, url in rows
    ]
    option = {
        "grid": {"left": 8, "right": 32, "top": 8, "bottom": 8, "containLabel": True},
        "xAxis": {"type": "value"},
        "yAxis": {"type": "category", "inverse": True, "data": [name for _p, name, *_rest in rows]},
        "tooltip": {"trigger": "axis"},
        "series": [{"type": "bar", "name": "%", "data": bars, "label": {"show": True, "position": "right"}}],
    }
    words = ngettext(
        "%(over)d team has more work than time in the next four weeks",
        "%(over)d teams have more work than time in the next four weeks",
        over,
    )
    table = [[link(url, name), f"{firm} h", f"{room} h", f"{percent} %"] for percent, name, firm, room, url in rows]
    head = [_("Team"), _("Confirmed"), _("Capacity"), "%"]
    return Picture(option, words % {"over": over}, head, table) if rows else None


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
    first = first_time_right(actor)
    damage = (
        open_warnings(actor, today=today).filter(kind__in=["promise", "overdue"]).aggregate(sum=Sum("damage"))["sum"]
    )
    return [
        {
            "label": "OTD",
            "value": _percent(on_time, count),
            "more": f"{on_time} / {count}",
            "url": "/orders/?delivered=365&kept=any",
        },
        {
            "label": "OTIF",
            "value": _percent(otif, count),
            "more": f"{otif} / {count}",
            "url": "/orders/?delivered=365&kept=full",
        },
        {
            "label": _("Right the first time"),
            "value": _percent(first.right, first.compared),
            "more": f"{first.right} / {first.compared}",
            "url": "/orders/?po=any",
        },
        {
            "label": _("Running"),
            "value": hand.count(),
            "more": _in_all(hand, today),
            "url": "/orders/?state=confirmed,in_progress,partially_delivered",
        },
        {
            "label": _("Will be late"),
            "value": with_health(hand, list(LATE), today=today, at_risk_days=check_settings().at_risk_days).count(),
            "more": _("or are overdue"),
            "url": "/orders/?health=late,overdue",
        },
        {
            "label": _("Expected damage"),
            "value": money_text(damage or Decimal(0)),
            "more": _("of promises in danger"),
            "url": "/warnings/?state=open&kind=promise,overdue",
        },
    ]


def _in_all(rows: QuerySet[Order], today: dt.date) -> str:
    """The value of orders in the company's currency; what no rate is kept for is named."""
    sums = rows.order_by().values("currency").annotate(sum=Sum("total_amount")).values_list("sum", "currency")
    found = rates().total(((amount or Decimal(0), currency) for amount, currency in sums), today)
    if not found.missing:
        return money_text(found.amount)
    words = _("%(sum)s without %(currencies)s: no exchange rate")
    return words % {"sum": money_text(found.amount), "currencies": listed(found.missing)}


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}%" if whole else "—"


def _otd(actor: User, months: list[tuple[dt.date, dt.date]]) -> Picture:
    done = orders_of(actor).filter(actual_date__range=(months[0][0], months[-1][1]), promised_date__isnull=False)
    kept: dict[str, list[bool]] = {f"{first:%Y-%m}": [] for first, _last in months}
    for actual, promised in done.order_by().values_list("actual_date", "promised_date"):
        assert actual is not None
        assert promised is not None
        kept[f"{actual:%Y-%m}"].append(actual <= promised)
    rows = [(month, sum(found), len(found)) for month, found in kept.items()]
    option = {
        "grid": {"left": 8, "right": 16, "top": 16, "bottom": 8, "containLabel": True},
        "xAxis": {"type": "category", "data": [row[0] for row in rows]},
        "yAxis": {"type": "value", "min": 0, "max": 100},
        "tooltip": {"trigger": "axis"},
        "series": [
            {
                "type": "line",
                "name": "OTD %",
                "data": [
                    {"value": round(100 * good / count, 1), "url": f"{DELIVERED}{month}"} if count else {"value": None}
                    for month, good, count in rows
                ],
                "itemStyle": {"color": "@accent-fill"},
                "lineStyle": {"color": "@accent-fill"},
            }
        ],
    }
    good, count = sum(row[1] for row in rows), sum(row[2] for row in rows)
    words = _("%(good)d of %(count)d orders in six months were delivered by their promise")
    table = [
        [link(f"{DELIVERED}{month}", month), f"{good} / {count}", _percent(good, count)] for month, good, count in rows
    ]
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
    rows = [
        (day_text(last[key]), sum(found) / len(found), f"{reverse('slip')}?week={key[0]}-{key[1]}")
        for key, found in weeks.items()
    ]
    option = {
        "grid": {"left": 8, "right": 16, "top": 16, "bottom": 8, "containLabel": True},
        "xAxis": {"type": "category", "data": [row[0] for row in rows]},
        "yAxis": {"type": "value"},
        "tooltip": {"trigger": "axis"},
        "series": [
            {
                "type": "bar",
                "data": [{"value": round(mean, 1), "url": url} for _day, mean, url in rows],
                "itemStyle": {"color": "@band"},
            }
        ],
    }
    words = _("P80 lies on average %(days).1f days from the promise (negative: before it)")
    table = [[link(url, when), f"{mean:+.1f}"] for when, mean, url in rows]
    return Picture(option, words % {"days": rows[-1][1]}, [_("Week"), _("Days")], table)
