"""What an actor may see of quality. The shop floor sees the inspections and nonconformities that are its own."""

from __future__ import annotations

import datetime as dt

from django.db.models import Count, Prefetch, Q, QuerySet

from punctual.domain.orders.models import Order, OrderState
from punctual.domain.orders.selectors import order_by_key
from punctual.domain.plans.models import DeliveryStandard
from punctual.domain.quality.life import STOPPING, UNSETTLED, WAITING
from punctual.domain.quality.models import (
    CapaState,
    ControlChart,
    ControlPoint,
    CorrectiveAction,
    Gauge,
    Inspection,
    InspectionItem,
    Nonconformity,
    QualityPlan,
    QualityReview,
    QualityTemplate,
    SupplierSeverity,
)
from punctual.engine.sampling import Severity, sampling_plan
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may
from punctual.platform.records import get_or_not_found


def inspections_of(actor: User) -> QuerySet[Inspection]:
    """Everything for the office; an inspector of the shop floor sees what their role inspects and what is theirs."""
    rows = Inspection.objects.all()
    if may(actor, "quality.view"):
        return rows
    if may(actor, "quality.inspect"):
        return rows.filter(Q(inspector=actor) | Q(inspector=None, role=actor.role))
    return rows.none()


def listed_inspections(actor: User) -> QuerySet[Inspection]:
    return inspections_of(actor).select_related("order", "supplier", "inspector", "product")


def inspection_by_id(actor: User, pk: int) -> Inspection:
    return get_or_not_found(
        inspections_of(actor).select_related("order", "supplier", "inspector", "point", "task", "product"), pk=pk
    )


def inspection_by_number(actor: User, number: str) -> Inspection:
    return get_or_not_found(inspections_of(actor), number__iexact=number)


def is_verified(found: Inspection) -> bool:
    """Whether the cell of the standard's table that gave the plan is confirmed by a published source."""
    if found.aql is None or not found.lot_size:
        return True
    severity = Severity(found.severity) if found.severity in {one.value for one in Severity} else Severity.NORMAL
    return sampling_plan(found.lot_size, aql=float(found.aql), level=found.level, severity=severity).verified


def items_of(inspection: Inspection) -> QuerySet[InspectionItem]:
    return inspection.items.select_related("gauge", "chart").prefetch_related("measurements__gauge")


def to_inspect(actor: User) -> QuerySet[Inspection]:
    """What waits for somebody of this role, the earliest due first."""
    if not may(actor, "quality.inspect"):
        return Inspection.objects.none()
    return (
        listed_inspections(actor)
        .filter(state__in=WAITING)
        .filter(Q(inspector=actor) | Q(inspector=None, role=actor.role))
        .order_by("due", "id")
    )


def ncrs_of(actor: User) -> QuerySet[Nonconformity]:
    rows = Nonconformity.objects.all()
    if may(actor, "quality.view"):
        return rows
    return rows.filter(Q(found_by=actor) | Q(owner=actor)) if may(actor, "quality.report") else rows.none()


def listed_ncrs(actor: User) -> QuerySet[Nonconformity]:
    return ncrs_of(actor).select_related("order__customer", "supplier", "owner", "inspection", "task")


def ncr_by_id(actor: User, pk: int) -> Nonconformity:
    return get_or_not_found(listed_ncrs(actor), pk=pk)


def unsettled_ncrs(actor: User) -> QuerySet[Nonconformity]:
    return listed_ncrs(actor).filter(state__in=UNSETTLED)


def stopping(rows: QuerySet[Nonconformity]) -> QuerySet[Nonconformity]:
    """Those that stop a delivery still to come."""
    to_come = (OrderState.CONFIRMED, OrderState.IN_PROGRESS, OrderState.PARTIALLY_DELIVERED, OrderState.ON_HOLD)
    return rows.filter(state__in=STOPPING, order__state__in=to_come)


def my_ncrs(actor: User) -> QuerySet[Nonconformity]:
    """Those that wait for this person."""
    return ncrs_of(actor).filter(state__in=UNSETTLED, owner=actor)


def capas_of(actor: User) -> QuerySet[CorrectiveAction]:
    rows = CorrectiveAction.objects.select_related("ncr", "order", "supplier", "owner")
    return rows if may(actor, "quality.view") else rows.none()


def capa_by_id(actor: User, pk: int) -> CorrectiveAction:
    return get_or_not_found(capas_of(actor), pk=pk)


def late_capas(actor: User, *, today: dt.date) -> QuerySet[CorrectiveAction]:
    """Reports with a step that is overdue, or whose effect should have been looked at."""
    late = Q(state=CapaState.OPEN, disciplines__done_at=None, disciplines__due__lt=today)
    return capas_of(actor).filter(late | Q(state=CapaState.CHECKING, check_on__lt=today)).distinct()


def reviews_of(actor: User) -> QuerySet[QualityReview]:
    rows = QualityReview.objects.select_related("order", "supplier", "lead")
    return rows if may(actor, "quality.view") else rows.none()


def review_by_id(actor: User, pk: int) -> QualityReview:
    return get_or_not_found(reviews_of(actor), pk=pk)


def charts_of(actor: User) -> QuerySet[ControlChart]:
    rows = ControlChart.objects.select_related("order", "supplier", "owner")
    return rows if may(actor, "quality.view") else rows.none()


def chart_by_id(actor: User, pk: int) -> ControlChart:
    return get_or_not_found(charts_of(actor), pk=pk)


def gauges_of(actor: User) -> QuerySet[Gauge]:
    if may(actor, "quality.view") or may(actor, "quality.inspect"):
        return Gauge.objects.filter(archived_at=None)
    return Gauge.objects.none()


def gauge_by_id(actor: User, pk: int) -> Gauge:
    return get_or_not_found(gauges_of(actor), pk=pk)


def severities_of(actor: User) -> QuerySet[SupplierSeverity]:
    rows = SupplierSeverity.objects.select_related("supplier")
    return rows if may(actor, "quality.view") else rows.none()


def severity_by_id(actor: User, pk: int) -> SupplierSeverity:
    return get_or_not_found(severities_of(actor), pk=pk)


def quality_plans_of(actor: User) -> QuerySet[QualityPlan]:
    rows = QualityPlan.objects.select_related("order__customer", "approved_by")
    return rows if may(actor, "quality.view") else rows.none()


def listed_quality_plans(actor: User) -> QuerySet[QualityPlan]:
    return (
        quality_plans_of(actor)
        .annotate(
            point_count=Count("points"),
            open_count=Count("points", filter=~Q(points__state="passed")),
        )
        .order_by("-id")
    )


def quality_plan_by_order(actor: User, key: str) -> QualityPlan:
    """By the order's number or id; raises NotFound."""
    order = order_by_key(actor, key)
    return get_or_not_found(quality_plans_of(actor), order_id=order.pk)


def points_of(plan: QualityPlan) -> QuerySet[ControlPoint]:
    """The points of a plan with what their table shows."""
    inspections = Inspection.objects.order_by("-id").only(
        "id", "number", "state", "point_id", "inspected", "nonconforming", "judged_at"
    )
    return plan.points.select_related("task", "order_line").prefetch_related(
        "characteristics__gauge",
        "standards",
        Prefetch("inspections", inspections, to_attr="tries"),
    )


def point_by_id(actor: User, pk: int) -> ControlPoint:
    visible = ControlPoint.objects.filter(plan__in=quality_plans_of(actor))
    return get_or_not_found(visible.select_related("plan__order", "task", "order_line__product"), pk=pk)


def uncovered_standards(order: Order) -> QuerySet[DeliveryStandard]:
    """Acceptance criteria of the order that no control point shows."""
    return DeliveryStandard.objects.filter(plan__order=order, control_points=None)


def templates_of(actor: User) -> QuerySet[QualityTemplate]:
    rows = QualityTemplate.objects.select_related("family", "product")
    return rows.annotate(point_count=Count("points")).order_by("code") if may(actor, "quality.view") else rows.none()


def template_by_id(actor: User, pk: int) -> QualityTemplate:
    return get_or_not_found(templates_of(actor), pk=pk)
