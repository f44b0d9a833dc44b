"""The promise rail: one drawing on every screen of how a plan stands against the promise."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from punctual.web.formatting import day_text

SHORT_BAND: Final = 4
"""Days: how long the band is while only one planned day is known."""


@dataclass(frozen=True, slots=True)
class RailFacts:
    """The dates of an order; ``planned_from``…``planned`` is the P50–P80 range where it is known."""

    promised: dt.date | None
    requested: dt.date | None = None
    planned: dt.date | None = None
    planned_from: dt.date | None = None
    tail: dt.date | None = None
    actual: dt.date | None = None


def rail(facts: RailFacts, *, width: int = 140, height: int = 22, labels: bool = False) -> SafeString:
    """The rail as SVG; the promise stands at the same x whatever the dates are. Its text is in its title."""
    return _drawn(facts, width, height, labels, timezone.localdate(), get_language())


@lru_cache(4096)
def _drawn(facts: RailFacts, width: int, height: int, labels: bool, today: dt.date, language: str | None) -> SafeString:
    """Kept for the same dates: its days are written as ``today`` and the language have it."""
    words = _words(facts)
    if facts.promised is None:
        return _unpromised(width, height, words)
    scale = _Scale(facts.promised, width)
    middle = height / 2
    parts = [format_html('<line x1="2" x2="{}" y1="{}" y2="{}" class="s-line"/>', width - 2, middle, middle)]
    end = facts.actual or facts.planned
    if end is not None:
        parts += _band(facts, end, scale, middle)
    line = '<line x1="{0}" x2="{0}" y1="0" y2="{1}" class="s-text w15"/>'
    parts.append(format_html(line, f"{scale.zero:.1f}", height))
    if facts.requested is not None:
        x = scale.at(facts.requested)
        bottom = middle + 10 if labels else height - 1
        mark = '<path d="M{} {}h7l-3.5 -5.5z" class="f-surf s-text"/>'
        parts.append(format_html(mark, f"{x - 3.5:.1f}", f"{bottom:.1f}"))
    if labels:
        parts += _labels(facts, end, scale, height)
    return _svg(parts, width, height, words)


class _Scale:
    """Days to x; what lies beyond an edge stands at the edge."""

    def __init__(self, promised: dt.date, width: int) -> None:
        self.promised, self.width = promised, width
        self.zero = width * 0.36
        self.per_day = width / 50

    def at(self, day: dt.date) -> float:
        return max(5.0, min(self.width - 5.0, self.where(day)))

    def where(self, day: dt.date) -> float:
        return self.zero + (day - self.promised).days * self.per_day


def _band(facts: RailFacts, end: dt.date, scale: _Scale, middle: float) -> list[SafeString]:
    first = facts.actual or facts.planned_from or end - dt.timedelta(days=SHORT_BAND)
    if facts.actual:
        first = facts.actual - dt.timedelta(days=SHORT_BAND)
    left, right = scale.at(first), scale.at(end)
    left = min(left, right - 3)
    good = "f-mute" if facts.actual else "f-band"
    parts = []
    if scale.where(first) > scale.width - 5:
        # All of it lies beyond the edge: an arrow says so, where a bar would look like a day that is drawn.
        arrow = '<path d="M{} {}v10l8 -5z" class="f-late"/><line x1="{}" x2="{}" y1="{}" y2="{}" class="s-late w2 da"/>'
        tip = scale.width - 10.0
        return [format_html(arrow, f"{tip:.1f}", middle - 5, f"{scale.zero:.1f}", f"{tip - 3:.1f}", middle, middle)]
    if facts.tail is not None and facts.tail > end:
        tail = '<rect x="{}" y="{}" width="{}" height="3" rx="1.5" class="f-late" opacity=".45"/>'
        parts.append(format_html(tail, f"{right:.1f}", middle - 1.5, f"{scale.at(facts.tail) - right:.1f}"))
    if left < scale.zero:
        stop = min(right, scale.zero)
        bar = '<rect x="{}" y="{}" width="{}" height="9" rx="1.5" class="{}"/>'
        parts.append(format_html(bar, f"{left:.1f}", middle - 4.5, f"{stop - left:.1f}", good))
    if right > scale.zero:
        start = max(left, scale.zero)
        bar = '<rect x="{}" y="{}" width="{}" height="9" rx="1.5" fill="url(#hl)"/>'
        parts.append(format_html(bar, f"{start:.1f}", middle - 4.5, f"{right - start:.1f}"))
    return parts


def _labels(facts: RailFacts, end: dt.date | None, scale: _Scale, height: int) -> list[SafeString]:
    promise = _("Promised %(day)s") % {"day": day_text(facts.promised)}
    parts = [format_html('<text class="k" x="{}" y="11">{}</text>', f"{scale.zero + 4:.1f}", promise)]
    if facts.requested is not None and facts.promised is not None:
        x = scale.at(facts.requested)
        words = _("Asked %(day)s") % {"day": day_text(facts.requested)}
        if x < scale.zero - 4:
            half = length(words) / 2
            text = '<text class="s" x="{}" y="15" text-anchor="middle">{}</text>'
            parts.append(format_html(text, f"{max(half, min(x, scale.zero - half - 4)):.1f}", words))
    if end is not None and facts.promised is not None:
        css = "late b" if end > facts.promised else "k"
        words = day_text(end)
        half = length(words) / 2
        x = max(half, min(scale.width - half, scale.at(end)))
        if abs(x - scale.zero) < half + 4:
            # Beside the promise's line, not across it.
            x = scale.zero + (half + 4 if end >= facts.promised else -half - 4)
        text = '<text class="{}" x="{}" y="{}" text-anchor="middle">{}</text>'
        parts.append(format_html(text, css, f"{x:.1f}", height - 3, words))
    return parts


def length(words: str, *, size: float = 11.5) -> float:
    """How wide words are drawn, roughly: a Chinese character is as wide as two letters."""
    return size * sum(1.04 if ord(character) > 0x2E80 else 0.576 for character in words)


def _words(facts: RailFacts) -> str:
    named = [
        (_("Promised"), facts.promised),
        (_("Requested"), facts.requested),
        (_("Planned"), facts.planned),
        (_("Actual"), facts.actual),
    ]
    told = [f"{name} {day_text(day)}" for name, day in named if day is not None]
    if facts.promised is None:
        told.insert(0, _("Not promised"))
    return " · ".join(told)


def _unpromised(width: int, height: int, words: str) -> SafeString:
    middle = height / 2
    line = format_html('<line x1="2" x2="{}" y1="{}" y2="{}" class="s-line2 da"/>', width * 0.42, middle, middle)
    text = '<text class="s" x="{}" y="{}">{}</text>'
    return _svg([line, format_html(text, f"{width * 0.48:.0f}", middle + 4, _("Not promised"))], width, height, words)


def _svg(parts: list[SafeString], width: int, height: int, words: str) -> SafeString:
    shape = (
        '<svg class="rail" width="{0}" height="{1}" viewBox="0 0 {0} {1}" role="img" aria-label="{2}">'
        "<title>{2}</title>{3}</svg>"
    )
    return format_html(shape, width, height, words, format_html_join("", "{}", ((part,) for part in parts)))
