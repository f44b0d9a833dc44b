"""What an assistant may suggest, and how it is done once its person agrees: through the same services as the pages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from punctual.domain.actions.services import open_action
from punctual.domain.customer_relations.selectors import request_by_key
from punctual.domain.customer_relations.services.requests import add_note, reply
from punctual.domain.orders.selectors import order_by_key
from punctual.domain.orders.services.priority import set_priority
from punctual.domain.orders.services.remarks import comment_on_order
from punctual.domain.orders.services.review import page_of
from punctual.domain.orders.services.states import move
from punctual.kernel.dates import NotADay, NoYear, parse_day
from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.proposals.services import Verb, register
from punctual.platform.records import get_or_not_found

Told = Mapping[str, str]


def _action(actor: User, told: Told, today: dt.date) -> str:
    try:
        due = parse_day(told["due"])
    except (NotADay, NoYear) as error:
        text = N_("“%(value)s” is no day; write it as 2026-03-19.")
        raise Refusal(Reason("proposal.due", text, {"value": told["due"][:20]}, "due")) from error
    people = User.objects.filter(is_active=True)
    owner = get_or_not_found(people, username__iexact=told["owner"]) if told.get("owner") else actor
    order = order_by_key(actor, told["order"]) if told.get("order") else None
    made = open_action(
        actor=actor, title=told["title"], detail=told.get("detail", ""), owner=owner, due=due, order=order
    )
    return f"/actions/{made.pk}/"


def _comment(actor: User, told: Told, today: dt.date) -> str:
    order = order_by_key(actor, told["order"])
    comment_on_order(actor=actor, order_id=order.pk, text=told["text"])
    return page_of(order)


def _priority(actor: User, told: Told, today: dt.date) -> str:
    order = order_by_key(actor, told["order"])
    value = int(told["priority"]) if told["priority"].isdecimal() and len(told["priority"]) < 3 else 0
    set_priority(actor=actor, order_id=order.pk, priority=value, reason=told.get("reason", ""))
    return page_of(order)


def _hold(actor: User, told: Told, today: dt.date) -> str:
    order = order_by_key(actor, told["order"])
    move(actor=actor, order_id=order.pk, verb="hold", today=today, reason=told["reason"])
    return page_of(order)


def _resume(actor: User, told: Told, today: dt.date) -> str:
    order = order_by_key(actor, told["order"])
    move(actor=actor, order_id=order.pk, verb="resume", today=today)
    return page_of(order)


def _answer(actor: User, told: Told, today: dt.date) -> str:
    found = request_by_key(actor, told["request"])
    reply(actor=actor, request_id=found.pk, text=told["text"])
    return f"/requests/{found.number}/"


def _note(actor: User, told: Told, today: dt.date) -> str:
    found = request_by_key(actor, told["request"])
    add_note(actor=actor, request_id=found.pk, text=told["text"])
    return f"/requests/{found.number}/"


ORDER = "number or id of an order"
REQUEST = "number of a customer request"
VERBS = (
    Verb(
        "open_action_item",
        N_("Open an action item: %(title)s, due %(due)s"),
        {
            "title": "what is to be done",
            "due": "YYYY-MM-DD",
            "owner": "sign-in name; empty: me",
            "order": ORDER,
            "detail": "more words",
        },
        ("title", "due"),
        _action,
    ),
    Verb(
        "comment_on_order",
        N_("Write a comment on %(order)s: %(text)s"),
        {"order": ORDER, "text": "Markdown; @name tells that person"},
        ("order", "text"),
        _comment,
    ),
    Verb(
        "set_priority",
        N_("Give %(order)s the priority %(priority)s"),
        {"order": ORDER, "priority": "1 (first) to 4", "reason": "why"},
        ("order", "priority"),
        _priority,
    ),
    Verb(
        "hold_order",
        N_("Put %(order)s on hold: %(reason)s"),
        {"order": ORDER, "reason": "why"},
        ("order", "reason"),
        _hold,
    ),
    Verb("resume_order", N_("Resume %(order)s"), {"order": ORDER}, ("order",), _resume),
    Verb(
        "answer_request",
        N_("Answer the customer in %(request)s: %(text)s"),
        {"request": REQUEST, "text": "what the customer reads"},
        ("request", "text"),
        _answer,
    ),
    Verb(
        "note_on_request",
        N_("Note for colleagues in %(request)s: %(text)s"),
        {"request": REQUEST, "text": "what colleagues read"},
        ("request", "text"),
        _note,
    ),
)


def listen() -> None:
    """Called once when the programme starts."""
    for verb in VERBS:
        register(verb)
