"""What was inspected: lots, counts, measured values, how strictly suppliers are inspected, control charts."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from punctual.domain.quality.models.plans import CharacteristicFacts, DefectClass, Gauge, Sampling, Stage
from punctual.engine.control_charts import ChartType
from punctual.engine.run_rules import RuleSet
from punctual.engine.sampling import Severity
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import Role
from punctual.platform.records import Versioned

SEVERITY_WORDS = {
    Severity.NORMAL.value: _("Normal inspection"),
    Severity.TIGHTENED.value: _("Tightened inspection"),
    Severity.REDUCED.value: _("Reduced inspection"),
}
SEVERITIES = list(SEVERITY_WORDS.items())


class InspectionState(models.TextChoices):
    """Which verb leads where stands in ``life.INSPECTION``."""

    OPEN = "open", _("To be inspected")
    STARTED = "started", _("Being inspected")
    ACCEPTED = "accepted", _("Lot accepted")
    REJECTED = "rejected", _("Lot rejected")
    DEVIATED = "deviated", _("Accepted by deviation")
    CANCELLED = "cancelled", _("Cancelled")


class Entry(models.TextChoices):
    COUNT = "count", _("By count")
    SERIAL = "serial", _("Unit by unit")


class Inspection(Versioned):
    """One lot, or part of one, that is looked at.

    ``presented``       units that came; ``lot_size`` those of this inspection: less where the lot is taken in parts.
    ``sample_size`` …   what the sampling rule gave when the inspection was made; they do not change afterwards.
    ``item_key``        what the switching rules count together: the product's model or the material's code.
    ``source_*``        the receipt or delivery it is for, where another subject keeps that.
    """

    number = models.CharField(_("Number"), max_length=20, unique=True, editable=False)
    stage = models.CharField(_("Stage"), max_length=8, choices=Stage.choices)
    state = models.CharField(_("State"), max_length=10, choices=InspectionState.choices, default=InspectionState.OPEN)
    point = models.ForeignKey(
        "quality.ControlPoint", null=True, blank=True, on_delete=models.SET_NULL, related_name="inspections"
    )
    order = models.ForeignKey(
        "orders.Order", null=True, blank=True, on_delete=models.CASCADE, related_name="inspections"
    )
    task = models.ForeignKey("plans.Task", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    product = models.ForeignKey("catalog.Product", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    supplier = models.ForeignKey(
        "parties.Supplier", null=True, blank=True, on_delete=models.PROTECT, related_name="inspections"
    )
    item_key = models.CharField(_("Item"), max_length=60, blank=True, db_index=True)
    item_name = models.CharField(_("Name"), max_length=160)
    unit = models.CharField(_("Unit"), max_length=20, blank=True)
    lot_no = models.CharField(_("Lot"), max_length=60, blank=True)
    source_type = models.CharField(max_length=40, blank=True)
    source_id = models.BigIntegerField(null=True, blank=True)
    source_label = models.CharField(_("Source"), max_length=60, blank=True)
    presented = models.PositiveIntegerField(_("Presented"))
    lot_size = models.PositiveIntegerField(_("Lot size"))
    sampling = models.CharField(_("Sampling"), max_length=10, choices=Sampling.choices, default=Sampling.ALL)
    level = models.CharField(_("Inspection level"), max_length=4, blank=True)
    aql = models.DecimalField(_("AQL"), max_digits=7, decimal_places=3, null=True, blank=True)
    severity = models.CharField(_("Severity"), max_length=10, choices=SEVERITIES, default=Severity.NORMAL.value)
    code_letter = models.CharField(_("Code letter"), max_length=1, blank=True)
    sample_size = models.PositiveIntegerField(_("Sample size"))
    ac = models.PositiveIntegerField("Ac", default=0)
    re = models.PositiveIntegerField("Re", default=1)
    role = models.CharField(_("Who inspects"), max_length=20, choices=Role.choices, default=Role.QUALITY)
    entry = models.CharField(_("Entry"), max_length=8, choices=Entry.choices, default=Entry.COUNT)
    due = models.DateField(_("Due by"), null=True, blank=True)
    inspector = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="inspections"
    )
    inspected = models.PositiveIntegerField(_("Inspected"), default=0)
    nonconforming = models.PositiveIntegerField(_("Nonconforming"), default=0)
    note = models.TextField(_("Remarks"), blank=True)
    witness = models.CharField(_("Present for the customer"), max_length=160, blank=True)
    needs_certificate = models.BooleanField(_("A certificate is needed"), default=False)
    is_first = models.BooleanField(_("First presentation"), default=True)
    judged_at = models.DateTimeField(_("Judged"), null=True, blank=True)
    deviated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    deviation_reason = models.TextField(_("Reason for the deviation"), blank=True)

    class Meta:
        verbose_name = N_("inspection")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["state", "due"]),
            models.Index(fields=["judged_at"]),
            models.Index(fields=["supplier", "judged_at"]),
            models.Index(fields=["source_type", "source_id"]),
        ]

    def __str__(self) -> str:
        return self.number


class InspectionItem(CharacteristicFacts):
    """A characteristic as it was asked for; ``passed`` None = not yet answered (checklist, document, attribute)."""

    inspection = models.ForeignKey(Inspection, on_delete=models.CASCADE, related_name="items")
    passed = models.BooleanField(null=True, blank=True)
    remark = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["inspection", "position", "id"]
        indexes = [models.Index(fields=["chart", "inspection"])]


class Measurement(models.Model):
    """One value of unit ``unit_no`` (1 …). ``is_ok`` is decided when it is entered."""

    item = models.ForeignKey(InspectionItem, on_delete=models.CASCADE, related_name="measurements")
    unit_no = models.PositiveIntegerField()
    serial = models.CharField(_("Serial number"), max_length=60, blank=True)
    value = models.DecimalField(max_digits=18, decimal_places=6)
    is_ok = models.BooleanField()
    gauge = models.ForeignKey(Gauge, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["item", "unit_no"]
        constraints = [models.UniqueConstraint(fields=["item", "unit_no"], name="quality_one_value_a_unit")]

    def __str__(self) -> str:
        return f"{self.unit_no}: {self.value}"


class Defect(models.Model):
    """How often one kind of defect was found in an inspection."""

    inspection = models.ForeignKey(Inspection, on_delete=models.CASCADE, related_name="defects")
    name = models.CharField(_("Defect"), max_length=60)
    defect_class = models.CharField(_("Class"), max_length=10, choices=DefectClass.choices, default=DefectClass.MAJOR)
    quantity = models.PositiveIntegerField(_("Quantity"))

    class Meta:
        ordering = ["inspection", "-quantity", "name"]
        constraints = [models.UniqueConstraint(fields=["inspection", "name"], name="quality_one_defect_a_name")]

    def __str__(self) -> str:
        return f"{self.name} {self.quantity}"


class SupplierSeverity(Versioned):
    """An item of a supplier that is inspected when it comes, by ``aql`` and ``level``, and where the switching rules
    stand for it (``engine.sampling.Switching``)."""

    supplier = models.ForeignKey("parties.Supplier", on_delete=models.CASCADE, related_name="+")
    item_key = models.CharField(_("Item"), max_length=60)
    item_name = models.CharField(_("Name"), max_length=160, blank=True)
    severity = models.CharField(_("Severity"), max_length=10, choices=SEVERITIES, default=Severity.NORMAL.value)
    recent = models.JSONField(default=list)
    score = models.PositiveIntegerField(default=0)
    accepted_in_a_row = models.PositiveIntegerField(default=0)
    rejected_tightened = models.PositiveIntegerField(default=0)
    aql = models.DecimalField(_("AQL"), max_digits=7, decimal_places=3, default=1)
    level = models.CharField(_("Inspection level"), max_length=4, default="II")
    is_discontinued = models.BooleanField(_("Discontinued"), default=False)

    class Meta:
        verbose_name = N_("inspection severity")
        ordering = ["supplier", "item_key"]
        constraints = [models.UniqueConstraint(fields=["supplier", "item_key"], name="quality_one_severity_an_item")]

    def __str__(self) -> str:
        return f"{self.supplier} {self.item_key}"


class SeverityChange(models.Model):
    """One switch: by the rules after ``inspection``, or by somebody with a reason."""

    of = models.ForeignKey(SupplierSeverity, on_delete=models.CASCADE, related_name="history")
    old = models.CharField(max_length=12)
    new = models.CharField(max_length=12)
    rule = models.CharField(max_length=30)
    reason = models.CharField(_("Reason"), max_length=400, blank=True)
    inspection = models.ForeignKey(Inspection, null=True, on_delete=models.SET_NULL, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.old} → {self.new}"


CHART_WORDS = [
    (ChartType.XBAR_R.value, "X̄-R"),
    (ChartType.XBAR_S.value, "X̄-s"),
    (ChartType.I_MR.value, "I-MR"),
    (ChartType.P.value, "p"),
    (ChartType.NP.value, "np"),
    (ChartType.C.value, "c"),
    (ChartType.U.value, "u"),
]


class ControlChart(Versioned):
    """A run of results watched by run rules. Variables: the values of the characteristics that name it, one subgroup an
    inspection. Attributes: nonconforming (p, np) or defects (c, u) of the inspections of ``item_key`` and ``supplier``.

    The limits come from the points judged from ``base_from`` to ``base_to`` (open = all).
    """

    code = models.CharField(_("Code"), max_length=20, unique=True)
    name = models.CharField(_("Name"), max_length=120)
    type = models.CharField(_("Chart"), max_length=8, choices=CHART_WORDS)
    rules = models.CharField(
        _("Run rules"),
        max_length=20,
        choices=[(RuleSet.NELSON.value, "Nelson"), (RuleSet.WESTERN_ELECTRIC.value, "Western Electric")],
        default=RuleSet.NELSON.value,
    )
    subgroup_size = models.PositiveIntegerField(_("Subgroup size"), default=5)
    unit = models.CharField(_("Unit"), max_length=20, blank=True)
    lower = models.DecimalField(_("Lower limit"), max_digits=18, decimal_places=6, null=True, blank=True)
    upper = models.DecimalField(_("Upper limit"), max_digits=18, decimal_places=6, null=True, blank=True)
    wanted_cpk = models.DecimalField(_("Required Cpk"), max_digits=5, decimal_places=2, null=True, blank=True)
    order = models.ForeignKey("orders.Order", null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    supplier = models.ForeignKey("parties.Supplier", null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    item_key = models.CharField(_("Item"), max_length=60, blank=True)
    base_from = models.DateField(_("Base period from"), null=True, blank=True)
    base_to = models.DateField(_("Base period to"), null=True, blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        verbose_name = N_("control chart")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class ChartSignal(models.Model):
    """A departure that a rule found, ending at ``inspection``. Kept once; ``answer`` is what was done about it."""

    chart = models.ForeignKey(ControlChart, on_delete=models.CASCADE, related_name="signals")
    rule = models.PositiveSmallIntegerField()
    inspection = models.ForeignKey(Inspection, on_delete=models.CASCADE, related_name="signals")
    points = models.JSONField(default=list)
    found_at = models.DateTimeField(default=timezone.now)
    answer = models.TextField(_("What was done"), blank=True)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-found_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["chart", "rule", "inspection"], name="quality_one_signal_a_rule")
        ]

    def __str__(self) -> str:
        return f"{self.chart} {self.rule}"
