"""Approvals: what waits, what was decided, saying yes or no."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from ninja import Query, Router, Schema
from pydantic import ConfigDict

from punctual.api.authentication import actor_of
from punctual.api.pages import Listing, Paging, listing
from punctual.platform.accounts.permissions import require
from punctual.platform.approvals.models import ApprovalRequest
from punctual.platform.approvals.selectors import request_by_id, requests_of, waiting_for
from punctual.platform.approvals.services import decide, remind

router = Router()


class StepOut(Schema):
    level: int
    role: str
    state: str
    user: str | None
    on_behalf_of: str | None
    comment: str
    at: dt.datetime | None


class ApprovalOut(Schema):
    """``facts`` are what changes: now and then; ``target`` is the kind of thing and ``target_id`` its id."""

    id: int
    subject: str
    target: str
    target_id: int
    target_label: str
    title: str
    state: str
    level: int
    amount: Decimal
    currency: str
    days: int
    requested_by: str
    due_at: dt.datetime | None
    facts: list[dict[str, Any]]
    money: list[dict[str, Any]]
    steps: list[StepOut]
    version: int


class DecisionIn(Schema):
    """``approve`` false needs a comment."""

    model_config = ConfigDict(extra="forbid")
    approve: bool
    comment: str = ""
    version: int | None = None


def _shape(one: ApprovalRequest) -> dict[str, Any]:
    sentence = gettext(one.title)
    return {
        "id": one.pk,
        "subject": one.subject,
        "target": one.target_type,
        "target_id": one.target_id,
        "target_label": one.target_label,
        "title": sentence % one.params if one.params else sentence,
        "state": one.state,
        "level": one.level,
        "amount": one.amount,
        "currency": one.currency,
        "days": one.days,
        "requested_by": str(one.requested_by),
        "due_at": one.due_at,
        "facts": one.facts,
        "money": one.money,
        "steps": [
            {
                "level": step.level,
                "role": step.role,
                "state": step.state,
                "user": str(step.user) if step.user else None,
                "on_behalf_of": str(step.on_behalf_of) if step.on_behalf_of else None,
                "comment": step.comment,
                "at": step.at,
            }
            for step in one.steps.all()
        ],
        "version": one.version,
    }


@router.get("/approvals", response=Listing[ApprovalOut])
def list_approvals(request: HttpRequest, paging: Query[Paging], waiting: bool = False) -> dict[str, Any]:
    """Every approval the caller may see; with ``waiting`` only those the caller may decide now."""
    actor = actor_of(request)
    require(actor, "approvals.view")
    rows = waiting_for(actor, timezone.localdate()) if waiting else requests_of(actor)
    return listing(rows, paging, sorts=("due_at", "amount", "days"), shape=_shape)


@router.get("/approvals/{approval_id}", response=ApprovalOut)
def get_approval(request: HttpRequest, approval_id: int) -> dict[str, Any]:
    """One approval with its steps."""
    return _shape(request_by_id(actor_of(request), approval_id))


@router.post("/approvals/{approval_id}/decide", response=ApprovalOut)
def decide_approval(request: HttpRequest, approval_id: int, payload: DecisionIn) -> dict[str, Any]:
    """Approve or reject for one's role (or for the absent person one stands in for); never what one asked for."""
    actor = actor_of(request)
    decide(
        actor=actor,
        request_id=approval_id,
        approve=payload.approve,
        comment=payload.comment,
        today=timezone.localdate(),
        expected_version=payload.version,
    )
    return _shape(request_by_id(actor, approval_id))


@router.post("/approvals/{approval_id}/remind", response=ApprovalOut)
def remind_approval(request: HttpRequest, approval_id: int) -> dict[str, Any]:
    """Tell those who have not decided once more."""
    actor = actor_of(request)
    remind(actor=actor, request_id=approval_id, today=timezone.localdate())
    return _shape(request_by_id(actor, approval_id))
