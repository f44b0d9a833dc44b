"""What is asked of suppliers, what they answered, and what came."""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from punctual.domain.orders.models import CURRENCIES
from punctual.domain.supply.models.stock import TINY
from punctual.kernel.wording import N_
from punctual.platform.records import Versioned


class RequestState(models.TextChoices):
    OPEN = "open", _("Open")
    ORDERED = "ordered", _("Ordered")
    CANCELLED = "cancelled", _("Cancelled")


class PurchaseRequest(Versioned):
    """Somebody needs something bought: for a requirement, for an outsourced task, or for stock."""

    material = models.ForeignKey(
        "supply.Material", null=True, blank=True, on_delete=models.PROTECT, related_name="requests"
    )
    description = models.CharField(_("Description"), max_length=200, blank=True)
    quantity = models.DecimalField(_("Quantity"), max_digits=18, decimal_places=6)
    unit = models.CharField(_("Unit"), max_length=20, blank=True)
    needed_by = models.DateField(_("Needed by"), null=True, blank=True)
    requirement = models.ForeignKey(
        "supply.Requirement", null=True, blank=True, on_delete=models.SET_NULL, related_name="requests"
    )
    order = models.ForeignKey("orders.Order", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    task = models.ForeignKey("plans.Task", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    supplier = models.ForeignKey(
        "parties.Supplier",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="purchase_requests",
        verbose_name=_("Supplier"),
    )
    unit_price = models.DecimalField(_("Unit price"), max_digits=18, decimal_places=4, null=True, blank=True)
    state = models.CharField(_("State"), max_length=10, choices=RequestState.choices, default=RequestState.OPEN)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    purchase_line = models.ForeignKey(
        "supply.PurchaseLine", null=True, blank=True, on_delete=models.SET_NULL, related_name="requests"
    )
    reason = models.CharField(_("Reason"), max_length=200, blank=True)

    class Meta:
        verbose_name = N_("purchase request")
        ordering = ["needed_by", "id"]
        indexes = [models.Index(fields=["state", "needed_by"])]
        constraints = [models.CheckConstraint(condition=Q(quantity__gt=0), name="supply_request_of_something")]

    def __str__(self) -> str:
        return str(self.material or self.description)


class PurchaseState(models.TextChoices):
    """The life of a purchase order; which verb leads where stands in ``life.LIFE``."""

    DRAFT = "draft", _("Draft")
    SENT = "sent", _("Sent")
    CONFIRMED = "confirmed", _("Confirmed")
    PARTIALLY_RECEIVED = "partially_received", _("Partially received")
    RECEIVED = "received", _("Received")
    CLOSED = "closed", _("Closed")
    CANCELLED = "cancelled", _("Cancelled")


class PurchaseOrder(Versioned):
    """One order to one supplier in one currency. ``number`` comes when it is made."""

    number = models.CharField(_("Number"), max_length=20, unique=True, editable=False)
    supplier = models.ForeignKey(
        "parties.Supplier", on_delete=models.PROTECT, related_name="purchase_orders", verbose_name=_("Supplier")
    )
    state = models.CharField(_("State"), max_length=20, choices=PurchaseState.choices, default=PurchaseState.DRAFT)
    currency = models.CharField(_("Currency"), max_length=3, choices=CURRENCIES, default="CNY")
    payment_terms = models.CharField(_("Payment terms"), max_length=200, blank=True)
    notes = models.TextField(_("Notes"), blank=True)
    buyer = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("Buyer")
    )
    sent_on = models.DateField(_("Sent"), null=True, blank=True)
    confirmed_on = models.DateField(_("Confirmed"), null=True, blank=True)
    total_amount = models.DecimalField(_("Amount"), max_digits=18, decimal_places=2, default=0, editable=False)
    line_count = models.PositiveIntegerField(_("Lines"), default=0, editable=False)
    arrives = models.DateField(_("Arrives"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = N_("purchase order")
        ordering = ["-id"]
        indexes = [models.Index(fields=["state", "arrives"]), models.Index(fields=["supplier", "state"])]

    def __str__(self) -> str:
        return self.number


class PurchaseLine(models.Model):
    """Some of a material, or work on a task. ``asked_date`` what we asked for, ``confirmed_date`` the supplier's first
    answer (kept), ``expected_date`` when it comes as far as is known today. ``inspecting`` of what was received waits
    for inspection. ``offered_*``: the supplier would come earlier for a price."""

    purchase_order = models.ForeignKey(PurchaseOrder, on_delete=models.CASCADE, related_name="lines")
    line_no = models.PositiveIntegerField(_("Line"))
    material = models.ForeignKey(
        "supply.Material", null=True, blank=True, on_delete=models.PROTECT, related_name="purchase_lines"
    )
    task = models.ForeignKey("plans.Task", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    order = models.ForeignKey("orders.Order", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    description = models.CharField(_("Description"), max_length=200, blank=True)
    quantity = models.DecimalField(_("Quantity"), max_digits=18, decimal_places=6)
    received = models.DecimalField(_("Received"), max_digits=18, decimal_places=6, default=0)
    inspecting = models.DecimalField(_("In inspection"), max_digits=18, decimal_places=6, default=0)
    reserved = models.DecimalField(_("Reserved"), max_digits=18, decimal_places=6, default=0)
    unit = models.CharField(_("Unit"), max_length=20, blank=True)
    unit_price = models.DecimalField(_("Unit price"), max_digits=18, decimal_places=4, default=0)
    asked_date = models.DateField(_("Asked for"), null=True, blank=True)
    confirmed_date = models.DateField(_("First confirmed"), null=True, blank=True)
    expected_date = models.DateField(_("Arrives"), null=True, blank=True)
    received_on = models.DateField(_("Fully received"), null=True, blank=True)
    expedite_cost = models.DecimalField(_("Expediting"), max_digits=18, decimal_places=2, default=0)
    offered_date = models.DateField(_("Could come on"), null=True, blank=True)
    offered_cost = models.DecimalField(_("For"), max_digits=18, decimal_places=2, null=True, blank=True)

    class Meta:
        verbose_name = N_("purchase line")
        ordering = ["purchase_order", "line_no"]
        indexes = [models.Index(fields=["material", "expected_date"]), models.Index(fields=["expected_date"])]
        constraints = [
            models.UniqueConstraint(fields=["purchase_order", "line_no"], name="supply_one_purchase_line_a_number"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="supply_purchase_of_something"),
            models.CheckConstraint(
                condition=Q(received__gte=0, received__lte=F("quantity")), name="supply_received_within_ordered"
            ),
            models.CheckConstraint(
                condition=Q(
                    inspecting__gte=0,
                    reserved__gte=0,
                    reserved__lte=F("quantity") - F("received") + F("inspecting") + TINY,
                ),
                name="supply_reserved_within_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purchase_order.number}/{self.line_no}"

    @property
    def open_quantity(self) -> Decimal:
        """Ordered and not yet here."""
        return self.quantity - self.received

    @property
    def free_quantity(self) -> Decimal:
        """Still to come (or in inspection) and not spoken for."""
        return self.quantity - self.received + self.inspecting - self.reserved


class DateKind(models.TextChoices):
    ASKED = "asked", _("Asked for")
    CONFIRMED = "confirmed", _("Confirmed")
    REVISED = "revised", _("Revised")
    EXPEDITED = "expedited", _("Expedited")


class PurchaseDate(models.Model):
    """Every date of a line as it was given, never altered. ``by`` None: the supplier, by the link."""

    line = models.ForeignKey(PurchaseLine, on_delete=models.CASCADE, related_name="dates")
    kind = models.CharField(max_length=10, choices=DateKind.choices)
    old = models.DateField(null=True, blank=True)
    new = models.DateField(null=True, blank=True)
    reason = models.CharField(_("Reason"), max_length=200, blank=True)
    cost = models.DecimalField(max_digits=18, decimal_places=2, default=0)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.old} → {self.new}"


class Receipt(models.Model):
    """Some of a line came. ``rejected`` of it went back after inspection. The day counts for the supplier's record."""

    line = models.ForeignKey(PurchaseLine, on_delete=models.PROTECT, related_name="receipts")
    quantity = models.DecimalField(_("Quantity"), max_digits=18, decimal_places=6)
    received_on = models.DateField(_("Received on"))
    place = models.ForeignKey("supply.Place", null=True, on_delete=models.PROTECT, related_name="+")
    delivery_note = models.CharField(_("Supplier’s delivery note"), max_length=60, blank=True)
    waits_for_inspection = models.BooleanField(default=False)
    released = models.DecimalField(max_digits=18, decimal_places=6, default=0)
    rejected = models.DecimalField(_("Rejected"), max_digits=18, decimal_places=6, default=0)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = N_("receipt")
        ordering = ["-at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="supply_receipt_of_something"),
            models.CheckConstraint(
                condition=Q(released__gte=0, rejected__gte=0, quantity__gte=F("released") + F("rejected") - TINY),
                name="supply_inspected_within_received",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.line}: {self.quantity}"


class SupplierLink(models.Model):
    """A way in for one supplier to one purchase order without a sign-in. Only the digest of its text is kept; it ends
    on its day, when it is withdrawn, or when the order is received, closed or cancelled."""

    purchase_order = models.ForeignKey(PurchaseOrder, on_delete=models.CASCADE, related_name="links")
    digest = models.CharField(max_length=64, unique=True)
    expires_on = models.DateField(_("Valid until"))
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    used_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.purchase_order}: {self.expires_on}"
