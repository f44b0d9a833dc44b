"""Who I am, and my notifications."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext
from ninja import Query, Router, Schema

from punctual.api.authentication import actor_of
from punctual.api.pages import Listing, Paging, listing
from punctual.platform.notifications.models import Notification
from punctual.platform.notifications.services import inbox_of, mark_read

router = Router()


class Me(Schema):
    username: str
    name: str
    role: str
    language: str
    time_zone: str


class NotificationOut(Schema):
    id: int
    kind: str
    text: str
    url: str
    created_at: dt.datetime
    read_at: dt.datetime | None


def _shape(item: Notification) -> dict[str, Any]:
    sentence = gettext(item.text)
    return {
        "id": item.pk,
        "kind": item.kind,
        "text": sentence % item.params if item.params else sentence,
        "url": item.url,
        "created_at": item.created_at,
        "read_at": item.read_at,
    }


@router.get("/me", response=Me)
def me(request: HttpRequest) -> Any:
    """The caller."""
    return actor_of(request)


@router.get("/notifications", response=Listing[NotificationOut])
def notifications(request: HttpRequest, paging: Query[Paging]) -> Any:
    """What the caller was told."""
    return listing(inbox_of(actor_of(request)), paging, sorts=["created_at"], shape=_shape)


@router.post("/notifications/read")
def read_all(request: HttpRequest) -> dict[str, int]:
    """Mark all as read."""
    return {"read": mark_read(actor=actor_of(request))}
