"""Who must agree to what, from what amount or days on; requests with their steps; who stands in for whom."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from punctual.platform.accounts.models import Role
from punctual.platform.records import Versioned


class ApprovalRule(models.Model):
    """One step of a subject's chain: ``role`` decides at ``level`` when the request reaches the amount or the days.

    With both limits at 0 the step is always there; otherwise one of the limits that are set must be reached.
    ``kind`` narrows it to requests of that kind (a product family …); empty = any.
    """

    subject = models.CharField(_("Subject"), max_length=40)
    level = models.PositiveSmallIntegerField(_("Level"), default=1)
    role = models.CharField(_("Role"), max_length=20, choices=Role.choices)
    kind = models.CharField(_("Kind"), max_length=40, blank=True)
    minimum_amount = models.DecimalField(_("From an amount of"), max_digits=18, decimal_places=2, default=0)
    minimum_days = models.PositiveIntegerField(_("From days of"), default=0)

    class Meta:
        ordering = ["subject", "level", "id"]

    def __str__(self) -> str:
        return f"{self.subject} {self.level} {self.role}"


class ApprovalState(models.TextChoices):
    WAITING = "waiting", _("Waiting for approval")
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Rejected")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class ApprovalRequest(Versioned):
    """Something that waits for a yes.

    ``title`` is a catalogue sentence with ``params``. ``facts`` [{"label", "now", "then", "kind", "tone"}] and
    ``money`` [{"label", "amount"}] are what the approver reads: labels are catalogue keys, ``kind`` one of text,
    date, money, days, percent, list; amounts in ``currency``. ``authors`` wrote what is asked for and decide it no
    more than who asked.
    """

    subject = models.CharField(max_length=40)
    target_type = models.CharField(max_length=40)
    target_id = models.BigIntegerField()
    target_label = models.CharField(max_length=200)
    title = models.CharField(max_length=200)
    params = models.JSONField(default=dict)
    facts = models.JSONField(default=list)
    money = models.JSONField(default=list)
    detail = models.TextField(blank=True)
    url = models.CharField(max_length=200, blank=True)
    amount = models.DecimalField(_("Amount"), max_digits=18, decimal_places=2, default=0)
    currency = models.CharField(max_length=3, default="CNY")
    days = models.IntegerField(_("Days"), default=0)
    state = models.CharField(_("State"), max_length=10, choices=ApprovalState.choices, default=ApprovalState.WAITING)
    level = models.PositiveSmallIntegerField(_("Level"), default=1)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    authors = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="+", blank=True)
    due_at = models.DateTimeField(_("Due"), null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "approval"
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["state", "due_at"]),
            models.Index(fields=["target_type", "target_id"]),
        ]

    def __str__(self) -> str:
        return f"{self.target_label} #{self.pk}"

    @property
    def behind(self) -> set[int]:
        """Whose wish it is: who asked, and who wrote it."""
        return {self.requested_by_id, *(one.pk for one in self.authors.all())}


class StepState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    APPROVED = "approved", _("Agreed")
    REJECTED = "rejected", _("Rejected")
    DROPPED = "dropped", _("Not asked any more")


class ApprovalStep(models.Model):
    """What one role said; ``on_behalf_of`` is the absent person for whom the delegate decided."""

    request = models.ForeignKey(ApprovalRequest, on_delete=models.CASCADE, related_name="steps")
    level = models.PositiveSmallIntegerField()
    role = models.CharField(max_length=20, choices=Role.choices)
    state = models.CharField(max_length=10, choices=StepState.choices, default=StepState.WAITING)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    on_behalf_of = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    comment = models.TextField(blank=True)
    at = models.DateTimeField(null=True, blank=True)
    reminded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["request", "level", "id"]
        constraints = [models.UniqueConstraint(fields=["request", "role"], name="approvals_one_step_a_role")]
        indexes = [models.Index(fields=["role", "state"])]

    def __str__(self) -> str:
        return f"{self.request_id} {self.role} {self.state}"


class Delegation(models.Model):
    """From ``first`` to ``last`` (both included) ``delegate`` may decide what ``person`` could."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="delegations")
    delegate = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    first = models.DateField(_("From"))
    last = models.DateField(_("Until"))
    reason = models.CharField(_("Reason"), max_length=200, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = "delegation"
        ordering = ["-first", "-id"]

    def __str__(self) -> str:
        return f"{self.person} → {self.delegate}"
