"""Filters of the pages of quality."""

from __future__ import annotations

from typing import Any

from django import template

from punctual.platform.attachments.models import Attachment
from punctual.web.formatting import UNKNOWN

register = template.Library()


@register.filter
def share(value: float | None) -> str:
    """0.964 as ``96.4 %``."""
    return UNKNOWN if value is None else f"{100 * value:.1f} %"


@register.filter
def limits(item: Any) -> str:
    """The limits of a characteristic with the same decimals: ``19.987 – 20.000``, ``≤ 0.8``, ``≥ 3``."""
    given = [one.normalize() for one in (item.lower, item.upper) if one is not None]
    places = max((max(0, -int(one.as_tuple().exponent)) for one in given), default=0)
    low, high = (None if one is None else f"{one:.{places}f}" for one in (item.lower, item.upper))
    if low is None or high is None:
        return f"≥ {low}" if low is not None else f"≤ {high}" if high is not None else ""
    return f"{low} – {high}"


@register.filter
def is_picture(file: Attachment) -> bool:
    """Whether a file says that it is a picture browsers show; its content decides when it is fetched."""
    return file.content_type in ("image/png", "image/jpeg", "image/gif", "image/webp")
