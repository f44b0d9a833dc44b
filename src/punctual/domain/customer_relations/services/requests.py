"""Record a customer's request, answer it, let its clock stand, settle it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import models, transaction
from django.utils import timezone

from punctual.domain.customer_relations import clock as clocks
from punctual.domain.customer_relations.life import REQUEST_LIFE, RUNNING
from punctual.domain.customer_relations.models import (
    Author,
    Channel,
    CustomerRequest,
    Pause,
    RequestKind,
    RequestLink,
    RequestMessage,
    RequestState,
    SlaRule,
    Urgency,
)
from punctual.domain.customer_relations.rules import (
    Terms,
    against_reopening,
    against_request,
    against_resolving,
    against_text,
    phase_of,
    times,
)
from punctual.domain.customer_relations.selectors import (
    calendar_for,
    clocks_of,
    company_zone,
    requests_of,
)
from punctual.domain.orders.models import Order, OrderLine
from punctual.domain.parties.models import Contact, Customer
from punctual.kernel.refusal import Reason, refuse_if
from punctual.kernel.wording import N_
from punctual.platform import targets
from punctual.platform.accounts.models import Role, User
from punctual.platform.accounts.permissions import require
from punctual.platform.audit.services import Change, differences, record
from punctual.platform.notifications.outgoing import queue_mail
from punctual.platform.notifications.services import notify
from punctual.platform.numbering.services import next_number
from punctual.platform.outbox.services import emit
from punctual.platform.records import lock, save_next
from punctual.platform.search.services import Document, index


@dataclass(slots=True)
class RequestInput:
    """What is told of a request. ``text`` is the customer's own words."""

    customer: Customer
    title: str
    text: str = ""
    kind: str = RequestKind.QUESTION
    urgency: str = Urgency.NORMAL
    channel: str = Channel.FORM
    contact: Contact | None = None
    name: str = ""
    order: Order | None = None
    order_line: OrderLine | None = None
    owner: User | None = None
    message_id: str = ""
    links: Sequence[models.Model] = field(default_factory=tuple)


def _reasons(data: RequestInput) -> list[Reason]:
    orders_customer = data.order.customer_id if data.order else data.customer.pk
    contacts_customer = data.contact.customer_id if data.contact else data.customer.pk
    line_fits = data.order_line is None or (data.order is not None and data.order_line.order_id == data.order.pk)
    return against_request(
        title=data.title,
        kind=data.kind,
        urgency=data.urgency,
        channel=data.channel,
        fits_customer=orders_customer == data.customer.pk == contacts_customer,
        line_fits=line_fits,
    )


def _agreed(customer: Customer, kind: str, phase: str, urgency: str) -> tuple[int, int]:
    rules = [
        Terms(rule.grade, rule.kind, rule.phase, rule.response_minutes, rule.resolution_minutes)
        for rule in SlaRule.objects.all()
    ]
    return times(rules, grade=customer.grade, kind=kind, phase=phase, urgency=urgency)


def _owner(data: RequestInput) -> User | None:
    """Whoever was named, else the order's owner, else an order manager, so that nobody's request is nobody's."""
    if data.owner is not None:
        return data.owner
    if data.order is not None and data.order.owner is not None and data.order.owner.is_active:
        return data.order.owner
    found: User | None = User.objects.filter(role=Role.ORDER_MANAGER, is_active=True).order_by("pk").first()
    return found


@transaction.atomic
def record_request(*, actor: User, data: RequestInput, at: dt.datetime | None = None) -> CustomerRequest:
    """Keep what a customer wants; its clocks begin to run."""
    require(actor, "requests.change")
    return take_in(actor=actor, data=data, at=at)


def take_in(*, actor: User | None, data: RequestInput, at: dt.datetime | None = None) -> CustomerRequest:
    """The same for what came from the customer directly (``actor`` None): tracking page, mail, survey."""
    refuse_if(_reasons(data))
    now = at or timezone.now()
    phase = phase_of(data.order.state if data.order else None)
    response, resolution = _agreed(data.customer, data.kind, phase, data.urgency)
    owner = _owner(data)
    found = CustomerRequest.objects.create(
        number=next_number(series="REQ", year=now.astimezone(company_zone()).year),
        title=data.title.strip(),
        kind=data.kind,
        urgency=data.urgency,
        channel=data.channel,
        phase=phase,
        customer=data.customer,
        contact=data.contact,
        order=data.order,
        order_line=data.order_line,
        owner=owner,
        received_at=now,
        response_minutes=response,
        resolution_minutes=resolution,
    )
    _set_dues(found, now)
    found.save(update_fields=["response_due", "resolution_due"])
    name = data.name or (data.contact.name if data.contact else str(data.customer))
    said = data.text.strip() or data.title.strip()
    RequestMessage.objects.create(
        request=found,
        author=Author.CUSTOMER,
        name=name[:120],
        text=said,
        channel=data.channel,
        message_id=data.message_id,
        at=now,
    )
    for target in data.links:
        _link(found, target)
    record(actor=actor, verb="create", target=found, at=at)
    index([document_of(found, said)])
    if owner is not None and owner != actor:
        notify(
            users=[owner],
            kind="request",
            text=N_("%(customer)s: %(title)s (%(number)s)"),
            params={"customer": str(data.customer), "title": found.title, "number": found.number},
            url=f"/requests/{found.number}/",
        )
    emit("request.opened", request=found.number, customer=data.customer.code, about=found.kind)
    return found


def document_of(found: CustomerRequest, text: str = "") -> Document:
    """What the search knows of a request."""
    order = found.order.number or "" if found.order else ""
    texts = [found.number, found.title, str(found.customer), order, text[:2000]]
    return Document(found, f"{found.number} {found.title}", str(found.customer), texts)


def _set_dues(found: CustomerRequest, now: dt.datetime) -> None:
    """Both days on which a clock runs out, as things stand."""
    calendar, zone = calendar_for(found, now), company_zone()
    both = clocks_of(found) if found.pk else {}
    found.response_due = clocks.due(calendar, both["response"], now=now, zone=zone)
    found.resolution_due = clocks.due(calendar, both["resolution"], now=now, zone=zone)


def _note_used(found: CustomerRequest, now: dt.datetime) -> None:
    """How many working minutes each stopped clock has taken."""
    calendar, zone = calendar_for(found, now), company_zone()
    both = clocks_of(found)
    if both["response"].stopped is not None:
        found.response_used = clocks.used(calendar, both["response"], now=now, zone=zone)
    stopped = both["resolution"].stopped is not None
    found.resolution_used = clocks.used(calendar, both["resolution"], now=now, zone=zone) if stopped else None


_CLOCK_FIELDS = ["state", "responded_at", "resolved_at", "response_due", "resolution_due"]
_ALL_FIELDS = [*_CLOCK_FIELDS, "response_used", "resolution_used", "merged_into"]


def _locked(actor: User, request_id: int, expected_version: int | None, verb: str) -> CustomerRequest:
    require(actor, "requests.change")
    visible = requests_of(actor).select_related("customer", "order", "contact")
    found = lock(visible, expected_version=expected_version, pk=request_id)
    refuse_if(REQUEST_LIFE.reasons(found.state, verb))
    return found


def _save(
    found: CustomerRequest, actor: User | None, verb: str, old: str, now: dt.datetime, *, reason: str = ""
) -> None:
    _set_dues(found, now)
    _note_used(found, now)
    save_next(found, fields=_ALL_FIELDS)
    changes = [Change(field="state", old=old, new=found.state)] if old != found.state else []
    record(actor=actor, verb=verb, target=found, changes=changes, reason=reason, at=now)


def _begin_pause(found: CustomerRequest, now: dt.datetime, reason: str) -> None:
    Pause.objects.create(request=found, since=now, reason=reason[:200])
    found.state = RequestState.WAITING


def _end_pause(found: CustomerRequest, now: dt.datetime) -> None:
    found.pauses.filter(until=None).update(until=now)


@transaction.atomic
def reply(
    *,
    actor: User,
    request_id: int,
    text: str,
    expected_version: int | None = None,
    and_wait: bool = False,
    and_resolve: bool = False,
    at: dt.datetime | None = None,
) -> CustomerRequest:
    """Answer the customer: the first answer stops the first clock. ``and_wait``: we now wait for them, both stand."""
    found = _locked(actor, request_id, expected_version, "reply")
    refuse_if(against_text(text))
    now, old = at or timezone.now(), found.state
    message = RequestMessage.objects.create(
        request=found, author=Author.REPLY, user=actor, name=actor.name, text=text.strip(), at=now
    )
    found.responded_at = found.responded_at or now
    if and_wait and found.state == RequestState.OPEN:
        _begin_pause(found, now, "")
    if and_resolve and found.state in RUNNING:
        _end_pause(found, now)
        found.state, found.resolved_at = RequestState.RESOLVED, now
    _save(found, actor, "reply", old, now)
    if found.contact and found.contact.email:
        queue_mail(
            to=found.contact.email,
            subject=f"[{found.number}] {found.title}",
            body=message.text,
            key=f"reply:{message.pk}",
        )
    emit("request.answered", request=found.number, customer=found.customer.code)
    return found


@transaction.atomic
def add_note(*, actor: User, request_id: int, text: str, at: dt.datetime | None = None) -> CustomerRequest:
    """Something for colleagues only; ``@name`` tells them."""
    found = _locked(actor, request_id, None, "note")
    refuse_if(against_text(text))
    RequestMessage.objects.create(
        request=found,
        author=Author.INTERNAL,
        user=actor,
        name=actor.name,
        text=text.strip(),
        at=at or timezone.now(),
    )
    from punctual.platform.comments.services import tell_mentioned

    tell_mentioned(actor=actor, text=text, target=found, url=f"/requests/{found.number}/")
    return found


@transaction.atomic
def hear(
    *,
    found: CustomerRequest,
    text: str,
    name: str = "",
    channel: str = Channel.MAIL,
    message_id: str = "",
    actor: User | None = None,
    at: dt.datetime | None = None,
) -> CustomerRequest:
    """The customer has said something more: a standing clock runs again, a settled request is open again."""
    found = lock(CustomerRequest.objects.select_related("customer", "owner"), expected_version=None, pk=found.pk)
    refuse_if([*against_text(text), *REQUEST_LIFE.reasons(found.state, "hear")])
    now, old = at or timezone.now(), found.state
    RequestMessage.objects.create(
        request=found,
        author=Author.CUSTOMER,
        name=(name or str(found.customer))[:120],
        text=text.strip(),
        channel=channel,
        message_id=message_id,
        at=now,
    )
    _end_pause(found, now)
    if old not in RUNNING and found.resolved_at is not None:
        # The time between lies with nobody: it counts as a pause.
        Pause.objects.create(request=found, since=found.resolved_at, until=now)
    found.state, found.resolved_at = RequestState.OPEN, None
    _save(found, actor, "hear", old, now)
    if found.owner is not None:
        notify(
            users=[found.owner],
            kind="request",
            text=N_("%(customer)s has answered: %(title)s (%(number)s)"),
            params={"customer": str(found.customer), "title": found.title, "number": found.number},
            url=f"/requests/{found.number}/",
        )
    return found


@transaction.atomic
def wait_for_customer(
    *,
    actor: User,
    request_id: int,
    reason: str = "",
    expected_version: int | None = None,
    at: dt.datetime | None = None,
) -> CustomerRequest:
    """The clocks stand from now on."""
    found = _locked(actor, request_id, expected_version, "wait")
    now, old = at or timezone.now(), found.state
    _begin_pause(found, now, reason.strip())
    _save(found, actor, "wait", old, now, reason=reason.strip())
    return found


@transaction.atomic
def resume(
    *, actor: User, request_id: int, expected_version: int | None = None, at: dt.datetime | None = None
) -> CustomerRequest:
    """We have what we waited for."""
    found = _locked(actor, request_id, expected_version, "resume")
    now, old = at or timezone.now(), found.state
    _end_pause(found, now)
    found.state = RequestState.OPEN
    _save(found, actor, "resume", old, now)
    return found


@transaction.atomic
def resolve(
    *, actor: User, request_id: int, note: str = "", expected_version: int | None = None, at: dt.datetime | None = None
) -> CustomerRequest:
    """It is settled; both clocks stop."""
    found = _locked(actor, request_id, expected_version, "resolve")
    refuse_if(against_resolving(answered=found.responded_at is not None))
    now, old = at or timezone.now(), found.state
    _end_pause(found, now)
    found.state, found.resolved_at = RequestState.RESOLVED, now
    _save(found, actor, "resolve", old, now, reason=note.strip())
    emit("request.resolved", request=found.number, customer=found.customer.code)
    return found


@transaction.atomic
def close(*, actor: User, request_id: int, expected_version: int | None = None) -> CustomerRequest:
    found = _locked(actor, request_id, expected_version, "close")
    old, found.state = found.state, RequestState.CLOSED
    _save(found, actor, "close", old, timezone.now())
    return found


@transaction.atomic
def reopen(
    *, actor: User, request_id: int, reason: str, expected_version: int | None = None, at: dt.datetime | None = None
) -> CustomerRequest:
    """It was not settled after all; the time since counts as a pause."""
    found = _locked(actor, request_id, expected_version, "reopen")
    refuse_if(against_reopening(reason))
    now, old = at or timezone.now(), found.state
    if found.resolved_at is not None:
        Pause.objects.create(request=found, since=found.resolved_at, until=now)
    found.state, found.resolved_at = RequestState.OPEN, None
    _save(found, actor, "reopen", old, now, reason=reason.strip())
    return found


def against_change(
    found: CustomerRequest, *, title: str, kind: str, urgency: str, order: Order | None, contact: Contact | None
) -> list[Reason]:
    """Every reason why these can't stand, beside the request's state."""
    data = RequestInput(found.customer, title, kind=kind, urgency=urgency, channel=found.channel, contact=contact)
    data.order = order
    return _reasons(data)


@transaction.atomic
def change_request(
    *,
    actor: User,
    request_id: int,
    expected_version: int | None,
    title: str,
    kind: str,
    urgency: str,
    owner: User | None,
    order: Order | None,
    contact: Contact | None,
) -> CustomerRequest:
    """Another owner, kind, urgency or order. Kind and urgency change the agreed times; what has run stays run."""
    found = _locked(actor, request_id, expected_version, "change")
    refuse_if(against_change(found, title=title, kind=kind, urgency=urgency, order=order, contact=contact))
    fields = ["title", "kind", "urgency", "owner", "order", "contact"]
    before = {name: getattr(found, name) for name in fields}
    found.title, found.kind, found.urgency = title.strip(), kind, urgency
    found.owner, found.order, found.contact = owner, order, contact
    found.phase = phase_of(order.state if order else None)
    found.response_minutes, found.resolution_minutes = _agreed(found.customer, kind, found.phase, urgency)
    _set_dues(found, timezone.now())
    save_next(
        found,
        fields=[*fields, "phase", "response_minutes", "resolution_minutes", "response_due", "resolution_due"],
    )
    changes = differences(before, {name: getattr(found, name) for name in fields})
    record(actor=actor, verb="change", target=found, changes=changes)
    if owner is not None and owner != before["owner"] and owner != actor:
        notify(
            users=[owner],
            kind="request",
            text=N_("%(who)s gave you the request %(number)s: %(title)s"),
            params={"who": actor.name, "number": found.number, "title": found.title},
            url=f"/requests/{found.number}/",
        )
    return found


@transaction.atomic
def merge(
    *, actor: User, request_id: int, into: CustomerRequest, expected_version: int | None = None
) -> CustomerRequest:
    """The same thing was asked twice: what was said goes over, this one ends."""
    found = _locked(actor, request_id, expected_version, "merge")
    reasons = []
    if into.pk == found.pk or into.customer_id != found.customer_id:
        text = N_("Only another request of the same customer can take it up.")
        reasons.append(Reason("request.merge", text, field="into"))
    if into.state not in RUNNING:
        text = N_("%(number)s is settled already; choose an open request.")
        reasons.append(Reason("request.merge_state", text, {"number": into.number}, field="into"))
    refuse_if(reasons)
    now, old = timezone.now(), found.state
    found.messages.update(request=into)
    found.incoming.update(request=into)
    there = set(into.links.values_list("target_type", "target_id"))
    goes = [one.pk for one in found.links.all() if (one.target_type, one.target_id) not in there]
    found.links.filter(pk__in=goes).update(request=into)
    _end_pause(found, now)
    found.state, found.merged_into, found.resolved_at = RequestState.MERGED, into, now
    _save(found, actor, "merge", old, now, reason=into.number)
    record(actor=actor, verb="take_up", target=into, reason=found.number)
    return found


def _link(found: CustomerRequest, target: models.Model) -> None:
    from punctual.platform.audit.services import target_type

    RequestLink.objects.get_or_create(
        request=found, target_type=target_type(target), target_id=target.pk, defaults={"label": str(target)[:200]}
    )


@transaction.atomic
def link(*, actor: User, request_id: int, target_type: str, target_id: int) -> CustomerRequest:
    """Say what it has to do with; the actor must be able to see that thing."""
    found = _locked(actor, request_id, None, "note")
    target = targets.fetch(actor, target_type, target_id)
    _link(found, target)
    record(actor=actor, verb="link", target=found, reason=str(target)[:200])
    return found


def link_to(*, found: CustomerRequest, target: models.Model) -> None:
    """For the app that makes something out of a request, within its own transaction."""
    _link(found, target)


@transaction.atomic
def settle(*, actor: User, request_id: int, text: str) -> CustomerRequest:
    """What the request was about is done: answer with ``text`` and stop both clocks. The caller has checked its actor,
    who need not be one of those who answer requests: an engineer on the spot, for instance."""
    found = lock(
        CustomerRequest.objects.select_related("customer", "order", "contact"), expected_version=None, pk=request_id
    )
    refuse_if(REQUEST_LIFE.reasons(found.state, "resolve"))
    now, old = timezone.now(), found.state
    RequestMessage.objects.create(
        request=found, author=Author.REPLY, user=actor, name=actor.name, text=text.strip() or "—", at=now
    )
    found.responded_at = found.responded_at or now
    _end_pause(found, now)
    found.state, found.resolved_at = RequestState.RESOLVED, now
    _save(found, actor, "resolve", old, now)
    return found
