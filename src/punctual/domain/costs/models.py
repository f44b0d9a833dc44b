"""Time, expenses and commitments of an order, in the company's currency."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from punctual.domain.plans.models import BudgetKind
from punctual.platform.records import Versioned


class TimeState(models.TextChoices):
    ENTERED = "entered", _("Entered")
    APPROVED = "approved", _("Approved")
    RETURNED = "returned", _("Returned")


class TimeEntry(Versioned):
    """Hours of one person on one task on one day. ``cost`` is what they cost then; None = the rate is not known."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="time_entries", verbose_name=_("Person")
    )
    plan = models.ForeignKey("plans.Plan", on_delete=models.CASCADE, related_name="time_entries")
    task = models.ForeignKey("plans.Task", null=True, on_delete=models.SET_NULL, related_name="time_entries")
    task_name = models.CharField(_("Task"), max_length=160, blank=True)
    day = models.DateField(_("Day"))
    hours = models.DecimalField(_("Hours"), max_digits=5, decimal_places=2)
    cost = models.DecimalField(_("Cost"), max_digits=14, decimal_places=2, null=True, editable=False)
    note = models.CharField(_("Note"), max_length=200, blank=True)
    state = models.CharField(_("State"), max_length=10, choices=TimeState.choices, default=TimeState.ENTERED)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "time entry"
        ordering = ["-day", "user", "id"]
        indexes = [models.Index(fields=["user", "day"]), models.Index(fields=["plan", "state"])]

    def __str__(self) -> str:
        return f"{self.user} {self.day} {self.hours} h"


class CommitmentState(models.TextChoices):
    OPEN = "open", _("Open")
    SETTLED = "settled", _("Settled")
    CANCELLED = "cancelled", _("Cancelled")


class Commitment(Versioned):
    """Money that is ordered and not yet invoiced: a purchase or a subcontract.

    ``source_type`` and ``source_id`` name where it comes from (a purchase order); both empty = entered by hand.
    """

    plan = models.ForeignKey("plans.Plan", on_delete=models.CASCADE, related_name="commitments")
    budget_line = models.ForeignKey(
        "plans.BudgetLine", null=True, blank=True, on_delete=models.SET_NULL, related_name="commitments"
    )
    kind = models.CharField(_("Kind"), max_length=12, choices=BudgetKind.choices)
    subject = models.CharField(_("Subject"), max_length=200)
    supplier = models.ForeignKey("parties.Supplier", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    amount = models.DecimalField(_("Amount"), max_digits=18, decimal_places=2)
    expected_on = models.DateField(_("Due"), null=True, blank=True)
    state = models.CharField(_("State"), max_length=10, choices=CommitmentState.choices, default=CommitmentState.OPEN)
    source_type = models.CharField(max_length=40, blank=True)
    source_id = models.BigIntegerField(null=True, blank=True)

    class Meta:
        verbose_name = "commitment"
        ordering = ["plan", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["source_type", "source_id", "plan"],
                condition=~Q(source_type=""),
                name="costs_one_commitment_a_source",
            )
        ]

    def __str__(self) -> str:
        return self.subject


class Expense(Versioned):
    """Money spent. ``commitment`` is what it settles, as far as known; a voided expense counts no more."""

    plan = models.ForeignKey("plans.Plan", on_delete=models.CASCADE, related_name="expenses")
    task = models.ForeignKey("plans.Task", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    budget_line = models.ForeignKey(
        "plans.BudgetLine", null=True, blank=True, on_delete=models.SET_NULL, related_name="expenses"
    )
    commitment = models.ForeignKey(
        Commitment, null=True, blank=True, on_delete=models.SET_NULL, related_name="expenses"
    )
    kind = models.CharField(_("Kind"), max_length=12, choices=BudgetKind.choices)
    day = models.DateField(_("Day"))
    amount = models.DecimalField(_("Amount"), max_digits=18, decimal_places=2)
    subject = models.CharField(_("Subject"), max_length=200)
    reference = models.CharField(_("Reference"), max_length=60, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    voided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "expense"
        ordering = ["-day", "-id"]
        indexes = [models.Index(fields=["plan", "day"])]

    def __str__(self) -> str:
        return self.subject
