"""What we owe after delivery: warranties, service cases, visits, returns."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from punctual.kernel.wording import N_
from punctual.platform.records import Versioned


class Warranty(models.Model):
    """One delivered line or serial number: from ``begins`` to ``ends``, both included."""

    order_line = models.ForeignKey("orders.OrderLine", on_delete=models.CASCADE, related_name="warranties")
    serial = models.CharField(_("Serial number"), max_length=80, blank=True)
    begins = models.DateField(_("Begins"))
    ends = models.DateField(_("Ends"))
    terms = models.CharField(_("Terms"), max_length=200, blank=True)

    class Meta:
        verbose_name = N_("warranty")
        ordering = ["ends", "id"]
        constraints = [
            models.UniqueConstraint(fields=["order_line", "serial"], name="aftersales_one_warranty_a_serial")
        ]

    def __str__(self) -> str:
        return f"{self.order_line} {self.serial}".strip()


class CaseKind(models.TextChoices):
    FAULT = "fault", _("Fault")
    SPARE = "spare", _("Spare part")
    VISIT = "visit", _("Visit")
    TRAINING = "training", _("Training")


class CaseState(models.TextChoices):
    REPORTED = "reported", _("Taken in")
    PLANNED = "planned", _("Planned")
    WORKING = "working", _("Being worked on")
    DONE = "done", _("Solved")
    CLOSED = "closed", _("Closed")
    CANCELLED = "cancelled", _("Cancelled")


class ServiceCase(Versioned):
    """Something is to be done at or for a customer. Its clocks are those of ``request``, which belongs to it alone.

    ``serial`` as the customer reads it from the plate, whether a warranty knows it or not.
    """

    number = models.CharField(max_length=20, unique=True)
    title = models.CharField(_("Subject"), max_length=200)
    kind = models.CharField(_("Kind"), max_length=10, choices=CaseKind.choices, default=CaseKind.FAULT)
    state = models.CharField(_("State"), max_length=10, choices=CaseState.choices, default=CaseState.REPORTED)
    customer = models.ForeignKey(
        "parties.Customer", on_delete=models.PROTECT, related_name="service_cases", verbose_name=_("Customer")
    )
    order = models.ForeignKey(
        "orders.Order",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="service_cases",
        verbose_name=_("Order"),
    )
    warranty = models.ForeignKey(
        Warranty, null=True, blank=True, on_delete=models.SET_NULL, related_name="cases", verbose_name=_("Warranty")
    )
    under_warranty = models.BooleanField(_("Under warranty"), default=False)
    serial = models.CharField(_("Serial number"), max_length=80, blank=True)
    request = models.OneToOneField(
        "customer_relations.CustomerRequest", on_delete=models.PROTECT, related_name="service_case"
    )
    engineer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("Engineer"),
    )
    cause = models.CharField(_("Cause"), max_length=200, blank=True)
    measure = models.TextField(_("What was done"), blank=True)

    class Meta:
        verbose_name = N_("service case")
        ordering = ["-id"]
        indexes = [models.Index(fields=["state", "-id"]), models.Index(fields=["engineer", "state"])]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"

    @property
    def key(self) -> str:
        return self.number


class VisitKind(models.TextChoices):
    SERVICE = "service", _("Service visit")
    RETURN = "return", _("Return visit")


class Visit(Versioned):
    """An engineer goes to the customer: for a case, or a return visit (回访) that was planned. Signed on the spot."""

    kind = models.CharField(_("Kind"), max_length=8, choices=VisitKind.choices, default=VisitKind.SERVICE)
    case = models.ForeignKey(ServiceCase, null=True, blank=True, on_delete=models.CASCADE, related_name="visits")
    order = models.ForeignKey("orders.Order", null=True, blank=True, on_delete=models.CASCADE, related_name="visits")
    customer = models.ForeignKey("parties.Customer", on_delete=models.PROTECT, related_name="visits")
    engineer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="visits", verbose_name=_("Engineer")
    )
    day = models.DateField(_("Day"))
    purpose = models.CharField(_("Purpose"), max_length=200, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    report = models.TextField(_("Report"), blank=True)
    hours = models.DecimalField(_("Hours"), max_digits=6, decimal_places=2, null=True, blank=True)
    parts = models.TextField(_("Parts used"), blank=True)
    signed_by = models.CharField(_("Signed by"), max_length=80, blank=True)
    signature = models.CharField(max_length=64, blank=True)

    class Meta:
        verbose_name = N_("visit")
        ordering = ["day", "id"]
        indexes = [models.Index(fields=["engineer", "done_at", "day"])]

    def __str__(self) -> str:
        return f"{self.customer} {self.day}"


class RmaState(models.TextChoices):
    AUTHORISED = "authorised", _("Authorised")
    RECEIVED = "received", _("Part received")
    INSPECTED = "inspected", _("Part inspected")
    DECIDED = "decided", _("Outcome decided")
    RETURNED = "returned", _("Settled")
    CANCELLED = "cancelled", _("Cancelled")


class Outcome(models.TextChoices):
    REPAIR = "repair", _("Repair")
    REPLACE = "replace", _("Replace")
    CREDIT = "credit", _("Credit")
    REFUSE = "refuse", _("Send back as it is")


class Rma(Versioned):
    """A part that comes back to us, and how it ends: with the ``waybill`` it goes back to the customer under, or with a
    ``credit_note``."""

    number = models.CharField(max_length=20, unique=True)
    case = models.ForeignKey(ServiceCase, on_delete=models.CASCADE, related_name="rmas")
    part = models.CharField(_("Part"), max_length=160)
    serial = models.CharField(_("Serial number"), max_length=80, blank=True)
    quantity = models.DecimalField(_("Quantity"), max_digits=12, decimal_places=3, default=1)
    state = models.CharField(_("State"), max_length=10, choices=RmaState.choices, default=RmaState.AUTHORISED)
    finding = models.TextField(_("Finding"), blank=True)
    outcome = models.CharField(_("Outcome"), max_length=8, choices=Outcome.choices, blank=True)
    note = models.CharField(_("Note"), max_length=200, blank=True)
    waybill = models.CharField(_("Waybill"), max_length=80, blank=True)
    credit_note = models.CharField(_("Credit note"), max_length=80, blank=True)

    class Meta:
        verbose_name = N_("return authorisation")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.number} {self.part}"
