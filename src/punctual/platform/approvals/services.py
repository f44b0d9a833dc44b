"""Ask for an approval, decide it, remind, stand in for somebody, set the chains."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from django.db import models, transaction
from django.utils import timezone

from punctual.kernel.refusal import Forbidden, Reason, Refusal, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import Role, User
from punctual.platform.accounts.permissions import may, require
from punctual.platform.approvals.models import (
    ApprovalRequest,
    ApprovalRule,
    ApprovalState,
    ApprovalStep,
    Delegation,
    StepState,
)
from punctual.platform.approvals.rules import against_deciding, against_delegation
from punctual.platform.approvals.selectors import deciders, requests_of, standing, steps_for
from punctual.platform.approvals.subjects import SUBJECTS
from punctual.platform.audit.services import Change, record, target_type
from punctual.platform.notifications.services import notify
from punctual.platform.outbox.services import emit
from punctual.platform.records import get_or_not_found, lock, save_next

HOURS: Final = 24
"""To decide one level; after that a reminder goes out once a day."""


@transaction.atomic
def request_approval(
    *,
    actor: User,
    subject: str,
    target: models.Model,
    title: str,
    params: Mapping[str, object],
    today: dt.date,
    amount: Decimal = Decimal(0),
    days: int = 0,
    currency: str = "CNY",
    kinds: Collection[str] = (),
    facts: Sequence[Mapping[str, Any]] = (),
    money: Sequence[Mapping[str, Any]] = (),
    detail: str = "",
    url: str = "",
    authors: Collection[User] = (),
) -> ApprovalRequest:
    """Open the chain and tell the first level. The caller has checked that the actor may ask for it. ``authors`` wrote
    what is asked for: they decide it as little as the actor.

    Where no step applies, the request is approved at once.
    """
    request = ApprovalRequest.objects.create(
        subject=subject,
        target_type=target_type(target),
        target_id=target.pk,
        target_label=str(target)[:200],
        title=title,
        params=dict(params),
        facts=list(facts),
        money=list(money),
        detail=detail,
        url=url,
        amount=amount,
        currency=currency,
        days=days,
        requested_by=actor,
    )
    request.authors.set([one for one in authors if one != actor])
    steps = steps_for(subject, amount=amount, currency=currency, days=days, kinds=kinds)
    ApprovalStep.objects.bulk_create([ApprovalStep(request=request, level=level, role=role) for level, role in steps])
    record(actor=actor, verb="ask_approval", target=request)
    if not steps:
        _conclude(request, actor, approved=True, comment="")
    else:
        _open_level(request, steps[0][0], today)
    return request


def _open_level(request: ApprovalRequest, level: int, today: dt.date) -> None:
    request.level, request.due_at = level, timezone.now() + dt.timedelta(hours=HOURS)
    save_next(request, fields=["level", "due_at"])
    _tell(request, N_("%(target)s waits for your approval."), today)


def _tell(request: ApprovalRequest, text: str, today: dt.date) -> None:
    notify(
        users=deciders(request, today),
        kind="approval",
        text=text,
        params={"target": request.target_label},
        url=f"/approvals/{request.pk}/",
    )


@transaction.atomic
def decide(
    *,
    actor: User,
    request_id: int,
    approve: bool,
    today: dt.date,
    comment: str = "",
    expected_version: int | None = None,
) -> ApprovalRequest:
    """Say yes or no for every open step of the level that the actor answers for. One no rejects the whole."""
    require(actor, "approvals.decide")
    request = lock(requests_of(actor), expected_version=expected_version, pk=request_id)
    roles = standing(actor, today)
    asked = [
        one
        for one in request.steps.select_for_update(of=("self",))
        if one.state == StepState.WAITING and one.level == request.level and one.role in roles
    ]
    # A stand-in answers at their own step, never in the place of who asked or wrote it, and at one level only.
    absent = {one.pk: roles[one.role] for one in asked}
    behind = request.behind
    free = [one for one in asked if (person := absent[one.pk]) is None or person.pk not in behind]
    before = request.steps.filter(user=actor).exclude(state=StepState.WAITING)
    decided, stood_in = before.exists(), before.exclude(on_behalf_of=None).exists()
    steps = [one for one in free if not (stood_in or (decided and absent[one.pk] is not None))]
    refuse_if(
        against_deciding(
            state=request.state,
            is_own=actor.pk in behind,
            has_step=bool(asked),
            only_for_requester=bool(asked) and not free,
            is_second=bool(free) and not steps,
            approve=approve,
            comment=comment,
        )
    )
    for step in steps:
        step.state = StepState.APPROVED if approve else StepState.REJECTED
        step.user, step.on_behalf_of = actor, absent[step.pk]
        step.comment, step.at = comment.strip(), timezone.now()
        step.save()
    save_next(request, fields=[])
    changes = [Change(field=f"role.{one.role}", old=None, new=one.state) for one in steps]
    record(actor=actor, verb="approve" if approve else "reject", target=request, changes=changes, reason=comment)
    if not approve:
        _conclude(request, actor, approved=False, comment=comment.strip())
        return request
    left = request.steps.filter(state=StepState.WAITING).order_by("level").values_list("level", flat=True).first()
    if left is None:
        _conclude(request, actor, approved=True, comment=comment.strip())
    elif left != request.level:
        _open_level(request, left, today)
    return request


def _conclude(request: ApprovalRequest, actor: User, *, approved: bool, comment: str) -> None:
    request.state = ApprovalState.APPROVED if approved else ApprovalState.REJECTED
    request.decided_at = timezone.now()
    save_next(request, fields=["state", "decided_at"])
    request.steps.filter(state=StepState.WAITING).update(state=StepState.DROPPED)
    SUBJECTS[request.subject].decided(request, actor, approved, comment)
    emit("approval.decided", approval_id=request.pk, subject=request.subject, approved=approved)
    if request.requested_by_id == actor.pk:
        return
    text = N_("%(who)s approved %(target)s.") if approved else N_("%(who)s rejected %(target)s: %(text)s")
    notify(
        users=[request.requested_by],
        kind="approval",
        text=text,
        params={"who": actor.name, "target": request.target_label, "text": comment[:160]},
        url=request.url or f"/approvals/{request.pk}/",
    )


@transaction.atomic
def withdraw(*, actor: User, request_id: int) -> ApprovalRequest:
    """Nobody needs to decide any more. Only who asked; what follows is the caller's matter."""
    request = lock(requests_of(actor), expected_version=None, pk=request_id)
    if request.requested_by_id != actor.pk and not may(actor, "approvals.rules"):
        raise Forbidden(Reason("approval.withdraw", N_("Only who asked for it may withdraw it.")))
    if request.state != ApprovalState.WAITING:
        raise Refusal(Reason("approval.decided", N_("This is decided already; load the page again.")))
    request.state, request.decided_at = ApprovalState.WITHDRAWN, timezone.now()
    save_next(request, fields=["state", "decided_at"])
    request.steps.filter(state=StepState.WAITING).update(state=StepState.DROPPED)
    record(actor=actor, verb="withdraw", target=request)
    return request


@transaction.atomic
def remind(*, actor: User, request_id: int, today: dt.date) -> ApprovalRequest:
    """Ask those who have not decided once more."""
    require(actor, "approvals.view")
    request = lock(requests_of(actor), expected_version=None, pk=request_id)
    if request.state != ApprovalState.WAITING:
        raise Refusal(Reason("approval.decided", N_("This is decided already; load the page again.")))
    request.steps.filter(state=StepState.WAITING, level=request.level).update(reminded_at=timezone.now())
    _tell(request, N_("%(target)s still waits for your approval."), today)
    record(actor=actor, verb="remind", target=request)
    return request


def remind_late() -> int:
    """By the clock: whoever let the time pass is reminded, once a day; returns how many requests."""
    now = timezone.now()
    late = ApprovalRequest.objects.filter(state=ApprovalState.WAITING, due_at__lt=now)
    count = 0
    for request in late.prefetch_related("steps"):
        open_steps = request.steps.filter(state=StepState.WAITING, level=request.level)
        fresh = open_steps.filter(reminded_at__gt=now - dt.timedelta(hours=HOURS))
        if fresh.exists():
            continue
        with transaction.atomic():
            open_steps.update(reminded_at=now)
            _tell(request, N_("%(target)s still waits for your approval."), timezone.localdate())
        count += 1
    return count


@transaction.atomic
def delegate(
    *,
    actor: User,
    delegate: User | None,
    first: dt.date | None,
    last: dt.date | None,
    today: dt.date,
    reason: str = "",
) -> Delegation:
    """Let somebody decide in one's absence."""
    require(actor, "approvals.decide")
    reasons = against_delegation(
        person=actor.pk, delegate=delegate.pk if delegate else None, first=first, last=last, today=today
    )
    if delegate is not None and not may(delegate, "approvals.decide"):
        text = N_("%(who)s may not decide approvals; choose somebody of the office.")
        reasons.append(Reason("delegation.delegate", text, {"who": delegate.name}, field="delegate"))
    refuse_if(reasons)
    assert delegate is not None
    assert first is not None
    assert last is not None
    made = Delegation.objects.create(person=actor, delegate=delegate, first=first, last=last, reason=reason[:200])
    record(actor=actor, verb="delegate", target=made)
    notify(
        users=[delegate],
        kind="approval",
        text=N_("You decide approvals for %(who)s from %(first)s to %(last)s."),
        params={"who": actor.name, "first": first.isoformat(), "last": last.isoformat()},
        url="/approvals/",
    )
    return made


@transaction.atomic
def end_delegation(*, actor: User, delegation_id: int) -> None:
    """Back again."""
    made = get_or_not_found(Delegation.objects.filter(person=actor, ended_at=None), pk=delegation_id)
    made.ended_at = timezone.now()
    made.save(update_fields=["ended_at"])
    record(actor=actor, verb="end_delegation", target=made)


@transaction.atomic
def set_rules(*, actor: User, subject: str, levels: Sequence[Mapping[str, Any]]) -> list[ApprovalRule]:
    """Replace the chain of a subject; an empty list brings the standard chain back.

    ``levels`` [{"level", "role", "kind", "minimum_amount", "minimum_days"}] with numbers already read.
    """
    require(actor, "approvals.rules")
    reasons = []
    if subject not in SUBJECTS:
        reasons.append(Reason("approval.subject", N_("There is no such subject of approvals."), field="subject"))
    for index, one in enumerate(levels, start=1):
        if one["role"] not in Role.values:
            reasons.append(Reason("approval.role", N_("Choose the role that decides."), field="role", row=index))
        if not 1 <= one["level"] <= 9:
            reasons.append(Reason("approval.level", N_("A level is a number from 1 to 9."), field="level", row=index))
        if one["minimum_amount"] < 0 or one["minimum_days"] < 0:
            reasons.append(Reason("approval.limit", N_("A limit is 0 or more."), field="minimum_amount", row=index))
    refuse_if(reasons)
    before = [str(one) for one in ApprovalRule.objects.filter(subject=subject)]
    ApprovalRule.objects.filter(subject=subject).delete()
    made = [ApprovalRule.objects.create(subject=subject, **one) for one in levels]
    change = Change(field=subject, old=", ".join(before) or None, new=", ".join(map(str, made)) or None)
    record(actor=actor, verb="set_approval_rules", target=made[0] if made else actor, changes=[change])
    return made
