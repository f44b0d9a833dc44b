"""What people say about a thing. Orders have addresses of their own for it, requests their internal notes."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Model
from django.http import HttpRequest
from ninja import Query, Router, Schema
from ninja.responses import Status
from pydantic import Field

from punctual.api.authentication import actor_of
from punctual.api.pages import Listing, Paging, listing
from punctual.kernel.refusal import NotFound, Reason
from punctual.kernel.wording import N_
from punctual.platform import targets
from punctual.platform.comments.kinds import DISCUSSED
from punctual.platform.comments.models import Comment
from punctual.platform.comments.services import add_comment, comments_on

router = Router()


class CommentIn(Schema):
    """``@name`` tells that person."""

    text: str = Field(max_length=5000)


class CommentOut(Schema):
    """What somebody wrote; internal."""

    id: int
    at: dt.datetime
    by: str
    text: str


def shown(one: Comment) -> dict[str, Any]:
    return {"id": one.pk, "at": one.created_at, "by": str(one.author or ""), "text": one.text}


def _discussed(request: HttpRequest, kind: str, thing_id: int) -> Model:
    if kind not in DISCUSSED:
        text = N_("There is no kind of thing named “%(name)s”.")
        raise NotFound(Reason("target.unknown", text, {"name": kind[:40]}))
    return targets.fetch(actor_of(request), kind, thing_id)


@router.get("/comments/{kind}/{thing_id}", response=Listing[CommentOut])
def comments(request: HttpRequest, kind: str, thing_id: int, paging: Query[Paging]) -> Any:
    """What was said about a thing (`kind`: purchaseorder, meeting, product, task …), the newest first."""
    found = _discussed(request, kind, thing_id)
    return listing(comments_on(found), paging, sorts={"at": "created_at"}, shape=shown)


@router.post("/comments/{kind}/{thing_id}", response={201: CommentOut})
def post_comment(request: HttpRequest, kind: str, thing_id: int, payload: CommentIn) -> Any:
    """Say something about a thing that one may see."""
    found = _discussed(request, kind, thing_id)
    made = add_comment(actor=actor_of(request), target=found, text=payload.text, url=targets.url_of(kind, found))
    return Status(201, shown(made))
