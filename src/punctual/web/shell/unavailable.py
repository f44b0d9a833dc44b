"""The answer while the database is away or busy: 503, when to come again, and the typed form kept."""

from __future__ import annotations

import json
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.http.request import RawPostDataException
from django.template.loader import render_to_string
from django.utils.translation import get_language

from punctual.platform.trouble import RETRY_AFTER, Trouble, problem, words_of

MOST_KEPT: Final = 2000
"""Fields of a form that are kept; what is more is a sheet, and its file is at hand."""


def unavailable(request: HttpRequest, trouble: Trouble) -> HttpResponse:
    """A page that leans on no database, a notice where a part of a page was asked for, a problem for programs."""
    if request.path.startswith("/api/"):
        return problem(request, trouble)
    request.trouble = trouble  # type: ignore[attr-defined]
    if request.headers.get("HX-Request"):
        # The page with what was typed stays as it is; only the notice is added to it.
        notice = json.dumps({"punctual:notice": {"text": words_of(trouble), "kind": "error"}})
        return HttpResponse(status=503, headers={"Retry-After": str(RETRY_AFTER), "HX-Trigger": notice})
    fields, files = _typed(request)
    context = {
        "lang": "en" if get_language() == "en" else "zh-CN",
        "words": words_of(trouble),
        "fields": fields,
        "files": files,
        "method": "post" if request.method == "POST" else "get",
        "address": request.get_full_path(),
    }
    text = render_to_string("shell/unavailable.html", context)
    return HttpResponse(text, status=503, headers={"Retry-After": str(RETRY_AFTER)})


def _typed(request: HttpRequest) -> tuple[list[tuple[str, str]], list[str]]:
    """What was typed, to be sent again as it is; and the names of files, which the browser must be given again."""
    if request.method != "POST":
        return [], []
    try:
        fields = [(name, str(value)) for name in request.POST for value in request.POST.getlist(name)]
        files = [file.name or "" for name in request.FILES for file in request.FILES.getlist(name)]
    except (OSError, RawPostDataException):
        return [], []
    return (fields, files) if len(fields) <= MOST_KEPT else ([], files)
