"""Change orders with what they change, and the revisions of an order that they make."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from punctual.platform.records import Versioned


class ChangeState(models.TextChoices):
    """The life of a change order; which verb leads where stands in ``life.LIFE``."""

    DRAFT = "draft", _("Draft")
    ANALYSED = "analysed", _("Impact analysed")
    SUBMITTED = "submitted", _("Waiting for approval")
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Rejected")
    APPLIED = "applied", _("Applied")
    REVERSED = "reversed", _("Taken back")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class ChangeSource(models.TextChoices):
    CUSTOMER = "customer", _("The customer")
    US = "us", _("We")


class CustomerAnswer(models.TextChoices):
    NOT_NEEDED = "not_needed", _("Not needed")
    OPEN = "open", _("Open")
    AGREED = "agreed", _("Agreed")
    REFUSED = "refused", _("Refused")


class ItemKind(models.TextChoices):
    """What one item does. ``data`` of the kinds is told in ``items.py``."""

    LINE = "line", _("Line changed")
    LINE_ADD = "line_add", _("Line added")
    LINE_REMOVE = "line_remove", _("Line removed")
    HEADER = "header", _("Terms changed")
    TASK_ADD = "task_add", _("Task added")
    TASK_REDO = "task_redo", _("Work done again")
    COST = "cost", _("Other cost")


class OrderRevision(models.Model):
    """The order as it was agreed, from 1 on. ``amount_change`` is what this revision added to the value: the order's
    value is the sum over its revisions. ``content`` {"header": {…}, "lines": [{…}]} in plain text."""

    order = models.ForeignKey("orders.Order", on_delete=models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField(_("Revision"))
    content = models.JSONField()
    amount = models.DecimalField(_("Amount"), max_digits=18, decimal_places=2)
    amount_change = models.DecimalField(max_digits=18, decimal_places=2)
    reason = models.CharField(_("Reason"), max_length=200, blank=True)
    made_at = models.DateTimeField(default=timezone.now)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        verbose_name = "order revision"
        ordering = ["order", "number"]
        constraints = [models.UniqueConstraint(fields=["order", "number"], name="changes_one_revision_a_number")]

    def __str__(self) -> str:
        return f"{self.order} R{self.number}"


class ChangeOrder(Versioned):
    """A change of a confirmed order.

    ``impact`` is what the scenario gave when it was analysed (``impact.as_data``), with the plan's version then.
    ``journal`` is what applying wrote, so that it can be taken back: plan rows, lines before, standards.
    """

    number = models.CharField(_("Number"), max_length=20, unique=True, editable=False)
    order = models.ForeignKey("orders.Order", on_delete=models.PROTECT, related_name="change_orders")
    title = models.CharField(_("What changes"), max_length=120)
    reason = models.TextField(_("Why"), blank=True)
    source = models.CharField(_("Raised by"), max_length=10, choices=ChangeSource.choices)
    words = models.TextField(_("The customer's words"), blank=True)
    cause_type = models.CharField(max_length=40, blank=True)
    cause_id = models.BigIntegerField(null=True, blank=True)
    state = models.CharField(_("State"), max_length=10, choices=ChangeState.choices, default=ChangeState.DRAFT)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("Owner")
    )
    impact = models.JSONField(null=True, blank=True)
    plan_version = models.PositiveIntegerField(null=True, blank=True)
    order_version = models.PositiveIntegerField(null=True, blank=True)
    analysed_at = models.DateTimeField(null=True, blank=True)
    submitted_at = models.DateTimeField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    customer_answer = models.CharField(
        _("Customer's answer"), max_length=12, choices=CustomerAnswer.choices, default=CustomerAnswer.OPEN
    )
    customer_name = models.CharField(_("Signed by"), max_length=80, blank=True)
    customer_note = models.TextField(blank=True)
    customer_at = models.DateTimeField(null=True, blank=True)
    customer_proof = models.CharField(max_length=10, blank=True)
    applied_at = models.DateTimeField(null=True, blank=True)
    revision = models.ForeignKey(
        OrderRevision, null=True, blank=True, on_delete=models.SET_NULL, related_name="change_orders"
    )
    journal = models.JSONField(null=True, blank=True)

    class Meta:
        verbose_name = "change order"
        ordering = ["-id"]
        indexes = [models.Index(fields=["state", "-id"])]

    def __str__(self) -> str:
        return self.number


class ChangeItem(models.Model):
    """One thing that changes: of a line, a new or removed line, of the header, of the work, of the cost.

    ``field`` and ``new`` for line and header; ``data`` for the other kinds. ``old`` is what stood there at analysis.
    """

    change = models.ForeignKey(ChangeOrder, on_delete=models.CASCADE, related_name="items")
    position = models.PositiveIntegerField(default=0)
    kind = models.CharField(max_length=12, choices=ItemKind.choices)
    line_ref = models.BigIntegerField(null=True, blank=True)
    line_no = models.PositiveIntegerField(null=True, blank=True)
    field = models.CharField(max_length=40, blank=True)
    old = models.TextField(blank=True)
    new = models.TextField(blank=True)
    data = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["change", "position", "id"]

    def __str__(self) -> str:
        return f"{self.kind} {self.field} {self.new}"


# ------------------------------------------------------------------------------------- the customer's PO, compared


class Comparison(Versioned):
    """The customer's purchase order beside an order. The original is attached to the order; ``sha256`` is its hash.

    ``first_count`` is how many differences there were at first: 0 = right the first time.
    """

    order = models.ForeignKey("orders.Order", on_delete=models.CASCADE, related_name="comparisons")
    name = models.CharField(_("File"), max_length=255)
    sha256 = models.CharField(max_length=64)
    lines = models.JSONField(default=list)
    """[{"line_no", "row", "ours": {field: text}, "theirs": {field: text}}] as they stood beside each other."""
    first_count = models.PositiveIntegerField(default=0)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = "PO comparison"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.order}: {self.name}"


class PointKind(models.TextChoices):
    DIFFERS = "differs", _("Differs")
    MISSING = "missing", _("Not in the customer's order")
    EXTRA = "extra", _("Only in the customer's order")
    UNUSUAL = "unusual", _("Unusual for this customer")


class PointState(models.TextChoices):
    OPEN = "open", _("Open")
    TAKEN = "taken", _("Taken from the customer")
    WAIVED = "waived", _("Waived")
    SEEN = "seen", _("Seen by a second person")


class ComparisonPoint(models.Model):
    """One difference or unusual value; settled by name."""

    comparison = models.ForeignKey(Comparison, on_delete=models.CASCADE, related_name="points")
    kind = models.CharField(max_length=10, choices=PointKind.choices)
    code = models.CharField(max_length=20, blank=True)
    field = models.CharField(max_length=40)
    line_no = models.PositiveIntegerField(null=True, blank=True)
    row = models.PositiveIntegerField(null=True, blank=True)
    ours = models.TextField(blank=True)
    theirs = models.TextField(blank=True)
    state = models.CharField(max_length=8, choices=PointState.choices, default=PointState.OPEN)
    reason = models.TextField(blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["comparison", models.F("line_no").asc(nulls_first=True), "id"]

    def __str__(self) -> str:
        return f"{self.kind} {self.line_no or ''} {self.field}"
