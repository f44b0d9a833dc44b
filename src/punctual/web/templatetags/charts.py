"""Charts: an ECharts option made by the page's Python, drawn by ``frontend/src/chart.ts``; words and table stay
readable without it.

    {% load charts %}{% block scripts %}{% chart_script %}{% endblock %}
    {% chart picture %}            {# picture: punctual.web.templatetags.charts.Picture #}

Colours are written as tokens (``@accent-fill``, ``@late-fill``, ``@base`` …: design.css without ``--pj-``), so one
option serves light and dark. A datum may carry ``url``: a click opens the rows behind it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@dataclass(frozen=True, slots=True)
class Picture:
    """``option`` for ECharts (data only, no functions); ``summary`` says in one sentence what it shows; ``head`` and
    ``rows`` are the same figures as a table. ``size``: s 160 px, m 240 px, l 340 px high."""

    option: Mapping[str, Any]
    summary: str
    head: Sequence[str] = ()
    rows: Sequence[Sequence[object]] = field(default_factory=list)
    size: str = "m"


@register.inclusion_tag("shell/chart.html")
def chart(picture: Picture) -> dict[str, Any]:
    """The figure with its summary and the table behind it."""
    return {"picture": picture}


@register.simple_tag
def chart_script() -> SafeString:
    """What draws the charts; once a page, in its ``scripts`` block."""
    return format_html('<script src="{}" defer></script>', static("dist/chart.js"))
