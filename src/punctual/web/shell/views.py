"""Pages of the frame: palette, saved views, errors, health."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import cast

from django.core.exceptions import DisallowedHost
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from punctual.kernel.refusal import NotFound
from punctual.platform import targets
from punctual.platform.accounts.models import User
from punctual.platform.saved_views.services import delete_view, open_first, save_view
from punctual.platform.search.services import find
from punctual.platform.trouble import trouble_of
from punctual.web.shell.navigation import Words, creations_for, shown
from punctual.web.shell.unavailable import unavailable

MOST_RESULTS = 12


@dataclass(frozen=True, slots=True)
class Result:
    label: Words
    detail: str
    url: str
    icon: str
    kind: str
    is_data: bool = True


def safe_next(request: HttpRequest) -> str:
    """Where the form wants to go on, if that is here."""
    wish = request.POST.get("next") or request.GET.get("next") or ""
    here = url_has_allowed_host_and_scheme(wish, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    return wish if here and wish.startswith(("/", "http://", "https://")) else reverse("home")


def palette(request: HttpRequest) -> HttpResponse:
    """Pages and things that match what is typed."""
    actor = cast(User, request.user)
    text = request.GET.get("q", "").strip()
    pages = [
        Result(entry.label, "", entry.url, entry.icon, _("Page"), is_data=False)
        for group in shown(request)
        for entry in group.entries
        if not text or text.lower() in str(entry.label).lower()
    ]
    new = [
        Result(item.label, "", item.url, item.icon, _("New"), is_data=False)
        for item in creations_for(actor)
        if not text or text.lower() in str(item.label).lower()
    ]
    results = [*_things(actor, text), *new, *pages][:MOST_RESULTS]
    return render(request, "shell/palette_results.html", {"results": results})


def _things(actor: User, text: str) -> list[Result]:
    results = []
    for document in find(text)[:30] if text else []:
        target = targets.TARGETS.get(document.target_type)
        if target is None:
            continue
        try:
            thing = target.fetch(actor, document.target_id)
        except NotFound:
            continue
        url = reverse(target.url_name, args=[getattr(thing, target.url_key)])
        results.append(Result(document.label, document.detail, url, target.icon, _(target.label)))
        if len(results) >= MOST_RESULTS:
            break
    return results


@require_POST
def save_list_view(request: HttpRequest) -> HttpResponse:
    """Keep or drop a view of a list, or let the list open with it."""
    actor = cast(User, request.user)
    for verb, do in (("delete", delete_view), ("first", open_first)):
        if number := request.POST.get(verb):
            do(actor=actor, view_id=int(number) if number.isdecimal() and len(number) < 18 else 0)
            break
    else:
        save_view(
            actor=actor,
            page=request.POST.get("page", ""),
            name=request.POST.get("name", ""),
            query=request.POST.get("query", ""),
            shared="shared" in request.POST,
        )
    return redirect(safe_next(request))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form is older than the sign-in, or came from elsewhere."""
    return render(request, "shell/error.html", {"status": 403, "stale_form": True}, status=403)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """What was sent can't be read: too much of it, or what stands in no text. Whoever asks for a host that is none of
    ours gets no page: that would name our company, and its links the host."""
    if isinstance(exception, DisallowedHost):
        return HttpResponseBadRequest(content_type="text/plain; charset=utf-8")
    if request.path.startswith("/api/"):
        return _problem(_("Not readable"), 400, "http.bad_request")
    return render(request, "shell/error.html", {"status": 400}, status=400)


def sign_in_ended(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """What a person may not do is a refusal; what is denied without one is a sign-in through a directory that was begun
    in another browser, too long ago, or is finished already."""
    return render(request, "socialaccount/authentication_error.html", {"why": "ended"}, status=403)


def page_not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """A page, or a problem for programs."""
    if request.path.startswith("/api/"):
        return _problem(_("Not found"), 404, "http.not_found")
    return render(request, "shell/error.html", {"status": 404}, status=404)


def _problem(title: str, status: int, code: str) -> HttpResponse:
    body = {"type": "about:blank", "title": title, "status": status, "code": code}
    return JsonResponse(body, status=status, content_type="application/problem+json; charset=utf-8")


def server_error(request: HttpRequest) -> HttpResponse:
    """Leans on nothing that may be the broken part: no database, no context, no file names of the moment."""
    trouble = trouble_of(sys.exc_info()[1])
    if trouble:
        return unavailable(request, trouble)
    lang = "en" if get_language() == "en" else "zh-CN"
    return HttpResponse(render_to_string("shell/error500.html", {"lang": lang}), status=500)


def healthz(request: HttpRequest) -> HttpResponse:
    """The process lives."""
    return HttpResponse("ok", content_type="text/plain")


def readyz(request: HttpRequest) -> HttpResponse:
    """The database answers and every migration is applied."""
    executor = MigrationExecutor(connection)
    pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if pending:
        return HttpResponse(f"{len(pending)} migrations pending", status=503, content_type="text/plain")
    return HttpResponse("ready", content_type="text/plain")
