"""The lists of service cases and of warranties."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from punctual.domain.aftersales import selectors
from punctual.domain.aftersales.models import CaseKind, CaseState, ServiceCase
from punctual.flows.recurring_faults import open_for
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may, require
from punctual.web.master.cells import chip
from punctual.web.master.pages import actor_of
from punctual.web.relations import clocks
from punctual.web.relations.filters import customer_filter
from punctual.web.shell.columns import BuiltInView, Column, Filter, choice_filter
from punctual.web.shell.lists import ListPage
from punctual.web.templatetags.punctual import day

STATE_MARKS: Final = {
    CaseState.REPORTED: ("alert-circle", "warn"),
    CaseState.PLANNED: ("calendar-check", "acc"),
    CaseState.WORKING: ("tool", "acc"),
    CaseState.DONE: ("circle-check", "ok"),
    CaseState.CLOSED: ("lock", ""),
    CaseState.CANCELLED: ("ban", ""),
}


def case_url(found: ServiceCase) -> str:
    return reverse("service_case", args=[found.number])


def state_cell(one: Any) -> Any:
    name, css = STATE_MARKS[one.state]
    return chip(css, name, one.get_state_display())


def _warranty_cell(one: Any) -> Any:
    return (
        chip("ok pl", "shield-check", _("under warranty")) if one.under_warranty else chip("pl", "coin", _("charged"))
    )


class CaseList(ListPage):
    peeks = True
    peek_fields = ("measure",)
    key = "service_cases"
    title = gettext_lazy("After-sales")
    icon = "tool"
    search_kind = "servicecase"
    search_hint = gettext_lazy("Number, words, customer, serial number")
    template_name = "aftersales/list.html"
    create = ("service_case_new", gettext_lazy("New service case"), "service.change")
    empty_text = gettext_lazy("Faults, spare parts, visits and training after delivery.")
    default_sort = "-number"
    tabs = (
        BuiltInView(gettext_lazy("All"), ""),
        BuiltInView(gettext_lazy("Open"), "state=reported,planned,working"),
        BuiltInView(gettext_lazy("Under warranty"), "warranty=yes"),
    )
    filters = (
        choice_filter("state", gettext_lazy("State"), CaseState),
        choice_filter("kind", gettext_lazy("Kind"), CaseKind),
        customer_filter(),
        Filter(
            "warranty",
            gettext_lazy("Warranty"),
            lambda actor: [("yes", gettext_lazy("under warranty")), ("no", gettext_lazy("charged"))],
            lambda rows, values: rows.filter(under_warranty=values[0] == "yes") if len(values) == 1 else rows,
        ),
    )
    columns = (
        Column("number", gettext_lazy("Number"), lambda one: one.number, sort=("number",)),
        Column("title", gettext_lazy("Subject"), lambda one: one.title),
        Column("customer", gettext_lazy("Customer"), lambda one: str(one.customer), sort=("customer__name",)),
        Column("order", gettext_lazy("Order"), lambda one: one.order.label if one.order else "", fold=True),
        Column("serial", gettext_lazy("Serial number"), lambda one: one.serial, sort=("serial",), fold=True),
        Column("kind", gettext_lazy("Kind"), lambda one: one.get_kind_display(), sort=("kind",), fold=True),
        Column(
            "warranty",
            gettext_lazy("Warranty"),
            lambda one: _("under warranty") if one.under_warranty else _("charged"),
            _warranty_cell,
            fold=True,
        ),
        Column("engineer", gettext_lazy("Engineer"), lambda one: str(one.engineer or ""), fold=True),
        Column("cause", gettext_lazy("Cause"), lambda one: one.cause, fold=True),
        Column(
            "clock",
            gettext_lazy("Clock"),
            lambda one: "",
            lambda one: clocks.due_chip(one.request, now=timezone.now()),
            exported=False,
        ),
        Column("state", gettext_lazy("State"), lambda one: one.get_state_display(), state_cell, sort=("state",)),
    )

    def rows(self, actor: User) -> QuerySet[Any]:
        return selectors.cases_of(actor).prefetch_related("request__pauses")

    def url_of(self, item: Any) -> str:
        return case_url(item)

    def more(self, request: HttpRequest, rows: QuerySet[Any]) -> dict[str, Any]:
        actor = actor_of(request)
        ahead = selectors.visits_ahead(actor)
        return {
            "visits": ahead.order_by("day")[:8],
            "visit_count": ahead.count(),
            "recurring": [
                (one, open_for(one.model, one.cause))
                for one in selectors.recurring(actor, since=timezone.localdate() - dt.timedelta(days=365))
            ],
            "may_take_up": may(actor, "service.change"),
            "today": timezone.localdate(),
        }

    def get(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        require(actor_of(request), "service.visit")
        return super().get(request, *args, **kwargs)


class WarrantyList(ListPage):
    key = "warranties"
    title = gettext_lazy("Warranties")
    icon = "shield-check"
    empty_text = gettext_lazy("A warranty begins on the order’s page when something is delivered.")
    from_orders = True
    default_sort = "ends"
    tabs = (
        BuiltInView(gettext_lazy("All"), ""),
        BuiltInView(gettext_lazy("Running"), "state=running"),
        BuiltInView(gettext_lazy("Ending within 60 days"), "state=ending"),
    )
    filters = (
        Filter(
            "state",
            gettext_lazy("State"),
            lambda actor: [
                ("running", gettext_lazy("Running")),
                ("ending", gettext_lazy("Ending within 60 days")),
                ("over", gettext_lazy("Over")),
            ],
            lambda rows, values: _by_warranty_state(rows, values[0]),
            multiple=False,
        ),
    )
    columns = (
        Column("customer", gettext_lazy("Customer"), lambda one: str(one.order_line.order.customer)),
        Column("order", gettext_lazy("Order"), lambda one: one.order_line.order.label),
        Column("product", gettext_lazy("Product"), lambda one: str(one.order_line.product or one.order_line)),
        Column("serial", gettext_lazy("Serial number"), lambda one: one.serial, sort=("serial",)),
        Column("begins", gettext_lazy("Begins"), lambda one: one.begins, lambda one: day(one.begins), ("begins",)),
        Column("ends", gettext_lazy("Ends"), lambda one: one.ends, lambda one: day(one.ends), ("ends",)),
        Column(
            "left",
            gettext_lazy("Days left"),
            lambda one: max(0, (one.ends - timezone.localdate()).days + 1),
            number=True,
        ),
    )

    def rows(self, actor: User) -> QuerySet[Any]:
        return selectors.warranties_of(actor)

    def url_of(self, item: Any) -> str:
        return reverse("order", args=[item.order_line.order.key])

    def get(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        require(actor_of(request), "service.view")
        return super().get(request, *args, **kwargs)


def _by_warranty_state(rows: QuerySet[Any], state: str) -> QuerySet[Any]:
    today = timezone.localdate()
    if state == "over":
        return rows.filter(ends__lt=today)
    rows = rows.filter(ends__gte=today)
    return rows.filter(ends__lte=today + dt.timedelta(days=60)) if state == "ending" else rows
