"""Create, change, archive and restore a record whose facts are one flat set of fields: the part every noun shares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from django.db.models import Model, QuerySet
from django.utils import timezone

from punctual.kernel.refusal import Reason
from punctual.kernel.wording import N_, Word
from punctual.platform.accounts.models import User
from punctual.platform.audit.services import Change, differences, record
from punctual.platform.records import Versioned, save_next

V = TypeVar("V", bound=Versioned)


def create(record_: V, *, actor: User | None) -> V:
    """Save a new record and begin its story."""
    record_.save()
    record(actor=actor, verb="create", target=record_)
    return record_


def change(
    found: V,
    wish: Mapping[str, object],
    *,
    actor: User,
    verb: str = "change",
    more: list[Change] | None = None,
    reason: str = "",
) -> list[Change]:
    """Set the fields that differ on a locked record, count its version and keep the story; returns what changed.

    ``more`` are changes already made to what belongs to the record (its revisions, its skills).
    """
    changes = [*differences({name: getattr(found, name) for name in wish}, wish), *(more or [])]
    if changes:
        for name, value in wish.items():
            setattr(found, name, value)
        save_next(found)
        record(actor=actor, verb=verb, target=found, changes=changes, reason=reason)
    return changes


def set_archived(found: V, archived: bool, *, actor: User) -> V:
    """Take a locked record out of the choices, or bring it back. Doing it twice changes nothing."""
    if (getattr(found, "archived_at") is not None) != archived:  # noqa: B009 - every archivable noun has it
        setattr(found, "archived_at", timezone.now() if archived else None)  # noqa: B010
        save_next(found, fields=["archived_at"])
        record(actor=actor, verb="archive" if archived else "restore", target=found)
    return found


def taken(rows: QuerySet[Model], *, noun: str, field: str, value: str, pk: int | None = None) -> list[Reason]:
    """The reason against a code that another record has (case does not tell them apart)."""
    if not value or "\0" in value:
        return []  # refused for that already, and PostgreSQL would not look for it
    same = rows.filter(**{f"{field}__iexact": value})
    if pk is not None:
        same = same.exclude(pk=pk)
    if not same.exists():
        return []
    return [
        Reason(
            code=f"{noun}.{field}.taken",
            text=N_("There is already a %(noun)s “%(value)s”; choose another."),
            params={"noun": Word(str(rows.model._meta.verbose_name)), "value": value},
            field=field,
        )
    ]
