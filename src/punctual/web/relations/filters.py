"""Filters that the lists of customer relations have in common."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from punctual.domain.parties.models import Customer
from punctual.web.shell.columns import Filter

OFFERED = 60


def customer_filter(field: str = "customer") -> Filter:
    """By customer; ``field`` leads from a row to it."""
    return Filter(
        "customer",
        _("Customer"),
        lambda actor: [(one.code, str(one)) for one in Customer.objects.filter(archived_at=None)[:OFFERED]],
        lambda rows, values: rows.filter(**{f"{field}__code__in": values}),
    )
