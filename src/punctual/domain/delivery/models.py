"""Deliveries with their boxes, acceptances with results and punch lists, payment milestones, the closing review."""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from punctual.domain.customer_relations.models import AskedAfter
from punctual.platform.records import Versioned


def usual_documents() -> list[str]:
    return ["certificate"]


def usual_occasions() -> list[str]:
    return [AskedAfter.FINAL.value]


class DeliverySettings(Versioned):
    """What the company wants before something leaves the house, and when it asks how it did; one row.

    ``required_documents`` are kinds of approved files on the order, and ``photo`` one of the delivery itself;
    ``hold_for_payment``: milestones that fall due before shipping must be received; ``ask_after``: the occasions after
    which the customer is asked by itself, none = never.
    """

    required_documents = models.JSONField(_("Documents needed to ship"), default=usual_documents)
    hold_for_payment = models.BooleanField(_("Ship only when what is due before is paid"), default=True)
    remind_days = models.PositiveSmallIntegerField(_("Remind about payments, days ahead"), default=5)
    ask_after = models.JSONField(_("Ask the customer how we did after"), default=usual_occasions)

    class Meta:
        verbose_name = "delivery settings"

    def __str__(self) -> str:
        return "delivery settings"


class DocumentRequest(models.Model):
    """``customer`` is asked to approve a document of an order, while it is theirs; ``task`` waits for it, blocked. With
    the yes it goes on, or is done (``finishes_task``: the task is the approval itself)."""

    order = models.ForeignKey("orders.Order", on_delete=models.CASCADE, related_name="document_requests")
    customer = models.ForeignKey("parties.Customer", null=True, on_delete=models.CASCADE, related_name="+")
    attachment = models.ForeignKey("attachments.Attachment", on_delete=models.CASCADE, related_name="+")
    task = models.ForeignKey("plans.Task", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    finishes_task = models.BooleanField(default=True)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(default=timezone.now)
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "document request"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.order} {self.attachment}"


# ------------------------------------------------------------------------------------------------------ deliveries


class DeliveryState(models.TextChoices):
    PREPARING = "preparing", _("Being packed")
    SHIPPED = "shipped", _("Shipped")
    RECEIVED = "received", _("Signed for")
    CANCELLED = "cancelled", _("Cancelled")


class Delivery(Versioned):
    """One shipment of an order; ``batch`` counts them from 1. ``released_*``: somebody let it go by name although
    documents or payment were missing."""

    number = models.CharField(_("Number"), max_length=20, unique=True, editable=False)
    order = models.ForeignKey("orders.Order", on_delete=models.PROTECT, related_name="deliveries")
    batch = models.PositiveIntegerField(_("Batch"))
    state = models.CharField(_("State"), max_length=12, choices=DeliveryState.choices, default=DeliveryState.PREPARING)
    place = models.CharField(_("Delivery place"), max_length=200, blank=True)
    planned_on = models.DateField(_("Planned for"), null=True, blank=True)
    shipped_on = models.DateField(_("Shipped on"), null=True, blank=True)
    carrier = models.CharField(_("Carrier"), max_length=80, blank=True)
    waybill = models.CharField(_("Waybill"), max_length=80, blank=True)
    vehicle = models.CharField(_("Vehicle"), max_length=80, blank=True)
    freight = models.DecimalField(_("Freight"), max_digits=18, decimal_places=2, null=True, blank=True)
    received_on = models.DateField(_("Signed for on"), null=True, blank=True)
    received_by = models.CharField(_("Received by"), max_length=80, blank=True)
    receipt_note = models.TextField(_("Note on receipt"), blank=True)
    notes = models.TextField(_("Notes"), blank=True)
    released_reason = models.TextField(blank=True)
    released_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        verbose_name = "delivery"
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["order", "batch"], name="delivery_one_batch_a_number")]
        indexes = [models.Index(fields=["state", "planned_on"])]

    def __str__(self) -> str:
        return self.number


class DeliveryItem(models.Model):
    """How much of a line goes with it. ``serials``: numbers on the plates of its pieces, as far as they have any."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="items")
    line = models.ForeignKey("orders.OrderLine", on_delete=models.CASCADE, related_name="delivery_items")
    quantity = models.DecimalField(_("Quantity"), max_digits=18, decimal_places=6)
    serials = models.JSONField(_("Serial numbers"), default=list, blank=True)

    class Meta:
        ordering = ["delivery", "line__line_no"]
        constraints = [
            models.UniqueConstraint(fields=["delivery", "line"], name="delivery_one_item_a_line"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="delivery_quantity_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.delivery} {self.line_id} {self.quantity}"


class Box(models.Model):
    """What is packed together."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="boxes")
    number = models.PositiveIntegerField()
    name = models.CharField(_("Box"), max_length=80)
    size = models.CharField(_("Size"), max_length=60, blank=True)
    weight = models.DecimalField(_("Weight, kg"), max_digits=10, decimal_places=2, null=True, blank=True)
    contents = models.CharField(_("Contents"), max_length=400, blank=True)

    class Meta:
        ordering = ["delivery", "number"]

    def __str__(self) -> str:
        return f"{self.number} {self.name}"


# ------------------------------------------------------------------------------------------------------ acceptance


class AcceptanceKind(models.TextChoices):
    FAT = "fat", _("Factory acceptance (FAT)")
    SAT = "sat", _("Site acceptance (SAT)")
    FINAL = "final", _("Final acceptance")


class AcceptanceState(models.TextChoices):
    OPEN = "open", _("Open")
    PASSED = "passed", _("Passed")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


class Acceptance(Versioned):
    """What the customer found at one occasion, signed. ``delivery`` None = of the whole order."""

    order = models.ForeignKey("orders.Order", on_delete=models.PROTECT, related_name="acceptances")
    delivery = models.ForeignKey(Delivery, null=True, blank=True, on_delete=models.PROTECT, related_name="acceptances")
    kind = models.CharField(_("Kind"), max_length=8, choices=AcceptanceKind.choices)
    state = models.CharField(_("State"), max_length=10, choices=AcceptanceState.choices, default=AcceptanceState.OPEN)
    planned_on = models.DateField(_("Planned for"), null=True, blank=True)
    held_on = models.DateField(_("Held on"), null=True, blank=True)
    signer = models.CharField(_("Signed by"), max_length=80, blank=True)
    with_punch = models.BooleanField(_("Signed with open items"), default=False)
    note = models.TextField(_("Note"), blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        verbose_name = "acceptance"
        ordering = ["order", "id"]

    def __str__(self) -> str:
        return f"{self.order} {self.get_kind_display()}"


class Verdict(models.TextChoices):
    OPEN = "open", _("Not looked at")
    MET = "met", _("Met")
    NOT_MET = "not_met", _("Not met")
    WAIVED = "waived", _("Does not apply")


class AcceptanceResult(models.Model):
    """One criterion: what must be, what was found."""

    acceptance = models.ForeignKey(Acceptance, on_delete=models.CASCADE, related_name="results")
    position = models.PositiveIntegerField(default=0)
    standard = models.ForeignKey(
        "plans.DeliveryStandard", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    criterion = models.CharField(_("Criterion"), max_length=400)
    method = models.CharField(_("Shown by"), max_length=200, blank=True)
    value = models.CharField(_("As found"), max_length=80, blank=True)
    verdict = models.CharField(_("Verdict"), max_length=10, choices=Verdict.choices, default=Verdict.OPEN)

    class Meta:
        ordering = ["acceptance", "position", "id"]

    def __str__(self) -> str:
        return self.criterion


class PunchGrade(models.TextChoices):
    A = "A", _("A before shipping")
    B = "B", _("B before final acceptance")
    C = "C", _("C may stay open")


class PunchItem(models.Model):
    """Something left open at an acceptance: who does it by when stands in the action item."""

    acceptance = models.ForeignKey(Acceptance, on_delete=models.CASCADE, related_name="punch")
    action = models.OneToOneField("actions.ActionItem", on_delete=models.CASCADE, related_name="punch_item")
    grade = models.CharField(_("Grade"), max_length=1, choices=PunchGrade.choices)

    class Meta:
        ordering = ["acceptance", "id"]

    def __str__(self) -> str:
        return f"{self.grade} {self.action}"


# ------------------------------------------------------------------------------------------------------ payments


class MilestoneKind(models.TextChoices):
    ADVANCE = "advance", _("Advance payment")
    PROGRESS = "progress", _("Progress payment")
    SHIPMENT = "shipment", _("Shipment payment")
    ACCEPTANCE = "acceptance", _("Acceptance payment")
    RETENTION = "retention", _("Retention")
    OTHER = "other", _("Payment")


class PayEvent(models.TextChoices):
    """What makes it due."""

    CONFIRMED = "confirmed", _("Order confirmed")
    TASK = "task", _("Task finished")
    BEFORE_SHIPPING = "before_shipping", _("Before shipping")
    DELIVERED = "delivered", _("All delivered")
    FAT = "fat", _("FAT signed")
    SAT = "sat", _("SAT signed")
    FINAL = "final", _("Final acceptance signed")
    DATE = "date", _("Fixed date")


class PaymentMilestone(Versioned):
    """A share of the order's value and what makes it due: ``event`` + ``months`` + ``days``.

    ``happened_on`` is written when the event happens, ``due_on`` with it; amounts in the order's currency; what was
    invoiced and received repeats the sums of the entries.
    """

    order = models.ForeignKey("orders.Order", on_delete=models.CASCADE, related_name="payment_milestones")
    position = models.PositiveIntegerField(default=0)
    kind = models.CharField(_("Kind"), max_length=10, choices=MilestoneKind.choices)
    name = models.CharField(_("Payment milestone"), max_length=80, blank=True)
    percent = models.DecimalField(_("Share, %"), max_digits=6, decimal_places=3)
    amount = models.DecimalField(_("Amount"), max_digits=18, decimal_places=2)
    event = models.CharField(_("Due with"), max_length=16, choices=PayEvent.choices)
    task = models.ForeignKey("plans.Task", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    fixed_on = models.DateField(_("Fixed date"), null=True, blank=True)
    days = models.PositiveIntegerField(_("Days after"), default=0)
    months = models.PositiveIntegerField(_("Months after"), default=0)
    happened_on = models.DateField(_("Happened on"), null=True, blank=True)
    due_on = models.DateField(_("Due"), null=True, blank=True)
    invoiced = models.DecimalField(_("Invoiced"), max_digits=18, decimal_places=2, default=0, editable=False)
    received = models.DecimalField(_("Money received"), max_digits=18, decimal_places=2, default=0, editable=False)
    reminded_on = models.DateField(null=True, blank=True)

    class Meta:
        verbose_name = "payment milestone"
        ordering = ["order", "position", "id"]
        indexes = [models.Index(fields=["due_on"])]
        constraints = [models.CheckConstraint(condition=Q(received__gte=0), name="delivery_received_not_negative")]

    def __str__(self) -> str:
        return f"{self.order} {self.label}"

    @property
    def label(self) -> str:
        """Its own name, else what kind it is."""
        return self.name or str(self.get_kind_display())

    @property
    def open_amount(self) -> Decimal:
        return self.amount - self.received


OPEN_MILESTONES = Q(received__lt=F("amount"))


class EntryKind(models.TextChoices):
    INVOICE = "invoice", _("Invoice")
    RECEIPT = "receipt", _("Payment received")


class PaymentEntry(models.Model):
    """An invoice written or money received. Never changed; a wrong one is voided with its reason."""

    milestone = models.ForeignKey(PaymentMilestone, on_delete=models.PROTECT, related_name="entries")
    kind = models.CharField(_("Kind"), max_length=8, choices=EntryKind.choices)
    amount = models.DecimalField(_("Amount"), max_digits=18, decimal_places=2)
    on = models.DateField(_("On"))
    reference = models.CharField(_("Reference"), max_length=80, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    voided_at = models.DateTimeField(null=True, blank=True)
    void_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["milestone", "on", "id"]
        constraints = [models.CheckConstraint(condition=Q(amount__gt=0), name="delivery_entry_positive")]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount}"


class ClosingReview(Versioned):
    """What the order has taught: actual against estimate as it was at closing, lessons, proposals for templates.

    ``figures`` and ``tasks`` are kept as they were; ``proposals`` [{"template_task", "name", "planned", "actual",
    "chosen"}] in minutes.
    """

    order = models.OneToOneField("orders.Order", on_delete=models.CASCADE, related_name="closing_review")
    figures = models.JSONField(default=dict)
    tasks = models.JSONField(default=list)
    proposals = models.JSONField(default=list)
    lessons = models.TextField(_("Lessons"), blank=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        verbose_name = "closing review"

    def __str__(self) -> str:
        return str(self.order)
