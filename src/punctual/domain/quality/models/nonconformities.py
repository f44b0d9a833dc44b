"""What does not conform, what is done with it, what it costs; and concessions that let a gate pass."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from punctual.domain.quality.models.inspections import Inspection
from punctual.domain.quality.models.plans import ControlPoint, DefectClass
from punctual.kernel.wording import N_
from punctual.platform.records import Versioned


class NcrState(models.TextChoices):
    """Which verb leads where stands in ``life.NCR``."""

    OPEN = "open", _("Reported")
    CONTAINED = "contained", _("Contained")
    DISPOSED = "disposed", _("Disposition decided")
    VERIFIED = "verified", _("Verified")
    CLOSED = "closed", _("Closed")
    CANCELLED = "cancelled", _("Withdrawn")


class Origin(models.TextChoices):
    INSPECTION = "inspection", _("Inspection")
    TASK = "task", _("Work on a task")
    RECEIPT = "receipt", _("Receipt")
    COMPLAINT = "complaint", _("Customer complaint")
    REVIEW = "review", _("Quality review")


class Disposition(models.TextChoices):
    USE_AS_IS = "use_as_is", _("Use as is")
    SORT = "sort", _("Sort out and use the good ones")
    REWORK = "rework", _("Rework")
    REPAIR = "repair", _("Repair")
    SCRAP = "scrap", _("Scrap")
    RETURN = "return", _("Return to the supplier")


class Cause(models.TextChoices):
    """Categories of causes, after Ishikawa."""

    MAN = "man", _("People")
    MACHINE = "machine", _("Machine")
    MATERIAL = "material", _("Material")
    METHOD = "method", _("Method")
    MEASUREMENT = "measurement", _("Measurement")
    ENVIRONMENT = "environment", _("Environment")
    DESIGN = "design", _("Design")
    SUPPLIER = "supplier", _("Supplier's process")


class Nonconformity(Versioned):
    """Something that is not as it has to be.

    ``planned_before`` / ``planned_after``  the order's planned delivery before and after the disposition was decided;
    ``days_lost`` lies between them. ``cost`` and ``supplier_share`` are in the company's currency.
    """

    number = models.CharField(_("Number"), max_length=20, unique=True, editable=False)
    state = models.CharField(_("State"), max_length=10, choices=NcrState.choices, default=NcrState.OPEN)
    title = models.CharField(_("What is wrong"), max_length=160)
    detail = models.TextField(_("Detail"), blank=True)
    defect_class = models.CharField(_("Class"), max_length=10, choices=DefectClass.choices, default=DefectClass.MAJOR)
    origin = models.CharField(_("Found by"), max_length=12, choices=Origin.choices)
    inspection = models.ForeignKey(
        Inspection, null=True, blank=True, on_delete=models.PROTECT, related_name="nonconformities"
    )
    order = models.ForeignKey(
        "orders.Order", null=True, blank=True, on_delete=models.CASCADE, related_name="nonconformities"
    )
    task = models.ForeignKey("plans.Task", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    product = models.ForeignKey("catalog.Product", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    supplier = models.ForeignKey(
        "parties.Supplier", null=True, blank=True, on_delete=models.PROTECT, related_name="nonconformities"
    )
    source_type = models.CharField(max_length=40, blank=True)
    source_id = models.BigIntegerField(null=True, blank=True)
    source_label = models.CharField(_("Source"), max_length=60, blank=True)
    item_key = models.CharField(_("Item"), max_length=60, blank=True)
    item_name = models.CharField(_("Name"), max_length=160, blank=True)
    lot_no = models.CharField(_("Lot"), max_length=60, blank=True)
    quantity = models.PositiveIntegerField(_("Quantity concerned"), default=0)
    nonconforming = models.PositiveIntegerField(_("Nonconforming"), default=0)
    unit = models.CharField(_("Unit"), max_length=20, blank=True)
    cause = models.CharField(_("Cause"), max_length=12, choices=Cause.choices, blank=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="nonconformities")
    found_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    found_at = models.DateTimeField(_("Found"), default=timezone.now)
    contained_at = models.DateTimeField(null=True, blank=True)
    disposition = models.CharField(_("Disposition"), max_length=10, choices=Disposition.choices, blank=True)
    disposition_note = models.TextField(_("How"), blank=True)
    disposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    disposed_at = models.DateTimeField(null=True, blank=True)
    customer_agreed = models.CharField(_("The customer's concession"), max_length=200, blank=True)
    rework_task = models.ForeignKey("plans.Task", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    recheck_task = models.ForeignKey("plans.Task", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    recheck = models.ForeignKey(
        Inspection, null=True, blank=True, on_delete=models.SET_NULL, related_name="rechecks_of"
    )
    planned_before = models.DateField(null=True, blank=True)
    planned_after = models.DateField(null=True, blank=True)
    days_lost = models.IntegerField(_("Days lost"), default=0)
    cost = models.DecimalField(_("Cost"), max_digits=18, decimal_places=2, default=0)
    supplier_share = models.DecimalField(_("Borne by the supplier"), max_digits=18, decimal_places=2, default=0)
    verified_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    verified_at = models.DateTimeField(null=True, blank=True)
    verify_note = models.TextField(_("Finding"), blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = N_("nonconformity")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["state", "found_at"]),
            models.Index(fields=["supplier", "found_at"]),
            models.Index(fields=["source_type", "source_id"]),
        ]

    def __str__(self) -> str:
        return self.number


class Containment(models.Model):
    """Where such parts may be, how many, and what was done there at once."""

    ncr = models.ForeignKey(Nonconformity, on_delete=models.CASCADE, related_name="containments")
    place = models.CharField(_("Where"), max_length=80)
    quantity = models.PositiveIntegerField(_("Quantity"), default=0)
    action = models.CharField(_("What is done"), max_length=160)
    who = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    blocks_stock = models.BooleanField(_("Blocks stock"), default=False)
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["ncr", "id"]

    def __str__(self) -> str:
        return f"{self.place} {self.quantity}"


class CostKind(models.TextChoices):
    """The four kinds of the cost of quality (PAF model)."""

    PREVENTION = "prevention", _("Prevention")
    APPRAISAL = "appraisal", _("Appraisal")
    INTERNAL = "internal", _("Internal failure")
    EXTERNAL = "external", _("External failure")


class Loss(models.Model):
    """Days and money that quality cost, booked on the order and on the cause."""

    kind = models.CharField(_("Kind"), max_length=12, choices=CostKind.choices)
    ncr = models.ForeignKey(Nonconformity, null=True, on_delete=models.CASCADE, related_name="losses")
    order = models.ForeignKey("orders.Order", null=True, on_delete=models.CASCADE, related_name="quality_losses")
    supplier = models.ForeignKey("parties.Supplier", null=True, on_delete=models.PROTECT, related_name="+")
    cause = models.CharField(_("Cause"), max_length=12, choices=Cause.choices, blank=True)
    name = models.CharField(_("What for"), max_length=160)
    days = models.IntegerField(_("Calendar days"), default=0)
    amount = models.DecimalField(_("Amount"), max_digits=18, decimal_places=2, default=0)
    booked_on = models.DateField(_("Booked on"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["-booked_on", "-id"]
        indexes = [models.Index(fields=["booked_on"])]

    def __str__(self) -> str:
        return f"{self.name} {self.amount}"


class DebitNote(models.Model):
    """A draft of what the supplier is asked to bear; finance sends it."""

    number = models.CharField(_("Number"), max_length=20, unique=True)
    ncr = models.ForeignKey(Nonconformity, on_delete=models.CASCADE, related_name="debit_notes")
    supplier = models.ForeignKey("parties.Supplier", on_delete=models.PROTECT, related_name="+")
    amount = models.DecimalField(_("Amount"), max_digits=18, decimal_places=2)
    reason = models.TextField(_("Reason"))
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.number


class Concession(models.Model):
    """Somebody answers by name for letting a gate pass: of a point, a nonconformity or a certificate (a point's too).
    It counts until it is withdrawn."""

    order = models.ForeignKey("orders.Order", on_delete=models.CASCADE, related_name="quality_concessions")
    gate = models.CharField(max_length=12)
    point = models.ForeignKey(ControlPoint, null=True, on_delete=models.CASCADE, related_name="concessions")
    ncr = models.ForeignKey(Nonconformity, null=True, on_delete=models.CASCADE, related_name="concessions")
    reason = models.TextField(_("Reason"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = N_("concession")
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"{self.gate} {self.order_id}"
