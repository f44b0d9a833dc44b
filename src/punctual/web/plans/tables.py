"""The list of plans and the list of templates."""

from __future__ import annotations

from django.db.models import F, QuerySet
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from punctual.domain.plans.models import Plan, PlanTemplate
from punctual.platform.accounts.models import User
from punctual.web.formatting import day_text, days_text
from punctual.web.shell.lists import Column, Filter


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


PLAN_COLUMNS = (
    Column("order", _("Order"), lambda plan: plan.order.label, sort=("order__number",)),
    Column("customer", _("Customer"), lambda plan: str(plan.order.customer or ""), sort=("order__customer__name",)),
    Column("owner", _("Owner"), lambda plan: str(plan.order.owner or ""), sort=("order__owner",), fold=True),
    Column("progress", _("Progress"), lambda plan: plan.progress, html=_progress, sort=("progress",)),
    Column("start", _("Start"), lambda plan: plan.planned_start, lambda plan: _day(plan.planned_start), ("planned_start",)),
    Column("latest_start", _("Latest start"), lambda plan: plan.latest_start, lambda plan: _day(plan.latest_start), ("latest_start",), fold=True),
    Column("requested", _("Requested"), lambda plan: plan.order.requested_date, lambda plan: _day(plan.order.requested_date), ("order__requested_date",)),
    Column("promised", _("Promised"), lambda plan: plan.order.promised_date, lambda plan: _day(plan.order.promised_date), ("order__promised_date",)),
    Column("planned", _("Planned"), lambda plan: plan.planned_date, lambda plan: _day(plan.planned_date), ("planned_date",)),
    Column("late", _("Against requested"), days_late, html=_late, number=True),
    Column("tasks", _("Tasks"), lambda plan: plan.task_count, sort=("task_count",), number=True, fold=True),
)  # fmt: skip


def _day(value: object) -> SafeString:
    return format_html('<span class="nw">{}</span>', day_text(value))  # type: ignore[arg-type]


def _where(rows: QuerySet[Plan], values: object) -> QuerySet[Plan]:
    wanted = set(values)  # type: ignore[call-overload]
    if wanted == {"late"}:
        return rows.filter(planned_date__gt=F("order__requested_date"))
    return rows.filter(planned_date__lte=F("order__requested_date")) if wanted == {"in_time"} else rows


def _standing(user: User) -> list[tuple[str, object]]:
    return [("late", _("After the requested date")), ("in_time", _("On the requested date or before"))]


def _mine(rows: QuerySet[Plan], values: object) -> QuerySet[Plan]:
    return rows.filter(order__owner_id__in=[one for one in values if str(one).isdigit()])  # type: ignore[attr-defined]


PLAN_FILTERS = (
    Filter("standing", _("Planned delivery"), _standing, _where, multiple=False),  # type: ignore[arg-type]
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


def _archived(rows: QuerySet[PlanTemplate], values: object) -> QuerySet[PlanTemplate]:
    return rows.filter(archived_at__isnull="archived" not in values)  # type: ignore[operator]


TEMPLATE_FILTERS = (
    Filter(
        "state",
        _("State"),
        lambda user: [("in_use", _("In use")), ("archived", _("Archived"))],
        _archived,
        multiple=False,
    ),
)
