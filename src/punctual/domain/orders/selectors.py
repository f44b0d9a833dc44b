"""What an actor may see of orders, reviews and imports."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Prefetch, Q, QuerySet, prefetch_related_objects
from django.db.models.functions import Coalesce
from django.utils import timezone

from punctual.domain.orders.facts import check_settings, findings_of
from punctual.domain.orders.inputs import input_of
from punctual.domain.orders.life import DOUBTFUL, RUNNING, SURE, Health, Standing, health
from punctual.domain.orders.models import (
    Order,
    OrderImport,
    OrderLine,
    OrderState,
    Review,
    ReviewSign,
    SignState,
    Waiver,
)
from punctual.domain.orders.rules import Finding, passed
from punctual.platform.accounts.models import Role, User
from punctual.platform.accounts.permissions import may
from punctual.platform.approvals.selectors import delegations_in_force
from punctual.platform.records import get_or_not_found

OPEN_SIGNS = (SignState.WAITING, SignState.ASKED)


def orders_of(actor: User) -> QuerySet[Order]:
    """Every order the actor may see."""
    return Order.objects.all() if may(actor, "orders.view") else Order.objects.none()


def listed(actor: User) -> QuerySet[Order]:
    """The same with what a list shows."""
    lines = OrderLine.objects.order_by("line_no").only("order_id", "line_no", "description", "model_text", "quantity")
    return (
        orders_of(actor)
        .select_related("customer", "owner")
        .prefetch_related(Prefetch("lines", queryset=lines.filter(line_no__lte=10), to_attr="first_lines"))
    )


def orders_with_product(rows: QuerySet[Order], product_id: int) -> QuerySet[Order]:
    """Those that order this product on one line at least."""
    return rows.filter(pk__in=OrderLine.objects.filter(product_id=product_id).values("order_id"))


def families_of(order: Order) -> list[str]:
    """Codes of the product families that an order has lines of."""
    codes = order.lines.exclude(product=None).values_list("product__family__code", flat=True)
    return sorted({code for code in codes if code})


def order_by_id(actor: User, pk: int) -> Order:
    return get_or_not_found(orders_of(actor), pk=pk)


def with_people(rows: QuerySet[Order]) -> QuerySet[Order]:
    """With whom they are for and whose they are, which the checks and every answer name."""
    return rows.select_related("customer", "contact", "owner")


def order_by_key(actor: User, key: str) -> Order:
    """By number or id; raises NotFound."""
    visible = with_people(orders_of(actor))
    if key.isdecimal() and len(key) < 18:
        return get_or_not_found(visible, pk=int(key))
    return get_or_not_found(visible, number__iexact=key)


def id_by_key(actor: User, key: str) -> int:
    """The same for a command, which fetches the order itself: an id is not looked up twice."""
    return int(key) if key.isdecimal() and len(key) < 18 else order_by_key(actor, key).pk


def hold_lines(order: Order) -> None:
    """Read the lines with their products for all steps of a command on this order, which go by ``order.lines.all()``
    and don't change them."""
    rows = OrderLine.objects.select_related("product").order_by("line_no")
    prefetch_related_objects([order], Prefetch("lines", rows))


def lines_with_products(order: Order) -> list[OrderLine]:
    """Those that are held, else as they are stored."""
    lines = list(order.lines.all())
    prefetch_related_objects(lines, "product")
    return lines


def lines_of(order: Order) -> QuerySet[OrderLine]:
    """The lines of an order the actor has fetched."""
    return order.lines.select_related("product", "revision")


def standing(order: Order) -> Standing:
    return Standing(
        order.state,
        order.promised_date,
        order.requested_date,
        order.planned_date,
        order.latest_start,
        order.confidence,
        order.said_health,
        order.said_until,
    )


def health_of(order: Order, *, today: dt.date, at_risk_days: int) -> Health | None:
    return health(standing(order), today=today, at_risk_days=at_risk_days)


def by_due(rows: QuerySet[Order]) -> QuerySet[Any]:
    """With ``due``: the promise, where none was given what the customer asked for."""
    return rows.annotate(due=Coalesce("promised_date", "requested_date"))


def with_health(rows: QuerySet[Order], wanted: Sequence[str], *, today: dt.date, at_risk_days: int) -> QuerySet[Any]:
    """Orders whose :func:`life.health` is one of ``wanted``, decided by the database."""
    rows = by_due(rows.filter(state__in=RUNNING))
    overdue = Q(due__lt=today)
    known = Q(due__gte=today, confidence__isnull=False)
    unknown = Q(due__gte=today, confidence__isnull=True)
    planned = unknown & Q(planned_date__isnull=False)
    late = planned & Q(planned_date__gt=F("due"))
    in_time = planned & Q(planned_date__lte=F("due"))
    waits = Q(state=OrderState.CONFIRMED, latest_start__lt=today)
    narrow = Q(planned_date__gt=F("due") - dt.timedelta(days=at_risk_days))
    conditions = {
        Health.OVERDUE: overdue,
        Health.LATE: late | known & Q(confidence__lt=DOUBTFUL),
        Health.AT_RISK: in_time & (waits | narrow) | known & Q(confidence__gte=DOUBTFUL, confidence__lt=SURE),
        Health.ON_TIME: in_time & ~(Q(latest_start__isnull=False) & waits) & ~narrow | known & Q(confidence__gte=SURE),
        Health.UNPLANNED: Q(due__isnull=True) | unknown & Q(planned_date__isnull=True),
    }
    chosen = Q(pk__in=[])
    for name in wanted:
        if name in conditions:
            chosen |= conditions[Health(name)]
    by_hand = Q(said_until__gte=today) & ~Q(said_health="")
    ruled = Q(said_until__isnull=True) | Q(said_until__lt=today) | Q(said_health="")
    return rows.filter(by_hand & Q(said_health__in=wanted) | ruled & chosen)


def endangered(actor: User, *, today: dt.date) -> QuerySet[Any]:
    """Running orders that are overdue, late or at risk, the most urgent promise first."""
    wanted = [Health.OVERDUE, Health.LATE, Health.AT_RISK]
    rows = with_health(listed(actor), wanted, today=today, at_risk_days=check_settings().at_risk_days)
    return rows.order_by("due", "pk")


def counts_by_state(actor: User) -> dict[str, int]:
    counted = orders_of(actor).order_by().values_list("state").annotate(n=Count("pk"))
    return dict(counted)


@dataclass(frozen=True, slots=True)
class Checked:
    """The findings of an order with the waivers that count."""

    errors: list[Finding]
    warnings: list[Finding]
    waived: list[tuple[Finding, Waiver]]
    passed: list[str]

    @property
    def open_count(self) -> int:
        return len(self.errors) + len(self.warnings)


def sorted_out(findings: Sequence[Finding], waivers: Sequence[Waiver]) -> Checked:
    """Which findings are errors, which warnings are still open and which were waived for this very value."""
    by_key = {
        (waiver.code, waiver.field, waiver.line.line_no if waiver.line else None, waiver.fingerprint): waiver
        for waiver in waivers
        if waiver.withdrawn_at is None
    }
    warnings = [one for one in findings if not one.reason.is_error]
    return Checked(
        errors=[one for one in findings if one.reason.is_error],
        warnings=[one for one in warnings if one.key not in by_key],
        waived=[(one, by_key[one.key]) for one in warnings if one.key in by_key],
        passed=passed(findings),
    )


def check(order: Order, *, today: dt.date) -> Checked:
    """Check a saved order as it is now."""
    findings = findings_of(input_of(order), today=today, order_id=order.pk)
    return sorted_out(findings, waivers_of(order))


def waivers_of(order: Order) -> list[Waiver]:
    return list(order.waivers.filter(withdrawn_at=None).select_related("line", "by"))


def current_review(order: Order) -> Review | None:
    """The last round with its signatures."""
    return order.reviews.prefetch_related(
        Prefetch("signs", ReviewSign.objects.select_related("user", "on_behalf_of"))
    ).first()


def signs_waiting_for(actor: User) -> QuerySet[ReviewSign]:
    """Open signatures of running rounds that this person may give, for the own role or for an absent colleague, the
    earliest due first."""
    waiting = ReviewSign.objects.filter(
        state__in=OPEN_SIGNS, review__closed_at=None, review__order__state=OrderState.IN_REVIEW
    )
    if not may(actor, "orders.review"):
        return waiting.none()
    if actor.role != Role.ADMINISTRATOR:
        absent = delegations_in_force(timezone.localdate()).filter(delegate=actor)
        waiting = waiting.filter(Q(role=actor.role) | Q(role__in=absent.values("person__role")))
    return waiting.select_related("review__order__customer", "review__order__owner", "user").order_by(
        "review__due_at", "pk"
    )


def imports_of(actor: User) -> QuerySet[OrderImport]:
    """Files on their way; only for those who may enter orders."""
    if not may(actor, "orders.change"):
        return OrderImport.objects.none()
    return OrderImport.objects.select_related("customer", "created_by", "order").defer("rows")
