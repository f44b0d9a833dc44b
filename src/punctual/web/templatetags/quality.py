"""Filters of the pages of quality."""

from __future__ import annotations

from django import template

from punctual.platform.attachments.models import Attachment
from punctual.web.formatting import UNKNOWN

register = template.Library()


@register.filter
def share(value: float | None) -> str:
    """0.964 as ``96.4 %``."""
    return UNKNOWN if value is None else f"{100 * value:.1f} %"


@register.filter
def is_picture(file: Attachment) -> bool:
    """Whether a file says that it is a picture browsers show; its content decides when it is fetched."""
    return file.content_type in ("image/png", "image/jpeg", "image/gif", "image/webp")
