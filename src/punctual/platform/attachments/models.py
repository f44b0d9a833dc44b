"""Files on things; the bytes are stored once by their hash."""

from django.conf import settings
from django.db import models
from django.utils import timezone


class Attachment(models.Model):
    """``version`` counts files of the same name on the same thing; older ones stay."""

    target_type = models.CharField(max_length=40)
    target_id = models.BigIntegerField()
    name = models.CharField(max_length=255)
    kind = models.CharField(max_length=40, blank=True)
    version = models.PositiveIntegerField(default=1)
    sha256 = models.CharField(max_length=64, db_index=True)
    size = models.PositiveBigIntegerField()
    content_type = models.CharField(max_length=100)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField(default=timezone.now)
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-uploaded_at", "-id"]
        indexes = [models.Index(fields=["target_type", "target_id", "-uploaded_at"])]

    def __str__(self) -> str:
        return self.name
