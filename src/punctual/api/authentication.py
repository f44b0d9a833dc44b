"""Who calls: a bearer token, or the browser's own session (then with its CSRF token)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, cast

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from ninja.errors import HttpError
from ninja.utils import check_csrf

from punctual.api.problems import problem
from punctual.platform.accounts.models import ApiToken, TokenScope, User
from punctual.platform.accounts.services import valid_token

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
PROPOSALS: Final = "/api/v1/proposals"


class ApiTokenMiddleware:
    """Reads ``Authorization: Bearer …`` before anything asks who the user is."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer" and request.path.startswith("/api/"):
            token = valid_token(text.strip())
            if token is not None:
                request.user = token.user
                request.by_token = True  # type: ignore[attr-defined]
                if request.method not in SAFE_METHODS and not _may_change(token, request):
                    return problem(403, gettext("This token reads only."), code="token.reads_only")
        return self.get_response(request)


def _may_change(token: ApiToken, request: HttpRequest) -> bool:
    """An assistant's token lays suggestions before its person and changes nothing else."""
    if token.scope == TokenScope.PROPOSE:
        return request.method == "POST" and request.path == PROPOSALS
    return token.scope == TokenScope.WRITE


def signed_in(request: HttpRequest) -> User | None:
    """ninja's ``auth``: the user, or None for 401. A session's unsafe request must carry the CSRF token."""
    if not request.user.is_authenticated:
        return None
    if not getattr(request, "by_token", False) and request.method not in SAFE_METHODS and check_csrf(request):
        raise HttpError(403, "CSRF token missing or wrong")
    return request.user


def actor_of(request: HttpRequest) -> User:
    """The caller, typed."""
    return cast(User, request.user)
