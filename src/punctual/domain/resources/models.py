"""Who and what does the work."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from punctual.kernel.wording import N_
from punctual.platform.records import Versioned


class ResourceKind(models.TextChoices):
    PERSON = "person", _("Person")
    EQUIPMENT = "equipment", _("Equipment")
    OUTSOURCED = "outsourced", _("Outsourced service")


class Skill(models.Model):
    """What a task needs and a resource has: 钳工, 电气, 五轴加工."""

    code = models.CharField(_("Code"), max_length=20, unique=True)
    name = models.CharField(_("Name"), max_length=80)

    class Meta:
        verbose_name = N_("skill")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class Resource(Versioned):
    """A person, a machine or an outsourced supplier. ``units`` is how many tasks it serves at once."""

    kind = models.CharField(_("Kind"), max_length=12, choices=ResourceKind.choices)
    code = models.CharField(_("Code"), max_length=20, unique=True)
    name = models.CharField(_("Name"), max_length=80)
    team = models.CharField(_("Team"), max_length=80, blank=True)
    skills = models.ManyToManyField(Skill, blank=True, related_name="resources", verbose_name=_("Skills"))
    calendar = models.ForeignKey(
        "calendars.WorkingCalendar", on_delete=models.PROTECT, related_name="+", verbose_name=_("Calendar")
    )
    units = models.PositiveIntegerField(_("Units"), default=1)
    hourly_cost = models.DecimalField(_("Cost per hour"), max_digits=12, decimal_places=2, default=0)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="resource",
        verbose_name=_("Sign-in"),
    )
    supplier = models.ForeignKey(
        "parties.Supplier",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("Supplier"),
    )
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = N_("resource")
        ordering = ["kind", "code"]

    def __str__(self) -> str:
        return self.name
