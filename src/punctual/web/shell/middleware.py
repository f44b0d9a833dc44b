"""Preferences of the reader, sign-in for everything not public, and refusals as pages."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone

from punctual.kernel.refusal import Conflict, Forbidden, NotFound, Refusal
from punctual.web.shell.changes import changed
from punctual.web.shell.views import bad_request, page_not_found

PUBLIC: Final = (
    "/accounts/",
    "/api/",
    "/supplier/",
    "/static/",
    "/i18n/",
    "/healthz",
    "/readyz",
    "/metrics",
    "/favicon.ico",
    "/sign/",
    "/t/",
    "/track/",
    "/portal/",
    "/s/",
    "/feeds/",
    "/supplier-link/",
    "/csp-report/",
)
"""Addresses that decide for themselves who may come; everything else needs a sign-in."""


class PreferencesMiddleware:
    """The signed-in reader's language (where the browser has not chosen one here) and time zone."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if user.is_authenticated:
            if user.language and settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
                request.COOKIES[settings.LANGUAGE_COOKIE_NAME] = user.language
            with timezone.override(_zone(user.time_zone)):
                return self.get_response(request)
        return self.get_response(request)


def _zone(name: str) -> zoneinfo.ZoneInfo:
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return zoneinfo.ZoneInfo(settings.TIME_ZONE)


class ReadableAddressMiddleware:
    """An address with a NUL leads nowhere, and a form with one is refused: no database stores it, and PostgreSQL would
    fail on it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\0" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            return page_not_found(request)
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view_func: Callable[..., HttpResponse], view_args: object, view_kwargs: object
    ) -> HttpResponse | None:
        written = any("\0" in value for _name, values in request.POST.lists() for value in values)
        return bad_request(request) if written else None


class SignInRequiredMiddleware(LoginRequiredMiddleware):
    """Django's own, with the public addresses left out."""

    def process_view(  # type: ignore[override]
        self, request: HttpRequest, view_func: Callable[..., HttpResponse], view_args: object, view_kwargs: object
    ) -> HttpResponseBase | None:
        if request.path.startswith(PUBLIC):
            return None
        return super().process_view(request, view_func, view_args, view_kwargs)  # type: ignore[arg-type]


STATUS: Final[tuple[tuple[type[Refusal], int], ...]] = (
    (NotFound, 404),
    (Forbidden, 403),
    (Conflict, 409),
    (Refusal, 422),
)


def status_of(refusal: Refusal) -> int:
    """The HTTP status that says what kind of refusal it is."""
    return next(status for kind, status in STATUS if isinstance(refusal, kind))


class RefusalMiddleware:
    """A refusal that a page did not show itself becomes a page (or, for htmx, a notice) with every reason.

    A form that stays where it is until it is settled (``Punctual-Stay``) is told where to go on to; it goes by itself.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code not in (302, 303) or "Punctual-Stay" not in request.headers:
            return response
        onward = HttpResponse(status=204, headers={"HX-Redirect": response["Location"]})
        onward.cookies = response.cookies
        return onward

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, Refusal) or request.path.startswith("/api/"):
            return None
        return refused(request, exception)


def refused(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """The refusal as a whole page, or as a notice where only a part of the page was asked for."""
    status = status_of(refusal)
    if request.headers.get("HX-Request"):
        response = render(request, "shell/notice.html", {"reasons": refusal.reasons}, status=status)
        response["HX-Retarget"] = "#notices"
        response["HX-Reswap"] = "beforeend"
        return response
    changes = changed(refusal.changes) if isinstance(refusal, Conflict) else []
    context = {
        "status": status,
        "reasons": refusal.reasons,
        "changes": changes,
        "back": request.META.get("HTTP_REFERER"),
    }
    template = "shell/refused.html" if request.user.is_authenticated else "shell/error.html"
    return render(request, template, context, status=status)
