"""Columns and filters of inspections, nonconformities and 8D reports."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

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
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may
from punctual.web.formatting import days_text
from punctual.web.master.cells import chip, two_lines
from punctual.web.quality import marks
from punctual.web.quality.lists import (
    NOTHING,
    QualityList,
    by_supplier,
    cause_column,
    day_column,
    money_column,
    number_cell,
    one_of,
    order_column,
    owner_column,
    since,
    supplier_column,
)
from punctual.web.shell.columns import BuiltInView, Column, Filter
from punctual.web.shell.lists import ListPage
from punctual.web.templatetags.punctual import day


class InspectionList(QualityList):
    peeks = True
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
        one_of("state", gettext_lazy("State"), lambda actor: list(InspectionState.choices)),
        one_of("stage", gettext_lazy("Stage"), lambda actor: list(Stage.choices)),
        by_supplier(),
        Filter(
            "item",
            gettext_lazy("Item"),
            lambda actor: [],
            lambda rows, values: rows.filter(item_key__in=values),
        ),
        one_of("severity", gettext_lazy("Severity"), lambda actor: list(SEVERITIES)),
        Filter(
            "first",
            gettext_lazy("First presentation"),
            lambda actor: [("1", gettext_lazy("Yes")), ("0", gettext_lazy("No"))],
            lambda rows, values: rows.filter(is_first=values[0] == "1", state__in=JUDGED),
            multiple=False,
        ),
        since("judged_at"),
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
        order_column(),
        supplier_column(),
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
        day_column("due", gettext_lazy("Due by"), "due", fold=True),
        day_column("judged", gettext_lazy("Judged"), "judged_at", fold=True),
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
    peeks = True
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
        one_of("state", gettext_lazy("State"), lambda actor: list(NcrState.choices)),
        Filter(
            "stops",
            gettext_lazy("Stops a delivery"),
            lambda actor: [("1", gettext_lazy("Yes"))],
            lambda rows, values: selectors.stopping(rows),
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
        by_supplier(),
        one_of("disposition", gettext_lazy("Disposition"), lambda actor: list(Disposition.choices)),
        since("found_at"),
    )
    columns = (
        Column("number", gettext_lazy("Number"), lambda item: item.number, number_cell("ncr"), sort=("id",)),
        order_column(),
        supplier_column(),
        Column("state", gettext_lazy("State"), lambda item: item.get_state_display(), marks.ncr_chip, sort=("state",)),
        Column("disposition", gettext_lazy("Disposition"), lambda item: item.get_disposition_display(), fold=True),
        cause_column(),
        Column(
            "days",
            gettext_lazy("Days lost"),
            lambda item: item.days_lost,
            lambda item: format_html("{}", days_text(item.days_lost)),
            sort=("days_lost",),
            number=True,
        ),
        money_column("cost", gettext_lazy("Cost"), permission="quality.see_cost"),
        day_column("found", gettext_lazy("Found"), "found_at", fold=True),
        owner_column(),
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
    peeks = True
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
        one_of("state", gettext_lazy("State"), lambda actor: list(CapaState.choices)),
        by_supplier(),
        one_of("cause", gettext_lazy("Cause"), lambda actor: list(Cause.choices)),
    )
    columns = (
        Column("number", gettext_lazy("Number"), lambda item: item.number, number_cell("capa"), sort=("id",)),
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
        supplier_column(),
        Column("cause", gettext_lazy("Cause"), lambda item: item.get_cause_display(), fold=True),
        Column("step", gettext_lazy("Next step"), lambda item: "", _capa_step, exported=False),
        day_column("opened", gettext_lazy("Opened"), "opened_on", fold=True),
        Column("reopened", gettext_lazy("Opened again"), lambda item: item.reopened, number=True, fold=True),
        owner_column(),
        Column("state", gettext_lazy("State"), lambda item: item.get_state_display(), marks.capa_chip, sort=("state",)),
    )

    def rows(self, actor: User) -> QuerySet[Any]:
        return selectors.capas_of(actor).prefetch_related("disciplines")

    def url_of(self, item: Any) -> str:
        return reverse("capa", args=[item.pk])
