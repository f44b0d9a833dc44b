"""Columns and filters of quality's lists."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, ClassVar

from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from punctual.domain.parties.models import Supplier
from punctual.domain.quality import selectors
from punctual.domain.quality.dashboard import CapaAge
from punctual.domain.quality.life import JUDGED, UNSETTLED
from punctual.domain.quality.models import (
    CapaState,
    Cause,
    Disposition,
    InspectionState,
    NcrState,
    Stage,
)
from punctual.domain.quality.models.inspections import SEVERITIES
from punctual.domain.quality.services.switching import word_of
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may, require
from punctual.web.formatting import days_text, money_text
from punctual.web.master.cells import chip, two_lines
from punctual.web.master.pages import actor_of
from punctual.web.quality import marks
from punctual.web.shell.lists import BuiltInView, Column, Filter, ListPage
from punctual.web.templatetags.punctual import avatar, day

NOTHING = escape("—")


def _suppliers(actor: User) -> Sequence[tuple[str, Any]]:
    return [(str(one.pk), str(one)) for one in Supplier.objects.filter(archived_at=None)]


def _since(field: str) -> Filter:
    """The last so many days."""

    def apply(rows: QuerySet[Any], values: Sequence[str]) -> QuerySet[Any]:
        first = timezone.localdate() - dt.timedelta(days=int(values[0]) - 1) if values[0].isdigit() else None
        return rows.filter(**{f"{field}__date__gte": first}) if first else rows

    options = [("30", gettext_lazy("30 days")), ("90", gettext_lazy("90 days")), ("365", gettext_lazy("A year"))]
    return Filter("days", gettext_lazy("Period"), lambda actor: options, apply, multiple=False)


class QualityList(ListPage):
    """A list with the tabs of quality above it."""

    template_name = "quality/list.html"
    permission: ClassVar[str] = "quality.view"
    room: ClassVar[str]

    def get(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        require(request.user, self.permission)
        return super().get(request, *args, **kwargs)

    def more(self, request: HttpRequest, rows: QuerySet[Any]) -> dict[str, Any]:
        return {"rooms": marks.tabs(actor_of(request), self.room)}


def _number(name: str) -> Any:
    return lambda item: two_lines(reverse(name, args=[item.pk]), item.number, getattr(item, "title", "") or "")


def _order_cell(item: Any) -> SafeString:
    return marks.order_link(item.order.key, item.order.label) if item.order else NOTHING


class InspectionList(QualityList):
    key = room = "inspections"
    permission = "quality.inspect"
    title = gettext_lazy("Inspections")
    icon = "ruler-2"
    search_kind = "inspection"
    search_hint = gettext_lazy("Number, item, lot, supplier")
    create = ("inspection_new", gettext_lazy("Record an inspection"), "quality.inspect")
    empty_text = gettext_lazy("Inspections begin with a receipt, with a control point of a quality plan, or by hand.")
    default_sort = "-number"
    tabs = (
        BuiltInView(gettext_lazy("To be inspected"), "state=open,started"),
        BuiltInView(gettext_lazy("All"), ""),
        BuiltInView(gettext_lazy("Lots rejected"), "state=rejected,deviated"),
        BuiltInView(gettext_lazy("Incoming (IQC)"), "stage=iqc"),
    )
    filters = (
        Filter(
            "state",
            gettext_lazy("State"),
            lambda actor: list(InspectionState.choices),
            lambda rows, values: rows.filter(state__in=values),
        ),
        Filter(
            "stage",
            gettext_lazy("Stage"),
            lambda actor: list(Stage.choices),
            lambda rows, values: rows.filter(stage__in=values),
        ),
        Filter(
            "supplier",
            gettext_lazy("Supplier"),
            _suppliers,
            lambda rows, values: rows.filter(supplier_id__in=[one for one in values if one.isdigit()]),
        ),
        Filter(
            "item",
            gettext_lazy("Item"),
            lambda actor: [],
            lambda rows, values: rows.filter(item_key__in=values),
        ),
        Filter(
            "severity",
            gettext_lazy("Severity"),
            lambda actor: list(SEVERITIES),
            lambda rows, values: rows.filter(severity__in=values),
        ),
        Filter(
            "first",
            gettext_lazy("First presentation"),
            lambda actor: [("1", gettext_lazy("Yes")), ("0", gettext_lazy("No"))],
            lambda rows, values: rows.filter(is_first=values[0] == "1", state__in=JUDGED),
            multiple=False,
        ),
        _since("judged_at"),
    )
    columns = (
        Column(
            "number",
            gettext_lazy("Number"),
            lambda item: item.number,
            lambda item: two_lines(reverse("inspection", args=[item.pk]), item.number, item.item_name),
            sort=("id",),
        ),
        Column("item", gettext_lazy("Item"), lambda item: item.item_key, fold=True),
        Column("stage", gettext_lazy("Stage"), lambda item: item.get_stage_display(), sort=("stage",), fold=True),
        Column("order", gettext_lazy("Order"), lambda item: item.order and item.order.label, _order_cell),
        Column("supplier", gettext_lazy("Supplier"), lambda item: item.supplier, sort=("supplier__code",), fold=True),
        Column("lot", gettext_lazy("Lot"), lambda item: item.lot_size, sort=("lot_size",), number=True, fold=True),
        Column(
            "sample",
            gettext_lazy("n · Ac/Re"),
            lambda item: f"{item.sample_size} · {item.ac}/{item.re}",
            number=True,
            fold=True,
        ),
        Column(
            "found",
            gettext_lazy("Nonconforming"),
            lambda item: f"{item.nonconforming}/{item.inspected}" if item.inspected else "",
            sort=("nonconforming",),
            number=True,
        ),
        Column(
            "due", gettext_lazy("Due by"), lambda item: item.due, lambda item: day(item.due), sort=("due",), fold=True
        ),
        Column(
            "judged",
            gettext_lazy("Judged"),
            lambda item: item.judged_at,
            lambda item: day(item.judged_at),
            sort=("judged_at",),
            fold=True,
        ),
        Column("inspector", gettext_lazy("Inspector"), lambda item: item.inspector, fold=True),
        Column(
            "state",
            gettext_lazy("State"),
            lambda item: item.get_state_display(),
            marks.inspection_chip,
            sort=("state",),
        ),
    )

    def get(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if may(request.user, "quality.view"):  # who sees everything may look at the list too
            return ListPage.get(self, request, *args, **kwargs)
        return super().get(request, *args, **kwargs)

    def rows(self, actor: User) -> QuerySet[Any]:
        return selectors.listed_inspections(actor)

    def url_of(self, item: Any) -> str:
        return reverse("inspection", args=[item.pk])


class NcrList(QualityList):
    key = room = "ncrs"
    permission = "quality.report"
    title = gettext_lazy("Nonconformities")
    icon = "circle-x"
    search_kind = "nonconformity"
    search_hint = gettext_lazy("Number, problem, order, lot, supplier")
    create = ("ncr_new", gettext_lazy("Report a nonconformity"), "quality.report")
    empty_text = gettext_lazy(
        "What is not as it has to be: from inspections, work, receipts and customers' complaints."
    )
    default_sort = "-number"
    tabs = (
        BuiltInView(gettext_lazy("Not settled"), f"state={','.join(UNSETTLED)}"),
        BuiltInView(gettext_lazy("All"), ""),
        BuiltInView(gettext_lazy("Disposition open"), "state=open,contained"),
        BuiltInView(gettext_lazy("Stops a delivery"), "stops=1"),
    )
    filters = (
        Filter(
            "state",
            gettext_lazy("State"),
            lambda actor: list(NcrState.choices),
            lambda rows, values: rows.filter(state__in=values),
        ),
        Filter(
            "stops",
            gettext_lazy("Stops a delivery"),
            lambda actor: [("1", gettext_lazy("Yes"))],
            lambda rows, values: rows.filter(
                state__in=[NcrState.OPEN, NcrState.CONTAINED, NcrState.DISPOSED], order__isnull=False
            ),
            multiple=False,
        ),
        Filter(
            "cause",
            gettext_lazy("Cause"),
            lambda actor: [("none", gettext_lazy("Not known yet")), *Cause.choices],
            lambda rows, values: rows.filter(
                Q(cause__in=[one for one in values if one != "none"]) | (Q(cause="") if "none" in values else Q(pk=0))
            ),
        ),
        Filter(
            "supplier",
            gettext_lazy("Supplier"),
            _suppliers,
            lambda rows, values: rows.filter(supplier_id__in=[one for one in values if one.isdigit()]),
        ),
        Filter(
            "disposition",
            gettext_lazy("Disposition"),
            lambda actor: list(Disposition.choices),
            lambda rows, values: rows.filter(disposition__in=values),
        ),
        _since("found_at"),
    )
    columns = (
        Column("number", gettext_lazy("Number"), lambda item: item.number, _number("ncr"), sort=("id",)),
        Column("order", gettext_lazy("Order"), lambda item: item.order and item.order.label, _order_cell),
        Column("supplier", gettext_lazy("Supplier"), lambda item: item.supplier, sort=("supplier__code",), fold=True),
        Column("state", gettext_lazy("State"), lambda item: item.get_state_display(), marks.ncr_chip, sort=("state",)),
        Column("disposition", gettext_lazy("Disposition"), lambda item: item.get_disposition_display(), fold=True),
        Column("cause", gettext_lazy("Cause"), lambda item: item.get_cause_display(), sort=("cause",), fold=True),
        Column(
            "days",
            gettext_lazy("Days lost"),
            lambda item: item.days_lost,
            lambda item: format_html("{}", days_text(item.days_lost)),
            sort=("days_lost",),
            number=True,
        ),
        Column(
            "cost",
            gettext_lazy("Cost"),
            lambda item: item.cost,
            lambda item: format_html("{}", money_text(item.cost)),
            sort=("cost",),
            number=True,
            permission="quality.see_cost",
        ),
        Column(
            "found",
            gettext_lazy("Found"),
            lambda item: item.found_at,
            lambda item: day(item.found_at),
            sort=("found_at",),
            fold=True,
        ),
        Column("owner", gettext_lazy("Owner"), lambda item: item.owner, lambda item: avatar(item.owner), fold=True),
    )

    def rows(self, actor: User) -> QuerySet[Any]:
        return selectors.listed_ncrs(actor)

    def url_of(self, item: Any) -> str:
        return reverse("ncr", args=[item.pk])


def _capa_step(item: Any) -> SafeString:
    ages = {one.capa.pk: one for one in capa_ages_of([item])}
    found = ages.get(item.pk)
    if found is None or found.due is None:
        return NOTHING
    step = f"D{found.step}" if found.step is not None else _("Effect")
    if found.late > 0:
        return chip("late", "clock-exclamation", _("%(step)s, %(days)s d late") % {"step": step, "days": found.late})
    return format_html("{} · {}", step, day(found.due))


def capa_ages_of(capas: Sequence[Any]) -> list[Any]:
    """Next step and its delay, from rows whose steps are fetched."""
    today = timezone.localdate()
    ages = []
    for capa in capas:
        if capa.state not in (CapaState.OPEN, CapaState.CHECKING):
            continue
        step = next((one for one in capa.disciplines.all() if one.done_at is None), None)
        due = step.due if step else capa.check_on
        late = (today - due).days if due else 0
        ages.append(CapaAge(capa, (today - capa.opened_on).days, step.number if step else None, due, late))
    return ages


class CapaList(QualityList):
    key = room = "capas"
    title = gettext_lazy("8D reports")
    icon = "list-check"
    search_kind = "correctiveaction"
    search_hint = gettext_lazy("Number, problem, supplier")
    create = ("capa_new", gettext_lazy("New 8D report"), "quality.handle")
    empty_text = gettext_lazy(
        "Corrective actions: from the problem over its root cause to what keeps it from coming back."
    )
    default_sort = "-number"
    tabs = (
        BuiltInView(gettext_lazy("Under way"), "state=open,checking"),
        BuiltInView(gettext_lazy("All"), ""),
    )
    filters = (
        Filter(
            "state",
            gettext_lazy("State"),
            lambda actor: list(CapaState.choices),
            lambda rows, values: rows.filter(state__in=values),
        ),
        Filter(
            "supplier",
            gettext_lazy("Supplier"),
            _suppliers,
            lambda rows, values: rows.filter(supplier_id__in=[one for one in values if one.isdigit()]),
        ),
        Filter(
            "cause",
            gettext_lazy("Cause"),
            lambda actor: list(Cause.choices),
            lambda rows, values: rows.filter(cause__in=values),
        ),
    )
    columns = (
        Column("number", gettext_lazy("Number"), lambda item: item.number, _number("capa"), sort=("id",)),
        Column(
            "ncr",
            gettext_lazy("Nonconformity"),
            lambda item: item.ncr and item.ncr.number,
            lambda item: (
                format_html('<a href="{}">{}</a>', reverse("ncr", args=[item.ncr_id]), item.ncr.number)
                if item.ncr
                else NOTHING
            ),
            fold=True,
        ),
        Column("supplier", gettext_lazy("Supplier"), lambda item: item.supplier, sort=("supplier__code",), fold=True),
        Column("cause", gettext_lazy("Cause"), lambda item: item.get_cause_display(), fold=True),
        Column("step", gettext_lazy("Next step"), lambda item: "", _capa_step, exported=False),
        Column(
            "opened",
            gettext_lazy("Opened"),
            lambda item: item.opened_on,
            lambda item: day(item.opened_on),
            sort=("opened_on",),
            fold=True,
        ),
        Column("reopened", gettext_lazy("Opened again"), lambda item: item.reopened, number=True, fold=True),
        Column("owner", gettext_lazy("Owner"), lambda item: item.owner, lambda item: avatar(item.owner), fold=True),
        Column("state", gettext_lazy("State"), lambda item: item.get_state_display(), marks.capa_chip, sort=("state",)),
    )

    def rows(self, actor: User) -> QuerySet[Any]:
        return selectors.capas_of(actor).prefetch_related("disciplines")

    def url_of(self, item: Any) -> str:
        return reverse("capa", args=[item.pk])


class PlanList(QualityList):
    key = room = "quality_plans"
    title = gettext_lazy("Quality plans")
    icon = "checklist"
    empty_text = gettext_lazy("Confirming an order makes its quality plan from the templates of its products.")
    tabs = (
        BuiltInView(gettext_lazy("All"), ""),
        BuiltInView(gettext_lazy("Waiting for approval"), "state=draft"),
    )
    filters = (
        Filter(
            "state",
            gettext_lazy("State"),
            lambda actor: [("draft", gettext_lazy("Draft")), ("approved", gettext_lazy("Approved"))],
            lambda rows, values: rows.filter(state__in=values),
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
    empty_text = gettext_lazy("A characteristic that names a chart feeds it with every inspection.")
    columns = (
        Column(
            "name",
            gettext_lazy("Control chart"),
            lambda item: item.name,
            lambda item: two_lines(reverse("control_chart", args=[item.pk]), item.name, item.code),
            sort=("name",),
        ),
        Column("type", gettext_lazy("Chart"), lambda item: item.get_type_display(), sort=("type",)),
        Column("order", gettext_lazy("Order"), lambda item: item.order and item.order.label, _order_cell, fold=True),
        Column("supplier", gettext_lazy("Supplier"), lambda item: item.supplier, fold=True),
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
        Filter(
            "state",
            gettext_lazy("State"),
            lambda actor: [("planned", gettext_lazy("In the audit plan")), ("held", gettext_lazy("Held"))],
            lambda rows, values: rows.filter(state__in=values),
        ),
    )
    columns = (
        Column("number", gettext_lazy("Number"), lambda item: item.number, _number("quality_review"), sort=("id",)),
        Column("kind", gettext_lazy("Kind"), lambda item: item.get_kind_display(), sort=("kind",)),
        Column("order", gettext_lazy("Order"), lambda item: item.order and item.order.label, _order_cell, fold=True),
        Column(
            "planned",
            gettext_lazy("Planned on"),
            lambda item: item.planned_on,
            lambda item: day(item.planned_on),
            sort=("planned_on",),
        ),
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
        Column(
            "code",
            gettext_lazy("Gauge"),
            lambda item: item.code,
            lambda item: two_lines(reverse("gauge", args=[item.pk]), item.name, item.code),
            sort=("code",),
        ),
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
    empty_text = gettext_lazy("How products are inspected; the quality plan of an order begins with them.")
    columns = (
        Column(
            "code",
            gettext_lazy("Template"),
            lambda item: item.code,
            lambda item: two_lines(reverse("quality_template", args=[item.pk]), item.name, item.code),
            sort=("code",),
        ),
        Column("family", gettext_lazy("Family"), lambda item: item.family),
        Column("product", gettext_lazy("Product"), lambda item: item.product, fold=True),
        Column("points", gettext_lazy("Control points"), lambda item: item.point_count, number=True),
    )

    def rows(self, actor: User) -> QuerySet[Any]:
        return selectors.templates_of(actor)

    def url_of(self, item: Any) -> str:
        return reverse("quality_template", args=[item.pk])
