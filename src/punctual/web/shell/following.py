"""Follow what one sees, and say something about it."""

from __future__ import annotations

import re

from django.db.models import Model
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from punctual.kernel.refusal import NotFound, Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform import targets
from punctual.platform.accounts.models import User
from punctual.platform.attachments.services import attach, attachments_of, path_of, picture_type
from punctual.platform.comments.following import follow, follows, unfollow
from punctual.platform.comments.services import add_comment
from punctual.platform.records import get_or_not_found
from punctual.web.master.pages import actor_of
from punctual.web.orders.actions import done

FOLLOWED = (
    "order",
    "customerrequest",
    "nonconformity",
    "correctiveaction",
    "inspection",
    "changeorder",
    "risk",
    "actionitem",
    "servicecase",
    "customer",
)
"""Kinds of things whose pages show the button."""
DISCUSSED = (
    "nonconformity",
    "correctiveaction",
    "inspection",
    "changeorder",
    "risk",
    "actionitem",
    "servicecase",
    "customer",
)
"""Kinds whose pages show comments from here; orders and requests have their own."""
PICTURED = (*DISCUSSED, "order", "customerrequest")
"""Kinds whose comments take pictures."""


def _fetched(actor: User, kind: str, pk: int, allowed: tuple[str, ...]) -> Model:
    if kind not in allowed:
        text = N_("There is no kind of thing named “%(name)s”.")
        raise NotFound(Reason("target.unknown", text, {"name": kind[:40]}))
    return targets.fetch(actor, kind, pk)


@require_POST
def toggle(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """Follow it, or do not any more."""
    actor = actor_of(request)
    target = _fetched(actor, kind, pk, FOLLOWED)
    if follows(actor, target):
        unfollow(actor=actor, target=target)
        sentence = _("You no longer follow it.")
    else:
        follow(actor=actor, target=target)
        sentence = _("You hear of comments and changes from now on.")
    return done(request, targets.url_of(kind, target), sentence)


@require_POST
def add_picture(request: HttpRequest, kind: str, pk: int) -> JsonResponse:
    """Keep a pasted picture with the thing; answers with the Markdown that shows it."""
    actor = actor_of(request)
    target = _fetched(actor, kind, pk, PICTURED)
    given = request.FILES.get("file")
    head = given.read(16) if given is not None else b""
    if given is None or given.file is None or not picture_type(head):
        text = N_("This is no picture. PNG, JPEG, GIF and WebP can be pasted.")
        raise Refusal(Reason("comment.picture", text, field="file"))
    given.seek(0)
    name = re.sub(r"[^\w.\- ]", "", given.name or "") or "picture.png"
    kept = attach(actor=actor, target=target, file=given.file, name=name, kind="pasted")
    url = reverse("comment_picture", args=[kind, pk, kept.pk])
    return JsonResponse({"markdown": f"![{kept.name}]({url})"})


def picture(request: HttpRequest, kind: str, pk: int, file: int) -> HttpResponse:
    """A pasted picture, for who may see the thing."""
    target = _fetched(actor_of(request), kind, pk, PICTURED)
    found = get_or_not_found(attachments_of(target).filter(kind="pasted"), pk=file)
    content = path_of(found.sha256).read_bytes()
    response = HttpResponse(content, content_type=picture_type(content) or "application/octet-stream")
    response["Content-Disposition"] = content_disposition_header(as_attachment=False, filename=found.name) or "inline"
    response["Cache-Control"] = "private, max-age=86400"
    return response


@require_POST
def comment(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """Say something; ``@name`` tells that person, followers hear of it."""
    actor = actor_of(request)
    target = _fetched(actor, kind, pk, DISCUSSED)
    url = targets.url_of(kind, target)
    add_comment(actor=actor, target=target, text=request.POST.get("text", ""), url=url)
    return done(request, f"{url}#comments", _("Sent."))
