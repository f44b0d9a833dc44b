"""One row a verb: the story of a thing, never changed afterwards, and the seals that would show it if it were."""

from __future__ import annotations

from typing import Any, ClassVar, NoReturn

from django.conf import settings
from django.db import models
from django.utils import timezone


class AppendOnly(Exception):
    """A story is continued, never rewritten."""


class AppendOnlyQuerySet(models.QuerySet[Any]):
    """Rows are added and read; the database's own triggers hold the same for everybody who comes another way."""

    def update(self, **kwargs: Any) -> NoReturn:
        raise AppendOnly(f"{self.model.__name__} is never changed")

    def delete(self) -> NoReturn:
        raise AppendOnly(f"{self.model.__name__} is never deleted")

    def bulk_update(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnly(f"{self.model.__name__} is never changed")


class AppendOnlyModel(models.Model):
    objects: ClassVar[models.Manager[Any]] = AppendOnlyQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AppendOnly(f"{type(self).__name__} {self.pk} is never changed")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnly(f"{type(self).__name__} {self.pk} is never deleted")


class AuditEntry(AppendOnlyModel):
    """``actor`` did ``verb`` to a thing. ``changes`` is a list of {field, old, new}; texts as people read them.
    ``target_version`` is the thing's version after it, where the thing has one."""

    at = models.DateTimeField(default=timezone.now, db_index=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    verb = models.CharField(max_length=60)
    target_type = models.CharField(max_length=40)
    target_id = models.BigIntegerField()
    target_label = models.CharField(max_length=200)
    target_version = models.PositiveIntegerField(default=0)
    changes = models.JSONField(default=list)
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["target_type", "target_id", "-at"])]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.verb} {self.target_label}"


class AuditSeal(AppendOnlyModel):
    """``digest`` is SHA-256 over the digest before it in the story of the same target and over what ``entry`` says.

    The key has no constraint in the database: a seal whose entry is gone is what tells that it was taken away.
    """

    entry = models.OneToOneField(AuditEntry, on_delete=models.DO_NOTHING, db_constraint=False, related_name="seal")
    target_type = models.CharField(max_length=40)
    target_id = models.BigIntegerField()
    digest = models.CharField(max_length=64)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["target_type", "target_id", "-id"], name="audit_chain_of_target")]

    def __str__(self) -> str:
        return f"{self.entry_id} {self.digest[:12]}"


class AuditCheckpoint(AppendOnlyModel):
    """All stories together at a moment: ``root`` is SHA-256 over the root before it and every seal since, ``mac`` its
    signature with this installation's key, so that who can write to the database alone can't make a new one."""

    at = models.DateTimeField(default=timezone.now)
    last_seal = models.BigIntegerField()
    last_entry = models.BigIntegerField()
    count = models.PositiveIntegerField()
    root = models.CharField(max_length=64)
    mac = models.CharField(max_length=64)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.root[:12]}"
