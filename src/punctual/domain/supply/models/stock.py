"""What lies where. The quantities of a :class:`StockItem` are the sums of its movements, and never negative."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from punctual.kernel.wording import N_
from punctual.platform.records import Versioned

TINY: Final = Decimal("0.0000005")
"""Half of the last decimal: SQLite adds binary numbers, so a sum may differ from the exact one in the last digits."""


class Place(models.Model):
    """A store, a line-side rack, a supplier's consignment."""

    code = models.CharField(_("Code"), max_length=20, unique=True)
    name = models.CharField(_("Name"), max_length=80)
    is_default = models.BooleanField(_("Receipts go here"), default=False)

    class Meta:
        verbose_name = N_("place")
        ordering = ["-is_default", "code"]
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"], condition=Q(is_default=True), name="supply_one_default_place"
            )
        ]

    def __str__(self) -> str:
        return self.name


class StockItem(Versioned):
    """One material in one place.

    ``on_hand`` lies there; of it ``blocked`` waits for inspection or is rejected, and ``reserved`` is spoken for by
    orders. Free is what remains.
    """

    material = models.ForeignKey("supply.Material", on_delete=models.PROTECT, related_name="stock")
    place = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="stock", verbose_name=_("Place"))
    on_hand = models.DecimalField(_("In stock"), max_digits=18, decimal_places=6, default=0)
    blocked = models.DecimalField(_("Blocked"), max_digits=18, decimal_places=6, default=0)
    reserved = models.DecimalField(_("Reserved"), max_digits=18, decimal_places=6, default=0)
    counted_at = models.DateTimeField(_("Counted"), null=True, blank=True)

    class Meta:
        verbose_name = N_("stock item")
        ordering = ["material__code", "place__code"]
        constraints = [
            models.UniqueConstraint(fields=["material", "place"], name="supply_one_stock_item_a_place"),
            models.CheckConstraint(
                condition=Q(on_hand__gte=0, blocked__gte=0, reserved__gte=0), name="supply_stock_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(on_hand__gte=F("blocked") + F("reserved") - TINY), name="supply_stock_covers_reserved"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.material} @ {self.place}"

    @property
    def free(self) -> Decimal:
        """In stock, neither blocked nor spoken for."""
        return self.on_hand - self.blocked - self.reserved


class MovementKind(models.TextChoices):
    RECEIPT = "receipt", _("Receipt")
    ISSUE = "issue", _("Issue")
    RETURN = "return", _("Back into stock")
    COUNT = "count", _("Count")
    BLOCK = "block", _("Blocked")
    RELEASE = "release", _("Released")
    SCRAP = "scrap", _("Rejected")


class StockMovement(models.Model):
    """One change of a quantity, never altered. ``quantity`` and ``blocked`` are the changes (±), ``*_after`` what the
    item held then. ``cause_*`` names what it comes from (``platform/targets``)."""

    item = models.ForeignKey(StockItem, on_delete=models.PROTECT, related_name="movements")
    kind = models.CharField(_("Movement"), max_length=10, choices=MovementKind.choices)
    quantity = models.DecimalField(_("Quantity"), max_digits=18, decimal_places=6, default=0)
    blocked = models.DecimalField(_("Blocked"), max_digits=18, decimal_places=6, default=0)
    on_hand_after = models.DecimalField(max_digits=18, decimal_places=6)
    blocked_after = models.DecimalField(max_digits=18, decimal_places=6)
    cause_type = models.CharField(max_length=40, blank=True)
    cause_id = models.BigIntegerField(null=True, blank=True)
    cause_text = models.CharField(max_length=200, blank=True)
    reason = models.CharField(_("Reason"), max_length=200, blank=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["item", "at"]), models.Index(fields=["cause_type", "cause_id"])]

    def __str__(self) -> str:
        return f"{self.kind} {self.quantity:+f}"
