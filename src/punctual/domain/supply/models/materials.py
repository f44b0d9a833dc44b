"""Materials, what they can be replaced by, who offers them, and what products are made of."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from punctual.kernel.wording import N_
from punctual.platform.records import Versioned


class MaterialKind(models.TextChoices):
    """Where it comes from. What is made has a bill of material of its own and is never bought."""

    BOUGHT = "bought", _("Bought")
    MADE = "made", _("Made here")
    SERVICE = "service", _("Outsourced service")


class Material(Versioned):
    """A thing that products are made of. Quantities are in ``unit``; ``standard_cost`` is for one unit, without tax, in
    the company's currency. ``is_whole``: it comes in whole pieces, so that needs are rounded up."""

    code = models.CharField(_("Code"), max_length=40, unique=True)
    name = models.CharField(_("Name"), max_length=120)
    kind = models.CharField(_("Kind"), max_length=10, choices=MaterialKind.choices, default=MaterialKind.BOUGHT)
    unit = models.CharField(_("Unit"), max_length=20)
    is_whole = models.BooleanField(_("Whole pieces only"), default=True)
    lead_time_days = models.PositiveIntegerField(_("Lead time, working days"), default=0)
    standard_cost = models.DecimalField(_("Standard cost"), max_digits=18, decimal_places=4, default=0)
    supplier = models.ForeignKey(
        "parties.Supplier",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="materials",
        verbose_name=_("Usual supplier"),
    )
    notes = models.TextField(_("Notes"), blank=True)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = N_("material")
        ordering = ["code"]

    def __str__(self) -> str:
        return f"{self.name} {self.code}"


class Alternative(models.Model):
    """``substitute`` may be taken instead: ``factor`` units of it for one of the material. Where ``needs_consent``,
    engineering agrees first; ``note`` says what differs."""

    material = models.ForeignKey(Material, on_delete=models.CASCADE, related_name="alternatives")
    substitute = models.ForeignKey(Material, on_delete=models.CASCADE, related_name="+", verbose_name=_("Substitute"))
    factor = models.DecimalField(_("Factor"), max_digits=12, decimal_places=6, default=1)
    needs_consent = models.BooleanField(_("Engineering must agree"), default=True)
    note = models.CharField(_("Note"), max_length=200, blank=True)

    class Meta:
        ordering = ["material", "id"]
        constraints = [
            models.UniqueConstraint(fields=["material", "substitute"], name="supply_one_alternative_a_pair"),
            models.CheckConstraint(condition=~Q(material=models.F("substitute")), name="supply_alternative_other"),
            models.CheckConstraint(condition=Q(factor__gt=0), name="supply_alternative_factor"),
        ]

    def __str__(self) -> str:
        return f"{self.material_id} → {self.substitute_id}"


class Offer(models.Model):
    """At what price and how fast a supplier delivers a material; money in the company's currency, without tax."""

    material = models.ForeignKey(Material, on_delete=models.CASCADE, related_name="offers")
    supplier = models.ForeignKey(
        "parties.Supplier", on_delete=models.CASCADE, related_name="offers", verbose_name=_("Supplier")
    )
    unit_price = models.DecimalField(_("Unit price"), max_digits=18, decimal_places=4)
    lead_time_days = models.PositiveIntegerField(_("Lead time, working days"))
    minimum_quantity = models.DecimalField(_("Minimum quantity"), max_digits=18, decimal_places=6, default=0)

    class Meta:
        ordering = ["material", "unit_price", "id"]
        constraints = [models.UniqueConstraint(fields=["material", "supplier"], name="supply_one_offer_a_supplier")]

    def __str__(self) -> str:
        return f"{self.material_id}: {self.supplier}"


class Bom(Versioned):
    """What one product revision, or one material that is made here, consists of. Exactly one of the two."""

    revision = models.OneToOneField(
        "catalog.ProductRevision",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="bom",
        verbose_name=_("Product revision"),
    )
    material = models.OneToOneField(
        Material, null=True, blank=True, on_delete=models.CASCADE, related_name="bom", verbose_name=_("Material")
    )
    notes = models.TextField(_("Notes"), blank=True)

    class Meta:
        verbose_name = N_("bill of material")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(revision__isnull=False, material__isnull=True)
                | Q(revision__isnull=True, material__isnull=False),
                name="supply_bom_of_one",
            )
        ]

    def __str__(self) -> str:
        if self.revision is not None:
            return f"{self.revision.product.model} {self.revision.code}"
        return str(self.material)


class BomLine(models.Model):
    """``quantity`` of the material goes into one unit of the whole; ``scrap_percent`` of what is taken is lost on top.

    ``used_in`` is the name of the task that takes it; empty: the task of the line above, else the last one before the
    delivery.
    """

    bom = models.ForeignKey(Bom, on_delete=models.CASCADE, related_name="lines")
    position = models.PositiveIntegerField(default=0)
    material = models.ForeignKey(Material, on_delete=models.PROTECT, related_name="used_by", verbose_name=_("Material"))
    quantity = models.DecimalField(_("Quantity"), max_digits=18, decimal_places=6)
    scrap_percent = models.DecimalField(_("Scrap, %"), max_digits=6, decimal_places=3, default=0)
    used_in = models.CharField(_("Used in task"), max_length=120, blank=True)

    class Meta:
        ordering = ["bom", "position", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="supply_bom_quantity"),
            models.CheckConstraint(condition=Q(scrap_percent__gte=0, scrap_percent__lt=100), name="supply_bom_scrap"),
        ]

    def __str__(self) -> str:
        return f"{self.bom_id}/{self.position} {self.material_id}"
