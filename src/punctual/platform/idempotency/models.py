"""A request that was done, and what it answered."""

from django.conf import settings
from django.db import models
from django.utils import timezone


class DoneRequest(models.Model):
    """Written in the request's own transaction, so that the answer exists exactly when the effect does."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    key = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0)
    content_type = models.CharField(max_length=100, blank=True)
    location = models.CharField(max_length=500, blank=True)
    body = models.BinaryField(default=b"")
    at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="idempotency_once_a_key")]

    def __str__(self) -> str:
        return self.key
