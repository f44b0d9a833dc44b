"""What customers think of us."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from punctual.kernel.wording import N_


class SurveyKind(models.TextChoices):
    """CSAT asks 1 … 5 about now, NPS 0 … 10 whether they would recommend us."""

    CSAT = "csat", _("Satisfaction")
    NPS = "nps", _("Recommendation")


class AskedAfter(models.TextChoices):
    """After what a customer is asked without anybody sending it: an acceptance of this kind is signed, or all that was
    shipped is signed for."""

    FAT = "fat", _("Factory acceptance (FAT)")
    SAT = "sat", _("Site acceptance (SAT)")
    RECEIVED = "received", _("Everything signed for")
    FINAL = "final", _("Final acceptance")


class Survey(models.Model):
    """One question to one customer about one order, answered with a click. ``occasion`` is what it was asked after, in
    the words of who sent it; one that went by itself has ``asked_after`` instead, once an order."""

    kind = models.CharField(_("Question"), max_length=4, choices=SurveyKind.choices, default=SurveyKind.CSAT)
    customer = models.ForeignKey("parties.Customer", on_delete=models.CASCADE, related_name="surveys")
    order = models.ForeignKey(
        "orders.Order", null=True, blank=True, on_delete=models.CASCADE, related_name="customer_surveys"
    )
    contact = models.ForeignKey("parties.Contact", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    occasion = models.CharField(_("Occasion"), max_length=120, blank=True)
    asked_after = models.CharField(max_length=10, choices=AskedAfter.choices, blank=True)
    token_hash = models.CharField(max_length=64, unique=True, null=True, blank=True)
    asked_at = models.DateTimeField(default=timezone.now)
    answered_at = models.DateTimeField(null=True, blank=True)
    score = models.PositiveSmallIntegerField(_("Score"), null=True, blank=True)
    drivers = models.JSONField(_("Why"), default=list)
    comment = models.TextField(_("Comment"), blank=True)
    language = models.CharField(max_length=10, blank=True)
    answer = models.TextField(_("Our answer"), blank=True)
    request = models.ForeignKey(
        "customer_relations.CustomerRequest", null=True, blank=True, on_delete=models.SET_NULL, related_name="surveys"
    )

    class Meta:
        verbose_name = N_("feedback")
        ordering = ["-asked_at", "-id"]
        indexes = [models.Index(fields=["customer", "-answered_at"])]
        constraints = [
            models.UniqueConstraint(
                fields=["order", "asked_after"], condition=~Q(asked_after=""), name="relations_asked_once_an_occasion"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.score if self.score is not None else '—'}"

    @property
    def why(self) -> str:
        """What it was asked after, in the reader's language where we know it."""
        return self.occasion or str(self.get_asked_after_display())
