"""The forecasts behind the slip trend: what was said of each order in a week, beside its promise."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from punctual.domain.monitoring.models import ForecastPoint
from punctual.domain.orders.selectors import orders_of
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.web.formatting import YEARS
from punctual.web.shell.columns import Column, Filter, link
from punctual.web.shell.lists import ListPage
from punctual.web.templatetags.punctual import day


def _slip(one: Any) -> str:
    return f"{(one.p80 - one.promised).days:+d}"


def _in_week(rows: QuerySet[Any], values: Sequence[str]) -> QuerySet[Any]:
    """``2026-48``: that week of the year."""
    year, _dash, week = values[0].partition("-")
    try:
        first = dt.date.fromisocalendar(int(year), int(week), 1)
    except ValueError:
        return rows.none()
    if first.year not in YEARS:
        return rows.none()
    return rows.filter(day__gte=first, day__lt=first + dt.timedelta(days=7))


def _week_words(actor: User, value: str) -> str:
    return f"W{value.partition('-')[2]} {value.partition('-')[0]}"


class Slip(ListPage):
    """One row a forecast."""

    key = "slip"
    title = _("How forecasts slip")
    icon = "trending-up"
    columns = (
        Column(
            "order",
            _("Order"),
            lambda one: one.order.label,
            lambda one: link(reverse("performance", args=[one.order.key]), one.order.label, "ono"),
            ("order",),
        ),
        Column("customer", _("Customer"), lambda one: one.order.customer),
        Column("day", _("Day"), lambda one: one.day, lambda one: day(one.day), ("day",)),
        Column("promised", _("Promised"), lambda one: one.promised, lambda one: day(one.promised), ("promised",)),
        Column("planned", _("Planned"), lambda one: one.planned, lambda one: day(one.planned), ("planned",), fold=True),
        Column("p80", "P80", lambda one: one.p80, lambda one: day(one.p80), ("p80",)),
        Column("slip", _("Days"), _slip, number=True),
    )
    filters = (Filter("week", _("Week"), lambda actor: (), _in_week, multiple=False, name_of=_week_words),)
    empty_text = _("Two weeks of forecasts are needed first.")

    def rows(self, actor: User) -> QuerySet[Any]:
        require(actor, "reports.view")
        points = ForecastPoint.objects.filter(order__in=orders_of(actor), p80__isnull=False, promised__isnull=False)
        return points.select_related("order__customer").order_by("-day", "order", "pk")

    def url_of(self, item: Any) -> str:
        return reverse("performance", args=[item.order.key])
