"""Open, change, finish and check action items."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from django.db import models, transaction
from django.utils import timezone

from punctual.domain.actions.life import LIFE
from punctual.domain.actions.models import ActionItem, ActionState, Effect
from punctual.domain.actions.rules import LONG_AGO, reasons_against
from punctual.domain.actions.selectors import actions_of
from punctual.kernel.refusal import Forbidden, Reason, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may, require
from punctual.platform.audit.services import Change, differences, record, target_type
from punctual.platform.notifications.services import notify
from punctual.platform.outbox.services import emit
from punctual.platform.records import lock, save_next

if TYPE_CHECKING:
    from punctual.domain.orders.models import Order
    from punctual.domain.plans.models import Task


@transaction.atomic
def open_action(
    *,
    actor: User,
    title: str,
    owner: User | None,
    due: dt.date | None,
    detail: str = "",
    order: Order | None = None,
    task: Task | None = None,
    cause: models.Model | None = None,
    check_effect_on: dt.date | None = None,
) -> ActionItem:
    """Give ``owner`` something to do and tell them. ``cause`` is what it comes from; the caller has fetched it."""
    require(actor, "actions.open")
    refuse_if(reasons_against(title=title, has_owner=owner is not None, due=due, today=timezone.localdate()))
    assert owner is not None
    assert due is not None
    item = ActionItem.objects.create(
        title=title.strip(),
        detail=detail.strip(),
        owner=owner,
        due=due,
        order=order,
        task=task,
        cause_type=target_type(cause) if cause is not None else "",
        cause_id=cause.pk if cause is not None else None,
        created_by=actor,
        check_effect_on=check_effect_on,
        effect=Effect.WAITING if check_effect_on else "",
    )
    record(actor=actor, verb="open", target=item)
    if owner != actor:
        _tell(item, N_("%(who)s gave you “%(title)s”, due %(due)s."), {"who": actor.name})
    emit("action_item.opened", action_item_id=item.pk)
    return item


def _tell(item: ActionItem, text: str, params: dict[str, object]) -> None:
    notify(
        users=[item.owner],
        kind="action",
        text=text,
        params={"title": item.title, "due": item.due.isoformat(), **params},
        url=f"/actions/{item.pk}/",
    )


def against_touching(actor: User, item: ActionItem) -> list[Reason]:
    """Whether it is the actor's to change: as its owner, as who gave it, or as who steers."""
    if actor.pk in {item.owner_id, item.created_by_id} or may(actor, "actions.steer"):
        return []
    text = N_("“%(title)s” belongs to %(owner)s; only its owner, who gave it, or an order manager may change it.")
    return [Reason("action_item.not_yours", text, {"title": item.title, "owner": item.owner.name})]


def _mine_or_steered(actor: User, item: ActionItem) -> None:
    reasons = against_touching(actor, item)
    if reasons:
        raise Forbidden(*reasons)


def against_change(item: ActionItem, *, title: str, owner: User | None, due: dt.date | None) -> list[Reason]:
    """Every reason why it can't be given this wording, owner and day. A day that it has already is not asked about."""
    today = timezone.localdate() if due != item.due else dt.date.min + LONG_AGO
    said = reasons_against(title=title, has_owner=owner is not None, due=due, today=today)
    return [*LIFE.reasons(item.state, "change"), *said]


def against_cancelling(note: str) -> list[Reason]:
    if note.strip():
        return []
    return [Reason("action_item.reason", N_("Say why it is not needed any more."), field="note")]


@transaction.atomic
def change_action(
    *,
    actor: User,
    action_id: int,
    expected_version: int | None,
    title: str,
    owner: User | None,
    due: dt.date | None,
    detail: str = "",
    check_effect_on: dt.date | None = None,
) -> ActionItem:
    """Another owner, day or wording while it is open."""
    require(actor, "actions.own")
    item = lock(actions_of(actor), expected_version=expected_version, pk=action_id)
    _mine_or_steered(actor, item)
    refuse_if(against_change(item, title=title, owner=owner, due=due))
    assert owner is not None
    assert due is not None
    fields = ["title", "detail", "owner", "due", "check_effect_on"]
    before = {name: getattr(item, name) for name in fields}
    handed_over = item.owner_id != owner.pk
    item.title, item.detail, item.owner, item.due = title.strip(), detail.strip(), owner, due
    item.check_effect_on, item.effect = check_effect_on, Effect.WAITING if check_effect_on else ""
    save_next(item, fields=[*fields, "effect"])
    record(
        actor=actor,
        verb="change",
        target=item,
        changes=differences(before, {name: getattr(item, name) for name in fields}),
    )
    if handed_over and owner != actor:
        _tell(item, N_("%(who)s gave you “%(title)s”, due %(due)s."), {"who": actor.name})
    return item


def _move(
    actor: User, action_id: int, expected_version: int | None, verb: str, note: str, **values: object
) -> ActionItem:
    require(actor, "actions.own")
    item = lock(actions_of(actor), expected_version=expected_version, pk=action_id)
    _mine_or_steered(actor, item)
    old, item.state = item.state, LIFE.after(item.state, verb)
    for name, value in values.items():
        setattr(item, name, value)
    save_next(item, fields=["state", *values])
    changes = [Change(field="state", old=old, new=item.state)] if old != item.state else []
    record(actor=actor, verb=verb, target=item, changes=changes, reason=note)
    return item


@transaction.atomic
def complete_action(*, actor: User, action_id: int, expected_version: int | None = None, note: str = "") -> ActionItem:
    """Done; who gave it is told."""
    note = note.strip()
    item = _move(actor, action_id, expected_version, "complete", note, done_at=timezone.now(), done_note=note)
    if item.created_by and item.created_by != actor:
        notify(
            users=[item.created_by],
            kind="action",
            text=N_("%(who)s finished “%(title)s”."),
            params={"who": actor.name, "title": item.title},
            url=f"/actions/{item.pk}/",
        )
    emit("action_item.done", action_item_id=item.pk)
    return item


@transaction.atomic
def cancel_action(*, actor: User, action_id: int, expected_version: int | None = None, note: str) -> ActionItem:
    """Not needed any more, with the reason."""
    refuse_if(against_cancelling(note))
    return _move(actor, action_id, expected_version, "cancel", note.strip())


@transaction.atomic
def reopen_action(*, actor: User, action_id: int, expected_version: int | None = None, note: str = "") -> ActionItem:
    """It is not done after all."""
    return _move(actor, action_id, expected_version, "reopen", note.strip(), done_at=None)


@transaction.atomic
def check_effect(
    *, actor: User, action_id: int, expected_version: int | None = None, effective: bool, note: str = ""
) -> ActionItem:
    """Say whether it helped; where it did not, it is open again."""
    note = note.strip()
    if not effective and not note:
        refuse_if([Reason("action_item.finding", N_("Say what is still wrong."), field="note")])
    effect = Effect.EFFECTIVE if effective else Effect.INEFFECTIVE
    item = _move(actor, action_id, expected_version, "check", note, effect=effect, effect_note=note)
    if not effective:
        item.state, item.done_at = ActionState.OPEN, None
        save_next(item, fields=["state", "done_at"])
    return item
