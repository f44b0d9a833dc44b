"""Records that two people may edit at once: a version, compare-and-set, and a conflict that shows the difference."""

from __future__ import annotations

from typing import TypeVar

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone

from punctual.kernel.refusal import Conflict, NotFound, Reason
from punctual.kernel.wording import N_, Word
from punctual.platform.audit.models import AuditEntry
from punctual.platform.audit.services import target_type


class Versioned(models.Model):
    """Counts its changes; every write goes through :func:`lock` and :func:`save_next`."""

    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True


V = TypeVar("V", bound=Versioned)
M = TypeVar("M", bound=models.Model)


def not_found(model: type[models.Model], key: object) -> NotFound:
    """Absent and invisible look the same."""
    return NotFound(
        Reason(
            code=f"{model._meta.model_name}.not_found",
            text=N_("There is no “%(key)s” here that you may see."),
            params={"key": str(key)},
        )
    )


def get_or_not_found(visible: models.QuerySet[M], **lookup: object) -> M:
    """One record out of what the actor may see, or :class:`NotFound`."""
    try:
        found = visible.filter(**lookup).first()
    except ValidationError:  # a key that no record can have, such as a word where an UUID belongs
        found = None
    if found is None:
        raise not_found(visible.model, next(iter(lookup.values()), ""))
    return found


def lock(visible: models.QuerySet[V], *, expected_version: int | None, **lookup: object) -> V:
    """Lock one record for the rest of the transaction and compare its version.

    ``expected_version`` None is for callers that hold no earlier copy (jobs, first transitions).
    Raises :class:`NotFound`, or :class:`Conflict` carrying what has changed since that version.
    """
    found = get_or_not_found(visible.select_for_update(of=("self",)), **lookup)
    if expected_version is not None and found.version != expected_version:
        raise conflict(found, expected_version)
    return found


def conflict(current: Versioned, expected_version: int) -> Conflict:
    """The refusal that says who changed what since ``expected_version``."""
    entries = (
        AuditEntry.objects.filter(
            target_type=target_type(current), target_id=current.pk, target_version__gt=expected_version
        )
        .select_related("actor")
        .order_by("at", "id")
    )
    changes = [
        {
            "by": str(entry.actor or ""),
            "at": entry.at.isoformat(),
            "verb": entry.verb,
            "target": entry.target_type,
            **change,
        }
        for entry in entries
        for change in (entry.changes or [{"field": "", "old": None, "new": None}])
    ]
    last = entries.last()
    return Conflict(
        Reason(
            code="version.conflict",
            text=N_("Not saved: %(who)s changed it in the meantime. Compare, then decide."),
            params={"who": str(last.actor) if last and last.actor else Word(N_("somebody else"))},
        ),
        current_version=current.version,
        changes=changes,
    )


def save_next(record: Versioned, *, fields: list[str] | None = None) -> None:
    """Save a locked record as its next version."""
    record.version += 1
    record.save(update_fields=None if fields is None else [*fields, "version", "updated_at"])
