"""HEAD is answered wherever GET is, without the body; a method that an address does not take is a problem too."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext

from punctual.api.problems import problem


class ApiMethodMiddleware:
    """Behind the token, so that it answers nobody who may not come in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path.startswith("/api/"):
            return self.get_response(request)
        only_head = request.method == "HEAD"
        if only_head:
            request.method = "GET"
        try:
            response = self.get_response(request)
        finally:
            if only_head:
                request.method = "HEAD"
        if response.status_code == 405:
            response = _not_taken(request, response)
        return _without_body(response) if only_head else response


def _not_taken(request: HttpRequest, response: HttpResponseBase) -> HttpResponse:
    taken = {one.strip() for one in response.headers.get("Allow", "").split(",") if one.strip()}
    allowed = ", ".join(sorted(taken | ({"HEAD"} if "GET" in taken else set())))
    text = gettext("This address takes %(allowed)s.") % {"allowed": allowed}
    answer = problem(405, text, code="http.method")
    answer["Allow"] = allowed
    return answer


def _without_body(response: HttpResponseBase) -> HttpResponseBase:
    """A file's length stands in its headers already; it is not read."""
    if isinstance(response, HttpResponse):
        response.headers.setdefault("Content-Length", str(len(response.content)))
        response.content = b""
    elif isinstance(response, StreamingHttpResponse):
        response.streaming_content = ()
    return response
