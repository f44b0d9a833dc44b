"""Follow a thing: hear of comments at once and of what others do with it within a minute or two."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Final

from django.db import models, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from punctual.kernel.refusal import NotFound
from punctual.kernel.wording import N_
from punctual.platform import targets
from punctual.platform.accounts.models import User
from punctual.platform.audit.models import AuditEntry
from punctual.platform.audit.services import target_type
from punctual.platform.comments.models import Follower
from punctual.platform.notifications.services import notify

KIND: Final = "follow"
"""The kind of notification, so that everybody chooses how it reaches them."""


def follow(*, actor: User, target: models.Model) -> None:
    """From now on the actor hears of it. The caller has fetched ``target`` for the actor."""
    Follower.objects.get_or_create(user=actor, target_type=target_type(target), target_id=target.pk)


def unfollow(*, actor: User, target: models.Model) -> None:
    Follower.objects.filter(user=actor, target_type=target_type(target), target_id=target.pk).delete()


def follows(actor: User, target: models.Model) -> bool:
    return Follower.objects.filter(user=actor, target_type=target_type(target), target_id=target.pk).exists()


def followers_of(target: models.Model) -> QuerySet[Follower]:
    rows = Follower.objects.filter(target_type=target_type(target), target_id=target.pk, user__is_active=True)
    return rows.select_related("user")


def tell_of_comment(*, target: models.Model, actor: User, text: str, url: str, but: Iterable[User]) -> None:
    """What somebody wrote, to those who follow; not to ``but``, who are told of it already."""
    known = {actor.pk, *(one.pk for one in but)}
    people = [one.user for one in followers_of(target) if one.user_id not in known and _sees(one)]
    notify(
        users=people,
        kind=KIND,
        text=N_("%(who)s on %(what)s: %(text)s"),
        params={"who": actor.name, "what": str(target), "text": text[:120]},
        url=url,
    )


def _sees(follower: Follower) -> models.Model | None:
    """The thing, if the follower may still see it."""
    try:
        return targets.fetch(follower.user, follower.target_type, follower.target_id)
    except NotFound:
        return None


def sees(user: User, target: models.Model) -> bool:
    """Whether somebody may see a thing that somebody else has fetched."""
    try:
        targets.fetch(user, target_type(target), target.pk)
    except NotFound:
        return False
    return True


def tell_of_changes(*, now: dt.datetime | None = None) -> int:
    """Tell every follower once of what others have done since they were last told; returns how many were told."""
    until = now or timezone.now()
    news = AuditEntry.objects.filter(
        target_type=OuterRef("target_type"), target_id=OuterRef("target_id"), at__gt=OuterRef("told_until")
    ).exclude(actor=None)
    waiting = Follower.objects.filter(Exists(news.exclude(actor=OuterRef("user"))), user__is_active=True)
    return sum(_tell(pk, until) for pk in list(waiting.values_list("pk", flat=True)))


@transaction.atomic
def _tell(pk: int, until: dt.datetime) -> int:
    follower = Follower.objects.select_for_update(of=("self",)).select_related("user").filter(pk=pk).first()
    if follower is None:
        return 0
    done = AuditEntry.objects.filter(
        target_type=follower.target_type, target_id=follower.target_id, at__gt=follower.told_until, at__lte=until
    )
    last = done.exclude(actor=None).exclude(actor=follower.user_id).select_related("actor").order_by("-at").first()
    if last is None or last.actor is None:
        return 0
    follower.told_until = until
    follower.save(update_fields=["told_until"])
    target = _sees(follower)
    if target is None:
        return 0
    notify(
        users=[follower.user],
        kind=KIND,
        text=N_("%(who)s has worked on %(what)s."),
        params={"who": last.actor.name, "what": last.target_label},
        url=targets.url_of(follower.target_type, target),
        dedupe_key=f"follow:{last.pk}",
    )
    return 1
