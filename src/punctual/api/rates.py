"""So many API requests a minute of one user, or of one address without a sign-in; then 429 and when to come again.

Counted in the cache that all processes share.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext

from punctual.api.problems import problem
from punctual.platform.counters import count
from punctual.platform.logs import client_address


class ApiRateMiddleware:
    """Behind the token, which says who it is."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith("/api/") or not settings.API_RATE:
            return self.get_response(request)
        now = time.time()
        who = f"u{request.user.pk}" if request.user.is_authenticated else f"a{client_address(request)}"
        key = f"api-rate:{who}:{int(now // 60)}"
        if count(key, 120) <= settings.API_RATE:
            return self.get_response(request)
        response = problem(429, gettext("Too many requests; wait a little."), code="http.too_many_requests")
        response["Retry-After"] = str(max(1, int(60 - now % 60)))
        return response
