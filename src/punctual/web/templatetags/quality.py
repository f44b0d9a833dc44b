"""Filters of the pages of quality."""

from __future__ import annotations

from django import template

from punctual.web.formatting import UNKNOWN

register = template.Library()


@register.filter
def share(value: float | None) -> str:
    """0.964 as ``96.4 %``."""
    return UNKNOWN if value is None else f"{100 * value:.1f} %"
