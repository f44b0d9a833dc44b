"""What may happen to an order or to the company, and what is done about it."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from punctual.platform.records import Versioned


class Category(models.TextChoices):
    SUPPLY = "supply", _("Supply")
    QUALITY = "quality", _("Quality")
    CUSTOMER = "customer", _("Customer")
    PEOPLE = "people", _("People")
    TECHNICAL = "technical", _("Technical")
    MONEY = "money", _("Money")
    EXTERNAL = "external", _("External")


class RiskState(models.TextChoices):
    """The life of a risk; which verb leads where stands in ``life.LIFE``."""

    IDENTIFIED = "identified", _("Identified")
    ASSESSED = "assessed", _("Assessed")
    RESPONDING = "responding", _("Responding")
    OCCURRED = "occurred", _("Occurred")
    CLOSED = "closed", _("Closed")


class ResponseKind(models.TextChoices):
    AVOID = "avoid", _("Avoid")
    TRANSFER = "transfer", _("Transfer")
    MITIGATE = "mitigate", _("Mitigate")
    ACCEPT = "accept", _("Accept the risk")


class ResponseState(models.TextChoices):
    PROPOSED = "proposed", _("Proposed")
    CHOSEN = "chosen", _("Chosen")
    DONE = "done", _("Done")


class ThreePoints(models.Model):
    """Delay if it occurs in working days and its cost in the company's currency: optimistic, most likely,
    pessimistic. ``probability`` in percent."""

    probability = models.PositiveSmallIntegerField(
        _("Probability, %"), validators=[MinValueValidator(0), MaxValueValidator(100)], default=0
    )
    days_low = models.DecimalField(_("Delay, optimistic (days)"), max_digits=6, decimal_places=1, default=0)
    days_mode = models.DecimalField(_("Delay, most likely (days)"), max_digits=6, decimal_places=1, default=0)
    days_high = models.DecimalField(_("Delay, pessimistic (days)"), max_digits=6, decimal_places=1, default=0)
    cost_low = models.DecimalField(_("Cost, optimistic"), max_digits=14, decimal_places=2, default=0)
    cost_mode = models.DecimalField(_("Cost, most likely"), max_digits=14, decimal_places=2, default=0)
    cost_high = models.DecimalField(_("Cost, pessimistic"), max_digits=14, decimal_places=2, default=0)

    class Meta:
        abstract = True


class TypicalRisk(ThreePoints):
    """A risk that orders of a product family usually carry; each new order gets it.

    ``task_words`` are parts of task names, one a line: it acts on the tasks that hold one of them.
    ``response_*`` is what usually helps, proposed with it.
    """

    family = models.ForeignKey(
        "catalog.ProductFamily",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="+",
        verbose_name=_("Family"),
    )
    title = models.CharField(_("Risk"), max_length=120)
    cause = models.CharField(_("Cause"), max_length=300, blank=True)
    category = models.CharField(_("Category"), max_length=12, choices=Category.choices)
    task_words = models.TextField(_("Acts on tasks whose name contains (one a line)"), blank=True)
    trigger = models.CharField(_("Trigger"), max_length=200, blank=True)
    contingency = models.CharField(_("Contingency"), max_length=300, blank=True)
    response_kind = models.CharField(_("Response"), max_length=10, choices=ResponseKind.choices, blank=True)
    response_title = models.CharField(_("What is done"), max_length=160, blank=True)
    response_cost = models.DecimalField(_("Cost of the response"), max_digits=14, decimal_places=2, default=0)
    response_probability = models.PositiveSmallIntegerField(
        _("Probability afterwards, %"), default=0, validators=[MaxValueValidator(100)]
    )
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = "typical risk"
        ordering = ["family__code", "title", "id"]

    def __str__(self) -> str:
        return self.title


class RiskSettings(Versioned):
    """The matrix of the company; one row.

    ``probability_bounds`` four percentages and ``impact_bounds`` four delays in working days that part five classes
    each; a risk's level is class × class. From ``watch_from``, ``act_from`` and ``stop_from`` on it is coloured.
    """

    probability_bounds = models.JSONField(default=list)
    impact_bounds = models.JSONField(default=list)
    watch_from = models.PositiveSmallIntegerField(_("Watch from level"), default=4)
    act_from = models.PositiveSmallIntegerField(_("Act from level"), default=8)
    stop_from = models.PositiveSmallIntegerField(_("Unacceptable from level"), default=15)
    review_days = models.PositiveSmallIntegerField(_("Days between two reviews"), default=14)

    class Meta:
        verbose_name = "risk matrix"

    def __str__(self) -> str:
        return "risk matrix"


class Risk(ThreePoints, Versioned):
    """Something that may happen: to ``order``, or without one to the company.

    It acts on ``tasks``: when it occurs, each takes the delay longer. ``resources`` and ``suppliers`` say whom it
    concerns. ``quality`` and ``safety`` are 1 (hardly) to 5 (severe), None = no effect. ``basis`` is what the numbers
    rest on.
    """

    number = models.CharField(_("Number"), max_length=20, unique=True)
    order = models.ForeignKey("orders.Order", null=True, blank=True, on_delete=models.CASCADE, related_name="risks")
    typical = models.ForeignKey(TypicalRisk, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    title = models.CharField(_("Risk"), max_length=120)
    cause = models.CharField(_("Cause"), max_length=300, blank=True)
    category = models.CharField(_("Category"), max_length=12, choices=Category.choices)
    state = models.CharField(_("State"), max_length=12, choices=RiskState.choices, default=RiskState.IDENTIFIED)
    quality = models.PositiveSmallIntegerField(
        _("Effect on quality, 1–5"), null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(5)]
    )
    safety = models.PositiveSmallIntegerField(
        _("Effect on safety, 1–5"), null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(5)]
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="risks", verbose_name=_("Owner")
    )
    trigger = models.CharField(_("Trigger"), max_length=200, blank=True)
    contingency = models.CharField(_("Contingency"), max_length=300, blank=True)
    basis = models.CharField(_("Basis"), max_length=300, blank=True)
    review_on = models.DateField(_("Next review"), null=True, blank=True)
    tasks = models.ManyToManyField("plans.Task", blank=True, related_name="risks", verbose_name=_("Acts on tasks"))
    resources = models.ManyToManyField(
        "resources.Resource", blank=True, related_name="+", verbose_name=_("Concerns resources")
    )
    suppliers = models.ManyToManyField(
        "parties.Supplier", blank=True, related_name="+", verbose_name=_("Concerns suppliers")
    )
    occurred_on = models.DateField(_("Occurred on"), null=True, blank=True, editable=False)
    closed_note = models.CharField(max_length=300, blank=True, editable=False)

    class Meta:
        verbose_name = "risk"
        ordering = ["-id"]
        indexes = [models.Index(fields=["order", "state"]), models.Index(fields=["state", "review_on"])]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"


class RiskResponse(ThreePoints):
    """What can be done about a risk, what it costs, and how the risk stands afterwards (the three points of it)."""

    risk = models.ForeignKey(Risk, on_delete=models.CASCADE, related_name="responses")
    kind = models.CharField(_("Response"), max_length=10, choices=ResponseKind.choices)
    title = models.CharField(_("What is done"), max_length=160)
    cost = models.DecimalField(_("Cost of the response"), max_digits=14, decimal_places=2, default=0)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("Owner"),
    )
    due = models.DateField(_("Due"), null=True, blank=True)
    state = models.CharField(_("State"), max_length=10, choices=ResponseState.choices, default=ResponseState.PROPOSED)
    action = models.ForeignKey("actions.ActionItem", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        verbose_name = "risk response"
        ordering = ["risk", "id"]

    def __str__(self) -> str:
        return self.title


class RiskAnalysis(models.Model):
    """What a simulation of an order said of its risks; ``result`` as ``flows/risk_analysis.py`` writes it."""

    order = models.ForeignKey("orders.Order", on_delete=models.CASCADE, related_name="risk_analyses")
    at = models.DateTimeField(default=timezone.now)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    runs = models.PositiveIntegerField()
    seed = models.PositiveIntegerField(default=0)
    fingerprint = models.CharField(max_length=64)
    result = models.JSONField()

    class Meta:
        verbose_name = "risk analysis"
        ordering = ["order", "-at", "-id"]

    def __str__(self) -> str:
        return f"{self.order} {self.at:%Y-%m-%d}"
