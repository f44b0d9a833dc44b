"""The steps of an order's life after and beside the review."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final

from django.db import transaction
from django.utils import timezone

from punctual.domain.orders import guards
from punctual.domain.orders.ahead import Seen
from punctual.domain.orders.facts import check_settings
from punctual.domain.orders.gates import DELIVERIES, reasons_against_delivery
from punctual.domain.orders.life import LIFE
from punctual.domain.orders.models import Order, OrderState, Review, SignState
from punctual.domain.orders.selectors import Checked, check, current_review, orders_of
from punctual.kernel.refusal import Reason, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import Role, User
from punctual.platform.accounts.permissions import Listed, require
from punctual.platform.audit.services import Change, differences, record
from punctual.platform.notifications.services import notify
from punctual.platform.outbox.services import emit
from punctual.platform.records import lock, save_next

LONGEST_REASON: Final = 1000
NEEDS_REASON: Final = frozenset({"hold", "cancel", "lose"})


def against_confirming(order: Order, checked: Checked) -> list[Reason]:
    """Every reason why the order can't be confirmed now: its state, open signatures, errors."""
    reasons = LIFE.reasons(order.state, "confirm")
    if reasons:
        return reasons
    review = current_review(order)
    missing = [sign.role for sign in review.signs.all() if sign.state != SignState.SIGNED] if review else []
    if missing:
        reasons.append(
            Reason(
                "order.review.open",
                N_("Not every role has signed the review; still open: %(roles)s."),
                {"roles": Listed([Role(role).label for role in missing])},
                field="review",
            )
        )
    return reasons + [one.reason for one in checked.errors]


def confirm(seen: Seen, *, actor: User) -> Order:
    """Set the locked order to confirmed; the story around it (plan, event) is ``flows.confirm_order``."""
    order = seen.order
    refuse_if(against_confirming(order, seen.checked))
    now = timezone.now()
    order.state, order.confirmed_at = LIFE.after(order.state, "confirm"), now
    save_next(order, fields=["state", "confirmed_at"])
    Review.objects.filter(order=order, closed_at=None).update(closed_at=now)
    changes = [Change(field="state", old=OrderState.IN_REVIEW.value, new=order.state)]
    record(actor=actor, verb="confirm", target=order, changes=changes)
    return order


@transaction.atomic
def move(
    *, actor: User, order_id: int, verb: str, today: dt.date, reason: str = "", expected_version: int | None = None
) -> Order:
    """One of the plain steps: quote, reopen, lose, start, deliver_part, deliver, accept, close, hold, resume, cancel.

    Quoting sets how long the offer stands; holding remembers where to resume; cancelling closes an open review.
    """
    require(actor, PERMISSION[verb])
    order = lock(orders_of(actor), expected_version=expected_version, pk=order_id)
    return take_step(order, verb, actor=actor, today=today, reason=reason)


def against_step(order: Order, verb: str, *, today: dt.date, reason: str = "") -> list[Reason]:
    """Every reason why the order can't take the step now; what others have to say is asked as well."""
    return [
        *LIFE.reasons(order.state, verb),
        *_reasons(verb, reason),
        *_special(order, verb, today),
        *guards.reasons(verb, order, today),
    ]


def state_after(order: Order, verb: str) -> str:
    """Where a possible step leads; an order that is resumed goes back to where it was held."""
    target = LIFE.after(order.state, verb)
    return order.state_before_hold or OrderState.CONFIRMED if verb == "resume" else target


def take_step(order: Order, verb: str, *, actor: User, today: dt.date, reason: str = "") -> Order:
    """The same on a locked order for a caller that has checked who may."""
    refuse_if(against_step(order, verb, today=today, reason=reason))
    before = {"state": order.state, "quote_valid_until": order.quote_valid_until, "actual_date": order.actual_date}
    target = state_after(order, verb)
    if verb == "hold":
        order.state_before_hold = order.state
    elif verb == "resume":
        order.state_before_hold = ""
    elif verb == "quote":
        order.quote_valid_until = today + dt.timedelta(days=check_settings().quote_days)
    elif verb == "deliver":
        order.actual_date = order.actual_date or today
        order.lines.filter(actual_date=None).update(actual_date=today)
    elif verb == "cancel":
        Review.objects.filter(order=order, closed_at=None).update(closed_at=timezone.now())
    order.state = target
    save_next(order)
    after = {"state": order.state, "quote_valid_until": order.quote_valid_until, "actual_date": order.actual_date}
    record(actor=actor, verb=verb, target=order, changes=differences(before, after), reason=reason.strip())
    emit(f"order.{PAST[verb]}", order_id=order.pk, number=order.number, by=actor.pk)
    return order


PERMISSION: Final = {
    "quote": "orders.change",
    "reopen": "orders.change",
    "lose": "orders.change",
    "start": "orders.steer",
    "deliver_part": "orders.steer",
    "deliver": "orders.steer",
    "accept": "orders.steer",
    "close": "orders.steer",
    "hold": "orders.steer",
    "resume": "orders.steer",
    "cancel": "orders.steer",
}
"""Verb of :func:`move` → who may."""

PAST: Final = {
    "quote": "quoted",
    "reopen": "reopened",
    "lose": "lost",
    "start": "started",
    "deliver_part": "partially_delivered",
    "deliver": "delivered",
    "accept": "accepted",
    "close": "closed",
    "hold": "held",
    "resume": "resumed",
    "cancel": "cancelled",
}


def _reasons(verb: str, reason: str) -> list[Reason]:
    if verb in NEEDS_REASON and not reason.strip():
        return [Reason(f"order.{verb}.reason", N_("Say why."), field="reason")]
    if len(reason) > LONGEST_REASON:
        text = N_("The reason has %(length)d characters; at most %(longest)d fit.")
        return [Reason(f"order.{verb}.reason", text, {"length": len(reason), "longest": LONGEST_REASON}, "reason")]
    return []


def _special(order: Order, verb: str, today: dt.date) -> list[Reason]:
    if verb in DELIVERIES:
        return reasons_against_delivery(order)
    if verb != "quote":
        return []
    return [one.reason for one in check(order, today=today).errors]


@transaction.atomic
def give_to(
    *, actor: User, order_ids: Sequence[int], owner: User, expected_version: int | None = None
) -> dict[int, int | None]:
    """Another owner for some orders; returns who owned those that changed. Each gets its entry in the story.

    ``expected_version`` is what the reader saw of each."""
    require(actor, "orders.steer")
    if expected_version is not None:
        for order_id in order_ids:
            lock(orders_of(actor), expected_version=expected_version, pk=order_id)
    before: dict[int, int | None] = {}
    for order in orders_of(actor).select_for_update(of=("self",)).filter(pk__in=list(order_ids)).exclude(owner=owner):
        changes = differences({"owner": order.owner}, {"owner": owner})
        before[order.pk] = order.owner_id
        order.owner = owner
        save_next(order, fields=["owner"])
        record(actor=actor, verb="change", target=order, changes=changes)
    if before and owner != actor:
        _tell_new_owner(owner, actor, len(before))
    return before


def _tell_new_owner(owner: User, actor: User, count: int) -> None:
    notify(
        users=[owner],
        kind="owner",
        text=N_("%(who)s handed %(count)d orders to you."),
        params={"who": actor.name, "count": count},
        url=f"/orders/?owner={owner.pk}",
    )
