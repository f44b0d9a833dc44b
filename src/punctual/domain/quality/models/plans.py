"""What is to be inspected: gauges, templates of products, the quality plan of an order and its control points."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from punctual.engine.sampling import LEVELS
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import Role
from punctual.platform.records import Versioned


class Stage(models.TextChoices):
    """Where on its way the thing is looked at."""

    IQC = "iqc", _("Incoming (IQC)")
    FIRST = "first", _("First article")
    IPQC = "ipqc", _("In process (IPQC)")
    FQC = "fqc", _("Final (FQC)")
    OQC = "oqc", _("Outgoing (OQC)")
    FAT = "fat", _("Factory acceptance (FAT)")
    SAT = "sat", _("Site acceptance (SAT)")


SERIES = {
    Stage.IQC: "IQC",
    Stage.FIRST: "FAI",
    Stage.IPQC: "IPQC",
    Stage.FQC: "FQC",
    Stage.OQC: "OQC",
    Stage.FAT: "FAT",
    Stage.SAT: "SAT",
}
"""Stage → what the numbers of its inspections begin with."""


class Anchor(models.TextChoices):
    """What a control point is tied to."""

    TASK = "task", _("A task of the plan")
    RECEIPT = "receipt", _("A purchase receipt")
    DELIVERY = "delivery", _("The delivery")


class DefectClass(models.TextChoices):
    CRITICAL = "critical", _("Critical")
    MAJOR = "major", _("Major")
    MINOR = "minor", _("Minor")


class Sampling(models.TextChoices):
    ALL = "all", _("Every unit")
    FIXED = "fixed", _("A fixed number")
    PERCENT = "percent", _("A percentage")
    AQL = "aql", _("AQL, GB/T 2828.1")


class Hold(models.TextChoices):
    """Whether the work may go on before the point is passed."""

    NONE = "none", _("Work goes on")
    HOLD = "hold", _("Hold point")
    WITNESS = "witness", _("Witness point, the customer is present")


class Kind(models.TextChoices):
    MEASURED = "measured", _("Measured value")
    ATTRIBUTE = "attribute", _("Good or not")
    CHECKLIST = "checklist", _("Checklist")
    DOCUMENT = "document", _("Document")


class Gauge(Versioned):
    """Something to measure with. Outside ``minimum`` … ``maximum`` it shows nothing that can be used; after
    ``calibration_due`` nothing is measured with it."""

    code = models.CharField(_("Code"), max_length=20, unique=True)
    name = models.CharField(_("Name"), max_length=80)
    unit = models.CharField(_("Unit"), max_length=20)
    minimum = models.DecimalField(_("Range from"), max_digits=18, decimal_places=6, null=True, blank=True)
    maximum = models.DecimalField(_("Range to"), max_digits=18, decimal_places=6, null=True, blank=True)
    resolution = models.DecimalField(_("Smallest step"), max_digits=18, decimal_places=6, null=True, blank=True)
    calibrated_on = models.DateField(_("Calibrated"), null=True, blank=True)
    calibration_due = models.DateField(_("Next calibration"), null=True, blank=True)
    place = models.CharField(_("Where"), max_length=80, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = N_("gauge")
        ordering = ["code"]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class CharacteristicFacts(models.Model):
    """One thing to look at. A measured one lies between ``lower`` and ``upper`` (either may be open) in ``unit``."""

    position = models.PositiveIntegerField(default=0)
    kind = models.CharField(_("Kind"), max_length=10, choices=Kind.choices, default=Kind.ATTRIBUTE)
    name = models.CharField(_("Characteristic"), max_length=120)
    defect_class = models.CharField(_("Class"), max_length=10, choices=DefectClass.choices, default=DefectClass.MAJOR)
    unit = models.CharField(_("Unit"), max_length=20, blank=True)
    nominal = models.DecimalField(_("Nominal"), max_digits=18, decimal_places=6, null=True, blank=True)
    lower = models.DecimalField(_("Lower limit"), max_digits=18, decimal_places=6, null=True, blank=True)
    upper = models.DecimalField(_("Upper limit"), max_digits=18, decimal_places=6, null=True, blank=True)
    gauge = models.ForeignKey(
        Gauge, null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("Gauge")
    )
    chart = models.ForeignKey(
        "quality.ControlChart", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name


CHARACTERISTIC_FIELDS = (
    "position", "kind", "name", "defect_class", "unit", "nominal", "lower", "upper", "gauge_id", "chart_id",
)  # fmt: skip


class PointFacts(models.Model):
    """When what is looked at, by whom and on how many. ``sample_number`` is the fixed number or the percentage."""

    position = models.PositiveIntegerField(default=0)
    name = models.CharField(_("Control point"), max_length=120)
    stage = models.CharField(_("Stage"), max_length=8, choices=Stage.choices)
    anchor = models.CharField(_("Tied to"), max_length=10, choices=Anchor.choices, default=Anchor.TASK)
    defect_class = models.CharField(_("Class"), max_length=10, choices=DefectClass.choices, default=DefectClass.MAJOR)
    sampling = models.CharField(_("Sampling"), max_length=10, choices=Sampling.choices, default=Sampling.ALL)
    sample_number = models.DecimalField(_("Number or %"), max_digits=9, decimal_places=2, null=True, blank=True)
    aql = models.DecimalField(_("AQL"), max_digits=7, decimal_places=3, null=True, blank=True)
    level = models.CharField(_("Inspection level"), max_length=4, choices=[(one, one) for one in LEVELS], default="II")
    hold = models.CharField(_("Hold or witness"), max_length=8, choices=Hold.choices, default=Hold.NONE)
    role = models.CharField(_("Who inspects"), max_length=20, choices=Role.choices, default=Role.QUALITY)
    evidence = models.CharField(_("Evidence"), max_length=200, blank=True)
    needs_certificate = models.BooleanField(_("A certificate is needed"), default=False)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name


POINT_FIELDS = (
    "position", "name", "stage", "anchor", "defect_class", "sampling", "sample_number", "aql", "level", "hold",
    "role", "evidence", "needs_certificate",
)  # fmt: skip


class QualityTemplate(Versioned):
    """How a product, or a family of products, is inspected. The product's own goes before its family's."""

    code = models.CharField(_("Code"), max_length=20, unique=True)
    name = models.CharField(_("Name"), max_length=80)
    family = models.ForeignKey(
        "catalog.ProductFamily", null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    product = models.ForeignKey("catalog.Product", null=True, blank=True, on_delete=models.CASCADE, related_name="+")

    class Meta:
        verbose_name = N_("quality template")
        ordering = ["code"]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class TemplatePoint(PointFacts):
    """``task_words`` finds the task that it is tied to: the last one of the line whose name holds one of them
    (separated by ``|``). ``standard_words`` find the acceptance criteria that it shows."""

    template = models.ForeignKey(QualityTemplate, on_delete=models.CASCADE, related_name="points")
    task_words = models.CharField(max_length=120, blank=True)
    standard_words = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering = ["template", "position"]


class TemplateCharacteristic(CharacteristicFacts):
    point = models.ForeignKey(TemplatePoint, on_delete=models.CASCADE, related_name="characteristics")

    class Meta:
        ordering = ["point", "position"]


class PlanState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    APPROVED = "approved", _("Approved")


class QualityPlan(Versioned):
    """What of an order is inspected. Only a draft can be changed; revising an approved one makes the next revision."""

    order = models.OneToOneField("orders.Order", on_delete=models.CASCADE, related_name="quality_plan")
    revision = models.PositiveIntegerField(_("Revision"), default=1)
    state = models.CharField(_("State"), max_length=10, choices=PlanState.choices, default=PlanState.DRAFT)
    requirements = models.TextField(_("What the customer requires"), blank=True)
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    approved_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = N_("quality plan")
        ordering = ["-id"]

    def __str__(self) -> str:
        return str(self.order)


class PlanRevision(models.Model):
    """An approved revision as it was: ``document`` holds its points with their characteristics."""

    plan = models.ForeignKey(QualityPlan, on_delete=models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField()
    document = models.JSONField()
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    approved_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["plan", "-number"]
        constraints = [models.UniqueConstraint(fields=["plan", "number"], name="quality_one_revision_a_number")]

    def __str__(self) -> str:
        return f"{self.plan_id} r{self.number}"


class PointState(models.TextChoices):
    """What the point's inspections say."""

    OPEN = "open", _("Not inspected yet")
    FAILED = "failed", _("Not passed")
    PASSED = "passed", _("Passed")


class ControlPoint(PointFacts):
    """A control point of an order. ``standards`` are the acceptance criteria that it shows."""

    plan = models.ForeignKey(QualityPlan, on_delete=models.CASCADE, related_name="points")
    order_line = models.ForeignKey(
        "orders.OrderLine", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    task = models.ForeignKey("plans.Task", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    standards = models.ManyToManyField("plans.DeliveryStandard", blank=True, related_name="control_points")
    state = models.CharField(_("State"), max_length=8, choices=PointState.choices, default=PointState.OPEN)
    has_certificate = models.BooleanField(default=False)

    class Meta:
        verbose_name = N_("control point")
        ordering = ["plan", "position", "id"]


class PointCharacteristic(CharacteristicFacts):
    point = models.ForeignKey(ControlPoint, on_delete=models.CASCADE, related_name="characteristics")

    class Meta:
        ordering = ["point", "position"]
