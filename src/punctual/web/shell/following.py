"""Follow what one sees, and say something about it."""

from __future__ import annotations

from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from punctual.kernel.refusal import NotFound, Reason
from punctual.kernel.wording import N_
from punctual.platform import targets
from punctual.platform.accounts.models import User
from punctual.platform.comments.following import follow, follows, unfollow
from punctual.platform.comments.services import add_comment
from punctual.web.master.pages import actor_of
from punctual.web.orders.actions import done

FOLLOWED = ("order", "customerrequest", "nonconformity", "correctiveaction", "inspection", "changeorder")
"""Kinds of things whose pages show the button."""
DISCUSSED = ("nonconformity", "correctiveaction", "inspection")
"""Kinds whose pages show comments from here; orders and requests have their own."""


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
def comment(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """Say something; ``@name`` tells that person, followers hear of it."""
    actor = actor_of(request)
    target = _fetched(actor, kind, pk, DISCUSSED)
    url = targets.url_of(kind, target)
    add_comment(actor=actor, target=target, text=request.POST.get("text", ""), url=url)
    return done(request, f"{url}#comments", _("Sent."))
