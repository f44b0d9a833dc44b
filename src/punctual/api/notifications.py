"""One's inbox, and webhooks."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext
from ninja import Query, Router, Schema
from ninja.responses import Status
from pydantic import Field

from punctual.api.authentication import actor_of
from punctual.api.pages import Listing, Paging, listing
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.notifications import channels, own_robot
from punctual.platform.notifications.models import Delivery, Notification, Webhook
from punctual.platform.notifications.services import (
    Choice,
    choices_of,
    choose,
    inbox_of,
    mark_done,
    mark_read,
    quiet_hours_of,
    snooze,
)
from punctual.platform.records import get_or_not_found

router = Router()


class NotificationOut(Schema):
    id: int
    kind: str
    text: str
    url: str
    created_at: dt.datetime
    read_at: dt.datetime | None


class MarkIn(Schema):
    """``ids`` of one's own; without them all are marked as read."""

    ids: list[int] | None = None


class NotificationsSnoozeIn(Schema):
    ids: list[int]
    until: dt.datetime


class CountOut(Schema):
    count: int


class NotificationsChoice(Schema):
    """``mail`` and ``robot``: off, now or digest; ``inbox``: whether the kind stands there. ``robot`` left out stays
    as it is."""

    mail: str = "off"
    inbox: bool = True
    robot: str | None = None


class NotificationsRobot(Schema):
    id: int
    name: str
    kind: str
    own: bool


class NotificationsRobots(Schema):
    """``chosen``: the id of the one that tells me; ``offered``: my own and those that people may choose."""

    chosen: int | None
    offered: list[NotificationsRobot]


class NotificationsRobotChoice(Schema):
    """``robot``: the id of one of those offered, or nothing."""

    robot: int | None = None


class NotificationsOwnRobot(Schema):
    """``kind``: wecom, dingtalk or feishu. Address and signing secret are told to nobody again."""

    kind: str
    address: str
    secret: str = ""


class NotificationsChoices(Schema):
    """``kinds``: what stands in the inbox and comes by mail; kinds not named stay as they are. Between
    ``quiet_begin`` and ``quiet_end`` on one's own clock neither mail nor robot tells; without them they always do.
    """

    kinds: dict[str, NotificationsChoice]
    quiet_begin: dt.time | None = None
    quiet_end: dt.time | None = None


class WebhookOut(Schema):
    id: int
    url: str
    description: str
    kinds: list[str]
    active: bool


class WebhookMade(WebhookOut):
    """``secret`` is told this once."""

    secret: str


class WebhookIn(Schema):
    url: str
    description: str = ""
    kinds: list[str] = Field(default_factory=list)


class WebhookPatch(Schema):
    url: str | None = None
    description: str | None = None
    kinds: list[str] | None = None
    active: bool | None = None


class NotificationsDeliveryOut(Schema):
    id: str
    way: str
    address: str
    subject: str
    state: str
    attempts: int
    created_at: dt.datetime
    sent_at: dt.datetime | None
    error: str


def _notification(one: Notification) -> dict[str, Any]:
    sentence = gettext(one.text)
    return {
        "id": one.pk,
        "kind": one.kind,
        "text": sentence % one.params if one.params else sentence,
        "url": one.url,
        "created_at": one.created_at,
        "read_at": one.read_at,
    }


def _webhook(one: Webhook) -> dict[str, Any]:
    return {name: getattr(one, name) for name in WebhookOut.model_fields}


def _delivery(one: Delivery) -> dict[str, Any]:
    plain = ("way", "address", "subject", "state", "attempts", "created_at", "sent_at")
    return {"id": str(one.pk), **{name: getattr(one, name) for name in plain}, "error": one.last_error}


@router.get("/notifications", response=Listing[NotificationOut])
def notifications(request: HttpRequest, paging: Query[Paging], unread: bool = False) -> Any:
    """My inbox, the newest first, worded in the language asked for."""
    rows = inbox_of(actor_of(request))
    return listing(rows.filter(read_at=None) if unread else rows, paging, sorts=["created_at"], shape=_notification)


@router.post("/notifications/read", response=CountOut)
def read_notifications(request: HttpRequest, payload: MarkIn) -> Any:
    """Mark as read."""
    return {"count": mark_read(actor=actor_of(request), ids=payload.ids)}


@router.post("/notifications/done", response=CountOut)
def finish_notifications(request: HttpRequest, payload: MarkIn) -> Any:
    """Put away for good."""
    return {"count": mark_done(actor=actor_of(request), ids=payload.ids or [])}


@router.post("/notifications/snooze", response=CountOut)
def snooze_notifications(request: HttpRequest, payload: NotificationsSnoozeIn) -> Any:
    """Out of sight until then."""
    return {"count": snooze(actor=actor_of(request), ids=payload.ids, until=payload.until)}


@router.get("/notifications/choices", response=NotificationsChoices)
def notification_choices(request: HttpRequest) -> Any:
    """How I am told, for every kind there is."""
    return _choices(actor_of(request))


@router.put("/notifications/choices", response=NotificationsChoices)
def choose_notifications(request: HttpRequest, payload: NotificationsChoices) -> Any:
    """Choose how I am told."""
    actor = actor_of(request)
    before = choices_of(actor)
    choices = {
        kind: Choice(one.mail, one.inbox, before.get(kind, Choice()).robot if one.robot is None else one.robot)
        for kind, one in payload.kinds.items()
    }
    choose(actor=actor, choices=choices, quiet_begin=payload.quiet_begin, quiet_end=payload.quiet_end)
    return _choices(actor)


def _choices(actor: User) -> dict[str, Any]:
    begin, end = quiet_hours_of(actor)
    kinds = {kind: asdict(one) for kind, one in choices_of(actor).items()}
    return {"kinds": kinds, "quiet_begin": begin, "quiet_end": end}


def _robots(actor: User) -> dict[str, Any]:
    chosen, own = own_robot.chosen_robot(actor), own_robot.own_robot(actor)
    rows = [*([own] if own is not None else []), *own_robot.offered(actor)]
    offered = [{"id": one.pk, "name": one.name, "kind": one.kind, "own": one.owner_id is not None} for one in rows]
    return {"chosen": chosen.pk if chosen is not None else None, "offered": offered}


@router.get("/notifications/robot", response=NotificationsRobots)
def my_robot(request: HttpRequest) -> Any:
    """Which robot tells me, and which could."""
    return _robots(actor_of(request))


@router.put("/notifications/robot", response=NotificationsRobots)
def choose_robot(request: HttpRequest, payload: NotificationsRobotChoice) -> Any:
    """Another robot tells me, or none."""
    actor = actor_of(request)
    own_robot.choose_robot(actor=actor, robot_id=payload.robot)
    return _robots(actor)


@router.put("/notifications/robot/own", response=NotificationsRobots)
def keep_own_robot(request: HttpRequest, payload: NotificationsOwnRobot) -> Any:
    """My own robot, in the place of the one before; it tells me from now on."""
    actor = actor_of(request)
    own_robot.keep_own_robot(actor=actor, **payload.model_dump())
    return _robots(actor)


@router.delete("/notifications/robot/own", response={204: None})
def drop_own_robot(request: HttpRequest) -> Any:
    """My own robot is no more."""
    own_robot.drop_own_robot(actor=actor_of(request))
    return Status(204, None)


@router.post("/notifications/robot/test", response=NotificationsDeliveryOut)
def test_robot(request: HttpRequest) -> Any:
    """Send a word now by the robot that tells me."""
    return _delivery(own_robot.test_chosen(actor=actor_of(request)))


@router.get("/notifications/robot/deliveries", response=Listing[NotificationsDeliveryOut])
def robot_deliveries(request: HttpRequest, paging: Query[Paging]) -> Any:
    """What robots were to tell me and what came of it."""
    return listing(own_robot.sent_to(actor_of(request)), paging, sorts=["created_at"], shape=_delivery)


@router.get("/webhooks", response=Listing[WebhookOut])
def webhooks(request: HttpRequest, paging: Query[Paging]) -> Any:
    """Programs that are told of events."""
    actor = actor_of(request)
    require(actor, "channels.manage")
    return listing(channels.webhooks_of(actor), paging, sorts=["id"], shape=_webhook)


@router.post("/webhooks", response={201: WebhookMade})
def create_webhook(request: HttpRequest, payload: WebhookIn) -> Any:
    """Let a program hear events from now on, signed with the returned secret."""
    made, secret = channels.add_webhook(actor=actor_of(request), **payload.model_dump())
    return Status(201, {**_webhook(made), "secret": secret})


@router.patch("/webhooks/{int:pk}", response=WebhookOut)
def change_webhook(request: HttpRequest, pk: int, payload: WebhookPatch) -> Any:
    """Another address or other events; ``active`` false rests it."""
    return _webhook(
        channels.change_webhook(actor=actor_of(request), webhook_id=pk, **payload.model_dump(exclude_unset=True))
    )


@router.delete("/webhooks/{int:pk}", response={204: None})
def delete_webhook(request: HttpRequest, pk: int) -> Any:
    """It is told nothing any more."""
    channels.drop_webhook(actor=actor_of(request), webhook_id=pk)
    return Status(204, None)


@router.post("/webhooks/{int:pk}/test", response=NotificationsDeliveryOut)
def test_webhook(request: HttpRequest, pk: int) -> Any:
    """Send an event named ``test`` now."""
    return _delivery(channels.test_webhook(actor=actor_of(request), webhook_id=pk))


@router.get("/webhooks/{int:pk}/deliveries", response=Listing[NotificationsDeliveryOut])
def webhook_deliveries(request: HttpRequest, pk: int, paging: Query[Paging]) -> Any:
    """What was sent to it and what came of it."""
    actor = actor_of(request)
    require(actor, "channels.manage")
    webhook = get_or_not_found(channels.webhooks_of(actor), pk=pk)
    return listing(channels.deliveries_of(actor).filter(webhook=webhook), paging, sorts=["created_at"], shape=_delivery)
