"""Customers' requests, meetings, feedback."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router, Schema
from ninja.responses import Status

from punctual.api.authentication import actor_of
from punctual.api.pages import Listing, Paging, listing
from punctual.domain.customer_relations import selectors
from punctual.domain.customer_relations.models import CustomerRequest
from punctual.domain.customer_relations.services import requests as services
from punctual.domain.customer_relations.services.requests import RequestInput
from punctual.domain.orders.models import Order
from punctual.domain.orders.selectors import order_by_key
from punctual.domain.parties.models import Contact, Customer
from punctual.domain.parties.selectors import customers, get_contact
from punctual.engine.calendars import WorkCalendar
from punctual.kernel.refusal import NotFound, Reason
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.records import get_or_not_found
from punctual.platform.search.services import ids

router = Router()


class ClockOut(Schema):
    """Working minutes. ``due`` is null while the clock stands or when it has stopped."""

    limit: int
    used: int
    due: dt.datetime | None
    running: bool
    breached: bool


class MessageOut(Schema):
    author: str
    name: str
    text: str
    channel: str
    at: dt.datetime


class RequestsRequestOut(Schema):
    id: int
    version: int
    number: str
    title: str
    kind: str
    urgency: str
    channel: str
    state: str
    phase: str
    customer: str
    contact: int | None
    order: str
    owner: str
    received_at: dt.datetime
    responded_at: dt.datetime | None
    resolved_at: dt.datetime | None
    merged_into: str
    response: ClockOut
    resolution: ClockOut


class RequestLinkOut(Schema):
    type: str
    id: int
    label: str


class RequestWithMessages(RequestsRequestOut):
    messages: list[MessageOut]
    links: list[RequestLinkOut]


class RequestsRequestIn(Schema):
    """``customer`` is a code; ``order`` a number; ``owner`` a sign-in name."""

    customer: str
    title: str
    text: str = ""
    kind: str = "question"
    urgency: str = "normal"
    channel: str = "api"
    contact: int | None = None
    order: str = ""
    owner: str = ""


class RequestPatch(Schema):
    version: int
    title: str | None = None
    kind: str | None = None
    urgency: str | None = None
    owner: str | None = None
    order: str | None = None


class SayIn(Schema):
    """``version`` may be left out: an answer then counts whatever changed in between."""

    text: str
    version: int | None = None
    and_wait: bool = False
    and_resolve: bool = False


class RequestsStepIn(Schema):
    version: int | None = None
    reason: str = ""
    into: str = ""


class RequestsRequestFilters(Schema):
    q: str = ""
    state: str = ""
    kind: str = ""
    customer: str = ""
    order: str = ""
    owner: str = ""
    overdue: bool = False


def customer_by_code(actor: User, code: str) -> Customer:
    return get_or_not_found(customers(actor), code=code)


def order_or_none(actor: User, number: str) -> Order | None:
    return order_by_key(actor, number) if number else None


def person_or_none(name: str) -> User | None:
    return get_or_not_found(User.objects.filter(is_active=True), username=name) if name else None


def contact_or_none(actor: User, pk: int | None) -> Contact | None:
    return get_contact(actor, pk) if pk is not None else None


def _shape(found: CustomerRequest, calendar: WorkCalendar | None = None) -> dict[str, Any]:
    clocks = {
        name: {
            "limit": reading.limit,
            "used": reading.used,
            "due": reading.due,
            "running": reading.running,
            "breached": reading.breached,
        }
        for name, reading in selectors.readings_of(found, now=timezone.now(), calendar=calendar).items()
    }
    plain = ("id", "version", "number", "title", "kind", "urgency", "channel", "state", "phase")
    return {
        **{name: getattr(found, name) for name in plain},
        "customer": found.customer.code,
        "contact": found.contact_id,
        "order": found.order.number or "" if found.order else "",
        "owner": found.owner.username if found.owner else "",
        "received_at": found.received_at,
        "responded_at": found.responded_at,
        "resolved_at": found.resolved_at,
        "merged_into": found.merged_into.number if found.merged_into else "",
        **clocks,
    }


def _full(actor: User, number: str) -> dict[str, Any]:
    found = selectors.request_by_key(actor, number)
    messages = [
        {"author": one.author, "name": one.name, "text": one.text, "channel": one.channel, "at": one.at}
        for one in found.messages.all()
    ]
    links = [{"type": one.target_type, "id": one.target_id, "label": one.label} for one in found.links.all()]
    return {**_shape(found), "messages": messages, "links": links}


@router.get("/requests", response=Listing[RequestsRequestOut])
def requests(request: HttpRequest, paging: Query[Paging], filters: Query[RequestsRequestFilters]) -> Any:
    """Customers' requests with their clocks; the next clock to run out first."""
    actor = actor_of(request)
    require(actor, "requests.view")
    rows = selectors.listed_requests(actor).select_related("merged_into", "customer", "order", "owner", "contact")
    equal = {
        "kind": filters.kind,
        "customer__code": filters.customer,
        "order__number": filters.order,
        "owner__username": filters.owner,
    }
    rows = rows.filter(**{name: value.replace("\0", "") for name, value in equal.items() if value})
    if filters.state:
        rows = rows.filter(state__in=filters.state.split(","))
    if filters.overdue:
        rows = selectors.breached(rows, timezone.now())
    if filters.q:
        rows = rows.filter(pk__in=ids(filters.q, "customerrequest"))
    calendar = selectors.shared_calendar(timezone.now())
    return listing(rows, paging, sorts=["number", "received_at", "state"], shape=lambda found: _shape(found, calendar))


@router.post("/requests", response={201: RequestWithMessages})
def create_request(request: HttpRequest, payload: RequestsRequestIn) -> Any:
    """Record what a customer wants; its clocks begin to run."""
    actor = actor_of(request)
    require(actor, "requests.change")
    data = RequestInput(
        customer=customer_by_code(actor, payload.customer),
        title=payload.title,
        text=payload.text,
        kind=payload.kind,
        urgency=payload.urgency,
        channel=payload.channel,
        contact=contact_or_none(actor, payload.contact),
        order=order_or_none(actor, payload.order),
        owner=person_or_none(payload.owner),
    )
    found = services.record_request(actor=actor, data=data)
    return Status(201, _full(actor, found.number))


@router.get("/requests/{number}", response=RequestWithMessages)
def one_request(request: HttpRequest, number: str) -> Any:
    """One request with everything that was said, internal notes included."""
    return _full(actor_of(request), number)


@router.patch("/requests/{number}", response=RequestWithMessages)
def change_request(request: HttpRequest, number: str, payload: RequestPatch) -> Any:
    """Another subject, kind, urgency, owner or order."""
    actor = actor_of(request)
    found = selectors.request_by_key(actor, number)
    told = payload.model_dump(exclude_unset=True)
    services.change_request(
        actor=actor,
        request_id=found.pk,
        expected_version=payload.version,
        title=told.get("title") or found.title,
        kind=told.get("kind") or found.kind,
        urgency=told.get("urgency") or found.urgency,
        owner=person_or_none(told["owner"] or "") if "owner" in told else found.owner,
        order=order_or_none(actor, told["order"] or "") if "order" in told else found.order,
        contact=found.contact,
    )
    return _full(actor, number)


@router.post("/requests/{number}/reply", response=RequestWithMessages)
def reply(request: HttpRequest, number: str, payload: SayIn) -> Any:
    """Answer the customer: the first answer stops the first clock."""
    actor = actor_of(request)
    found = selectors.request_by_key(actor, number)
    services.reply(
        actor=actor,
        request_id=found.pk,
        text=payload.text,
        expected_version=payload.version,
        and_wait=payload.and_wait,
        and_resolve=payload.and_resolve,
    )
    return _full(actor, number)


@router.post("/requests/{number}/note", response=RequestWithMessages)
def note(request: HttpRequest, number: str, payload: SayIn) -> Any:
    """Something for colleagues only."""
    actor = actor_of(request)
    services.add_note(actor=actor, request_id=selectors.request_by_key(actor, number).pk, text=payload.text)
    return _full(actor, number)


@router.post("/requests/{number}/messages", response=RequestWithMessages)
def hear(request: HttpRequest, number: str, payload: SayIn) -> Any:
    """What the customer has said more; a standing clock runs again."""
    actor = actor_of(request)
    require(actor, "requests.change")
    found = selectors.request_by_key(actor, number)
    services.hear(found=found, text=payload.text, channel="api", actor=actor)
    return _full(actor, number)


@router.post("/requests/{number}/{verb}", response=RequestWithMessages)
def request_step(request: HttpRequest, number: str, verb: str, payload: RequestsStepIn) -> Any:
    """``wait``, ``resume``, ``resolve``, ``close``, ``reopen`` (with a reason) or ``merge`` (``into`` a number)."""
    actor = actor_of(request)
    found = selectors.request_by_key(actor, number)
    same: dict[str, Any] = {"actor": actor, "request_id": found.pk, "expected_version": payload.version}
    if verb == "wait":
        services.wait_for_customer(**same, reason=payload.reason)
    elif verb == "resume":
        services.resume(**same)
    elif verb == "resolve":
        services.resolve(**same, note=payload.reason)
    elif verb == "close":
        services.close(**same)
    elif verb == "reopen":
        services.reopen(**same, reason=payload.reason)
    elif verb == "merge":
        services.merge(**same, into=selectors.request_by_key(actor, payload.into))
    else:
        raise NotFound(Reason("request.verb", N_("A request can't “%(verb)s”."), {"verb": verb[:40]}))
    return _full(actor, number)
