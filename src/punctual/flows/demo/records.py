"""What bulk-written demo records need besides their rows: the first line of their story and their search document."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from django.db import models
from django.utils import timezone

from punctual.platform.accounts.models import User
from punctual.platform.audit.models import AuditEntry
from punctual.platform.audit.services import target_type
from punctual.platform.outbox.models import OutboxEvent
from punctual.platform.search.services import Document, index

M = TypeVar("M", bound=models.Model)


def begin_stories(records: Iterable[models.Model], actor: User) -> None:
    """``actor`` made each of them."""
    AuditEntry.objects.bulk_create(
        AuditEntry(
            actor=actor,
            verb="create",
            target_type=target_type(item),
            target_id=item.pk,
            target_label=str(item)[:200],
            target_version=getattr(item, "version", 0),
        )
        for item in records
    )


def make_findable(records: Iterable[M], document_of: Callable[[M], Document]) -> None:
    index(document_of(item) for item in records)


@contextmanager
def nothing_waits() -> Iterator[None]:
    """What the made-up past tells meanwhile needs no answer now: its events are taken as handled, its messages as not
    sent. Inside of a transaction."""
    begun = timezone.now()
    yield
    OutboxEvent.objects.filter(handled_at=None, created_at__gte=begun).update(handled_at=timezone.now())
