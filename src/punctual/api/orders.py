"""Orders with their lines, their life and their review."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from ninja import Query, Router, Schema
from ninja.responses import Status
from pydantic import ConfigDict, Field

from punctual.api.authentication import actor_of
from punctual.api.custom_fields import CustomIn, with_custom
from punctual.api.pages import Listing, Paging, listing
from punctual.domain.orders.facts import check_settings
from punctual.domain.orders.inputs import input_of, read_order
from punctual.domain.orders.models import Order, OrderLine, ReviewSign
from punctual.domain.orders.rules import Finding
from punctual.domain.orders.selectors import (
    check,
    current_review,
    health_of,
    id_by_key,
    order_by_key,
    orders_of,
    signs_waiting_for,
    with_health,
)
from punctual.domain.orders.services.custom import set_order_fields
from punctual.domain.orders.services.drafts import change_order, copy_order, create_order, delete_draft
from punctual.domain.orders.services.review import ask_in_review, return_order, sign_review, submit_for_review
from punctual.domain.orders.services.states import PERMISSION, move
from punctual.domain.orders.services.waivers import waive, withdraw_waiver
from punctual.flows.confirm_order import confirm_order
from punctual.kernel.refusal import NotFound, Reason
from punctual.kernel.wording import N_
from punctual.platform.accounts.permissions import require
from punctual.platform.custom_fields.selectors import data_of
from punctual.platform.search.services import ids

router = Router()

Text = str | int | float | None
"""Numbers and dates come as JSON numbers or as text; text is read as in a sheet, so 全角 digits are understood."""


class LineIn(Schema):
    """A line. ``id`` names the line it changes; unit, description and revision come from the catalogue if absent."""

    model_config = ConfigDict(extra="forbid")
    id: int | None = None
    line_no: int | None = Field(None, ge=1, le=9_999_999)
    customer_line_no: str = ""
    model: str = ""
    revision: str = ""
    description: str = ""
    quantity: Text = None
    unit: str = ""
    unit_price: Text = None
    requested_date: str | None = None
    promised_date: str | None = None
    delivery_place: str = ""
    acceptance_criteria: str = ""


class OrderIn(Schema):
    """``customer`` is an id, a code or an exact name; ``custom`` are the company's own fields by key."""

    model_config = ConfigDict(extra="forbid")
    customer: str | int
    contact: int | None = None
    customer_po_number: str = ""
    contract_date: str | None = None
    currency: str = "CNY"
    payment_terms: str = ""
    damages_percent_per_day: Text = None
    damages_cap_percent: Text = None
    delivery_place: str = ""
    notes: str = ""
    priority: int = Field(3, ge=1, le=4)
    owner: int | None = None
    stated_total: Text = None
    custom: dict[str, Any] = Field(default_factory=dict)
    lines: list[LineIn] = Field(default_factory=list)


class OrderChange(Schema):
    """What is absent stays; ``lines`` replaces all lines. ``version`` is the one that was read."""

    model_config = ConfigDict(extra="forbid")
    version: int
    customer: str | int | None = None
    contact: int | None = None
    customer_po_number: str | None = None
    contract_date: str | None = None
    currency: str | None = None
    payment_terms: str | None = None
    damages_percent_per_day: Text = None
    damages_cap_percent: Text = None
    delivery_place: str | None = None
    notes: str | None = None
    priority: int | None = Field(None, ge=1, le=4)
    owner: int | None = None
    stated_total: Text = None
    custom: dict[str, Any] | None = None
    lines: list[LineIn] | None = None


class LineOut(Schema):
    id: int
    line_no: int
    customer_line_no: str
    model: str
    revision: str
    description: str
    quantity: Decimal | None
    unit: str
    unit_price: Decimal | None
    requested_date: dt.date | None
    promised_date: dt.date | None
    planned_date: dt.date | None
    actual_date: dt.date | None
    delivery_place: str
    acceptance_criteria: str


class OrderShort(Schema):
    """``health`` is by the rules, or ``said_health``: what ``said_by`` answers for until ``said_until``."""

    id: int
    number: str | None
    state: str
    health: str | None
    customer: str | None
    customer_id: int | None
    customer_po_number: str
    currency: str
    total_amount: Decimal
    line_count: int
    priority: int
    owner: str | None
    requested_date: dt.date | None
    promised_date: dt.date | None
    planned_date: dt.date | None
    actual_date: dt.date | None
    progress: int
    version: int
    said_health: str
    said_until: dt.date | None
    said_by: str
    said_why: str
    custom: dict[str, Any]
    """The company's own fields by key; numbers as text, days as 2026-03-19, empty ones null."""


class SignOut(Schema):
    role: str
    state: str
    user: str | None
    comment: str
    at: dt.datetime | None


class ReviewOut(Schema):
    order: str
    order_id: int
    round: int
    due_at: dt.datetime | None
    closed_at: dt.datetime | None
    signs: list[SignOut]


class OrderOut(OrderShort):
    contact_id: int | None
    contract_date: dt.date | None
    payment_terms: str
    damages_percent_per_day: Decimal | None
    damages_cap_percent: Decimal | None
    delivery_place: str
    notes: str
    stated_total: Decimal | None
    quote_valid_until: dt.date | None
    submitted_at: dt.datetime | None
    confirmed_at: dt.datetime | None
    lines: list[LineOut]
    review: ReviewOut | None


class FindingOut(Schema):
    code: str
    message: str
    severity: str
    field: str
    row: int | None
    waived_by: str | None
    waiver_id: int | None


class CheckOut(Schema):
    """``findings`` errors first; a warning with ``waived_by`` no longer stands in the way."""

    ready: bool
    findings: list[FindingOut]


class VersionIn(Schema):
    """``version`` of the order as it was read; absent: do it whatever happened meanwhile."""

    version: int | None = None


class ReasonIn(VersionIn):
    reason: str = ""


class WaiveIn(VersionIn):
    code: str
    line: int | None = None
    reason: str


class ReviewIn(VersionIn):
    """``role`` only for administrators who stand in for a role."""

    comment: str = ""
    role: str = ""


class OrderFilter(Schema):
    state: str = ""
    health: str = ""
    customer: int | None = None
    owner: int | None = None
    q: str = ""


def _short(order: Order, today: dt.date, at_risk_days: int, custom: dict[str, Any]) -> dict[str, Any]:
    names = OrderShort.model_fields.keys() - {"health", "customer", "owner", "custom"}
    shape = {name: getattr(order, name) for name in names}
    return shape | {
        "health": health_of(order, today=today, at_risk_days=at_risk_days),
        "customer": str(order.customer) if order.customer else None,
        "owner": str(order.owner) if order.owner else None,
        "custom": custom,
    }


def _line(line: OrderLine) -> dict[str, Any]:
    names = LineOut.model_fields.keys() - {"model", "revision"}
    return {name: getattr(line, name) for name in names} | {"model": line.model_text, "revision": line.revision_text}


def _sign(sign: ReviewSign) -> dict[str, Any]:
    user = str(sign.user) if sign.user else None
    return {"role": sign.role, "state": sign.state, "user": user, "comment": sign.comment, "at": sign.at}


def _full(order: Order) -> dict[str, Any]:
    today = timezone.localdate()
    names = OrderOut.model_fields.keys() - OrderShort.model_fields.keys() - {"lines", "review"}
    review = current_review(order) if order.submitted_at else None
    return {
        **_short(order, today, check_settings().at_risk_days, data_of("order", order.pk)),
        **{name: getattr(order, name) for name in names},
        "lines": [_line(line) for line in order.lines.all()],
        "review": review
        and {
            "order": order.label,
            "order_id": order.pk,
            "round": review.round,
            "due_at": review.due_at,
            "closed_at": review.closed_at,
            "signs": [_sign(sign) for sign in review.signs.all()],
        },
    }


SORTS = {
    "number": "number",
    "state": "state",
    "customer": "customer__name",
    "total_amount": "total_amount",
    "requested_date": "requested_date",
    "promised_date": "promised_date",
    "planned_date": "planned_date",
    "actual_date": "actual_date",
    "progress": "progress",
    "id": "pk",
}


@router.get("/orders", response=Listing[OrderShort])
def orders(request: HttpRequest, paging: Query[Paging], wish: Query[OrderFilter]) -> Any:
    """Orders the caller may see; ``state`` and ``health`` take several values with commas; ``q`` searches;
    ``custom_<key>`` narrows by a custom field (a choice, yes/no, part of a text, a number or day or ``from..to``)."""
    actor = actor_of(request)
    require(actor, "orders.view")
    today, tolerance = timezone.localdate(), check_settings().at_risk_days
    rows = orders_of(actor).select_related("customer", "owner")
    if wish.state:
        rows = rows.filter(state__in=wish.state.split(","))
    if wish.health:
        rows = with_health(rows, wish.health.split(","), today=today, at_risk_days=tolerance)
    if wish.customer is not None:
        rows = rows.filter(customer_id=wish.customer)
    if wish.owner is not None:
        rows = rows.filter(owner_id=wish.owner)
    if wish.q:
        rows = rows.filter(pk__in=ids(wish.q, "order"))
    rows, custom = with_custom(request, "order", rows)
    return listing(rows, paging, sorts=SORTS, shape=lambda order: _short(order, today, tolerance, custom(order)))


@router.post("/orders", response={201: OrderOut})
def post_order(request: HttpRequest, payload: OrderIn) -> Any:
    """Enter a draft."""
    data, reasons = read_order(payload.model_dump(exclude_unset=True))
    order = create_order(actor=actor_of(request), data=data, today=timezone.localdate(), reasons=reasons)
    return Status(201, _full(order))


@router.get("/orders/{key}", response=OrderOut)
def get_order(request: HttpRequest, key: str) -> Any:
    """By number or id."""
    require(actor_of(request), "orders.view")
    return _full(order_by_key(actor_of(request), key))


@router.patch("/orders/{key}", response=OrderOut)
def patch_order(request: HttpRequest, key: str, payload: OrderChange) -> Any:
    """Change a draft or quotation; 409 with what changed when ``version`` is not the current one."""
    actor = actor_of(request)
    require(actor, "orders.change")
    order = order_by_key(actor, key)
    raw = payload.model_dump(exclude_unset=True)
    data, reasons = read_order(raw, before=input_of(order))
    changed = change_order(
        actor=actor,
        order_id=order.pk,
        data=data,
        expected_version=payload.version,
        today=timezone.localdate(),
        reasons=reasons,
    )
    return _full(changed)


@router.put("/orders/{key}/custom", response=OrderOut)
def put_custom(request: HttpRequest, key: str, payload: CustomIn) -> Any:
    """Fill in custom fields, in any state until the order is over; what is absent stays, null clears."""
    actor = actor_of(request)
    order = order_by_key(actor, key)
    return _full(
        set_order_fields(actor=actor, order_id=order.pk, given=payload.values, expected_version=payload.version)
    )


@router.delete("/orders/{key}", response={204: None})
def delete_order(request: HttpRequest, key: str, version: int | None = None) -> Any:
    """Drop a draft that has no number yet."""
    actor = actor_of(request)
    delete_draft(actor=actor, order_id=id_by_key(actor, key), expected_version=version)
    return Status(204, None)


@router.get("/orders/{key}/check", response=CheckOut)
def check_one(request: HttpRequest, key: str) -> Any:
    """Every finding of the order as it is now."""
    actor = actor_of(request)
    require(actor, "orders.view")
    checked = check(order_by_key(actor, key), today=timezone.localdate())
    findings = [_finding(one) for one in (*checked.errors, *checked.warnings)]
    findings += [_finding(one) | {"waived_by": str(by.by), "waiver_id": by.pk} for one, by in checked.waived]
    return {"ready": checked.open_count == 0, "findings": findings}


def _finding(finding: Finding) -> dict[str, Any]:
    reason = finding.reason
    return {
        "code": reason.code,
        "message": reason.worded(gettext),
        "severity": reason.severity.value,
        "field": reason.field,
        "row": reason.row,
        "waived_by": None,
        "waiver_id": None,
    }


@router.post("/orders/{key}/submit", response=OrderOut)
def submit(request: HttpRequest, key: str, payload: VersionIn | None = None) -> Any:
    """Submit for review; gives the number."""
    actor, wish = actor_of(request), payload or VersionIn()
    today, pk = timezone.localdate(), id_by_key(actor, key)
    return _full(submit_for_review(actor=actor, order_id=pk, today=today, expected_version=wish.version))


@router.post("/orders/{key}/confirm", response=OrderOut)
def confirm(request: HttpRequest, key: str, payload: VersionIn | None = None) -> Any:
    """Confirm a fully signed order."""
    actor, wish = actor_of(request), payload or VersionIn()
    today, pk = timezone.localdate(), id_by_key(actor, key)
    return _full(confirm_order(actor=actor, order_id=pk, today=today, expected_version=wish.version))


@router.post("/orders/{key}/waive", response=OrderOut)
def waive_one(request: HttpRequest, key: str, payload: WaiveIn) -> Any:
    """Answer for one warning by name."""
    actor = actor_of(request)
    order = order_by_key(actor, key)
    waive(
        actor=actor,
        order_id=order.pk,
        code=payload.code,
        line_no=payload.line,
        reason=payload.reason,
        today=timezone.localdate(),
        expected_version=payload.version,
    )
    return _full(order_by_key(actor, key))


@router.delete("/orders/{key}/waivers/{waiver_id}", response={204: None})
def withdraw_one(request: HttpRequest, key: str, waiver_id: int) -> Any:
    """Take a waiver back."""
    actor = actor_of(request)
    withdraw_waiver(actor=actor, order_id=id_by_key(actor, key), waiver_id=waiver_id)
    return Status(204, None)


@router.post("/orders/{key}/copy", response={201: OrderOut})
def copy_one(request: HttpRequest, key: str) -> Any:
    """A new draft with the same lines."""
    actor = actor_of(request)
    made = copy_order(actor=actor, order_id=id_by_key(actor, key), today=timezone.localdate())
    return Status(201, _full(made))


@router.post("/orders/{key}/review/{verb}", response=OrderOut)
def review_one(request: HttpRequest, key: str, verb: str, payload: ReviewIn | None = None) -> Any:
    """``sign``, ``return`` or ``ask`` for one's role."""
    actor, wish = actor_of(request), payload or ReviewIn()
    verbs = {"sign": sign_review, "return": return_order, "ask": ask_in_review}
    if verb not in verbs:
        raise _no_verb(verb)
    order = order_by_key(actor, key)
    return _full(
        verbs[verb](actor=actor, order_id=order.pk, comment=wish.comment, role=wish.role, expected_version=wish.version)
    )


@router.post("/orders/{key}/{verb}", response=OrderOut)
def move_one(request: HttpRequest, key: str, verb: str, payload: ReasonIn | None = None) -> Any:
    """``quote reopen lose start deliver_part deliver accept close hold resume cancel``."""
    actor, wish = actor_of(request), payload or ReasonIn()
    if verb not in PERMISSION:
        raise _no_verb(verb)
    order = order_by_key(actor, key)
    moved = move(
        actor=actor,
        order_id=order.pk,
        verb=verb,
        today=timezone.localdate(),
        reason=wish.reason,
        expected_version=wish.version,
    )
    return _full(moved)


def _no_verb(verb: str) -> NotFound:
    return NotFound(Reason("order.verb", N_("An order can't “%(verb)s”."), {"verb": verb[:40]}))


@router.get("/order-reviews", response=Listing[ReviewOut])
def order_reviews(request: HttpRequest, paging: Query[Paging]) -> Any:
    """Reviews that wait for the caller's role."""
    actor = actor_of(request)
    require(actor, "orders.view")
    rows = signs_waiting_for(actor).prefetch_related("review__signs__user")
    return listing(rows, paging, sorts={"due_at": "review__due_at"}, shape=_waiting)


def _waiting(sign: ReviewSign) -> dict[str, Any]:
    review = sign.review
    return {
        "order": review.order.label,
        "order_id": review.order_id,
        "round": review.round,
        "due_at": review.due_at,
        "closed_at": review.closed_at,
        "signs": [_sign(one) for one in review.signs.all()],
    }
