"""What templates and plans share: kinds of links and constraints, needs, kinds of cost."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class LinkType(models.TextChoices):
    """Which end of the predecessor drives which end of the successor."""

    FS = "FS", _("Finish to start")
    SS = "SS", _("Start to start")
    FF = "FF", _("Finish to finish")
    SF = "SF", _("Start to finish")


class LagUnit(models.TextChoices):
    """What the number of a lag counts."""

    WORKING = "working", _("Working minutes")
    ELAPSED = "elapsed", _("Minutes on the clock")
    PERCENT = "percent", _("% of the predecessor")


class Constraint(models.TextChoices):
    """When a task may lie."""

    ASAP = "ASAP", _("As soon as possible")
    ALAP = "ALAP", _("As late as possible")
    SNET = "SNET", _("Start no earlier than")
    SNLT = "SNLT", _("Start no later than")
    FNET = "FNET", _("Finish no earlier than")
    FNLT = "FNLT", _("Finish no later than")
    MSO = "MSO", _("Must start on")
    MFO = "MFO", _("Must finish on")

    @property
    def needs_date(self) -> bool:
        return self not in (Constraint.ASAP, Constraint.ALAP)


class BudgetKind(models.TextChoices):
    LABOUR = "labour", _("Labour")
    MATERIAL = "material", _("Material")
    EQUIPMENT = "equipment", _("Equipment")
    OUTSOURCED = "outsourced", _("Outsourced service")


class LinkFacts(models.Model):
    """Kind and lag of a link. ``lag`` may be negative (a lead)."""

    type = models.CharField(_("Link"), max_length=2, choices=LinkType.choices, default=LinkType.FS)
    lag = models.IntegerField(_("Lag"), default=0)
    lag_unit = models.CharField(max_length=10, choices=LagUnit.choices, default=LagUnit.WORKING)

    class Meta:
        abstract = True


class NeedFacts(models.Model):
    """Who or what a task takes: ``units`` of a skill, or of one named resource; exactly one of the two."""

    skill = models.ForeignKey(
        "resources.Skill",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("Skill"),
    )
    resource = models.ForeignKey(
        "resources.Resource",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("Resource"),
    )
    units = models.PositiveIntegerField(_("Units"), default=1)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.resource or self.skill} ×{self.units}"


ONE_OF_SKILL_AND_RESOURCE = Q(skill__isnull=True, resource__isnull=False) | Q(
    skill__isnull=False, resource__isnull=True
)
