"""Errors as problem+json (RFC 9457) with every reason's code."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from punctual.kernel.refusal import Conflict, Forbidden, NotFound, Refusal
from punctual.platform.trouble import problem as passing
from punctual.platform.trouble import trouble_of

logger = logging.getLogger(__name__)


def problem(status: int, title: str, **more: object) -> HttpResponse:
    body: dict[str, object] = {"type": "about:blank", "title": title, "status": status, **more}
    return HttpResponse(
        json.dumps(body, ensure_ascii=False, default=str),
        status=status,
        content_type="application/problem+json; charset=utf-8",
    )


def status_of(refusal: Refusal) -> int:
    if isinstance(refusal, NotFound):
        return 404
    if isinstance(refusal, Forbidden):
        return 403
    return 409 if isinstance(refusal, Conflict) else 422


def of_refusal(refusal: Refusal) -> HttpResponse:
    """Every reason with code, field, row and sentence; a conflict also with the current version and what changed."""
    reasons = [reason.as_data(gettext) for reason in refusal.reasons]
    more: dict[str, object] = {"code": reasons[0]["code"], "reasons": reasons}
    if isinstance(refusal, Conflict):
        more |= {"version": refusal.current_version, "changes": list(refusal.changes)}
    return problem(status_of(refusal), str(reasons[0]["message"]), **more)


def _field(location: tuple[Any, ...] | list[Any]) -> str:
    return ".".join(str(part) for part in location if part not in {"body", "query", "path", "payload"})


def install(api: NinjaAPI) -> None:
    """Let ``api`` answer every error as a problem."""

    def refusal(request: HttpRequest, error: Any) -> HttpResponse:
        return of_refusal(error)

    def validation(request: HttpRequest, error: Any) -> HttpResponse:
        reasons = [
            {
                "code": f"input.{item.get('type', 'invalid')}",
                "field": _field(item.get("loc", ())),
                "message": item["msg"],
            }
            for item in error.errors
        ]
        return problem(422, gettext("The request can't be read."), code="input.invalid", reasons=reasons)

    def http_error(request: HttpRequest, error: Any) -> HttpResponse:
        return problem(error.status_code, str(error), code="http.error")

    def not_found(request: HttpRequest, error: Any) -> HttpResponse:
        return problem(404, gettext("Not found"), code="http.not_found")

    def unauthenticated(request: HttpRequest, error: Any) -> HttpResponse:
        response = problem(401, gettext("Sign in, or send a valid token."), code="authentication.required")
        response["WWW-Authenticate"] = "Bearer"
        return response

    def too_large(request: HttpRequest, error: Any) -> HttpResponse:
        return problem(422, gettext("A number is too large to be stored."), code="http.number_too_large")

    def unexpected(request: HttpRequest, error: Any) -> HttpResponse:
        trouble = trouble_of(error)
        if trouble:
            return passing(request, trouble)
        logger.exception("API request failed: %s %s", request.method, request.path)
        return problem(500, gettext("Something went wrong"), code="http.server_error")

    handlers: Mapping[type[Exception], Any] = {
        Refusal: refusal,
        ValidationError: validation,
        HttpError: http_error,
        Http404: not_found,
        AuthenticationError: unauthenticated,
        OverflowError: too_large,
        Exception: unexpected,
    }
    for kind, handler in handlers.items():
        api.add_exception_handler(kind, handler)
