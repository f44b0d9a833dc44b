"""A list's query string under a name, for oneself or for all."""

from django.conf import settings
from django.db import models


class SavedView(models.Model):
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_views")
    page = models.CharField(max_length=60)
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=1000, blank=True)
    shared = models.BooleanField(default=False)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["user", "page", "name"], name="saved_views_one_a_name")]

    def __str__(self) -> str:
        return self.name


class FirstView(models.Model):
    """The view with which a page opens for somebody who asks for nothing else."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="first_views")
    page = models.CharField(max_length=60)
    view = models.ForeignKey(SavedView, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "page"], name="saved_views_one_first_a_page")]

    def __str__(self) -> str:
        return f"{self.page}: {self.view}"
