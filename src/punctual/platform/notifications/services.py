"""Tell people; read and clear one's inbox."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.db.models import QuerySet
from django.utils import timezone

from punctual.platform.accounts.models import User
from punctual.platform.notifications.models import Notification


def notify(
    *,
    users: Iterable[User],
    kind: str,
    text: str,
    params: Mapping[str, object] | None = None,
    url: str = "",
    dedupe_key: str = "",
) -> None:
    """Put one notification in each person's inbox; with ``dedupe_key`` a second one of the same key is dropped."""
    Notification.objects.bulk_create(
        [
            Notification(user=user, kind=kind, text=text, params=dict(params or {}), url=url, dedupe_key=dedupe_key)
            for user in {user.pk: user for user in users if user.is_active}.values()
        ],
        ignore_conflicts=True,
    )


def inbox_of(actor: User) -> QuerySet[Notification]:
    return Notification.objects.filter(user=actor)


def unread_count(actor: User) -> int:
    return inbox_of(actor).filter(read_at=None).count()


def mark_read(*, actor: User, ids: Iterable[int] | None = None) -> int:
    """Mark the given ones, or all, as read; only one's own."""
    mine = inbox_of(actor).filter(read_at=None)
    if ids is not None:
        mine = mine.filter(pk__in=list(ids))
    return mine.update(read_at=timezone.now())
