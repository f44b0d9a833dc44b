"""Say something about a thing that one may see; ``@name`` tells that person."""

from __future__ import annotations

import datetime as dt
import re

from django.db import models, transaction
from django.db.models import QuerySet

from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.audit.services import target_type
from punctual.platform.comments.following import follow, sees, tell_of_comment
from punctual.platform.comments.models import Comment
from punctual.platform.notifications.services import notify

LONGEST = 5000
_MENTION = re.compile(r"@([\w.\-]+)")


def comments_on(target: models.Model) -> QuerySet[Comment]:
    """Newest first. The caller has fetched ``target`` for its actor."""
    return Comment.objects.filter(target_type=target_type(target), target_id=target.pk).select_related("author")


@transaction.atomic
def add_comment(
    *, actor: User, target: models.Model, text: str, url: str = "", at: dt.datetime | None = None
) -> Comment:
    """Keep the comment; who is mentioned or follows, and may see it, hears of it. Its author follows from now on.
    ``url`` is where they can read it."""
    text = text.strip()
    if not text:
        raise Refusal(Reason(code="comment.empty", text=N_("Write something first."), field="text"))
    if len(text) > LONGEST:
        raise Refusal(
            Reason(
                code="comment.too_long",
                text=N_("The comment has %(length)d characters; at most %(longest)d fit."),
                params={"length": len(text), "longest": LONGEST},
                field="text",
            )
        )
    comment = Comment(target_type=target_type(target), target_id=target.pk, author=actor, text=text)
    if at is not None:
        comment.created_at = at
    comment.save()
    mentioned = tell_mentioned(actor=actor, text=text, target=target, url=url)
    tell_of_comment(target=target, actor=actor, text=text, url=url, but=mentioned)
    follow(actor=actor, target=target)
    return comment


def mentioned_in(text: str, actor: User) -> list[User]:
    """Who is named by ``@name`` in a text, without its writer."""
    names = set(_MENTION.findall(text))
    if not names:
        return []
    found = User.objects.filter(
        models.Q(username__in=names) | models.Q(display_name__in=names), is_active=True
    ).exclude(pk=actor.pk)
    return list(found)


def tell_mentioned(*, actor: User, text: str, target: models.Model, url: str) -> list[User]:
    """``@name`` in a text tells that person, who must be able to see ``target``; returns who was told."""
    mentioned = [one for one in mentioned_in(text, actor) if sees(one, target)]
    notify(
        users=mentioned,
        kind="mention",
        text=N_("%(who)s mentioned you on %(what)s: %(text)s"),
        params={"who": actor.name, "what": str(target), "text": text[:120]},
        url=url,
    )
    return mentioned
