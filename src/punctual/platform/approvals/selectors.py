"""What waits for whom, and what was decided."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from decimal import Decimal
from typing import Final

from django.db import models
from django.db.models import F, Prefetch, Q, QuerySet
from django.utils import timezone

from punctual.kernel.money import BASE
from punctual.platform.accounts.models import Role, User
from punctual.platform.accounts.permissions import may
from punctual.platform.approvals.models import (
    ApprovalRequest,
    ApprovalRule,
    ApprovalState,
    ApprovalStep,
    Delegation,
    StepState,
)
from punctual.platform.approvals.rules import Level, steps_of
from punctual.platform.approvals.subjects import SUBJECTS
from punctual.platform.audit.services import target_type
from punctual.platform.company.rates import in_base
from punctual.platform.records import get_or_not_found


def requests_of(actor: User) -> QuerySet[ApprovalRequest]:
    """Every approval the actor may see, with its steps."""
    if not may(actor, "approvals.view"):
        return ApprovalRequest.objects.none()
    steps = ApprovalStep.objects.select_related("user", "on_behalf_of")
    return ApprovalRequest.objects.select_related("requested_by").prefetch_related(Prefetch("steps", steps))


def request_by_id(actor: User, pk: int) -> ApprovalRequest:
    return get_or_not_found(requests_of(actor), pk=pk)


def requests_on(actor: User, target: models.Model) -> QuerySet[ApprovalRequest]:
    """The approvals of a thing that the actor has fetched, newest first."""
    return requests_of(actor).filter(target_type=target_type(target), target_id=target.pk)


def delegations_in_force(today: dt.date) -> QuerySet[Delegation]:
    found = Delegation.objects.filter(ended_at=None, first__lte=today, last__gte=today, person__is_active=True)
    return found.select_related("person", "delegate")


def standing(actor: User, today: dt.date) -> dict[str, User | None]:
    """Role that the actor may decide for → the absent person it is for, None where it is the actor's own."""
    roles: dict[str, User | None] = {
        one.person.role: one.person for one in delegations_in_force(today).filter(delegate=actor)
    }
    if actor.role == Role.ADMINISTRATOR:
        roles |= {role.value: None for role in Role}
    roles[actor.role] = None
    return roles


def waiting_for(actor: User, today: dt.date) -> QuerySet[ApprovalRequest]:
    """What this person may decide now, the earliest due first; never what they wrote or asked for themselves, nor a
    second level of it as a stand-in."""
    if not may(actor, "approvals.decide"):
        return ApprovalRequest.objects.none()
    roles = standing(actor, today)
    own = [role for role, person in roles.items() if person is None]
    before = ApprovalStep.objects.filter(user=actor).exclude(state=StepState.WAITING)
    stood_in = Q(request__in=before.exclude(on_behalf_of=None).values("request"))
    asked = Q(role__in=own) & ~stood_in
    for role, person in roles.items():
        if person is not None:
            written = Q(
                request__in=ApprovalRequest.authors.through.objects.filter(user=person).values("approvalrequest")
            )
            theirs = Q(request__requested_by=person) | written | Q(request__in=before.values("request"))
            asked |= Q(role=role) & ~theirs
    steps = ApprovalStep.objects.filter(asked, state=StepState.WAITING, level=F("request__level"))
    found = requests_of(actor).filter(state=ApprovalState.WAITING, pk__in=steps.values("request"))
    own_words = ApprovalRequest.authors.through.objects.filter(user=actor)
    return (
        found.exclude(requested_by=actor).exclude(pk__in=own_words.values("approvalrequest")).order_by("due_at", "pk")
    )


def deciders(request: ApprovalRequest, today: dt.date) -> list[User]:
    """Everybody who may decide the open steps of the current level, delegates included."""
    roles = [one.role for one in request.steps.all() if one.level == request.level and one.state == StepState.WAITING]
    return [one for one in deciders_of(roles, today) if one.pk not in request.behind]


def deciders_of(roles: Collection[str], today: dt.date) -> list[User]:
    """Everybody of these roles, and who stands in for somebody of them."""
    people = list(User.objects.filter(role__in=roles, is_active=True))
    stand_ins = [one.delegate for one in delegations_in_force(today) if one.person.role in roles]
    return [*people, *(one for one in stand_ins if one not in people)]


def chain_of(subject: str) -> list[Level]:
    """The company's rules for a subject, else its standard chain."""
    rules = [
        Level(one.role, one.level, one.minimum_amount, one.minimum_days, one.kind)
        for one in ApprovalRule.objects.filter(subject=subject)
    ]
    return rules or list(SUBJECTS[subject].standard)


ANY_AMOUNT: Final = Decimal("1e18")


def steps_for(
    subject: str, *, amount: Decimal, days: int, kinds: Collection[str], currency: str = BASE
) -> list[tuple[int, str]]:
    """(level, role) of everybody who would be asked. Limits are in the company's currency; an amount in one of which
    no rate is kept reaches all of them."""
    found = in_base(amount, currency, timezone.localdate())
    return steps_of(chain_of(subject), amount=ANY_AMOUNT if found is None else found, days=days, kinds=kinds)
