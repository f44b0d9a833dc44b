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
from punctual.web.formatting import days_text
from punctual.web.master.cells import two_lines
from punctual.web.quality.lists import (
    NOTHING,
    QualityList,
    by_supplier,
    cause_column,
    day_column,
    money_column,
    one_of,
    order_column,
    since,
    supplier_column,
)
from punctual.web.shell.columns import BuiltInView, Column


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
        one_of("kind", gettext_lazy("Kind"), lambda actor: list(CostKind.choices)),
        one_of("cause", gettext_lazy("Cause"), lambda actor: list(Cause.choices)),
        by_supplier(),
        since("booked_on"),
    )
    columns = (
        Column("name", gettext_lazy("What for"), lambda item: item.name, _name_cell),
        Column("kind", gettext_lazy("Kind"), lambda item: item.get_kind_display(), sort=("kind",)),
        Column("ncr", gettext_lazy("Nonconformity"), lambda item: item.ncr and item.ncr.number, fold=True),
        order_column(),
        supplier_column(),
        cause_column(),
        Column(
            "days",
            gettext_lazy("Calendar days"),
            lambda item: item.days,
            lambda item: format_html("{}", days_text(item.days)) if item.days else NOTHING,
            sort=("days",),
            number=True,
        ),
        money_column("amount", gettext_lazy("Amount")),
        day_column("booked", gettext_lazy("Booked on"), "booked_on"),
    )

    def rows(self, actor: User) -> QuerySet[Any]:
        return losses_of(actor).order_by("-booked_on", "-id")

    def url_of(self, item: Any) -> str:
        return reverse("ncr", args=[item.ncr_id]) if item.ncr_id else ""
