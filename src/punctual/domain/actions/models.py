"""What somebody must do, whatever caused it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from punctual.platform.records import Versioned


class ActionState(models.TextChoices):
    OPEN = "open", _("Open")
    DONE = "done", _("Done")
    CANCELLED = "cancelled", _("Cancelled")


class Effect(models.TextChoices):
    """What the later check found."""

    WAITING = "waiting", _("To be checked")
    EFFECTIVE = "effective", _("Effective")
    INEFFECTIVE = "ineffective", _("Not effective")


class ActionItem(Versioned):
    """One thing to do: ``owner`` by ``due``.

    ``cause_type`` and ``cause_id`` name what it comes from (``platform/targets``: a risk, a nonconformity, a
    meeting …); both empty = entered by hand. ``check_effect_on`` is the day on which somebody looks whether it
    helped; None = no check.
    """

    title = models.CharField(_("Action item"), max_length=200)
    detail = models.TextField(_("Detail"), blank=True)
    state = models.CharField(_("State"), max_length=10, choices=ActionState.choices, default=ActionState.OPEN)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="action_items", verbose_name=_("Owner")
    )
    due = models.DateField(_("Due"))
    order = models.ForeignKey(
        "orders.Order", null=True, blank=True, on_delete=models.CASCADE, related_name="action_items"
    )
    task = models.ForeignKey("plans.Task", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    cause_type = models.CharField(max_length=40, blank=True)
    cause_id = models.BigIntegerField(null=True, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    done_at = models.DateTimeField(null=True, blank=True)
    done_note = models.TextField(_("What was done"), blank=True)
    check_effect_on = models.DateField(_("Check the effect on"), null=True, blank=True)
    effect = models.CharField(_("Effect"), max_length=12, choices=Effect.choices, blank=True)
    effect_note = models.TextField(_("Finding"), blank=True)

    class Meta:
        verbose_name = "action item"
        ordering = ["due", "id"]
        indexes = [
            models.Index(fields=["owner", "state", "due"]),
            models.Index(fields=["cause_type", "cause_id"]),
        ]

    def __str__(self) -> str:
        return self.title
