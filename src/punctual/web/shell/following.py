"""Follow what one sees, and say something about it."""

from __future__ import annotations

import re

from django.db.models import Model
from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from punctual.kernel.refusal import NotFound, Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform import targets
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.attachments.services import PASTED, attach, attachments_of, path_of, picture_type
from punctual.platform.comments.following import follow, follows, unfollow
from punctual.platform.comments.kinds import DISCUSSED, FOLLOWED, OF_THEIR_OWN
from punctual.platform.comments.services import add_comment
from punctual.platform.records import get_or_not_found
from punctual.web.master.pages import actor_of
from punctual.web.orders.actions import done
from punctual.web.shell.mentions import untold
from punctual.web.shell.views import safe_next

LARGEST_PICTURE = 8 << 20
MOST_PICTURES = 50


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
    target = _fetched(actor, kind, pk, FOLLOWED)
    if kind in OF_THEIR_OWN:
        require(actor, OF_THEIR_OWN[kind])
    given = request.FILES.get("file")
    head = given.read(16) if given is not None else b""
    if given is None or given.file is None or not picture_type(head):
        text = N_("This is no picture. PNG, JPEG, GIF and WebP can be pasted.")
        raise Refusal(Reason("comment.picture", text, field="file"))
    if (given.size or 0) > LARGEST_PICTURE:
        text = N_("The picture is larger than %(limit)d MB; make it smaller and paste it again.")
        raise Refusal(Reason("comment.picture_size", text, {"limit": LARGEST_PICTURE >> 20}, "file"))
    if attachments_of(target).filter(kind=PASTED).count() >= MOST_PICTURES:
        text = N_("The comments here hold %(limit)d pictures, and no more fit; attach it as a document.")
        raise Refusal(Reason("comment.pictures", text, {"limit": MOST_PICTURES}, "file"))
    given.seek(0)
    name = re.sub(r"[^\w.\- ]", "", given.name or "") or "picture.png"
    kept = attach(actor=actor, target=target, file=given.file, name=name, kind=PASTED)
    url = reverse("comment_picture", args=[kind, pk, kept.pk])
    return JsonResponse({"markdown": f"![{kept.name}]({url})"})


def picture(request: HttpRequest, kind: str, pk: int, file: int) -> FileResponse:
    """A pasted picture, for who may see the thing."""
    target = _fetched(actor_of(request), kind, pk, FOLLOWED)
    found = get_or_not_found(attachments_of(target).filter(kind=PASTED), pk=file)
    file_read = path_of(found.sha256).open("rb")
    shown_as = picture_type(file_read.read(16)) or "application/octet-stream"
    file_read.seek(0)
    response = FileResponse(file_read, filename=found.name, content_type=shown_as)
    response["Cache-Control"] = "private, max-age=86400"
    return response


@require_POST
def comment(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """Say something; ``@name`` tells that person, followers hear of it."""
    actor = actor_of(request)
    target = _fetched(actor, kind, pk, DISCUSSED)
    url = targets.url_of(kind, target)
    text = request.POST.get("text", "")
    add_comment(actor=actor, target=target, text=text, url=url)
    back = safe_next(request) if request.POST.get("next") else f"{url}#comments"
    return done(request, back, f"{_('Sent.')} {untold(actor, target, text)}".strip())
