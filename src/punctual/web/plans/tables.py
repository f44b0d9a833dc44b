"""The list of plans and the list of templates."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

from django.db.models import F, QuerySet
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from punctual.domain.plans.models import Plan, PlanTemplate
from punctual.platform.accounts.models import User
from punctual.web.formatting import day_text, days_text
from punctual.web.shell.columns import Column, Filter
from punctual.web.shell.navigation import Words
from punctual.web.shell.reading import wholes


def days_late(plan: Plan) -> int | None:
    """Planned minus requested delivery."""
    requested = plan.order.requested_date
    return (plan.planned_date - requested).days if plan.planned_date and requested else None


def _late(plan: Plan) -> SafeString:
    days = days_late(plan)
    css = "" if days is None else "late b" if days > 0 else "ok"
    return format_html('<span class="nw {}">{}</span>', css, days_text(days))


def _progress(plan: Plan) -> SafeString:
    return format_html(
        '<span class="row-f"><meter class="mt" min="0" max="100" value="{}"></meter><span class="n">{}%</span></span>',
        plan.progress,
        plan.progress,
    )


def _day(value: dt.date | dt.datetime | None) -> SafeString:
    return format_html('<span class="nw">{}</span>', day_text(value))


def _date(
    key: str, label: Words, value: Callable[[Plan], dt.date | dt.datetime | None], sort: str, *, fold: bool = False
) -> Column:
    return Column(key, label, value, lambda plan: _day(value(plan)), (sort,), fold=fold)


PLAN_COLUMNS = (
    Column("order", _("Order"), lambda plan: plan.order.label, sort=("order__number",)),
    Column("customer", _("Customer"), lambda plan: str(plan.order.customer or ""), sort=("order__customer__name",)),
    Column("owner", _("Owner"), lambda plan: str(plan.order.owner or ""), sort=("order__owner",), fold=True),
    Column("progress", _("Progress"), lambda plan: plan.progress, html=_progress, sort=("progress",)),
    _date("start", _("Start"), lambda plan: plan.planned_start, "planned_start"),
    _date("latest_start", _("Latest start"), lambda plan: plan.latest_start, "latest_start", fold=True),
    _date("requested", _("Requested"), lambda plan: plan.order.requested_date, "order__requested_date"),
    _date("promised", _("Promised"), lambda plan: plan.order.promised_date, "order__promised_date"),
    _date("planned", _("Planned"), lambda plan: plan.planned_date, "planned_date"),
    Column("late", _("Against requested"), days_late, html=_late, number=True),
    Column("tasks", _("Tasks"), lambda plan: plan.task_count, sort=("task_count",), number=True, fold=True),
)


def _where(rows: QuerySet[Plan], values: Sequence[str]) -> QuerySet[Plan]:
    wanted = set(values)
    if wanted == {"late"}:
        return rows.filter(planned_date__gt=F("order__requested_date"))
    return rows.filter(planned_date__lte=F("order__requested_date")) if wanted == {"in_time"} else rows


def _standing(user: User) -> list[tuple[str, Words]]:
    return [("late", _("After the requested date")), ("in_time", _("On the requested date or before"))]


def _mine(rows: QuerySet[Plan], values: Sequence[str]) -> QuerySet[Plan]:
    return rows.filter(order__owner_id__in=wholes(values))


PLAN_FILTERS = (
    Filter("standing", _("Planned delivery"), _standing, _where, multiple=False),
    Filter("owner", _("Owner"), lambda user: [(str(user.pk), _("Mine"))], _mine, multiple=False),
)

TEMPLATE_COLUMNS = (
    Column("code", _("Code"), lambda template: template.code, sort=("code",)),
    Column("name", _("Name"), lambda template: template.name, sort=("name",)),
    Column("family", _("Family"), lambda template: template.family and template.family.name, sort=("family__name",)),
    Column("tasks", _("Tasks"), lambda template: template.step_count, sort=("step_count",), number=True),
    Column("products", _("Products"), lambda template: template.product_count, sort=("product_count",), number=True),
    Column("state", _("State"), lambda template: _("Archived") if template.archived_at else _("In use")),
)


def _archived(rows: QuerySet[PlanTemplate], values: Sequence[str]) -> QuerySet[PlanTemplate]:
    return rows.filter(archived_at__isnull="archived" not in values)


TEMPLATE_FILTERS = (
    Filter(
        "state",
        _("State"),
        lambda user: [("in_use", _("In use")), ("archived", _("Archived"))],
        _archived,
        multiple=False,
    ),
)
