"""Change orders with their impact, their life, and the revisions of an order."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router, Schema
from ninja.responses import Status
from pydantic import ConfigDict, Field

from punctual.api.authentication import actor_of
from punctual.api.pages import Listing, Paging, listing
from punctual.domain.changes.models import ChangeOrder, OrderRevision
from punctual.domain.changes.selectors import change_by_number, compared, listed_changes, revisions_of
from punctual.domain.changes.services.customer import ask_customer
from punctual.domain.changes.services.raising import change_draft, raise_change, reopen, submit, withdraw
from punctual.domain.customer_relations.selectors import request_by_key
from punctual.domain.orders.selectors import order_by_key
from punctual.flows.asked_change import raise_asked
from punctual.flows.change_order import analyse_change, apply_change, reverse_change
from punctual.kernel.refusal import NotFound, Reason
from punctual.kernel.wording import N_
from punctual.platform.accounts.permissions import require
from punctual.platform.records import get_or_not_found

router = Router()


class ChangesItemIn(Schema):
    """``kind``: line, line_add, line_remove, header, task_add, task_redo, cost. ``line`` is the id of an order line;
    ``field`` and ``new`` say what it becomes; ``data`` holds what the other kinds need."""

    model_config = ConfigDict(extra="forbid")
    kind: str
    line: int | None = None
    field: str = ""
    new: str | int | float | None = None
    data: dict[str, Any] = Field(default_factory=dict)


class ChangeIn(Schema):
    """``source`` is customer or us."""

    model_config = ConfigDict(extra="forbid")
    order: str
    title: str
    source: str = "customer"
    reason: str = ""
    words: str = ""
    needs_customer: bool = True
    items: list[ChangesItemIn] = Field(default_factory=list)
    request: str = ""
    """Number of the customer's request that it comes from."""


class ChangeEdit(Schema):
    """Replaces everything that was written; ``version`` is the one that was read."""

    model_config = ConfigDict(extra="forbid")
    version: int
    title: str
    source: str = "customer"
    reason: str = ""
    words: str = ""
    needs_customer: bool = True
    items: list[ChangesItemIn] = Field(default_factory=list)


class ChangesStepIn(Schema):
    model_config = ConfigDict(extra="forbid")
    version: int | None = None
    reason: str = ""


class ItemOut(Schema):
    kind: str
    line_no: int | None
    field: str
    old: str
    new: str
    data: dict[str, Any]


class ChangeOut(Schema):
    """``impact`` is None before the analysis."""

    id: int
    number: str
    order: str
    title: str
    source: str
    reason: str
    words: str
    state: str
    owner: str
    customer_answer: str
    customer_name: str
    revision: int | None
    impact: dict[str, Any] | None
    items: list[ItemOut]
    version: int


class ChangesLinkOut(Schema):
    """``path`` is where the customer answers, once, within seven days."""

    path: str


class ChangesRevisionOut(Schema):
    number: int
    amount: Decimal
    amount_change: Decimal
    reason: str
    made_at: dt.datetime


class DifferenceOut(Schema):
    line: int | None
    field: str
    old: str
    new: str


def _shape(one: ChangeOrder) -> dict[str, Any]:
    return {
        "id": one.pk,
        "number": one.number,
        "order": one.order.key,
        "title": one.title,
        "source": one.source,
        "reason": one.reason,
        "words": one.words,
        "state": one.state,
        "owner": str(one.owner),
        "customer_answer": one.customer_answer,
        "customer_name": one.customer_name,
        "revision": one.revision.number if one.revision else None,
        "impact": one.impact,
        "items": [
            {"kind": i.kind, "line_no": i.line_no, "field": i.field, "old": i.old, "new": i.new, "data": i.data}
            for i in one.items.all()
        ],
        "version": one.version,
    }


@router.get("/change-orders", response=Listing[ChangeOut])
def list_changes(request: HttpRequest, paging: Query[Paging], state: str = "", order: str = "") -> dict[str, Any]:
    """Every change order the caller may see, newest first."""
    actor = actor_of(request)
    require(actor, "changes.view")
    rows = listed_changes(actor).select_related("revision").prefetch_related("items")
    if state:
        rows = rows.filter(state__in=state.split(","))
    if order:
        rows = rows.filter(order=order_by_key(actor, order))
    return listing(rows, paging, sorts=("number", "state", "created_at"), shape=_shape)


@router.post("/change-orders", response={201: ChangeOut})
def create_change(request: HttpRequest, payload: ChangeIn) -> Status[dict[str, Any]]:
    """Raise a change order for a confirmed order."""
    actor = actor_of(request)
    order = order_by_key(actor, payload.order)
    facts: dict[str, Any] = {
        **payload.dict(include={"title", "source", "reason", "words", "needs_customer"}),
        "items": [item.dict() for item in payload.items],
        "today": timezone.localdate(),
    }
    if payload.request:
        asked = request_by_key(actor, payload.request)
        made = raise_asked(actor=actor, order=order, request_id=asked.pk, **facts)
    else:
        made = raise_change(actor=actor, order_id=order.pk, **facts)
    return Status(201, _shape(change_by_number(actor, made.number)))


@router.get("/change-orders/{number}", response=ChangeOut)
def get_change(request: HttpRequest, number: str) -> dict[str, Any]:
    """One change order with items and impact."""
    return _shape(change_by_number(actor_of(request), number))


@router.put("/change-orders/{number}", response=ChangeOut)
def edit_change(request: HttpRequest, number: str, payload: ChangeEdit) -> dict[str, Any]:
    """Write a draft anew; an analysis made before counts no more."""
    actor = actor_of(request)
    change = change_by_number(actor, number)
    change_draft(
        actor=actor,
        change_id=change.pk,
        expected_version=payload.version,
        title=payload.title,
        source=payload.source,
        reason=payload.reason,
        words=payload.words,
        needs_customer=payload.needs_customer,
        items=[item.dict() for item in payload.items],
    )
    return _shape(change_by_number(actor, number))


@router.post("/change-orders/{number}/link", response=ChangesLinkOut)
def link_for_customer(request: HttpRequest, number: str, payload: ChangesStepIn) -> dict[str, Any]:
    """A link for the customer's answer; an earlier one stops working."""
    actor = actor_of(request)
    change = change_by_number(actor, number)
    _change, token = ask_customer(actor=actor, change_id=change.pk, expected_version=payload.version)
    return {"path": f"/sign/change/{token}/"}


@router.post("/change-orders/{number}/{verb}", response=ChangeOut)
def do_change(request: HttpRequest, number: str, verb: str, payload: ChangesStepIn) -> dict[str, Any]:
    """One step: analyse, submit, reopen, withdraw, apply, reverse."""
    actor, today = actor_of(request), timezone.localdate()
    change = change_by_number(actor, number)
    wish: dict[str, Any] = {"actor": actor, "change_id": change.pk, "expected_version": payload.version}
    if verb == "analyse":
        analyse_change(**wish, today=today)
    elif verb == "submit":
        submit(**wish, today=today)
    elif verb == "reopen":
        reopen(**wish)
    elif verb == "withdraw":
        withdraw(**wish, reason=payload.reason)
    elif verb == "apply":
        apply_change(**wish, today=today)
    elif verb == "reverse":
        reverse_change(**wish, reason=payload.reason, today=today)
    else:
        raise NotFound(Reason("change.verb", N_("A change order can't “%(verb)s”."), {"verb": verb[:40]}))
    return _shape(change_by_number(actor, number))


@router.get("/orders/{key}/revisions", response=list[ChangesRevisionOut])
def list_revisions(request: HttpRequest, key: str) -> list[OrderRevision]:
    """The revisions of an order; its value is the sum of their changes."""
    actor = actor_of(request)
    require(actor, "changes.view")
    return list(revisions_of(order_by_key(actor, key)))


@router.get("/orders/{key}/revisions/{first}/{second}", response=list[DifferenceOut])
def compare_revisions(request: HttpRequest, key: str, first: int, second: int) -> list[dict[str, Any]]:
    """What differs between two revisions."""
    actor = actor_of(request)
    require(actor, "changes.view")
    rows = revisions_of(order_by_key(actor, key))
    return compared(get_or_not_found(rows, number=first), get_or_not_found(rows, number=second))
