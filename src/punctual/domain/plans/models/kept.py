"""What is kept of a plan: baselines and every edit."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from punctual.domain.plans.models.plans import Plan

AT_CONFIRMATION = "order.confirmed"
BASELINE_NAMES = {AT_CONFIRMATION: _("Order confirmed")}
"""Names of baselines that the product keeps by itself: a code is stored and worded in the reader's language."""


class Baseline(models.Model):
    """The plan as it was agreed. Never changed; a later agreement is the next number."""

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="baselines")
    number = models.PositiveIntegerField(_("Number"))
    name = models.CharField(_("Name"), max_length=80)
    reason = models.CharField(_("Reason"), max_length=200, blank=True)
    planned_start = models.DateTimeField()
    planned_finish = models.DateTimeField()
    planned_date = models.DateField()
    budget_total = models.DecimalField(max_digits=18, decimal_places=2, default=0)
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        verbose_name = "baseline"
        ordering = ["plan", "number"]
        constraints = [models.UniqueConstraint(fields=["plan", "number"], name="plans_one_baseline_a_number")]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"

    @property
    def title(self) -> str:
        """The name as people read it."""
        return str(BASELINE_NAMES.get(self.name, self.name))


class BaselineTask(models.Model):
    """A whole row of the plan as it was. ``task_ref`` is the id of the task then; the task may be gone since."""

    baseline = models.ForeignKey(Baseline, on_delete=models.CASCADE, related_name="tasks")
    task_ref = models.BigIntegerField()
    parent_ref = models.BigIntegerField(null=True)
    sequence = models.PositiveIntegerField()
    wbs = models.CharField(max_length=40)
    name = models.CharField(max_length=120)
    is_summary = models.BooleanField()
    is_milestone = models.BooleanField()
    duration = models.PositiveIntegerField()
    start = models.DateTimeField()
    finish = models.DateTimeField()
    total_float = models.IntegerField()
    is_critical = models.BooleanField()

    class Meta:
        ordering = ["baseline", "sequence"]
        constraints = [models.UniqueConstraint(fields=["baseline", "task_ref"], name="plans_one_baseline_row_a_task")]

    def __str__(self) -> str:
        return f"{self.wbs} {self.name}"


class EditState(models.TextChoices):
    DONE = "done", _("Done")
    UNDONE = "undone", _("Undone")
    DISCARDED = "discarded", _("Discarded")


class PlanEdit(models.Model):
    """One edit with its inverse.

    ``changes`` [{"kind": "task" | "link" | "need" | "plan", "id": …, "old": {field: value} | null, "new": … | null}];
    read from right to left it takes the edit back. A row that comes or goes is whole, else only what differs is kept.
    """

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="edits")
    number = models.PositiveIntegerField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    command = models.JSONField()
    changes = models.JSONField()
    state = models.CharField(max_length=10, choices=EditState.choices, default=EditState.DONE)

    class Meta:
        ordering = ["plan", "number"]
        constraints = [models.UniqueConstraint(fields=["plan", "number"], name="plans_one_edit_a_number")]

    def __str__(self) -> str:
        return f"{self.plan_id}#{self.number}"
