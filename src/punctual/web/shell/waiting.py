"""How much work waits for a reader, as the sidebar shows it: counted once and kept for some seconds.

Fourteen counts on every page would cost more than the page. They are counted anew after everything the reader does, and
otherwise every twenty seconds, as others work too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse

from punctual.platform.accounts.models import User

SECONDS: Final = 20


def waiting(user: User, counts: Mapping[str, Callable[[User], int]]) -> dict[str, int]:
    """Name of an entry → how much waits there for ``user``."""
    found: dict[str, int] | None = cache.get(_key(user))
    if found is None or found.keys() != counts.keys():
        found = {name: count(user) for name, count in counts.items()}
        cache.set(_key(user), found, SECONDS)
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
