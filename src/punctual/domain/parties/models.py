"""Who buys and who supplies."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from punctual.kernel.wording import N_
from punctual.platform.records import Versioned


class Grade(models.TextChoices):
    """How much a late delivery to this customer hurts: A most."""

    A = "A", "A"
    B = "B", "B"
    C = "C", "C"


class Language(models.TextChoices):
    """In which we write to somebody; empty = in both."""

    CHINESE = "zh-hans", "中文"
    ENGLISH = "en", "English"


class Customer(Versioned):
    """Somebody who orders. ``code`` is what files and the API call it by. ``wants_photos``: nothing is shipped to it
    without a photo of what was packed."""

    code = models.CharField(_("Code"), max_length=20, unique=True)
    name = models.CharField(_("Name"), max_length=120)
    short_name = models.CharField(_("Short name"), max_length=40, blank=True)
    grade = models.CharField(_("Grade"), max_length=1, choices=Grade.choices, default=Grade.B)
    currency = models.CharField(_("Currency"), max_length=3, default="CNY")
    payment_terms = models.CharField(_("Payment terms"), max_length=200, blank=True)
    delivery_place = models.CharField(_("Delivery place"), max_length=200, blank=True)
    address = models.CharField(_("Address"), max_length=200, blank=True)
    wants_photos = models.BooleanField(_("Wants photos of what is shipped"), default=False)
    notes = models.TextField(_("Notes"), blank=True)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = N_("customer")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.short_name or self.name


class Contact(Versioned):
    """A person at a customer."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="contacts")
    name = models.CharField(_("Name"), max_length=80)
    title = models.CharField(_("Position"), max_length=80, blank=True)
    phone = models.CharField(_("Phone"), max_length=40, blank=True)
    email = models.EmailField(_("E-mail"), blank=True)
    language = models.CharField(_("Language"), max_length=10, choices=Language.choices, blank=True)
    is_primary = models.BooleanField(_("First contact"), default=False)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = N_("contact")
        ordering = ["-is_primary", "name"]

    def __str__(self) -> str:
        return self.name


class Supplier(Versioned):
    """Somebody who delivers material or does work for us."""

    code = models.CharField(_("Code"), max_length=20, unique=True)
    name = models.CharField(_("Name"), max_length=120)
    short_name = models.CharField(_("Short name"), max_length=40, blank=True)
    contact_name = models.CharField(_("Contact"), max_length=80, blank=True)
    phone = models.CharField(_("Phone"), max_length=40, blank=True)
    email = models.EmailField(_("E-mail"), blank=True)
    lead_time_days = models.PositiveIntegerField(_("Usual lead time, days"), default=0)
    notes = models.TextField(_("Notes"), blank=True)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = N_("supplier")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.short_name or self.name
