"""The plan of an order: tasks, links, needs, budget, standards."""

from __future__ import annotations

from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from punctual.domain.plans.models.facts import ONE_OF_SKILL_AND_RESOURCE, BudgetKind, Constraint, LinkFacts, NeedFacts
from punctual.domain.plans.models.templates import TemplateTask
from punctual.platform.records import Versioned


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
