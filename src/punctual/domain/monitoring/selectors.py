"""What an actor may see of progress, warnings, notices and recoveries."""

from __future__ import annotations

import datetime as dt

from django.db.models import Count, Prefetch, Q, QuerySet

from punctual.domain.monitoring.models import (
    Acknowledgement,
    ChangeNotice,
    HealthOverride,
    MessageDraft,
    NoticeState,
    ProgressReport,
    RecoveryRun,
    ReportSchedule,
    ReportSending,
    Thresholds,
    Warning,
    WarningState,
)
from punctual.domain.orders.models import Order
from punctual.domain.orders.selectors import orders_of
from punctual.domain.plans.selectors import plans_of
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may
from punctual.platform.notifications.models import Delivery
from punctual.platform.records import get_or_not_found

MONEY_KINDS = ("cpi", "budget")
"""Warnings that tell what an order costs."""


def reports_of(actor: User) -> QuerySet[ProgressReport]:
    """Everybody's reports for the office, else one's own."""
    rows = ProgressReport.objects.select_related("task", "by", "plan__order__customer")
    if may(actor, "progress.view"):
        return rows.filter(plan__in=plans_of(actor))
    return rows.filter(by=actor)


def report_by_id(actor: User, pk: int) -> ProgressReport:
    return get_or_not_found(reports_of(actor), pk=pk)


def warnings_of(actor: User) -> QuerySet[Warning]:
    """Warnings of orders that the actor may see; what tells of costs only for who may see costs."""
    if not may(actor, "warnings.view"):
        return Warning.objects.none()
    rows = Warning.objects.filter(Q(order=None) | Q(order__in=orders_of(actor)))
    if not may(actor, "costs.view"):
        rows = rows.exclude(kind__in=MONEY_KINDS)
    return rows.select_related("order__customer", "owner", "task", "snoozed_by")


def warning_by_id(actor: User, pk: int) -> Warning:
    return get_or_not_found(warnings_of(actor), pk=pk)


def open_warnings(actor: User, *, today: dt.date) -> QuerySet[Warning]:
    """What is not gone and not put off."""
    return warnings_of(actor).filter(
        Q(state=WarningState.OPEN) | Q(state=WarningState.SNOOZED, snoozed_until__lte=today)
    )


def put_off(actor: User, *, today: dt.date) -> QuerySet[Warning]:
    return warnings_of(actor).filter(state=WarningState.SNOOZED, snoozed_until__gt=today)


def warning_count(actor: User, today: dt.date) -> int:
    """Orders (and other things) with open warnings that this person owns."""
    mine = open_warnings(actor, today=today).filter(owner=actor).order_by()
    found = mine.aggregate(orders=Count("order", distinct=True), others=Count("pk", filter=Q(order=None)))
    return int(found["orders"] + found["others"])


def thresholds_by_grade() -> dict[str, Thresholds]:
    """Grade → its thresholds; the empty one is the company's and always there."""
    rows = {row.grade: row for row in Thresholds.objects.all()}
    rows.setdefault("", Thresholds())
    return rows


def overrides_on(day: dt.date, orders: QuerySet[Order] | None = None) -> dict[int, HealthOverride]:
    """Order id → the override that holds on that day, the newest one."""
    rows = HealthOverride.objects.filter(until__gte=day, withdrawn_at=None).select_related("by").order_by("at")
    if orders is not None:
        rows = rows.filter(order__in=orders)
    return {row.order_id: row for row in rows}


def notices_of(actor: User) -> QuerySet[ChangeNotice]:
    """All for the office, else those that ask for one's own acknowledgement."""
    rows = ChangeNotice.objects.select_related("order__customer", "created_by")
    if not may(actor, "notices.view"):
        return rows.none()
    if may(actor, "orders.view"):
        return rows.filter(order__in=orders_of(actor))
    return rows.filter(state=NoticeState.SENT, acknowledgements__user=actor)


def notice_by_id(actor: User, pk: int) -> ChangeNotice:
    return get_or_not_found(notices_of(actor), pk=pk)


def listed_notices(actor: User) -> QuerySet[ChangeNotice]:
    return (
        notices_of(actor)
        .annotate(
            asked=Count("acknowledgements", distinct=True),
            answered=Count("acknowledgements", filter=Q(acknowledgements__at__isnull=False), distinct=True),
        )
        .order_by("-pk")
    )


def to_acknowledge(actor: User) -> QuerySet[Acknowledgement]:
    """Change notices that wait for this person."""
    rows = Acknowledgement.objects.filter(user=actor, at=None, notice__state=NoticeState.SENT)
    return rows.select_related("notice__order__customer", "notice__created_by").order_by("-notice__sent_at")


def recoveries_of(actor: User) -> QuerySet[RecoveryRun]:
    if not may(actor, "recovery.view"):
        return RecoveryRun.objects.none()
    return RecoveryRun.objects.filter(order__in=orders_of(actor)).select_related("order", "asked_by", "applied_by")


def drafts_of(actor: User) -> QuerySet[MessageDraft]:
    if not may(actor, "notices.send"):
        return MessageDraft.objects.none()
    return MessageDraft.objects.filter(order__in=orders_of(actor)).select_related("order__customer", "created_by")


def schedules_of(actor: User) -> QuerySet[ReportSchedule]:
    if not may(actor, "reports.schedule"):
        return ReportSchedule.objects.none()
    return ReportSchedule.objects.select_related("order", "owner")


def schedule_by_id(actor: User, pk: int) -> ReportSchedule:
    return get_or_not_found(schedules_of(actor).prefetch_related("people", "groups"), pk=pk)


def sendings_of(actor: User, schedule: ReportSchedule) -> QuerySet[ReportSending]:
    """What went out, the newest first, with what became of each message."""
    rows = ReportSending.objects.filter(schedule__in=schedules_of(actor).filter(pk=schedule.pk))
    return rows.select_related("by").prefetch_related(
        Prefetch("deliveries", Delivery.objects.defer("data", "body").order_by("address"))
    )
