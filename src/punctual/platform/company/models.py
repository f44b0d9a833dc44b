"""One row: the company."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from punctual.platform.records import Versioned


class Company(Versioned):
    """``is_demo`` shows the banner with the demo sign-ins; such data is made up."""

    name = models.CharField(_("Company name"), max_length=120)
    currency = models.CharField(_("Currency"), max_length=3, default="CNY")
    is_demo = models.BooleanField(default=False, editable=False)

    class Meta:
        verbose_name = "company"

    def __str__(self) -> str:
        return self.name


class ExchangeRate(models.Model):
    """What one unit of ``currency`` is in the company's currency from ``valid_from`` until the next one."""

    currency = models.CharField(_("Currency"), max_length=3)
    valid_from = models.DateField(_("Valid from"))
    rate = models.DecimalField(_("Rate"), max_digits=18, decimal_places=8)
    source = models.CharField(_("Source"), max_length=80, blank=True)
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    set_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = "exchange rate"
        ordering = ["currency", "-valid_from"]
        constraints = [
            models.UniqueConstraint(fields=["currency", "valid_from"], name="company_one_rate_a_day"),
            models.CheckConstraint(condition=models.Q(rate__gt=0), name="company_rate_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.currency} {self.valid_from:%Y-%m-%d}"
