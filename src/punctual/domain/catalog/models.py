"""What is sold. Which plan template a product calls for stands in ``plans``, since templates stand above products."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from punctual.kernel.wording import N_
from punctual.platform.records import Versioned


class ProductFamily(models.Model):
    """Products that are reviewed and planned alike."""

    code = models.CharField(_("Code"), max_length=20, unique=True)
    name = models.CharField(_("Name"), max_length=80)

    class Meta:
        verbose_name = N_("product family")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class Product(Versioned):
    """``model`` is the model number by which everybody calls it. Quantities are in ``unit``. ``warranty_months`` is 0
    for what is no goods, such as installation or training."""

    model = models.CharField(_("Model"), max_length=40, unique=True)
    name = models.CharField(_("Name"), max_length=120)
    family = models.ForeignKey(
        ProductFamily, on_delete=models.PROTECT, related_name="products", verbose_name=_("Family")
    )
    unit = models.CharField(_("Unit"), max_length=20)
    minimum_order_quantity = models.DecimalField(
        _("Minimum order quantity"), max_digits=18, decimal_places=6, default=1
    )
    order_multiple = models.DecimalField(_("Order multiple"), max_digits=18, decimal_places=6, default=1)
    lead_time_days = models.PositiveIntegerField(_("Standard lead time, working days"), default=0)
    warranty_months = models.PositiveSmallIntegerField(_("Warranty, months"), default=12)
    description = models.TextField(_("Description"), blank=True)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = N_("product")
        ordering = ["model"]

    def __str__(self) -> str:
        return self.model


class ProductRevision(models.Model):
    """A state of the product's drawings. A retired one can't be ordered; ``successor`` says what to take instead."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="revisions")
    code = models.CharField(_("Revision"), max_length=20)
    released_on = models.DateField(_("Released"), null=True, blank=True)
    retired_on = models.DateField(_("Retired"), null=True, blank=True)
    successor = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        verbose_name = N_("revision")
        ordering = ["product", "code"]
        constraints = [models.UniqueConstraint(fields=["product", "code"], name="catalog_one_revision_a_code")]

    def __str__(self) -> str:
        return self.code


class ListPrice(models.Model):
    """Price without tax for one unit, in one currency, from a day on."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="prices")
    currency = models.CharField(_("Currency"), max_length=3, default="CNY")
    amount = models.DecimalField(_("List price"), max_digits=18, decimal_places=4)
    valid_from = models.DateField(_("Valid from"))

    class Meta:
        ordering = ["product", "currency", "-valid_from"]
        constraints = [
            models.UniqueConstraint(fields=["product", "currency", "valid_from"], name="catalog_one_price_a_day")
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"
