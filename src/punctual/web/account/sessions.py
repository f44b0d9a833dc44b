"""How long a sign-in lasts: it ends after so long unused, and after so long at all."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse

NOTED_EVERY: Final = 300
"""Seconds between two notes of use: a write every five minutes, not with every page."""
BEGAN, USED = "began", "used"


def begin(request: HttpRequest) -> None:
    """Start the clocks of a sign-in; they stand in the session itself, which only the server writes."""
    request.session[BEGAN] = request.session[USED] = int(time.time())


class SessionLimitsMiddleware:
    """Behind authentication. A session whose clocks were never started (made by a program) has the database's end."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated and hasattr(request, "session"):
            self._hold(request)
        return self.get_response(request)

    @staticmethod
    def _hold(request: HttpRequest) -> None:
        now = int(time.time())
        session = request.session
        began, used = session.get(BEGAN), session.get(USED)
        if began is None or used is None:
            return
        if now - used > settings.SESSION_IDLE_SECONDS or now - began > settings.SESSION_COOKIE_AGE:
            logout(request)
        elif now - used >= NOTED_EVERY:
            session[USED] = now
