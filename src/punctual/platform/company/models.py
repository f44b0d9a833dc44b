"""One row: the company."""

from django.db import models
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
