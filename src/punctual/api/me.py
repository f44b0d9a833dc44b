"""Who I am."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from punctual.api.authentication import actor_of

router = Router()


class Me(Schema):
    username: str
    name: str
    role: str
    language: str
    time_zone: str


@router.get("/me", response=Me)
def me(request: HttpRequest) -> Any:
    """The caller."""
    return actor_of(request)
