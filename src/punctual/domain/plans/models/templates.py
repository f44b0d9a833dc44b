"""Plan templates in editions, and which products they are for."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from punctual.domain.plans.models.facts import ONE_OF_SKILL_AND_RESOURCE, BudgetKind, LinkFacts, NeedFacts
from punctual.platform.records import Versioned


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
