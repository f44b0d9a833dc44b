"""Events and which handler has taken which."""

import uuid

from django.db import models
from django.utils import timezone


class OutboxEvent(models.Model):
    """Something that happened, told after commit. ``handled_at`` is set when every handler has taken it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=60)
    payload = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now)
    handled_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True)

    class Meta:
        ordering = ["created_at"]
        indexes = [models.Index(fields=["handled_at", "created_at"])]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class HandledEvent(models.Model):
    """``handler`` has taken ``event``; written in the handler's own transaction, so it happens once."""

    event = models.ForeignKey(OutboxEvent, on_delete=models.CASCADE)
    handler = models.CharField(max_length=250)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event", "handler"], name="outbox_each_handler_once")]

    def __str__(self) -> str:
        return f"{self.handler} ← {self.event_id}"
