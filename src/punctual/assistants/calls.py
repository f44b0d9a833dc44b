"""Calls of the API over HTTP with a person's token: what the assistant sees is what that person may see."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

SECONDS: Final = 30
LARGEST: Final = 4 * 1024 * 1024

Ask = Callable[[str, str, Mapping[str, Any] | None], Any]
"""Method, path under /api/v1, body → the answer's JSON; raises :class:`Refused`."""


class Refused(Exception):
    """What the server said no to, in its own words."""


class _NoRedirects(HTTPRedirectHandler):
    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        """A token is shown to the server that was named and to no other."""


def path(*parts: str, **query: object) -> str:
    """``/orders/SO-2026-00001?limit=5`` with everything quoted; what is empty is left out."""
    told = {name: str(value) for name, value in query.items() if value not in (None, "")}
    return "/" + "/".join(quote(part, safe="") for part in parts) + (f"?{urlencode(told)}" if told else "")


def over_http(url: str, token: str) -> Ask:
    """Ask the installation at ``url``."""
    if urlsplit(url).scheme not in ("http", "https"):
        raise ValueError(f"{url} is no http address")
    opener = build_opener(_NoRedirects)

    def ask(method: str, where: str, body: Mapping[str, Any] | None) -> Any:
        request = Request(  # noqa: S310 - the scheme is checked above
            f"{url.rstrip('/')}/api/v1{where}",
            data=None if body is None else json.dumps(body).encode(),
            method=method,
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        )
        try:
            with opener.open(request, timeout=SECONDS) as answer:
                return json.loads(answer.read(LARGEST))
        except HTTPError as error:
            raise Refused(problem(error.code, error.read(LARGEST))) from error
        except (URLError, TimeoutError, ValueError) as error:
            raise Refused(f"Punctual at {url} can't be asked: {error}") from error

    return ask


def problem(status: int, body: bytes) -> str:
    """A problem document on one line."""
    try:
        told = json.loads(body)
        reasons = [str(one["message"]) for one in told.get("reasons", [])] or [str(told.get("title", ""))]
    except (ValueError, AttributeError, TypeError, KeyError):
        reasons = []
    return f"{status}: {' '.join(reasons) or 'refused'}"
