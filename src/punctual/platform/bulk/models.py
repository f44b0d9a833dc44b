"""What was changed in one go, so that it can be taken back."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone


class BulkChange(models.Model):
    """``rows``: ``[id, before, after, name]`` of each record that was changed, as the field's editor writes values."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    page = models.CharField(max_length=60)
    field = models.CharField(max_length=60)
    rows = models.JSONField(default=list)
    at = models.DateTimeField(default=timezone.now)
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.page} {self.field} {len(self.rows)}"
