"""Action items that are overdue: their owner is reminded, then who gave them, then the managers."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.utils import timezone

from punctual.domain.actions.models import ActionItem, ActionState, Effect
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import Role, User
from punctual.platform.notifications.services import notify

STEPS: Final = (1, 3, 7)
"""Days overdue after which one more is told: the owner, who gave it and owns the order, the managers."""


def escalate(today: dt.date | None = None) -> int:
    """Tell whose turn it is; each step once an item, nobody twice of the same. Returns how many reminders were due."""
    today = today or timezone.localdate()
    rows = ActionItem.objects.filter(state=ActionState.OPEN, due__lt=today).select_related(
        "owner", "created_by", "order__owner"
    )
    managers = list(User.objects.filter(role=Role.MANAGER, is_active=True))
    told = 0
    for item in rows:
        late = (today - item.due).days
        already: set[int] = set()
        for level, days in enumerate(STEPS):
            if late < days:
                break
            people: list[User | None] = [item.owner]
            if level == 1:
                people = [item.created_by, item.order.owner if item.order else None]
            elif level == 2:
                people = list(managers)
            further = {one.pk: one for one in people if one is not None and one.pk not in already}
            already |= further.keys()
            notify(
                users=list(further.values()),
                kind="overdue",
                text=N_("“%(title)s” of %(owner)s is overdue since %(due)s."),
                params={"title": item.title, "owner": item.owner.name, "due": item.due.isoformat()},
                url=f"/actions/{item.pk}/",
                dedupe_key=f"overdue:{item.pk}:{item.due.isoformat()}:{level}",
            )
            told += 1
    due = ActionItem.objects.filter(state=ActionState.DONE, effect=Effect.WAITING, check_effect_on__lte=today)
    for item in due.select_related("owner", "created_by"):
        notify(
            users=[item.created_by or item.owner],
            kind="effect",
            text=N_("Did “%(title)s” help? The day to check its effect has come."),
            params={"title": item.title},
            url=f"/actions/{item.pk}/",
            dedupe_key=f"effect:{item.pk}:{item.check_effect_on}",
        )
    return told
