"""Give a customer a way to an order's page without a sign-in, take it back, and take in what they do there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db import transaction
from django.db.models import F, Max, QuerySet
from django.utils import timezone

from punctual.domain.customer_relations import tokens
from punctual.domain.customer_relations.models import (
    Author,
    Channel,
    CustomerRequest,
    RequestKind,
    TrackingLink,
    TrackingRule,
    TrackingTask,
)
from punctual.domain.customer_relations.rules import against_more, against_words
from punctual.domain.customer_relations.services import sent_files
from punctual.domain.customer_relations.services.requests import RequestInput, hear, take_in
from punctual.domain.customer_relations.services.sent_files import SentFile
from punctual.domain.customer_relations.tries import Tries
from punctual.domain.orders.models import Order
from punctual.domain.orders.selectors import orders_of
from punctual.domain.parties.models import Contact, Customer
from punctual.kernel.refusal import NotFound, Reason, Refusal, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import Role, User
from punctual.platform.accounts.permissions import may, require
from punctual.platform.audit.services import differences, record
from punctual.platform.notifications.outgoing import absolute, queue_mail
from punctual.platform.notifications.services import notify
from punctual.platform.records import get_or_not_found

VALID_DAYS: Final = 180
LONGEST_DAYS: Final = 730
MOST_DISOWNED: Final = 10
"""So many links may be given back from one place within a few minutes."""

SHOWN: Final = (
    "show_range",
    "show_milestones",
    "show_progress",
    "show_requests",
    "show_deliveries",
    "show_survey",
    "show_contact",
)


@dataclass(frozen=True, slots=True)
class Reader:
    """Who of the customer looks at an order: by a link, or signed in to the portal (``until`` None)."""

    order: Order
    name: str
    contact: Contact | None = None
    until: dt.datetime | None = None


def reader_of(link: TrackingLink) -> Reader:
    return Reader(link.order, link.name, link.contact, link.expires_at)


def quiet() -> NotFound:
    """The one answer to every link that does not work: unknown, altered, used, expired, revoked."""
    return NotFound(Reason("tracking.link", N_("This link is not valid. Ask whoever gave it to you for a new one.")))


def links_of(actor: User, order: Order) -> QuerySet[TrackingLink]:
    if not may(actor, "tracking.change"):
        return TrackingLink.objects.none()
    rows = TrackingLink.objects.filter(order=order, customer=order.customer_id)
    return rows.select_related("contact", "created_by")


def rule_of(customer: Customer) -> TrackingRule:
    """What is shown; unsaved defaults where nothing was decided."""
    return TrackingRule.objects.filter(customer=customer).first() or TrackingRule(customer=customer)


@transaction.atomic
def give_link(
    *,
    actor: User,
    order: Order,
    contact: Contact | None = None,
    name: str = "",
    days: int = VALID_DAYS,
    send: bool = False,
) -> tuple[TrackingLink, str]:
    """A new link; its address is told this once, by mail with ``send``."""
    require(actor, "tracking.change")
    get_or_not_found(orders_of(actor), pk=order.pk)
    reasons = []
    if not 1 <= days <= LONGEST_DAYS:
        text = N_("A link is valid for 1 to %(limit)d days.")
        reasons.append(Reason("tracking.days", text, {"limit": LONGEST_DAYS}, field="days"))
    if contact is not None and contact.customer_id != order.customer_id:
        text = N_("This contact belongs to another customer.")
        reasons.append(Reason("tracking.contact", text, field="contact"))
    if send and not (contact and contact.email):
        text = N_("Choose a contact with a mail address to send it.")
        reasons.append(Reason("tracking.mail", text, field="contact"))
    if not order.number:
        text = N_("A draft has nothing to follow yet; submit it first.")
        reasons.append(Reason("tracking.draft", text, field="order"))
    refuse_if(reasons)
    text, hashed = tokens.make()
    link = TrackingLink.objects.create(
        order=order,
        customer=order.customer,
        contact=contact,
        name=(contact.name if contact else name.strip())[:120],
        link_hash=hashed,
        created_by=actor,
        expires_at=timezone.now() + dt.timedelta(days=days),
    )
    record(actor=actor, verb="give_link", target=order, reason=link.name)
    address = absolute(f"/t/{text}/")
    if send and contact is not None:
        queue_mail(
            to=contact.email,
            subject=f"{order.number} · 订单进度 · Your order",
            body=f"{contact.name}，您好！\n随时查看订单进度：\nYou can follow your order here:\n\n{address}",
            key=f"tracking:{link.pk}",
        )
    return link, address


@transaction.atomic
def revoke_link(*, actor: User, link_id: int) -> TrackingLink:
    """From now on it opens nothing, in no browser."""
    require(actor, "tracking.change")
    link = get_or_not_found(
        TrackingLink.objects.select_for_update(of=("self",)).filter(order__in=orders_of(actor)), pk=link_id
    )
    link.revoked_at = link.revoked_at or timezone.now()
    link.save(update_fields=["revoked_at"])
    record(actor=actor, verb="revoke_link", target=link.order, reason=link.name)
    return link


def _valid() -> QuerySet[TrackingLink]:
    rows = TrackingLink.objects.filter(revoked_at=None, expires_at__gt=timezone.now(), customer=F("order__customer"))
    return rows.select_related("order__customer", "order__owner", "contact", "created_by")


@transaction.atomic
def exchange(text: str) -> str:
    """The token of the address, once, for the reader's own; raises :func:`quiet` ever after."""
    link = _valid().select_for_update(of=("self",)).filter(link_hash=tokens.digest(text), exchanged_at=None).first()
    if link is None:
        raise quiet()
    session, link.session_hash = tokens.make()
    link.exchanged_at = timezone.now()
    link.save(update_fields=["session_hash", "exchanged_at"])
    record(actor=None, verb="open_link", target=link.order, reason=link.name)
    return session


def links_for(sessions: list[str]) -> list[TrackingLink]:
    """The links behind the readers' own tokens of one browser."""
    hashes = [tokens.digest(one) for one in sessions[:20] if one]
    return list(_valid().filter(session_hash__in=hashes))


def link_by_token(text: str) -> TrackingLink:
    """The link of an address that nobody has used yet; using it up is :func:`exchange`."""
    link = _valid().filter(link_hash=tokens.digest(text), exchanged_at=None).first()
    if link is None:
        raise quiet()
    return link


@transaction.atomic
def disown_link(*, link: TrackingLink, place: str) -> TrackingLink:
    """Whoever holds the link says that it was not meant for them. It opens nothing from now on, in no browser; the
    order and its other links stay as they are, and those who look after it are told."""
    tries = Tries(f"disown {place}", MOST_DISOWNED)
    if tries.used_up:
        raise Refusal(Reason("tracking.wait", N_("That was often just now. Wait five minutes, then say it again.")))
    tries.count()
    found = _valid().select_for_update(of=("self",)).filter(pk=link.pk).first()
    if found is None:
        raise quiet()
    found.disowned_at = found.revoked_at = timezone.now()
    found.save(update_fields=["disowned_at", "revoked_at"])
    record(actor=None, verb="disown_link", target=found.order, reason=found.name)
    people = [one for one in (found.order.owner, found.created_by) if one is not None and one.is_active]
    notify(
        users=people or User.objects.filter(role=Role.ORDER_MANAGER, is_active=True).order_by("pk")[:1],
        kind="request",
        text=N_("%(order)s: the link for “%(name)s” reached somebody else, who said so. It opens nothing any more."),
        params={"order": found.order.label, "name": found.name or f"#{found.pk}"},
        url=f"/orders/{found.order.key}/#tracking",
    )
    return found


def note_visit(link: TrackingLink) -> None:
    TrackingLink.objects.filter(pk=link.pk).update(last_seen_at=timezone.now(), seen=F("seen") + 1)


# — what we wait for —


def wants_of(order: Order) -> QuerySet[TrackingTask]:
    """What we want from its present customer. The caller has fetched the order for whoever looks."""
    return TrackingTask.objects.filter(order=order, customer=order.customer_id)


@transaction.atomic
def want(*, actor: User, order: Order, title: str, due: dt.date | None, consequence: str = "") -> TrackingTask:
    """Say on the tracking page what we need from the customer and by when."""
    require(actor, "tracking.change")
    reasons = []
    if not title.strip():
        reasons.append(Reason("tracking.title", N_("Say what you need from the customer."), field="title"))
    if due is None:
        reasons.append(Reason("tracking.due", N_("Say by when you need it."), field="due"))
    refuse_if(reasons)
    assert due is not None
    task = TrackingTask.objects.create(
        order=order,
        customer=order.customer,
        title=title.strip()[:160],
        due=due,
        consequence=consequence.strip()[:200],
        created_by=actor,
    )
    record(actor=actor, verb="want", target=order, reason=task.title)
    return task


@transaction.atomic
def settle_want(*, task: TrackingTask, by: str, answer: str = "", actor: User | None = None) -> TrackingTask:
    """The customer says it is done (or a colleague does); its owner is told."""
    if actor is not None:
        require(actor, "tracking.change")
    task = TrackingTask.objects.select_for_update(of=("self",)).select_related("order__owner").get(pk=task.pk)
    if task.done_at is not None:
        raise Refusal(Reason("tracking.done", N_("This is done already.")))
    task.done_at, task.done_by, task.answer = timezone.now(), by[:120], answer.strip()[:400]
    task.save(update_fields=["done_at", "done_by", "answer"])
    record(actor=actor, verb="settle_want", target=task.order, reason=f"{task.title} {task.answer}".strip())
    if task.order.owner is not None:
        notify(
            users=[task.order.owner],
            kind="request",
            text=N_("%(order)s: the customer has done “%(title)s” %(answer)s"),
            params={"order": task.order.label, "title": task.title, "answer": task.answer},
            url=f"/orders/{task.order.key}/",
        )
    return task


@transaction.atomic
def reopen_want(*, actor: User, task: TrackingTask) -> TrackingTask:
    """It was not done after all: the customer is asked for it again."""
    require(actor, "tracking.change")
    task = TrackingTask.objects.select_for_update(of=("self",)).select_related("order").get(pk=task.pk)
    task.done_at, task.done_by, task.answer = None, "", ""
    task.save(update_fields=["done_at", "done_by", "answer"])
    record(actor=actor, verb="reopen_want", target=task.order, reason=task.title)
    return task


# — what the customer says —


def _asked(order: Order) -> QuerySet[CustomerRequest]:
    """What its present customer has asked about it."""
    return CustomerRequest.objects.filter(order=order, customer=order.customer_id)


@transaction.atomic
def ask_us(*, reader: Reader, text: str, files: Sequence[SentFile] = ()) -> CustomerRequest:
    """A question from the tracking page, with what shows it."""
    text = text.strip()
    reasons = against_words(text)
    open_ones = _asked(reader.order).filter(channel=Channel.PORTAL, state="open").count()
    reasons += against_more(open_ones)
    refuse_if([*reasons, *sent_files.reasons_against(files)])
    assert reader.order.customer is not None
    first_line = text.splitlines()[0]
    data = RequestInput(
        customer=reader.order.customer,
        title=first_line[:120],
        text=text,
        kind=RequestKind.QUESTION,
        channel=Channel.PORTAL,
        contact=reader.contact,
        name=reader.name,
        order=reader.order,
    )
    found = take_in(actor=None, data=data)
    sent_files.keep(files, found)
    return found


@transaction.atomic
def say_more(*, reader: Reader, number: str, text: str, files: Sequence[SentFile] = ()) -> CustomerRequest:
    """More to a request of this very order."""
    found = _asked(reader.order).filter(number=number).exclude(state="merged").first()
    if found is None:
        raise quiet()
    return hear_more(found, text=text, name=reader.name, files=files)


def hear_more(found: CustomerRequest, *, text: str, name: str, files: Sequence[SentFile]) -> CustomerRequest:
    """More to a request that is theirs, in the caller's transaction; as long as we have not answered, only so much."""
    reasons = against_words(text)
    answered = found.messages.filter(author=Author.REPLY).aggregate(last=Max("pk"))["last"] or 0
    reasons += against_more(found.messages.filter(author=Author.CUSTOMER, pk__gt=answered).count())
    refuse_if([*reasons, *sent_files.reasons_against(files, found)])
    found = hear(found=found, text=text, name=name, channel=Channel.PORTAL)
    sent_files.keep(files, found)
    return found


@transaction.atomic
def set_rule(*, actor: User, customer: Customer, shown: dict[str, bool]) -> TrackingRule:
    """What this customer's tracking pages show."""
    require(actor, "tracking.change")
    rule = rule_of(customer)
    before: dict[str, Any] = {name: getattr(rule, name) for name in SHOWN}
    for name in SHOWN:
        setattr(rule, name, bool(shown.get(name)))
    rule.save()
    record(
        actor=actor,
        verb="set_tracking",
        target=customer,
        changes=differences(before, {name: getattr(rule, name) for name in SHOWN}),
    )
    return rule
