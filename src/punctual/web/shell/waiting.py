"""Counts that stand on every page or above every list: counted once for a reader and kept for some seconds.

A dozen counts on every page would cost more than the page. They are counted anew after everything the reader does, and
otherwise every twenty seconds, as others work too.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse

from punctual.platform.accounts.models import User

SECONDS: Final = 20

Counts = dict[str, int]


def counted(user: User, place: str, names: Sequence[str], count: Callable[[str], int]) -> Counts:
    """Name → how much ``count`` found for it; ``place`` tells one set of counts from another."""
    kept: dict[str, tuple[float, Counts]] = cache.get(_key(user), {})
    until, found = kept.get(place, (0.0, {}))
    if until < time.time() or found.keys() != set(names):
        found = {name: count(name) for name in names}
        cache.set(_key(user), {**kept, place: (time.time() + SECONDS, found)}, SECONDS)
    return found


def _key(user: User) -> str:
    return f"waiting-{user.pk}"


class RecountMiddleware:
    """What somebody did may have changed what waits for them."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        answer = self.get_response(request)
        if request.method not in {"GET", "HEAD"} and isinstance(request.user, User):
            cache.delete(_key(request.user))
        return answer
