"""Definitions of custom fields and the values that orders, tasks and customers have in them."""

from __future__ import annotations

from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from punctual.kernel.wording import N_
from punctual.platform.records import Versioned


class Subject(models.TextChoices):
    """What can have fields of the company's own."""

    ORDER = "order", _("Order")
    TASK = "task", _("Task")
    CUSTOMER = "customer", _("Customer")


class Kind(models.TextChoices):
    """What a field holds."""

    TEXT = "text", _("Short text")
    NUMBER = "number", _("Number")
    DAY = "day", _("Date")
    CHOICE = "choice", _("Choice")
    YES_NO = "yes_no", _("Yes or no")


class CustomField(Versioned):
    """One field. ``key`` is what the API, files and addresses call it; ``options`` of a choice are ``{"key", "en"}``,
    where the key is kept as the value and ``en`` is how English readers see it (empty: the same).
    """

    subject = models.CharField(_("Belongs to"), max_length=20, choices=Subject.choices)
    key = models.CharField(_("Key"), max_length=40)
    label_zh = models.CharField(_("Chinese name"), max_length=60, blank=True)
    label_en = models.CharField(_("English name"), max_length=60, blank=True)
    kind = models.CharField(_("Holds"), max_length=10, choices=Kind.choices, default=Kind.TEXT)
    options = models.JSONField(_("Choices"), default=list, blank=True)
    required = models.BooleanField(_("Must be filled in"), default=False)
    in_list = models.BooleanField(_("Column of the list"), default=True)
    position = models.PositiveIntegerField(_("Place"), default=0)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = N_("custom field")
        ordering = ["subject", "position", "id"]
        constraints = [models.UniqueConstraint(fields=["subject", "key"], name="custom_fields_one_a_key")]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """Its name in the reader's language, else in the other."""
        english = (get_language() or "").startswith("en")
        return (self.label_en or self.label_zh) if english else (self.label_zh or self.label_en)

    @property
    def choices(self) -> list[tuple[str, str]]:
        """Kept value and words of each choice."""
        english = (get_language() or "").startswith("en")
        return [(one["key"], (one.get("en") or one["key"]) if english else one["key"]) for one in self.options]


class CustomValue(models.Model):
    """What one thing has in one field: ``text`` for texts, choices and yes/no, beside it numbers and days."""

    field = models.ForeignKey(CustomField, on_delete=models.CASCADE, related_name="values")
    target_id = models.BigIntegerField()
    text = models.CharField(max_length=500, blank=True)
    number = models.DecimalField(max_digits=24, decimal_places=6, null=True, blank=True)
    day = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["field", "target_id"], name="custom_fields_one_value")]
        indexes = [
            models.Index(fields=["field", "text"], name="custom_value_text"),
            models.Index(fields=["field", "number"], name="custom_value_number"),
            models.Index(fields=["field", "day"], name="custom_value_day"),
        ]

    def __str__(self) -> str:
        return f"{self.field_id}:{self.target_id}"
