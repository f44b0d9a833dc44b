"""A few tasks as bars over days, with the promise as a line: what moves, or what has come into a plan."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from punctual.web.formatting import day_text

WIDTH: Final = 760
LABEL: Final = 190
LABEL_CHARS: Final = 26
HEAD: Final = 26
SINGLE, DOUBLE = 24, 38
"""Height of a row, and of one that shows what it was before."""
LONG_PAST: Final = dt.timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Bar:
    """``css`` fills it; ``before``: where the task lay, drawn as an outline under it."""

    name: str
    start: dt.datetime
    finish: dt.datetime
    css: str
    before: tuple[dt.datetime, dt.datetime] | None = None

    @property
    def moments(self) -> list[dt.datetime]:
        return [self.start, self.finish, *(self.before or ())]


def task_bars(bars: Sequence[Bar], due: dt.date | None, words: str) -> SafeString | str:
    """The picture; ``words`` say what it shows to who can't see it. Nothing without bars."""
    if not bars:
        return ""
    moments = [moment for bar in bars for moment in bar.moments]
    first, last = min(moments).date(), max(moments).date()
    if due is not None and due < first - LONG_PAST:
        due = None  # the line would only squeeze the picture
    if due is not None:
        first, last = min(first, due), max(last, due)
    span = max(1, (last - first).days + 2)
    per_day = (WIDTH - LABEL - 60) / span

    def at(moment: dt.datetime) -> float:
        return LABEL + ((moment.date() - first).days + (moment.hour - 8) / 9) * per_day

    row = DOUBLE if any(bar.before for bar in bars) else SINGLE
    height = HEAD + row * len(bars) + 4
    parts: list[SafeString] = []
    for week in range(0, span, 7 * (1 + span // 100)):
        x = f"{LABEL + week * per_day:.1f}"
        parts.append(format_html('<line x1="{0}" x2="{0}" y1="20" y2="{1}" class="s-grid"/>', x, height))
        parts.append(
            format_html('<text x="{}" y="14" class="s">{}</text>', x, day_text(first + dt.timedelta(days=week)))
        )
    for index, bar in enumerate(bars):
        y = HEAD + index * row
        parts.append(
            format_html(
                '<text x="{}" y="{}" text-anchor="end" class="k">{}</text>',
                LABEL - 10,
                y + row // 2 - 1,
                _cut(bar.name),
            )
        )
        parts.append(_rect(at(bar.start), at(bar.finish), y + 4, bar.css))
        if bar.before is not None:
            begin, end = bar.before
            parts.append(_rect(at(begin), at(end), y + 18, "nf s-line2"))
            gained = (end.date() - bar.finish.date()).days
            if gained:
                said = f"−{gained}" if gained > 0 else f"+{-gained}"
                right = f"{max(at(end), at(bar.finish)) + 4:.1f}"
                parts.append(format_html('<text x="{}" y="{}" class="what b">{}</text>', right, y + 24, said))
    if due is not None:
        x = f"{LABEL + ((due - first).days + 1) * per_day:.1f}"
        parts.append(format_html('<line x1="{0}" x2="{0}" y1="0" y2="{1}" class="s-text w15"/>', x, height))
    body = format_html_join("", "{}", ((part,) for part in parts))
    shape = '<svg class="psvg" viewBox="0 0 {0} {1}" role="img" aria-label="{2}">{3}</svg>'
    return format_html(shape, WIDTH, height, words, body)


def _cut(name: str) -> str:
    """As much as fits beside the bars; a Chinese character is two wide."""
    room = LABEL_CHARS
    for place, sign in enumerate(name):
        room -= 1 if sign.isascii() else 2
        if room < 0:
            return name[: place - 1] + "…"
    return name


def _rect(left: float, right: float, y: int, css: str) -> SafeString:
    shape = '<rect x="{}" y="{}" width="{}" height="10" rx="2" class="{}"/>'
    return format_html(shape, f"{left:.1f}", y, f"{max(3.0, right - left):.1f}", css)
