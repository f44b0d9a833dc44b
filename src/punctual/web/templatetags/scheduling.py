"""Filters of the schedule's pages; loaded where they are used."""

from __future__ import annotations

from decimal import Decimal

from django import template

from punctual.domain.resources.models import ResourceKind
from punctual.web.formatting import UNKNOWN, money_text

register = template.Library()


@register.filter
def abs_hours(value: float) -> str:
    """Hours without their sign: the word beside says whether they are left or too many."""
    return f"{abs(value):,.0f}"


@register.filter
def resource_kind(value: str) -> str:
    return str(ResourceKind(value).label) if value in ResourceKind.values else value


@register.filter
def whole_money(value: float | None) -> str:
    """Company money in whole units."""
    return UNKNOWN if value is None else money_text(Decimal(round(value)))


@register.filter
def percent(value: float) -> str:
    """A share as whole percents."""
    return f"{round(100 * value)}%"
