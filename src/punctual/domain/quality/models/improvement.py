"""How the same thing does not happen again: corrective actions as 8D reports, and reviews with their findings."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from punctual.domain.quality.models.nonconformities import Cause, Nonconformity
from punctual.domain.quality.models.plans import DefectClass
from punctual.kernel.wording import N_
from punctual.platform.records import Versioned


class CapaState(models.TextChoices):
    """Which verb leads where stands in ``life.CAPA``."""

    OPEN = "open", _("Under way")
    CHECKING = "checking", _("Effect to be checked")
    CLOSED = "closed", _("Closed")
    CANCELLED = "cancelled", _("Withdrawn")


class CorrectiveAction(Versioned):
    """An 8D report. ``check_on`` is the day on which somebody looks whether it helped; a nonconformity of the same
    cause, item and supplier after it was closed opens it again (``reopened`` counts how often)."""

    number = models.CharField(_("Number"), max_length=20, unique=True, editable=False)
    title = models.CharField(_("Problem"), max_length=160)
    state = models.CharField(_("State"), max_length=10, choices=CapaState.choices, default=CapaState.OPEN)
    ncr = models.ForeignKey(
        Nonconformity, null=True, blank=True, on_delete=models.PROTECT, related_name="corrective_actions"
    )
    order = models.ForeignKey("orders.Order", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    supplier = models.ForeignKey("parties.Supplier", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    item_key = models.CharField(_("Item"), max_length=60, blank=True)
    cause = models.CharField(_("Cause"), max_length=12, choices=Cause.choices, blank=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="corrective_actions")
    opened_on = models.DateField(_("Opened"))
    check_on = models.DateField(_("Check the effect on"), null=True, blank=True)
    effect_note = models.TextField(_("Finding"), blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    reopened = models.PositiveIntegerField(_("Opened again"), default=0)
    link_key = models.CharField(max_length=40, blank=True, editable=False)
    """What the supplier's link is signed with; another one makes the old links worthless."""
    link_until = models.DateField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = N_("corrective action")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.number


class Discipline(models.Model):
    """D0 … D8 of a report."""

    capa = models.ForeignKey(CorrectiveAction, on_delete=models.CASCADE, related_name="disciplines")
    number = models.PositiveSmallIntegerField()
    text = models.TextField(blank=True)
    due = models.DateField(_("Due by"), null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    by_supplier = models.BooleanField(default=False)

    class Meta:
        ordering = ["capa", "number"]
        constraints = [models.UniqueConstraint(fields=["capa", "number"], name="quality_one_discipline_a_number")]

    def __str__(self) -> str:
        return f"D{self.number}"


class Why(models.Model):
    """A node of the tree of causes: the answer to "why" of its parent. ``is_root`` marks a root cause."""

    capa = models.ForeignKey(CorrectiveAction, on_delete=models.CASCADE, related_name="whys")
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.CASCADE, related_name="children")
    text = models.CharField(_("Why"), max_length=300)
    is_root = models.BooleanField(_("Root cause"), default=False)
    by_supplier = models.BooleanField(default=False)

    class Meta:
        ordering = ["capa", "id"]

    def __str__(self) -> str:
        return self.text


class ReviewKind(models.TextChoices):
    PROJECT = "project", _("Project quality review")
    PROCESS = "process", _("Process audit")
    SUPPLIER = "supplier", _("Supplier audit")


class ReviewState(models.TextChoices):
    PLANNED = "planned", _("In the audit plan")
    HELD = "held", _("Held")
    CANCELLED = "cancelled", _("Cancelled")


class QualityReview(Versioned):
    """A review of the audit plan: on ``planned_on`` somebody goes through a checklist."""

    number = models.CharField(_("Number"), max_length=20, unique=True, editable=False)
    kind = models.CharField(_("Kind"), max_length=10, choices=ReviewKind.choices, default=ReviewKind.PROJECT)
    title = models.CharField(_("Subject"), max_length=160)
    state = models.CharField(_("State"), max_length=10, choices=ReviewState.choices, default=ReviewState.PLANNED)
    order = models.ForeignKey(
        "orders.Order", null=True, blank=True, on_delete=models.CASCADE, related_name="quality_reviews"
    )
    supplier = models.ForeignKey("parties.Supplier", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    planned_on = models.DateField(_("Planned on"))
    every_months = models.PositiveSmallIntegerField(_("Repeat every, months"), null=True, blank=True)
    """The next one is planned when this one is held; empty: it is held once."""
    held_on = models.DateField(_("Met on"), null=True, blank=True)
    lead = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    summary = models.TextField(_("Summary"), blank=True)

    class Meta:
        verbose_name = N_("quality review")
        ordering = ["-planned_on", "-id"]

    def __str__(self) -> str:
        return self.number


class ReviewCheck(models.Model):
    """A line of the checklist; ``passed`` None = not applicable or not looked at yet."""

    review = models.ForeignKey(QualityReview, on_delete=models.CASCADE, related_name="checks")
    position = models.PositiveIntegerField(default=0)
    text = models.CharField(max_length=200)
    passed = models.BooleanField(null=True, blank=True)
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["review", "position", "id"]

    def __str__(self) -> str:
        return self.text


class Finding(models.Model):
    """What the review found; each has an action item caused by the review."""

    review = models.ForeignKey(QualityReview, on_delete=models.CASCADE, related_name="findings")
    text = models.CharField(_("Finding"), max_length=300)
    defect_class = models.CharField(_("Class"), max_length=10, choices=DefectClass.choices, default=DefectClass.MINOR)
    action = models.ForeignKey("actions.ActionItem", null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["review", "id"]

    def __str__(self) -> str:
        return self.text
