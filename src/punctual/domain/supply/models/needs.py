"""What orders need, what of it is spoken for, and what is short."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from punctual.domain.orders.models import Priority
from punctual.kernel.wording import N_
from punctual.platform.records import Versioned


class RequirementSource(models.TextChoices):
    BOM = "bom", _("Bill of material")
    MANUAL = "manual", _("Entered")
    SUBSTITUTE = "substitute", _("Instead of another")


class Requirement(Versioned):
    """A task of an order needs ``quantity`` of a material; ``issued`` of it was given out.

    ``needed_by`` is the day on which its task would begin if nothing had to be waited for; None: not planned. A
    requirement that is replaced by a substitute keeps what remains of its own.
    """

    material = models.ForeignKey("supply.Material", on_delete=models.PROTECT, related_name="requirements")
    order = models.ForeignKey("orders.Order", on_delete=models.CASCADE, related_name="requirements")
    order_line = models.ForeignKey(
        "orders.OrderLine", null=True, on_delete=models.SET_NULL, related_name="requirements"
    )
    task = models.ForeignKey("plans.Task", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    quantity = models.DecimalField(_("Needed"), max_digits=18, decimal_places=6)
    issued = models.DecimalField(_("Issued"), max_digits=18, decimal_places=6, default=0)
    needed_by = models.DateField(_("Needed by"), null=True, blank=True)
    source = models.CharField(max_length=12, choices=RequirementSource.choices, default=RequirementSource.BOM)
    used_in = models.CharField(max_length=120, blank=True)
    level = models.PositiveSmallIntegerField(_("Level"), default=1)
    instead_of = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="substitutes")
    note = models.CharField(_("Note"), max_length=200, blank=True)

    class Meta:
        verbose_name = N_("requirement")
        ordering = ["needed_by", "id"]
        indexes = [models.Index(fields=["material", "needed_by"]), models.Index(fields=["order", "material"])]
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gte=0, issued__gte=0), name="supply_requirement_not_negative"),
            models.CheckConstraint(condition=Q(issued__lte=models.F("quantity")), name="supply_issued_within_needed"),
        ]

    def __str__(self) -> str:
        return f"{self.order}: {self.material}"


class ReservationState(models.TextChoices):
    ACTIVE = "active", _("Reserved")
    USED = "used", _("Used")
    RELEASED = "released", _("Released")


class Reservation(Versioned):
    """``quantity`` of a requirement's material is spoken for: out of a stock item, or of what a purchase line will
    bring; exactly one of the two. When that arrives it becomes one out of stock. ``priority`` as on orders, 1 first."""

    requirement = models.ForeignKey(Requirement, on_delete=models.CASCADE, related_name="reservations")
    stock_item = models.ForeignKey(
        "supply.StockItem", null=True, blank=True, on_delete=models.PROTECT, related_name="reservations"
    )
    purchase_line = models.ForeignKey(
        "supply.PurchaseLine", null=True, blank=True, on_delete=models.PROTECT, related_name="reservations"
    )
    quantity = models.DecimalField(_("Quantity"), max_digits=18, decimal_places=6)
    priority = models.PositiveSmallIntegerField(_("Priority"), choices=Priority.choices, default=Priority.NORMAL)
    state = models.CharField(max_length=10, choices=ReservationState.choices, default=ReservationState.ACTIVE)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(_("Reason"), max_length=200, blank=True)

    class Meta:
        verbose_name = N_("reservation")
        ordering = ["priority", "id"]
        indexes = [
            models.Index(fields=["stock_item", "state"]),
            models.Index(fields=["purchase_line", "state"]),
            models.Index(fields=["requirement", "state"]),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(stock_item__isnull=False, purchase_line__isnull=True)
                | Q(stock_item__isnull=True, purchase_line__isnull=False),
                name="supply_reservation_of_one",
            ),
            models.CheckConstraint(
                condition=Q(quantity__gt=0) | ~Q(state="active"), name="supply_reservation_of_something"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.requirement}: {self.quantity}"


class ShortageState(models.TextChoices):
    """How bad it is: it stops the work, it may stop it, or it comes in time after all."""

    STOPS = "stops", _("Stops the work")
    HANGS = "hangs", _("Uncertain")
    IN_TIME = "in_time", _("In time")


class Shortage(models.Model):
    """A requirement that stock does not cover. Computed again whenever stock, purchases or plan change
    (``services.shortages``), never edited.

    ``short`` is not in stock for it; of that ``on_the_way`` is on order, the last of it comes on ``arrives``; the rest,
    ``uncovered``, nobody has ordered. ``days_late`` working days after it is needed, ``moves`` working days by which it
    moves the delivery; ``damages`` is the expected damage because of it, in the order's currency.
    """

    requirement = models.OneToOneField(Requirement, on_delete=models.CASCADE, related_name="shortage")
    state = models.CharField(_("State"), max_length=10, choices=ShortageState.choices)
    short = models.DecimalField(_("Short"), max_digits=18, decimal_places=6)
    on_the_way = models.DecimalField(_("On the way"), max_digits=18, decimal_places=6, default=0)
    uncovered = models.DecimalField(_("Not ordered"), max_digits=18, decimal_places=6, default=0)
    arrives = models.DateField(_("Arrives"), null=True, blank=True)
    is_confirmed = models.BooleanField(default=False)
    days_late = models.IntegerField(_("Days late"), default=0)
    moves = models.IntegerField(_("Moves the delivery, days"), default=0)
    damages = models.DecimalField(_("Expected damage"), max_digits=18, decimal_places=2, default=0)
    purchase_line = models.ForeignKey(
        "supply.PurchaseLine", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    settled_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    settled_as = models.CharField(max_length=20, blank=True)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = N_("shortage")
        ordering = ["-damages", "state", "requirement__needed_by", "id"]
        indexes = [models.Index(fields=["-damages", "id"]), models.Index(fields=["state"])]

    def __str__(self) -> str:
        return str(self.requirement)
