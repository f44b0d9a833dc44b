"""Action items: corrective work, whatever caused it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Schema

from punctual.api.authentication import actor_of
from punctual.api.monitoring import _user
from punctual.api.pages import Listing, Paging, listing
from punctual.domain.actions.models import ActionItem
from punctual.domain.actions.selectors import action_by_id, actions_of
from punctual.domain.actions.services import cancel_action, check_effect, complete_action, open_action, reopen_action
from punctual.domain.orders.models import Order
from punctual.domain.orders.selectors import order_by_key
from punctual.kernel.refusal import NotFound, Reason
from punctual.kernel.wording import N_
from punctual.platform.accounts.permissions import require

router = Router()


class ActionOut(Schema):
    id: int
    version: int
    title: str
    detail: str
    state: str
    owner: str
    due: dt.date
    order: str | None
    effect: str
    check_effect_on: dt.date | None


class ActionIn(Schema):
    title: str
    owner: str
    due: dt.date
    detail: str = ""
    order: str = ""
    check_effect_on: dt.date | None = None


class VerbIn(Schema):
    version: int | None = None
    note: str = ""


def _action(one: ActionItem) -> dict[str, Any]:
    return {
        "id": one.pk,
        "version": one.version,
        "title": one.title,
        "detail": one.detail,
        "state": one.state,
        "owner": one.owner.username,
        "due": one.due,
        "order": one.order.key if one.order else None,
        "effect": one.effect,
        "check_effect_on": one.check_effect_on,
    }


@router.get("/action-items", response=Listing[ActionOut])
def action_items(request: HttpRequest, paging: Query[Paging], state: str = "") -> Any:
    """Action items that the caller may see."""
    rows = actions_of(actor_of(request))
    return listing(rows.filter(state=state) if state else rows, paging, sorts=["due", "created_at"], shape=_action)


@router.post("/action-items", response=ActionOut)
def action_item_new(request: HttpRequest, payload: ActionIn) -> Any:
    """Give somebody something to do."""
    actor = actor_of(request)
    require(actor, "actions.open")
    order: Order | None = order_by_key(actor, payload.order) if payload.order else None
    made = open_action(
        actor=actor,
        title=payload.title,
        owner=_user(payload.owner),
        due=payload.due,
        detail=payload.detail,
        order=order,
        check_effect_on=payload.check_effect_on,
    )
    return _action(made)


@router.post("/action-items/{action}/{verb}", response=ActionOut)
def action_item_do(request: HttpRequest, action: int, verb: str, payload: VerbIn) -> Any:
    """complete, cancel, reopen, effective or ineffective."""
    actor = actor_of(request)
    known: dict[str, Any] = {"complete": complete_action, "cancel": cancel_action, "reopen": reopen_action}
    if verb in known:
        known[verb](actor=actor, action_id=action, expected_version=payload.version, note=payload.note)
    elif verb in ("effective", "ineffective"):
        check_effect(
            actor=actor,
            action_id=action,
            expected_version=payload.version,
            effective=verb == "effective",
            note=payload.note,
        )
    else:
        text = N_("An action item can't “%(verb)s”.")
        raise NotFound(Reason("action_item.verb", text, {"verb": verb[:40]}))
    return _action(action_by_id(actor, action))
