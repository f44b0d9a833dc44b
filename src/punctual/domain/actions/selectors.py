"""What an actor may see of action items."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import Q, QuerySet

from punctual.domain.actions.models import ActionItem, ActionState, Effect
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may
from punctual.platform.audit.services import target_type
from punctual.platform.records import get_or_not_found


def actions_of(actor: User) -> QuerySet[ActionItem]:
    """Everybody's for the office, else one's own and those one has given."""
    rows = ActionItem.objects.select_related("owner", "order", "task", "created_by")
    if may(actor, "actions.view_all"):
        return rows
    return rows.filter(Q(owner=actor) | Q(created_by=actor))


def action_by_id(actor: User, pk: int) -> ActionItem:
    return get_or_not_found(actions_of(actor), pk=pk)


def actions_caused_by(actor: User, cause: models.Model) -> QuerySet[ActionItem]:
    """What was opened because of ``cause``, the earliest due first."""
    return actions_of(actor).filter(cause_type=target_type(cause), cause_id=cause.pk)


def open_for(actor: User) -> QuerySet[ActionItem]:
    """What this person still has to do."""
    return actions_of(actor).filter(owner=actor, state=ActionState.OPEN)


def overdue(actor: User, *, today: dt.date) -> QuerySet[ActionItem]:
    return actions_of(actor).filter(state=ActionState.OPEN, due__lt=today)


def effect_to_check(actor: User, *, today: dt.date) -> QuerySet[ActionItem]:
    """Done, and the day has come to look whether it helped."""
    return actions_of(actor).filter(state=ActionState.DONE, effect=Effect.WAITING, check_effect_on__lte=today)
