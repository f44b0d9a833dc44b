"""Submit an order for review; each role signs, returns it with a reason, or asks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Final

from django.db import transaction
from django.utils import timezone

from punctual.domain.orders import guards
from punctual.domain.orders.ahead import Seen, lock_seen, look
from punctual.domain.orders.facts import check_settings
from punctual.domain.orders.life import LIFE
from punctual.domain.orders.models import Order, OrderState, Review, ReviewRule, ReviewSign, SignState
from punctual.domain.orders.selectors import OPEN_SIGNS, Checked, orders_of
from punctual.domain.orders.services.summary import index_order
from punctual.kernel.refusal import Forbidden, Reason, Refusal, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import Role, User
from punctual.platform.accounts.permissions import Listed, require
from punctual.platform.approvals.selectors import deciders_of, standing
from punctual.platform.audit.services import Change, record
from punctual.platform.company.rates import against_currency, in_base
from punctual.platform.custom_fields.services import missing_values
from punctual.platform.notifications.services import notify
from punctual.platform.numbering.services import next_number
from punctual.platform.outbox.services import emit
from punctual.platform.records import lock, save_next

STANDARD_ROLES: Final = (Role.SALES, Role.PLANNER, Role.SUPPLY_CHAIN, Role.QUALITY, Role.FINANCE)
"""Who signs where the company has set no rule at all."""

SIGNERS: Final = (Role.ORDER_MANAGER, *STANDARD_ROLES)
"""The roles a rule may name."""

LONGEST_COMMENT: Final = 2000


def roles_for(order: Order) -> list[str]:
    """The roles that must sign: of every rule whose family the order contains and whose amount it reaches."""
    rules = list(ReviewRule.objects.all())
    if not rules:
        return [role.value for role in STANDARD_ROLES]
    families = set(order.lines.exclude(product=None).values_list("product__family_id", flat=True))
    amount = in_base(order.total_amount, order.currency, timezone.localdate())
    named = {
        role
        for rule in rules
        if (rule.family_id is None or rule.family_id in families) and (amount is None or amount >= rule.minimum_amount)
        for role in rule.roles
    }
    return [role.value for role in SIGNERS if role.value in named]


def against_submitting(order: Order, checked: Checked) -> list[Reason]:
    """Every reason why the order can't go to review now."""
    reasons = LIFE.reasons(order.state, "submit") + against_currency(order.currency, timezone.localdate())
    reasons += [one.reason for one in checked.errors]
    if checked.warnings:
        text = N_("Warnings that are neither put right nor waived: %(count)d. Settle each of them first.")
        reasons.append(Reason("order.warnings_open", text, {"count": len(checked.warnings)}, field="checks"))
    reasons += missing_values("order", order.pk)
    return reasons + guards.reasons("submit", order, timezone.localdate())


def submit_for_review(*, actor: User, order_id: int, today: dt.date, expected_version: int | None = None) -> Order:
    """Give the number (once), open the next round and tell the roles that must sign."""
    require(actor, "orders.submit")
    return _submit(look(actor, order_id, today=today), actor=actor, today=today, expected_version=expected_version)


@transaction.atomic
def _submit(seen: Seen, *, actor: User, today: dt.date, expected_version: int | None) -> Order:
    seen = lock_seen(seen, actor=actor, today=today, expected_version=expected_version)
    order = seen.order
    refuse_if(against_submitting(order, seen.checked))
    old_state = order.state
    order.state = LIFE.after(order.state, "submit")
    if order.number is None:
        order.number = next_number(series="SO", year=today.year)
    now = timezone.now()
    order.submitted_at = now
    save_next(order, fields=["state", "number", "submitted_at"])
    last = order.reviews.order_by("-round").values_list("round", flat=True).first() or 0
    due = now + dt.timedelta(hours=check_settings().review_hours)
    review = Review.objects.create(order=order, round=last + 1, opened_at=now, due_at=due)
    roles = roles_for(order)
    ReviewSign.objects.bulk_create([ReviewSign(review=review, role=role) for role in roles])
    record(
        actor=actor,
        verb="submit",
        target=order,
        changes=[
            Change(field="state", old=old_state, new=order.state),
            Change(field="number", old=None, new=order.number),
        ],
    )
    index_order(order)
    _tell_roles(order, roles, actor)
    emit("order.submitted", order_id=order.pk, number=order.number, round=review.round)
    return order


def page_of(order: Order) -> str:
    """Where the order can be read."""
    return f"/orders/{order.key}/"


def _tell_roles(
    order: Order,
    roles: Iterable[str],
    actor: User | None,
    text: str = N_("%(number)s of %(customer)s waits for your review."),
) -> None:
    notify(
        users=[one for one in deciders_of(list(roles), timezone.localdate()) if one != actor],
        kind="review",
        text=text,
        params={"number": order.label, "customer": str(order.customer)},
        url=page_of(order),
    )


@transaction.atomic
def remind_signers() -> int:
    """By the clock: whose time to sign has passed is reminded once a day; returns how many orders."""
    now = timezone.now()
    late = ReviewSign.objects.filter(
        state=SignState.WAITING,
        review__closed_at=None,
        review__due_at__lt=now,
        review__order__state=OrderState.IN_REVIEW,
    ).exclude(reminded_at__gt=now - dt.timedelta(days=1))
    orders: dict[int, tuple[Order, list[str]]] = {}
    for sign in late.select_related("review__order__customer").order_by("pk"):
        orders.setdefault(sign.review.order_id, (sign.review.order, []))[1].append(sign.role)
    late.update(reminded_at=now)
    for order, roles in orders.values():
        _tell_roles(order, roles, None, N_("%(number)s of %(customer)s still waits for your review."))
    return len(orders)


def _open_sign(order: Order, actor: User, role: str) -> ReviewSign:
    """The signature the actor may give now, for the own role or for somebody absent; refused with the reason when there
    is none."""
    review = order.reviews.filter(closed_at=None).order_by("-round").first()
    stands = standing(actor, timezone.localdate())
    wanted = role or actor.role
    if not role and review is not None and not review.signs.filter(role=wanted, state__in=OPEN_SIGNS).exists():
        others = review.signs.filter(role__in=[one for one, person in stands.items() if person], state__in=OPEN_SIGNS)
        wanted = others.values_list("role", flat=True).first() or wanted
    if wanted not in stands:
        raise Forbidden(
            Reason(
                "order.review.other_role",
                N_("Only somebody of the role %(role)s can do this."),
                {"role": Listed([Role(wanted).label]) if wanted in Role.values else wanted},
            )
        )
    sign = review.signs.select_for_update().filter(role=wanted).first() if review else None
    if sign is None:
        raise Refusal(Reason("order.review.not_asked", N_("Your role is not asked to sign this order.")))
    if sign.state not in OPEN_SIGNS:
        raise Refusal(Reason("order.review.already_signed", N_("Your role has already signed this round.")))
    return sign


def _comment_reasons(comment: str, *, required: bool) -> list[Reason]:
    if required and not comment.strip():
        return [Reason("order.review.comment", N_("Write what is wrong or what you ask."), field="comment")]
    if len(comment) > LONGEST_COMMENT:
        text = N_("The comment has %(length)d characters; at most %(longest)d fit.")
        return [
            Reason("order.review.comment", text, {"length": len(comment), "longest": LONGEST_COMMENT}, field="comment")
        ]
    return []


def _write_sign(sign: ReviewSign, actor: User, state: SignState, comment: str) -> None:
    sign.state, sign.user, sign.comment, sign.at = state, actor, comment.strip(), timezone.now()
    sign.on_behalf_of = standing(actor, timezone.localdate()).get(sign.role)
    sign.save()


@transaction.atomic
def sign_review(
    *, actor: User, order_id: int, comment: str = "", role: str = "", expected_version: int | None = None
) -> Order:
    """Agree for one's role. The last signature tells the owner that the order can be confirmed."""
    require(actor, "orders.review")
    order = lock(orders_of(actor), expected_version=expected_version, pk=order_id)
    refuse_if([*LIFE.reasons(order.state, "sign"), *_comment_reasons(comment, required=False)])
    sign = _open_sign(order, actor, role)
    _write_sign(sign, actor, SignState.SIGNED, comment)
    save_next(order, fields=[])
    changes = [Change(field=f"review.{sign.role}", old=None, new=SignState.SIGNED.value)]
    record(actor=actor, verb="sign", target=order, changes=changes, reason=comment.strip())
    if not sign.review.signs.filter(state__in=OPEN_SIGNS).exists() and order.owner:
        notify(
            users=[order.owner],
            kind="review",
            text=N_("Every role has signed %(number)s; it can be confirmed."),
            params={"number": order.label},
            url=page_of(order),
        )
    return order


@transaction.atomic
def ask_in_review(
    *, actor: User, order_id: int, comment: str, role: str = "", expected_version: int | None = None
) -> Order:
    """Ask the owner before signing; the signature stays open."""
    require(actor, "orders.review")
    order = lock(orders_of(actor), expected_version=expected_version, pk=order_id)
    refuse_if([*LIFE.reasons(order.state, "ask"), *_comment_reasons(comment, required=True)])
    sign = _open_sign(order, actor, role)
    _write_sign(sign, actor, SignState.ASKED, comment)
    save_next(order, fields=[])
    changes = [Change(field=f"review.{sign.role}", old=None, new=SignState.ASKED.value)]
    record(actor=actor, verb="ask", target=order, changes=changes, reason=comment.strip())
    _tell_owner(order, actor, N_("%(who)s asks about %(number)s: %(text)s"), comment)
    return order


@transaction.atomic
def return_order(
    *, actor: User, order_id: int, comment: str, role: str = "", expected_version: int | None = None
) -> Order:
    """Send the order back to draft with a reason; the round is closed, the number stays."""
    require(actor, "orders.review")
    order = lock(orders_of(actor), expected_version=expected_version, pk=order_id)
    refuse_if([*LIFE.reasons(order.state, "return"), *_comment_reasons(comment, required=True)])
    sign = _open_sign(order, actor, role)
    _write_sign(sign, actor, SignState.RETURNED, comment)
    Review.objects.filter(pk=sign.review_id).update(closed_at=timezone.now())
    order.state = LIFE.after(order.state, "return")
    save_next(order, fields=["state"])
    changes = [
        Change(field=f"review.{sign.role}", old=None, new=SignState.RETURNED.value),
        Change(field="state", old=OrderState.IN_REVIEW.value, new=order.state),
    ]
    record(actor=actor, verb="return", target=order, changes=changes, reason=comment.strip())
    _tell_owner(order, actor, N_("%(who)s returned %(number)s: %(text)s"), comment)
    emit("order.returned", order_id=order.pk, role=sign.role)
    return order


def _tell_owner(order: Order, actor: User, text: str, comment: str) -> None:
    if order.owner:
        notify(
            users=[order.owner],
            kind="review",
            text=text,
            params={"who": actor.name, "number": order.label, "text": comment.strip()[:160]},
            url=page_of(order),
        )
