"""The customer's own purchase order beside ours: compared, differences settled by name, how often nothing differed."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import File, Router, Schema
from ninja.files import UploadedFile
from ninja.responses import Status
from pydantic import ConfigDict

from punctual.api.authentication import actor_of
from punctual.domain.changes.models import Comparison, ComparisonPoint
from punctual.domain.changes.selectors import comparisons_of, first_time_right
from punctual.domain.changes.services.purchase_orders import change_from, compare, see_point, take_point, waive_point
from punctual.domain.orders.selectors import order_by_key
from punctual.kernel.refusal import NotFound, Reason
from punctual.kernel.wording import N_
from punctual.platform.accounts.permissions import require
from punctual.platform.records import get_or_not_found

router = Router()


class PointOut(Schema):
    """One difference or unusual value. ``kind``: differs, missing, extra, unusual; ``state``: open, taken, waived,
    seen; ``line_no`` is empty for the order as a whole, ``row`` is the file's."""

    id: int
    kind: str
    code: str
    field: str
    line_no: int | None
    row: int | None
    ours: str
    theirs: str
    state: str
    reason: str
    by: str
    at: dt.datetime | None

    @staticmethod
    def resolve_by(point: ComparisonPoint) -> str:
        return str(point.by or "")


class ComparisonOut(Schema):
    """``first_count``: differences found at first, 0 = right the first time; ``sha256`` of the attached original."""

    id: int
    order: str
    name: str
    sha256: str
    first_count: int
    made_by: str
    made_at: dt.datetime
    points: list[PointOut]

    @staticmethod
    def resolve_order(comparison: Comparison) -> str:
        return comparison.order.key

    @staticmethod
    def resolve_made_by(comparison: Comparison) -> str:
        return str(comparison.made_by)

    @staticmethod
    def resolve_made_at(comparison: Comparison) -> dt.datetime:
        return comparison.created_at

    @staticmethod
    def resolve_points(comparison: Comparison) -> list[ComparisonPoint]:
        return list(comparison.points.all())


class SettleIn(Schema):
    """``reason`` is needed to waive."""

    model_config = ConfigDict(extra="forbid")
    reason: str = ""


class RaisedOut(Schema):
    """The change order that was made."""

    number: str


class FirstTimeRightOut(Schema):
    """Orders whose customer's PO matched at once, of those compared; ``percent`` is empty before the first."""

    right: int
    compared: int
    percent: float | None


@router.get("/orders/{key}/comparisons", response=list[ComparisonOut])
def list_comparisons(request: HttpRequest, key: str) -> Any:
    """The customer's purchase orders that were compared with an order, newest first."""
    actor = actor_of(request)
    return comparisons_of(actor, order_by_key(actor, key))


@router.post("/orders/{key}/comparisons", response={201: ComparisonOut})
def compare_po(request: HttpRequest, key: str, file: File[UploadedFile]) -> Any:
    """Compare the customer's .xlsx, .xls, .csv or text PDF (multipart, field ``file``); the original is attached."""
    actor = actor_of(request)
    order = order_by_key(actor, key)
    compare(actor=actor, order_id=order.pk, content=file.read(), name=file.name or "po", today=timezone.localdate())
    return Status(201, comparisons_of(actor, order)[0])


@router.post("/orders/{key}/comparisons/points/{int:point}/{verb}", response=ComparisonOut)
def settle_point(request: HttpRequest, key: str, point: int, verb: str, payload: SettleIn | None = None) -> Any:
    """``take`` the customer's value into a draft, ``waive`` it by name, or ``see`` what is unusual as second person."""
    actor, reason = actor_of(request), payload.reason if payload else ""
    order = order_by_key(actor, key)
    get_or_not_found(ComparisonPoint.objects.filter(comparison__order=order), pk=point)
    if verb == "take":
        found = take_point(actor=actor, point_id=point, today=timezone.localdate())
    elif verb == "waive":
        found = waive_point(actor=actor, point_id=point, reason=reason)
    elif verb == "see":
        found = see_point(actor=actor, point_id=point, reason=reason)
    else:
        raise NotFound(Reason("po.no_verb", N_("A difference can't “%(verb)s”."), {"verb": verb[:40]}))
    return next(one for one in comparisons_of(actor, order) if one.pk == found.comparison_id)


@router.post("/orders/{key}/comparisons/{int:comparison}/change", response={201: RaisedOut})
def change_of_differences(request: HttpRequest, key: str, comparison: int) -> Any:
    """A change order out of the open differences of a confirmed order."""
    actor = actor_of(request)
    get_or_not_found(Comparison.objects.filter(order=order_by_key(actor, key)), pk=comparison)
    return Status(201, change_from(actor=actor, comparison_id=comparison, today=timezone.localdate()))


@router.get("/first-time-right", response=FirstTimeRightOut)
def right_first(request: HttpRequest) -> Any:
    """How often orders are entered as the customer wrote them."""
    actor = actor_of(request)
    require(actor, "orders.view")
    return first_time_right(actor)
