"""Buttons of the order's page: each calls one service and comes back with a sentence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from punctual.domain.orders.models import Order
from punctual.domain.orders.selectors import order_by_key
from punctual.domain.orders.services.drafts import copy_order, delete_draft
from punctual.domain.orders.services.remarks import attach_to_order, comment_on_order, detach_from_order
from punctual.domain.orders.services.review import ask_in_review, return_order, sign_review, submit_for_review
from punctual.domain.orders.services.states import PERMISSION, move
from punctual.domain.orders.services.waivers import waive, withdraw_waiver
from punctual.flows.confirm_order import confirm_order
from punctual.kernel.refusal import NotFound, Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.attachments.services import attachments_of, path_of
from punctual.platform.records import get_or_not_found
from punctual.web.shell.mentions import untold
from punctual.web.shell.undo import say_with_undo
from punctual.web.shell.views import safe_next

WAY_BACK: Final = {"hold": "resume", "quote": "reopen"}
"""Steps that a button takes back without asking for more."""


def _actor(request: HttpRequest) -> User:
    return cast(User, request.user)


def version_of(request: HttpRequest) -> int | None:
    text = request.POST.get("version", "")
    return int(text) if text.isdecimal() and len(text) < 12 else None


def done(request: HttpRequest, url: str, sentence: str = "") -> HttpResponse:
    """Go on to ``url``: by redirect, by htmx's own, or as JSON for a script."""
    if sentence:
        messages.success(request, sentence)
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": url})
    if "application/json" in request.headers.get("Accept", ""):
        return JsonResponse({"url": url})
    return redirect(url)


def done_here(request: HttpRequest, url: str, sentence: str) -> HttpResponse:
    """The same where ``url`` is a part of the page that asked: for htmx that page comes anew."""
    if not request.headers.get("HX-Request"):
        return done(request, url, sentence)
    messages.success(request, sentence)
    return HttpResponse(status=204, headers={"HX-Refresh": "true"})


def _page(order: Order) -> str:
    return reverse("order", args=[order.key])


@require_POST
def do(request: HttpRequest, key: str, verb: str) -> HttpResponse:
    """One step of the order's life."""
    actor, today, version = _actor(request), timezone.localdate(), version_of(request)
    order = order_by_key(actor, key)
    if verb == "submit":
        order = submit_for_review(actor=actor, order_id=order.pk, today=today, expected_version=version)
        return done(request, _page(order), _("%(number)s is in review.") % {"number": order.number})
    if verb == "confirm":
        order = confirm_order(actor=actor, order_id=order.pk, today=today, expected_version=version)
        return done(request, _page(order), _("%(number)s is confirmed.") % {"number": order.number})
    if verb not in PERMISSION:
        raise NotFound(Reason("order.verb", N_("An order can't “%(verb)s”."), {"verb": verb[:40]}))
    reason = request.POST.get("reason", "")
    order = move(actor=actor, order_id=order.pk, verb=verb, today=today, reason=reason, expected_version=version)
    sentence = _("%(number)s: %(state)s.") % {"number": order.label, "state": order.get_state_display()}
    if verb in WAY_BACK:
        back = reverse("order_do", args=[order.key, WAY_BACK[verb]])
        say_with_undo(request, sentence, back, version=order.version)
        sentence = ""
    return done(request, _page(order), sentence)


@require_POST
def waive_warning(request: HttpRequest, key: str) -> HttpResponse:
    actor = _actor(request)
    order = order_by_key(actor, key)
    line = request.POST.get("line", "")
    given = waive(
        actor=actor,
        order_id=order.pk,
        code=request.POST.get("code", ""),
        line_no=int(line) if line.isdecimal() and len(line) < 12 else None,
        reason=request.POST.get("reason", ""),
        today=timezone.localdate(),
        expected_version=version_of(request),
    )
    order.refresh_from_db()
    back = reverse("order_withdraw", args=[order.key, given.pk])
    say_with_undo(request, _("Waived, in your name."), back, version=order.version, next=_back(request, order))
    return done(request, _back(request, order))


def _back(request: HttpRequest, order: Order) -> str:
    return safe_next(request) if request.POST.get("next") else _page(order)


@require_POST
def withdraw(request: HttpRequest, key: str, pk: int) -> HttpResponse:
    order = order_by_key(_actor(request), key)
    withdraw_waiver(actor=_actor(request), order_id=order.pk, waiver_id=pk, expected_version=version_of(request))
    return done(request, _back(request, order), _("The waiver is withdrawn; the warning counts again."))


@require_POST
def review(request: HttpRequest, key: str) -> HttpResponse:
    """Sign, return or ask."""
    actor = _actor(request)
    order = order_by_key(actor, key)
    verbs: dict[str, tuple[Callable[..., Order], str]] = {
        "sign": (sign_review, _("Signed.")),
        "return": (return_order, _("Returned; the owner has been told.")),
        "ask": (ask_in_review, _("Asked; the owner has been told.")),
    }
    verb, sentence = verbs.get(request.POST.get("verb", ""), (sign_review, ""))
    if not sentence:
        raise Refusal(Reason("order.review.verb", N_("Choose: sign, return or ask.")))
    verb(
        actor=actor,
        order_id=order.pk,
        comment=request.POST.get("comment", ""),
        role=request.POST.get("role", ""),
        expected_version=version_of(request),
    )
    return done(request, _back(request, order), sentence)


@require_POST
def comment(request: HttpRequest, key: str) -> HttpResponse:
    actor, text = _actor(request), request.POST.get("text", "")
    order = order_by_key(actor, key)
    comment_on_order(actor=actor, order_id=order.pk, text=text)
    return done(request, f"{_back(request, order)}#log", untold(actor, order, text))


@require_POST
def attach_file(request: HttpRequest, key: str) -> HttpResponse:
    order = order_by_key(_actor(request), key)
    files = request.FILES.getlist("file")
    if not files:
        raise Refusal(Reason("attachment.missing", N_("Choose a file."), field="file"))
    for file in files:
        attach_to_order(actor=_actor(request), order_id=order.pk, file=file, name=file.name or "file")
    return done(request, f"{_page(order)}#files", _("Attached."))


@require_POST
def remove_file(request: HttpRequest, key: str, pk: int) -> HttpResponse:
    order = order_by_key(_actor(request), key)
    detach_from_order(actor=_actor(request), order_id=order.pk, attachment_id=pk)
    return done(request, f"{_page(order)}#files", _("Removed."))


def download(request: HttpRequest, key: str, pk: int) -> HttpResponseBase:
    """A file as it came; browsers only ever save it."""
    actor = _actor(request)
    require(actor, "orders.view")
    order = order_by_key(actor, key)
    found = get_or_not_found(attachments_of(order), pk=pk)
    return as_download(path_of(found.sha256).read_bytes(), found.name)


def as_download(content: bytes, name: str, content_type: str = "application/octet-stream") -> HttpResponse:
    response = HttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or "attachment"
    return response


@require_POST
def copy(request: HttpRequest, key: str) -> HttpResponse:
    order = order_by_key(_actor(request), key)
    made = copy_order(actor=_actor(request), order_id=order.pk, today=timezone.localdate())
    return done(request, reverse("order_edit", args=[made.key]), _("Copied. Enter the dates of the new order."))


@require_POST
def delete(request: HttpRequest, key: str) -> HttpResponse:
    order = order_by_key(_actor(request), key)
    delete_draft(actor=_actor(request), order_id=order.pk, expected_version=version_of(request))
    return done(request, reverse("orders"), _("The draft is deleted."))
