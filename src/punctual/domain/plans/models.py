"""Plan templates, and the plan of an order: tasks, links, needs, budget, standards, baselines and every edit.

Durations, lags and floats are integer working minutes of the task's calendar (wall-clock minutes where ``elapsed``).
Moments are stored with a zone; a plan reads them on the clock of its site (``work_calendars.plan_time``).
"""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from punctual.platform.records import Versioned


class LinkType(models.TextChoices):
    """Which end of the predecessor drives which end of the successor."""

    FS = "FS", _("Finish to start")
    SS = "SS", _("Start to start")
    FF = "FF", _("Finish to finish")
    SF = "SF", _("Start to finish")


class LagUnit(models.TextChoices):
    """What the number of a lag counts."""

    WORKING = "working", _("Working minutes")
    ELAPSED = "elapsed", _("Minutes on the clock")
    PERCENT = "percent", _("% of the predecessor")


class Constraint(models.TextChoices):
    """When a task may lie."""

    ASAP = "ASAP", _("As soon as possible")
    ALAP = "ALAP", _("As late as possible")
    SNET = "SNET", _("Start no earlier than")
    SNLT = "SNLT", _("Start no later than")
    FNET = "FNET", _("Finish no earlier than")
    FNLT = "FNLT", _("Finish no later than")
    MSO = "MSO", _("Must start on")
    MFO = "MFO", _("Must finish on")

    @property
    def needs_date(self) -> bool:
        return self not in (Constraint.ASAP, Constraint.ALAP)


class BudgetKind(models.TextChoices):
    LABOUR = "labour", _("Labour")
    MATERIAL = "material", _("Material")
    EQUIPMENT = "equipment", _("Equipment")
    OUTSOURCED = "outsourced", _("Outsourced service")


class LinkFacts(models.Model):
    """Kind and lag of a link. ``lag`` may be negative (a lead)."""

    type = models.CharField(_("Link"), max_length=2, choices=LinkType.choices, default=LinkType.FS)
    lag = models.IntegerField(_("Lag"), default=0)
    lag_unit = models.CharField(max_length=10, choices=LagUnit.choices, default=LagUnit.WORKING)

    class Meta:
        abstract = True


class NeedFacts(models.Model):
    """Who or what a task takes: ``units`` of a skill, or of one named resource; exactly one of the two."""

    skill = models.ForeignKey(
        "resources.Skill",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("Skill"),
    )
    resource = models.ForeignKey(
        "resources.Resource",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("Resource"),
    )
    units = models.PositiveIntegerField(_("Units"), default=1)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.resource or self.skill} ×{self.units}"


ONE_OF_SKILL_AND_RESOURCE = Q(skill__isnull=True, resource__isnull=False) | Q(
    skill__isnull=False, resource__isnull=True
)


# ---------------------------------------------------------------------------------------------------- templates


class PlanTemplate(Versioned):
    """How a kind of product is made and delivered, for any quantity."""

    code = models.CharField(_("Code"), max_length=20, unique=True)
    name = models.CharField(_("Name"), max_length=80)
    family = models.ForeignKey(
        "catalog.ProductFamily",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("Family"),
    )
    goals = models.TextField(_("Goals"), blank=True)
    edition = models.PositiveIntegerField(default=1, editable=False)
    draft = models.JSONField(null=True, blank=True, editable=False)
    """The next edition as its document, while it is worked on; plans are made from the published one."""
    draft_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = "plan template"
        ordering = ["code"]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class TemplateEdition(models.Model):
    """What a template said from its publication on."""

    template = models.ForeignKey(PlanTemplate, on_delete=models.CASCADE, related_name="editions")
    number = models.PositiveIntegerField()
    document = models.JSONField()
    published_at = models.DateTimeField(default=timezone.now)
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["template", "-number"]
        constraints = [models.UniqueConstraint(fields=["template", "number"], name="plans_one_edition_a_number")]

    def __str__(self) -> str:
        return f"{self.template} / {self.number}"


class TemplateTask(models.Model):
    """One step. Its duration for a quantity q is ``duration + duration_per_unit · q``; summaries have none.

    ``position`` counts in the order of the template's outline, parents before their children.
    ``is_delivery`` marks the step with whose end the thing is delivered; without any, that is the last end.
    """

    template = models.ForeignKey(PlanTemplate, on_delete=models.CASCADE, related_name="tasks")
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.CASCADE, related_name="children")
    position = models.PositiveIntegerField(default=0)
    wbs = models.CharField(_("WBS"), max_length=40, blank=True)
    name = models.CharField(_("Task"), max_length=120)
    duration = models.PositiveIntegerField(_("Fixed duration"), default=0)
    duration_per_unit = models.PositiveIntegerField(_("Duration per unit"), default=0)
    is_elapsed = models.BooleanField(_("Runs on the clock"), default=False)
    is_milestone = models.BooleanField(_("Milestone"), default=False)
    is_delivery = models.BooleanField(_("Delivery"), default=False)
    notes = models.TextField(_("Notes"), blank=True)

    class Meta:
        ordering = ["template", "position"]

    def __str__(self) -> str:
        return f"{self.wbs} {self.name}"


class TemplateLink(LinkFacts):
    template = models.ForeignKey(PlanTemplate, on_delete=models.CASCADE, related_name="links")
    predecessor = models.ForeignKey(TemplateTask, on_delete=models.CASCADE, related_name="links_out")
    successor = models.ForeignKey(TemplateTask, on_delete=models.CASCADE, related_name="links_in")

    class Meta:
        ordering = ["template", "id"]
        constraints = [
            models.UniqueConstraint(fields=["predecessor", "successor"], name="plans_one_template_link_a_pair")
        ]

    def __str__(self) -> str:
        return f"{self.predecessor_id} → {self.successor_id}"


class TemplateNeed(NeedFacts):
    task = models.ForeignKey(TemplateTask, on_delete=models.CASCADE, related_name="needs")

    class Meta:
        ordering = ["task", "id"]
        constraints = [models.CheckConstraint(condition=ONE_OF_SKILL_AND_RESOURCE, name="plans_template_need_one")]


class TemplateBudget(models.Model):
    """Money for a quantity q: ``amount + amount_per_unit · q``, in the company's currency."""

    template = models.ForeignKey(PlanTemplate, on_delete=models.CASCADE, related_name="budget")
    task = models.ForeignKey(TemplateTask, null=True, blank=True, on_delete=models.CASCADE, related_name="budget")
    kind = models.CharField(_("Kind"), max_length=12, choices=BudgetKind.choices)
    name = models.CharField(_("Purpose"), max_length=120, blank=True)
    amount = models.DecimalField(_("Fixed amount"), max_digits=18, decimal_places=2, default=0)
    amount_per_unit = models.DecimalField(_("Amount per unit"), max_digits=18, decimal_places=2, default=0)

    class Meta:
        ordering = ["template", "id"]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class TemplateStandard(models.Model):
    """What the delivered thing must fulfil, and how that is shown."""

    template = models.ForeignKey(PlanTemplate, on_delete=models.CASCADE, related_name="standards")
    position = models.PositiveIntegerField(default=0)
    criterion = models.CharField(_("Criterion"), max_length=200)
    method = models.CharField(_("Shown by"), max_length=200, blank=True)

    class Meta:
        ordering = ["template", "position", "id"]

    def __str__(self) -> str:
        return self.criterion


class ProductTemplate(models.Model):
    """Which template a product calls for."""

    product = models.OneToOneField("catalog.Product", on_delete=models.CASCADE, related_name="plan_template_link")
    template = models.ForeignKey(PlanTemplate, on_delete=models.PROTECT, related_name="product_links")

    def __str__(self) -> str:
        return f"{self.product} → {self.template}"


# -------------------------------------------------------------------------------------------------------- plans


class Plan(Versioned):
    """The plan of one order. What stands below ``status_date`` is computed.

    ``start``          the first possible day.
    ``status_date``    progress is as of this day: unfinished work never lies before it; None = not yet set.
    ``planned_date``   with whose end the last line is delivered; ``planned_finish`` is the end of everything.
    ``latest_start``   the last day on which it could begin and still deliver on the requested dates; None = unknown.
    ``progress``       percent of the work done, weighted by duration.
    """

    order = models.OneToOneField("orders.Order", on_delete=models.CASCADE, related_name="plan")
    calendar = models.ForeignKey("calendars.WorkingCalendar", on_delete=models.PROTECT, related_name="+")
    goals = models.TextField(_("Goals"), blank=True)
    start = models.DateField(_("Start"))
    status_date = models.DateField(_("Status date"), null=True, blank=True)
    planned_start = models.DateTimeField(null=True, editable=False)
    planned_finish = models.DateTimeField(null=True, editable=False)
    planned_date = models.DateField(_("Planned"), null=True, editable=False)
    latest_start = models.DateField(_("Latest start"), null=True, editable=False)
    progress = models.PositiveSmallIntegerField(_("Progress"), default=0, editable=False)
    task_count = models.PositiveIntegerField(_("Tasks"), default=0, editable=False)

    class Meta:
        verbose_name = "plan"
        ordering = ["planned_date", "id"]

    def __str__(self) -> str:
        return str(self.order)


class Task(models.Model):
    """A task, milestone or summary of a plan.

    ``position`` counts among the siblings; ``sequence`` over the whole outline, and like ``wbs`` and ``is_summary``
    follows from parents and positions. ``remaining`` None = from ``percent``. Everything from ``start`` on is computed.

    ``not_before`` is the earliest start that something outside the plan allows (material that arrives, a drawing that
    is approved); ``not_before_cause_*`` names that thing (``platform/targets``), ``not_before_text`` how people call
    it. It is set by ``services.earliest`` only and holds beside links and the task's own constraint.
    """

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="tasks")
    order_line = models.ForeignKey(
        "orders.OrderLine", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    template_task = models.ForeignKey(TemplateTask, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.CASCADE, related_name="children")
    position = models.PositiveIntegerField(default=0)
    sequence = models.PositiveIntegerField(default=0)
    wbs = models.CharField(_("WBS"), max_length=40, blank=True)
    name = models.CharField(_("Task"), max_length=120)
    duration = models.PositiveIntegerField(_("Duration"), default=0)
    is_elapsed = models.BooleanField(_("Runs on the clock"), default=False)
    is_milestone = models.BooleanField(_("Milestone"), default=False)
    is_delivery = models.BooleanField(_("Delivery"), default=False)
    is_summary = models.BooleanField(default=False, editable=False)
    calendar = models.ForeignKey(
        "calendars.WorkingCalendar",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("Calendar"),
    )
    constraint = models.CharField(_("Constraint"), max_length=4, choices=Constraint.choices, default=Constraint.ASAP)
    constraint_date = models.DateTimeField(_("Constraint date"), null=True, blank=True)
    deadline = models.DateTimeField(_("Deadline"), null=True, blank=True)
    not_before = models.DateTimeField(_("Not before"), null=True, blank=True, editable=False)
    not_before_text = models.CharField(max_length=200, blank=True, editable=False)
    not_before_cause_type = models.CharField(max_length=40, blank=True, editable=False)
    not_before_cause_id = models.BigIntegerField(null=True, blank=True, editable=False)
    actual_start = models.DateTimeField(_("Actual start"), null=True, blank=True)
    actual_finish = models.DateTimeField(_("Actual finish"), null=True, blank=True)
    percent = models.PositiveSmallIntegerField(_("Progress"), default=0, validators=[MaxValueValidator(100)])
    remaining = models.PositiveIntegerField(_("Remaining"), null=True, blank=True)
    notes = models.TextField(_("Notes"), blank=True)
    start = models.DateTimeField(null=True, editable=False)
    finish = models.DateTimeField(null=True, editable=False)
    early_start = models.DateTimeField(null=True, editable=False)
    early_finish = models.DateTimeField(null=True, editable=False)
    late_start = models.DateTimeField(null=True, editable=False)
    late_finish = models.DateTimeField(null=True, editable=False)
    total_float = models.IntegerField(_("Total float"), null=True, editable=False)
    free_float = models.IntegerField(_("Free float"), null=True, editable=False)
    is_critical = models.BooleanField(_("Critical"), default=False, editable=False)

    class Meta:
        verbose_name = "task"
        ordering = ["plan", "sequence"]
        indexes = [models.Index(fields=["plan", "sequence"]), models.Index(fields=["finish"])]

    def __str__(self) -> str:
        return f"{self.wbs} {self.name}".strip()


class Dependency(LinkFacts):
    """``successor`` waits for ``predecessor``, both of the same plan."""

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="links")
    predecessor = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="links_out")
    successor = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="links_in")

    class Meta:
        verbose_name = "dependency"
        ordering = ["plan", "id"]
        constraints = [models.UniqueConstraint(fields=["predecessor", "successor"], name="plans_one_link_a_pair")]

    def __str__(self) -> str:
        return f"{self.predecessor} → {self.successor}"


class Assignment(NeedFacts):
    """Who or what a task of a plan takes. ``asked``: the skill that was asked for before this name was put on it."""

    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="needs")
    asked = models.ForeignKey(
        "resources.Skill",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("Skill asked for"),
    )

    class Meta:
        verbose_name = "assignment"
        ordering = ["task", "id"]
        constraints = [models.CheckConstraint(condition=ONE_OF_SKILL_AND_RESOURCE, name="plans_assignment_one")]


class BudgetLine(models.Model):
    """Money planned for the order, in the company's currency."""

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="budget")
    task = models.ForeignKey(Task, null=True, blank=True, on_delete=models.SET_NULL, related_name="budget")
    kind = models.CharField(_("Kind"), max_length=12, choices=BudgetKind.choices)
    name = models.CharField(_("Purpose"), max_length=120, blank=True)
    amount = models.DecimalField(_("Amount"), max_digits=18, decimal_places=2)

    class Meta:
        verbose_name = "budget line"
        ordering = ["plan", "kind", "id"]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class DeliveryStandard(models.Model):
    """What a line must fulfil to be accepted, and how that is shown."""

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="standards")
    order_line = models.ForeignKey(
        "orders.OrderLine", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    position = models.PositiveIntegerField(default=0)
    criterion = models.CharField(_("Criterion"), max_length=400)
    method = models.CharField(_("Shown by"), max_length=200, blank=True)

    class Meta:
        verbose_name = "delivery standard"
        ordering = ["plan", "position", "id"]

    def __str__(self) -> str:
        return self.criterion


# ---------------------------------------------------------------------------------------- baselines and edits


AT_CONFIRMATION = "order.confirmed"
BASELINE_NAMES = {AT_CONFIRMATION: _("Order confirmed")}
"""Names of baselines that the product keeps by itself: a code is stored and worded in the reader's language."""


class Baseline(models.Model):
    """The plan as it was agreed. Never changed; a later agreement is the next number."""

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="baselines")
    number = models.PositiveIntegerField(_("Number"))
    name = models.CharField(_("Name"), max_length=80)
    reason = models.CharField(_("Reason"), max_length=200, blank=True)
    planned_start = models.DateTimeField()
    planned_finish = models.DateTimeField()
    planned_date = models.DateField()
    budget_total = models.DecimalField(max_digits=18, decimal_places=2, default=0)
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        verbose_name = "baseline"
        ordering = ["plan", "number"]
        constraints = [models.UniqueConstraint(fields=["plan", "number"], name="plans_one_baseline_a_number")]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"

    @property
    def title(self) -> str:
        """The name as people read it."""
        return str(BASELINE_NAMES.get(self.name, self.name))


class BaselineTask(models.Model):
    """A whole row of the plan as it was. ``task_ref`` is the id of the task then; the task may be gone since."""

    baseline = models.ForeignKey(Baseline, on_delete=models.CASCADE, related_name="tasks")
    task_ref = models.BigIntegerField()
    parent_ref = models.BigIntegerField(null=True)
    sequence = models.PositiveIntegerField()
    wbs = models.CharField(max_length=40)
    name = models.CharField(max_length=120)
    is_summary = models.BooleanField()
    is_milestone = models.BooleanField()
    duration = models.PositiveIntegerField()
    start = models.DateTimeField()
    finish = models.DateTimeField()
    total_float = models.IntegerField()
    is_critical = models.BooleanField()

    class Meta:
        ordering = ["baseline", "sequence"]
        constraints = [models.UniqueConstraint(fields=["baseline", "task_ref"], name="plans_one_baseline_row_a_task")]

    def __str__(self) -> str:
        return f"{self.wbs} {self.name}"


class EditState(models.TextChoices):
    DONE = "done", _("Done")
    UNDONE = "undone", _("Undone")
    DISCARDED = "discarded", _("Discarded")


class PlanEdit(models.Model):
    """One edit with its inverse.

    ``changes`` [{"kind": "task" | "link" | "need" | "plan", "id": …, "old": {field: value} | null, "new": … | null}];
    read from right to left it takes the edit back. A row that comes or goes is whole, else only what differs is kept.
    """

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="edits")
    number = models.PositiveIntegerField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    command = models.JSONField()
    changes = models.JSONField()
    state = models.CharField(max_length=10, choices=EditState.choices, default=EditState.DONE)

    class Meta:
        ordering = ["plan", "number"]
        constraints = [models.UniqueConstraint(fields=["plan", "number"], name="plans_one_edit_a_number")]

    def __str__(self) -> str:
        return f"{self.plan_id}#{self.number}"
