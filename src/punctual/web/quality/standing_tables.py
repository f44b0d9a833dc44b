"""Columns and filters of what stands behind the daily work: plans, charts, severities, reviews, gauges, templates."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from punctual.domain.quality import selectors
from punctual.domain.quality.models import PlanState, ReviewState
from punctual.domain.quality.services.switching import word_of
from punctual.platform.accounts.models import User
from punctual.web.master.cells import chip, two_lines
from punctual.web.quality import marks
from punctual.web.quality.lists import (
    NOTHING,
    QualityList,
    day_column,
    number_cell,
    one_of,
    order_column,
    supplier_column,
    titled,
)
from punctual.web.shell.columns import BuiltInView, Column
from punctual.web.templatetags.punctual import avatar, day


class PlanList(QualityList):
    key = room = "quality_plans"
    title = gettext_lazy("Quality plans")
    icon = "checklist"
    empty_text = gettext_lazy("Confirming an order makes its quality plan from the templates of its products.")
    from_orders = True
    tabs = (
        BuiltInView(gettext_lazy("All"), ""),
        BuiltInView(gettext_lazy("Waiting for approval"), "state=draft"),
    )
    filters = (
        one_of(
            "state",
            gettext_lazy("State"),
            lambda actor: PlanState.choices,
        ),
    )
    columns = (
        Column(
            "order",
            gettext_lazy("Order"),
            lambda item: item.order.label,
            lambda item: two_lines(
                reverse("quality_plan", args=[item.order.key]), item.order.label, item.order.customer or ""
            ),
            sort=("order_id",),
        ),
        Column("points", gettext_lazy("Control points"), lambda item: item.point_count, number=True),
        Column("open", gettext_lazy("Not passed yet"), lambda item: item.open_count, number=True),
        Column("revision", gettext_lazy("Revision"), lambda item: item.revision, number=True, fold=True),
        Column("approved_by", gettext_lazy("Approved by"), lambda item: item.approved_by, fold=True),
        Column(
            "state",
            gettext_lazy("State"),
            lambda item: item.get_state_display(),
            lambda item: (
                chip("ok", "circle-check", item.get_state_display())
                if item.state == "approved"
                else chip("", "pencil", item.get_state_display())
            ),
            sort=("state",),
        ),
    )

    def rows(self, actor: User) -> QuerySet[Any]:
        return selectors.listed_quality_plans(actor)

    def url_of(self, item: Any) -> str:
        return reverse("quality_plan", args=[item.order.key])


class ChartList(QualityList):
    key = room = "control_charts"
    title = gettext_lazy("Control charts")
    icon = "chart-line"
    create = ("control_chart_new", gettext_lazy("New control chart"), "quality.handle")
    empty_text = gettext_lazy("A characteristic that names a chart feeds it with every inspection.")
    columns = (
        titled("name", gettext_lazy("Control chart"), "control_chart", "name", "code", sort="name"),
        Column("type", gettext_lazy("Chart"), lambda item: item.get_type_display(), sort=("type",)),
        order_column(fold=True),
        supplier_column(sort=()),
        Column(
            "signals",
            gettext_lazy("Signals without an answer"),
            lambda item: item.open_signals,
            lambda item: chip("late", "alert-triangle", item.open_signals) if item.open_signals else escape("0"),
            number=True,
        ),
        Column("owner", gettext_lazy("Owner"), lambda item: item.owner, fold=True),
    )

    def rows(self, actor: User) -> QuerySet[Any]:
        unanswered = Count("signals", filter=Q(signals__answered_at=None))
        return selectors.charts_of(actor).annotate(open_signals=unanswered).order_by("code")

    def url_of(self, item: Any) -> str:
        return reverse("control_chart", args=[item.pk])


class SeverityList(QualityList):
    key = room = "severities"
    title = gettext_lazy("Inspection severity")
    icon = "adjustments"
    create = ("severity_new", gettext_lazy("Put an item under inspection"), "quality.handle")
    empty_text = gettext_lazy("Kept for each item of each supplier as soon as a lot of it is judged by AQL.")
    columns = (
        Column(
            "supplier",
            gettext_lazy("Supplier"),
            lambda item: item.supplier,
            lambda item: two_lines(
                reverse("severity", args=[item.pk]), item.supplier, f"{item.item_key} {item.item_name}".strip()
            ),
            sort=("supplier__code",),
        ),
        Column(
            "severity",
            gettext_lazy("Severity"),
            word_of,
            lambda item: marks.severity_chip(word_of(item)),
            sort=("severity",),
        ),
        Column("score", gettext_lazy("Switching score"), lambda item: item.score, sort=("score",), number=True),
        Column(
            "row",
            gettext_lazy("Accepted in a row, tightened"),
            lambda item: item.accepted_in_a_row,
            number=True,
            fold=True,
        ),
        Column(
            "rejected",
            gettext_lazy("Rejected, tightened"),
            lambda item: item.rejected_tightened,
            number=True,
            fold=True,
        ),
    )

    def rows(self, actor: User) -> QuerySet[Any]:
        return selectors.severities_of(actor)

    def url_of(self, item: Any) -> str:
        return reverse("severity", args=[item.pk])


class ReviewList(QualityList):
    peeks = True
    key = room = "quality_reviews"
    title = gettext_lazy("Reviews and audit plan")
    icon = "checklist"
    create = ("quality_review_new", gettext_lazy("Plan a review"), "quality.handle")
    empty_text = gettext_lazy("Reviews of projects, processes and suppliers: a checklist, findings, and what follows.")
    tabs = (
        BuiltInView(gettext_lazy("All"), ""),
        BuiltInView(gettext_lazy("In the audit plan"), "state=planned"),
    )
    filters = (
        one_of(
            "state",
            gettext_lazy("State"),
            lambda actor: ReviewState.choices,
        ),
    )
    columns = (
        Column("number", gettext_lazy("Number"), lambda item: item.number, number_cell("quality_review"), sort=("id",)),
        Column("kind", gettext_lazy("Kind"), lambda item: item.get_kind_display(), sort=("kind",)),
        order_column(fold=True),
        day_column("planned", gettext_lazy("Planned on"), "planned_on"),
        Column("held", gettext_lazy("Met on"), lambda item: item.held_on, lambda item: day(item.held_on), fold=True),
        Column("lead", gettext_lazy("Lead"), lambda item: item.lead, lambda item: avatar(item.lead), fold=True),
        Column("state", gettext_lazy("State"), lambda item: item.get_state_display(), sort=("state",)),
    )

    def rows(self, actor: User) -> QuerySet[Any]:
        return selectors.reviews_of(actor)

    def url_of(self, item: Any) -> str:
        return reverse("quality_review", args=[item.pk])


def _calibration(item: Any) -> SafeString:
    today = timezone.localdate()
    if item.calibration_due is None:
        return NOTHING
    if item.calibration_due < today:
        return chip("late", "alarm", day(item.calibration_due))
    if (item.calibration_due - today).days <= 30:
        return chip("warn", "alert-triangle", day(item.calibration_due))
    return day(item.calibration_due)


class GaugeList(QualityList):
    key = room = "gauges"
    title = gettext_lazy("Gauges")
    icon = "ruler-2"
    create = ("gauge_new", gettext_lazy("New gauge"), "quality.handle")
    empty_text = gettext_lazy("What is measured with, its range and its calibration; an expired one is refused.")
    columns = (
        titled("code", gettext_lazy("Gauge"), "gauge", "name", "code", sort="code"),
        Column("unit", gettext_lazy("Unit"), lambda item: item.unit),
        Column(
            "range",
            gettext_lazy("Range"),
            lambda item: " – ".join(
                "…" if one is None else f"{one.normalize():f}" for one in (item.minimum, item.maximum)
            ),
            number=True,
        ),
        Column(
            "due",
            gettext_lazy("Next calibration"),
            lambda item: item.calibration_due,
            _calibration,
            sort=("calibration_due",),
        ),
        Column("place", gettext_lazy("Where"), lambda item: item.place, fold=True),
    )

    def rows(self, actor: User) -> QuerySet[Any]:
        return selectors.gauges_of(actor)

    def url_of(self, item: Any) -> str:
        return reverse("gauge", args=[item.pk])


class TemplateList(QualityList):
    key = room = "quality_templates"
    title = gettext_lazy("Quality templates")
    icon = "template"
    create = ("quality_template_new", gettext_lazy("New quality template"), "quality.handle")
    empty_text = gettext_lazy("How products are inspected; the quality plan of an order begins with them.")
    columns = (
        titled("code", gettext_lazy("Template"), "quality_template", "name", "code", sort="code"),
        Column("family", gettext_lazy("Family"), lambda item: item.family),
        Column("product", gettext_lazy("Product"), lambda item: item.product, fold=True),
        Column("points", gettext_lazy("Control points"), lambda item: item.point_count, number=True),
    )

    def rows(self, actor: User) -> QuerySet[Any]:
        return selectors.templates_of(actor)

    def url_of(self, item: Any) -> str:
        return reverse("quality_template", args=[item.pk])
