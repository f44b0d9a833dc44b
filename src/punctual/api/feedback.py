"""What customers think: asked, answered."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Schema
from ninja.responses import Status

from punctual.api.authentication import actor_of
from punctual.api.pages import Listing, Paging, listing
from punctual.api.requests import contact_or_none, customer_by_code, order_or_none
from punctual.domain.customer_relations import selectors
from punctual.domain.customer_relations.models import Survey
from punctual.domain.customer_relations.services import feedback as feedback_services
from punctual.platform.accounts.permissions import require

router = Router()


class FeedbackOut(Schema):
    id: int
    kind: str
    customer: str
    order: str
    occasion: str
    asked_at: dt.datetime
    answered_at: dt.datetime | None
    score: int | None
    drivers: list[str]
    comment: str
    answer: str
    request: str


class FeedbackIn(Schema):
    """A question to a customer, by mail when ``contact`` has an address."""

    customer: str
    order: str = ""
    contact: int | None = None
    kind: str = "csat"
    occasion: str = ""


class AnswerIn(Schema):
    text: str


def _feedback(found: Survey) -> dict[str, Any]:
    plain = ("id", "kind", "occasion", "asked_at", "answered_at", "score", "drivers", "comment", "answer")
    return {
        **{name: getattr(found, name) for name in plain},
        "customer": found.customer.code,
        "order": found.order.number or "" if found.order else "",
        "request": found.request.number if found.request else "",
    }


@router.get("/feedback", response=Listing[FeedbackOut])
def feedback(request: HttpRequest, paging: Query[Paging], customer: str = "", answered: bool | None = None) -> Any:
    """What customers were asked and said."""
    actor = actor_of(request)
    require(actor, "feedback.view")
    rows = selectors.surveys_of(actor)
    if customer:
        rows = rows.filter(customer__code=customer.replace("\0", ""))
    if answered is not None:
        rows = rows.filter(score__isnull=not answered)
    return listing(rows, paging, sorts=["asked_at", "answered_at", "score"], shape=_feedback)


@router.post("/feedback", response={201: FeedbackOut})
def ask_feedback(request: HttpRequest, payload: FeedbackIn) -> Any:
    """Send one question."""
    actor = actor_of(request)
    require(actor, "feedback.change")
    found, _token = feedback_services.ask(
        actor=actor,
        customer=customer_by_code(actor, payload.customer),
        order=order_or_none(actor, payload.order),
        contact=contact_or_none(actor, payload.contact),
        kind=payload.kind,
        occasion=payload.occasion,
    )
    return Status(201, _feedback(found))


@router.post("/feedback/{int:pk}/answer", response=FeedbackOut)
def answer_feedback(request: HttpRequest, pk: int, payload: AnswerIn) -> Any:
    """What we say to it; the customer reads it on the tracking page."""
    return _feedback(feedback_services.reply_to_feedback(actor=actor_of(request), survey_id=pk, text=payload.text))
