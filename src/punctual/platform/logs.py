"""Logs that a machine can read: one line an event, the request's number on each, no secrets in any.

The number comes from the proxy's ``X-Request-ID`` where that is well-formed, else it is made here; it is in every line
written while the request is answered, and in the answer's own ``X-Request-ID``, so that a user can tell it.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import re
import time
import uuid
from collections.abc import Callable
from contextvars import ContextVar
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse

REQUEST_ID: Final[ContextVar[str]] = ContextVar("request_id", default="")
_WELL_FORMED: Final = re.compile(r"[A-Za-z0-9._-]{8,64}")
_SECRETS: Final = (
    (re.compile(r"\bpt_[A-Za-z0-9_-]{16,}"), "pt_…"),
    (re.compile(r"(?i)(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}"), r"\1 …"),
    (
        re.compile(
            r"(?i)([\"']?\b(?:password|passwd|secret|token|access_token|refresh_token|id_token|code|sessionid|csrf\w*)"
            r"[\"']?\s*[=:]\s*[\"']?)[^\s\"'&,;}]+"
        ),
        r"\1…",
    ),
    (re.compile(r"(?i)(\w+://[^/\s:@]+:)[^@\s/]+@"), r"\1…@"),
    (
        re.compile(
            r"(/(?:t|s|track|sign|feeds|supplier|supplier/8d|supplier-link|sign/change|sign/document|portal/welcome)/)[A-Za-z0-9_:-]{16,}"
        ),
        r"\1…",
    ),
)

access = logging.getLogger("punctual.access")


def without_secrets(text: str) -> str:
    """The text with tokens, passwords and the keys of links that open without sign-in left out."""
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text


class SecretsFilter(logging.Filter):
    """Words the message now and takes the secrets out; nothing after it sees the arguments any more."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = without_secrets(record.getMessage())
        record.args = ()
        record.request_id = REQUEST_ID.get()
        return True


class LineFormatter(logging.Formatter):
    """For people at a console."""

    def __init__(self) -> None:
        super().__init__("{asctime} {levelname} {name}: {message}", style="{")

    def formatException(self, ei: object) -> str:
        return without_secrets(super().formatException(ei))  # type: ignore[arg-type]


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        said: dict[str, object] = {
            "at": dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if getattr(record, "request_id", ""):
            said["request_id"] = record.request_id  # type: ignore[attr-defined]
        said |= getattr(record, "facts", {})
        if record.exc_info:
            said["error"] = without_secrets(self.formatException(record.exc_info))
        return json.dumps(said, ensure_ascii=False, default=str)


def client_address(request: HttpRequest) -> str:
    """Who asks: what our own proxy wrote last, where there is one, else whoever is connected."""
    if settings.BEHIND_PROXY:
        return request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()[:45]
    return str(request.META.get("REMOTE_ADDR", ""))


class RequestLogMiddleware:
    """Numbers the request and writes one line when it has been answered; outermost, so that it sees everything."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        number = given if _WELL_FORMED.fullmatch(given) else uuid.uuid4().hex
        held = REQUEST_ID.set(number)
        began = time.perf_counter()
        try:
            response = self.get_response(request)
            response["X-Request-ID"] = number
            if access.isEnabledFor(logging.INFO):
                access.info("%s %s", request.method, request.path, extra={"facts": _facts(request, response, began)})
            return response
        finally:
            REQUEST_ID.reset(held)


def _facts(request: HttpRequest, response: HttpResponse, began: float) -> dict[str, object]:
    user = getattr(request, "user", None)
    return {
        "status": response.status_code,
        "ms": round((time.perf_counter() - began) * 1000, 1),
        "route": request.resolver_match.route if request.resolver_match else "",
        "user": user.pk if user is not None and user.is_authenticated else None,
        "address": client_address(request),
    }
