"""Write the story; every service that changes something calls :func:`record` in its transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, TypedDict

from django.db import models
from django.db.models import QuerySet

from punctual.kernel.quantity import plain
from punctual.platform.accounts.models import User
from punctual.platform.audit.models import AuditEntry


class Change(TypedDict):
    """One field's old and new value, as JSON."""

    field: str
    old: Any
    new: Any


def target_type(target: models.Model | type[models.Model]) -> str:
    """The name under which a thing's story, comments and files are kept: its model name."""
    return target._meta.model_name or ""


def as_json(value: object) -> Any:
    """A value that JSON holds and people can read: ISO dates, plain decimals, labels of related things."""
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, dt.date | dt.datetime):
        return value.isoformat()
    if value is None or isinstance(value, bool | int | str):
        return value
    return str(value)


def differences(before: Mapping[str, object], after: Mapping[str, object]) -> list[Change]:
    """The fields whose values differ, in the order of ``after``."""
    return [
        Change(field=name, old=as_json(before.get(name)), new=as_json(value))
        for name, value in after.items()
        if as_json(before.get(name)) != as_json(value)
    ]


def step(
    *,
    actor: User | None,
    verb: str,
    target: models.Model,
    changes: Iterable[Change] = (),
    reason: str = "",
) -> AuditEntry:
    """One step of the target's story, not kept yet: what changes thousands of rows keeps them by :func:`record_all`."""
    return AuditEntry(
        actor=actor,
        verb=verb,
        target_type=target_type(target),
        target_id=target.pk,
        target_label=str(target)[:200],
        target_version=getattr(target, "version", 0),
        changes=list(changes),
        reason=reason,
    )


def record_all(steps: Iterable[AuditEntry]) -> None:
    """Keep many steps in few statements."""
    AuditEntry.objects.bulk_create(steps, batch_size=500)


def record(
    *,
    actor: User | None,
    verb: str,
    target: models.Model,
    changes: Iterable[Change] = (),
    reason: str = "",
    at: dt.datetime | None = None,
) -> AuditEntry:
    """Keep one step of the target's story. ``actor`` None is the system itself."""
    entry = step(actor=actor, verb=verb, target=target, changes=changes, reason=reason)
    if at is not None:
        entry.at = at
    entry.save()
    return entry


def story_of(target: models.Model) -> QuerySet[AuditEntry]:
    """Newest first. The caller has already fetched ``target`` for its actor, so it may read its story."""
    return AuditEntry.objects.filter(target_type=target_type(target), target_id=target.pk).select_related("actor")
