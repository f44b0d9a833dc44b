"""What quality cost, row by row: what the figures of the overview are made of."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from punctual.domain.quality.dashboard import losses_of
from punctual.domain.quality.models import Cause, CostKind
from punctual.platform.accounts.models import User
from punctual.web.formatting import days_text, money_text
from punctual.web.master.cells import two_lines
from punctual.web.quality.lists import NOTHING, QualityList, order_cell, since, suppliers
from punctual.web.shell.lists import BuiltInView, Column, Filter
from punctual.web.templatetags.punctual import day


def _name_cell(item: Any) -> SafeString:
    if item.ncr is None:
        return escape(item.name)
    return two_lines(reverse("ncr", args=[item.ncr_id]), item.name, item.ncr.title)


class CostList(QualityList):
    key = "quality_costs"
    room = "quality"
    permission = "quality.see_cost"
    title = gettext_lazy("Cost of quality")
    icon = "coin"
    empty_text = gettext_lazy("Dispositions book what they cost; more is booked on a nonconformity's page.")
    tabs = (
        BuiltInView(gettext_lazy("All"), ""),
        BuiltInView(gettext_lazy("Failures"), "kind=internal,external"),
    )
    filters = (
        Filter(
            "kind",
            gettext_lazy("Kind"),
            lambda actor: list(CostKind.choices),
            lambda rows, values: rows.filter(kind__in=values),
        ),
        Filter(
            "cause",
            gettext_lazy("Cause"),
            lambda actor: list(Cause.choices),
            lambda rows, values: rows.filter(cause__in=values),
        ),
        Filter(
            "supplier",
            gettext_lazy("Supplier"),
            suppliers,
            lambda rows, values: rows.filter(supplier_id__in=[one for one in values if one.isdigit()]),
        ),
        since("booked_on"),
    )
    columns = (
        Column("name", gettext_lazy("What for"), lambda item: item.name, _name_cell),
        Column("kind", gettext_lazy("Kind"), lambda item: item.get_kind_display(), sort=("kind",)),
        Column("ncr", gettext_lazy("Nonconformity"), lambda item: item.ncr and item.ncr.number, fold=True),
        Column("order", gettext_lazy("Order"), lambda item: item.order and item.order.label, order_cell),
        Column("supplier", gettext_lazy("Supplier"), lambda item: item.supplier, sort=("supplier__code",), fold=True),
        Column("cause", gettext_lazy("Cause"), lambda item: item.get_cause_display(), sort=("cause",), fold=True),
        Column(
            "days",
            gettext_lazy("Calendar days"),
            lambda item: item.days,
            lambda item: format_html("{}", days_text(item.days)) if item.days else NOTHING,
            sort=("days",),
            number=True,
        ),
        Column(
            "amount",
            gettext_lazy("Amount"),
            lambda item: item.amount,
            lambda item: format_html("{}", money_text(item.amount)),
            sort=("amount",),
            number=True,
        ),
        Column(
            "booked",
            gettext_lazy("Booked on"),
            lambda item: item.booked_on,
            lambda item: day(item.booked_on),
            sort=("booked_on",),
        ),
    )

    def rows(self, actor: User) -> QuerySet[Any]:
        return losses_of(actor).order_by("-booked_on", "-id")

    def url_of(self, item: Any) -> str:
        return reverse("ncr", args=[item.ncr_id]) if item.ncr_id else ""
