"""An order's story in words: who did what when, what from, what to, why; comments in between."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from punctual.domain.orders.models import Order, OrderLine, OrderState, Priority, SignState
from punctual.platform.accounts.models import Role, User
from punctual.platform.audit.models import AuditEntry
from punctual.platform.audit.services import story_of
from punctual.platform.comments.services import comments_on
from punctual.platform.custom_fields.selectors import PREFIX, words_of_change
from punctual.web.orders.marks import HEALTH_MARKS
from punctual.web.shell.changes import register_change_words
from punctual.web.shell.latest import register_verbs, verb_of

SHOWN: Final = 25
MOST: Final = 1000

VERBS: Final[dict[str, Promise]] = {
    "create": gettext_lazy("entered the order"),
    "change": gettext_lazy("changed"),
    "waive": gettext_lazy("waived a warning"),
    "withdraw_waiver": gettext_lazy("withdrew a waiver"),
    "concede": gettext_lazy("let it pass"),
    "withdraw_concession": gettext_lazy("withdrew a concession"),
    "submit": gettext_lazy("submitted for review"),
    "sign": gettext_lazy("signed the review"),
    "ask": gettext_lazy("asked in the review"),
    "return": gettext_lazy("returned the order"),
    "confirm": gettext_lazy("confirmed the order"),
    "quote": gettext_lazy("quoted"),
    "reopen": gettext_lazy("took it back to draft"),
    "lose": gettext_lazy("marked it as lost"),
    "start": gettext_lazy("started the work"),
    "deliver_part": gettext_lazy("delivered a part"),
    "deliver": gettext_lazy("delivered"),
    "accept": gettext_lazy("recorded the acceptance"),
    "close": gettext_lazy("closed the order"),
    "hold": gettext_lazy("put it on hold"),
    "resume": gettext_lazy("resumed it"),
    "cancel": gettext_lazy("cancelled the order"),
    "attach": gettext_lazy("attached a file"),
    "detach": gettext_lazy("removed a file"),
    "give_link": gettext_lazy("gave the customer a tracking link"),
    "revoke_link": gettext_lazy("took back a tracking link"),
    "disown_link": gettext_lazy("was given a tracking link by mistake and gave it back"),
    "open_link": gettext_lazy("opened the tracking link"),
    "want": gettext_lazy("asked the customer for something"),
    "settle_want": gettext_lazy("noted what the customer has done"),
    "reopen_want": gettext_lazy("asked the customer for it again"),
    "raise_change": gettext_lazy("raised a change order"),
    "promise": gettext_lazy("promised a date"),
    "compare_po": gettext_lazy("compared it with the customer's order"),
    "explode": gettext_lazy("worked out the material"),
    "set_milestones": gettext_lazy("set the payment milestones"),
    "review_closing": gettext_lazy("looked back at the order"),
    "close_tasks": gettext_lazy("closed the open tasks of the plan"),
    "override_health": gettext_lazy("set the health by hand"),
    "withdraw_health": gettext_lazy("took the health back that was set by hand"),
    "delete": gettext_lazy("deleted the order"),
    "apply_change": gettext_lazy("applied the change order"),
    "reverse_change": gettext_lazy("took the applied change order back"),
    "po_taken": gettext_lazy("took over what the customer's order says"),
    "po_waived": gettext_lazy("let a difference from the customer's order stand"),
    "po_seen": gettext_lazy("looked at an unusual value"),
    "needs_follow": gettext_lazy("brought the material up to date"),
    "way_out": gettext_lazy("chose a way out of a shortage"),
    "payment_invoice": gettext_lazy("entered an invoice"),
    "payment_receipt": gettext_lazy("entered a receipt"),
    "start_warranty": gettext_lazy("started the warranty"),
    "plan_return_visits": gettext_lazy("planned return visits"),
}
register_verbs(["order"], VERBS)
OTHER_FIELDS: Final[dict[str, Promise]] = {
    "model": gettext_lazy("Model"),
    "revision": gettext_lazy("Revision"),
    "attachment": gettext_lazy("File"),
    "cells": gettext_lazy("Cells changed"),
    "line_no": gettext_lazy("Line"),
    "change_order": gettext_lazy("Change order"),
    "health": gettext_lazy("Health"),
    "warranty": gettext_lazy("Warranty"),
    "requirements": gettext_lazy("Material requirements"),
    "payment_milestones": gettext_lazy("Payment milestones"),
    "gate": gettext_lazy("Gate"),
    "tasks_ended": gettext_lazy("Counted as finished"),
    "tasks_dropped": gettext_lazy("Taken out of the plan"),
}
HEALTH_WORDS: Final = {str(health): words for health, (_icon, _css, words) in HEALTH_MARKS.items()}
MONEY: Final = frozenset({"total_amount", "stated_total"})
HIDDEN: Final = frozenset({"line_count"})


@dataclass(frozen=True, slots=True)
class Told:
    label: str
    old: str
    new: str


@dataclass(slots=True)
class Step:
    """One entry of the feed; ``comment`` is set for what somebody wrote."""

    at: dt.datetime
    who: User | None
    verb: str = ""
    changes: list[Told] = field(default_factory=list)
    reason: str = ""
    comment: str = ""
    more: int = 0


def feed(order: Order, *, show: str = "", everything: bool = False) -> tuple[list[Step], bool]:
    """Newest first, and whether there is more. ``show``: comments, changes, or both."""
    limit = MOST if everything else SHOWN
    steps: list[Step] = []
    if show != "changes":
        steps += [Step(one.created_at, one.author, comment=one.text) for one in comments_on(order)[: limit + 1]]
    if show != "comments":
        steps += [step_of(entry) for entry in story_of(order)[: limit + 1]]
    steps.sort(key=lambda step: step.at, reverse=True)
    return steps[:limit], len(steps) > limit


def step_of(entry: AuditEntry, *, most: int = 6) -> Step:
    told = [_told(change) for change in entry.changes if change["field"] not in HIDDEN]
    return Step(
        at=entry.at,
        who=entry.actor,
        verb=verb_of(entry),
        changes=told[:most],
        reason=entry.reason,
        more=max(0, len(told) - most),
    )


def field_words(name: str) -> str:
    """``10.quantity`` → Line 10 · Quantity."""
    head, _dot, tail = name.partition(".")
    if head == "review" and tail in Role.values:
        return str(Role(tail).label)
    if head.isdecimal():
        line = _("Line %(line)s") % {"line": head}
        return f"{line} · {_model_words(OrderLine, tail)}" if tail else line
    return _model_words(Order, name)


def _model_words(model: type[Order] | type[OrderLine], name: str) -> str:
    if name in OTHER_FIELDS:
        return str(OTHER_FIELDS[name])
    known = {one.name: one for one in model._meta.get_fields() if hasattr(one, "verbose_name")}
    return str(known[name].verbose_name) if name in known else name


def _told(change: Mapping[str, Any]) -> Told:
    name = str(change["field"])
    if name.startswith(PREFIX):
        label, old = words_of_change("order", name, change.get("old"))
        return Told(label, _value("", old), _value("", words_of_change("order", name, change.get("new"))[1]))
    return Told(field_words(name), _value(name, change.get("old")), _value(name, change.get("new")))


def _value(name: str, value: object) -> str:
    if value in (None, ""):
        return ""
    if name == "state" and value in OrderState.values:
        return str(OrderState(str(value)).label)
    if name == "health" and value in HEALTH_WORDS:
        return str(HEALTH_WORDS[str(value)])
    if name.startswith("review.") and value in SignState.values:
        return str(SignState(str(value)).label)
    if name == "priority" and str(value).isdecimal() and int(str(value)) in Priority.values:
        return str(Priority(int(str(value))).label)
    if str(value).startswith("order."):
        # A waiver tells which check it is for; the reason beside it is what people read.
        return ""
    if name in MONEY:
        return f"{Decimal(str(value)):,}"
    return str(value)[:200]


register_change_words("order", lambda name, value: (field_words(name), _value(name, value)))
