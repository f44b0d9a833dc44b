"""What people say about a thing."""

from django.conf import settings
from django.db import models
from django.utils import timezone


class Comment(models.Model):
    target_type = models.CharField(max_length=40)
    target_id = models.BigIntegerField()
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    text = models.TextField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [models.Index(fields=["target_type", "target_id", "-created_at"])]

    def __str__(self) -> str:
        return self.text[:80]


class Follower(models.Model):
    """Who wants to hear what is said about a thing and done with it. ``told_until`` is how far that was told."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="follows")
    target_type = models.CharField(max_length=40)
    target_id = models.BigIntegerField()
    since = models.DateTimeField(default=timezone.now)
    told_until = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["target_type", "target_id"])]
        constraints = [
            models.UniqueConstraint(fields=["user", "target_type", "target_id"], name="comments_followed_once")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.target_type} {self.target_id}"
