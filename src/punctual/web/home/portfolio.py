"""The portfolio timeline: every running order as a bar on one axis of time. Read-only, drawn on the server."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from punctual.web.formatting import day_text, month_text
from punctual.web.rail import length
from punctual.web.shell.months import months_between

HEAD: Final = 26
BAR: Final = 11


@dataclass(frozen=True, slots=True)
class Shape:
    """How wide the drawing is and how high a row; names stand in ``label`` before the bars, or (0) above each."""

    width: int
    label: int
    row: int

    def height(self, rows: int) -> int:
        """In pixels, known before the bars are."""
        return HEAD + self.row * rows + 8


DESK: Final = Shape(width=1080, label=250, row=26)
PHONE: Final = Shape(width=336, label=0, row=44)
"""Everything within a phone's width, and rows that are pressed with a finger."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One order: it began or will begin on ``start``, ends on ``end``; ``due`` is its promise or request."""

    url: str
    number: str
    customer: str
    start: dt.date
    end: dt.date
    due: dt.date | None
    is_promised: bool
    progress: int
    state: str


class _Axis:
    def __init__(self, bars: Sequence[Bar], today: dt.date, shape: Shape) -> None:
        self.shape = shape
        first = min([today - dt.timedelta(days=14), *(bar.start for bar in bars)])
        last = max([today + dt.timedelta(days=45), *(max(bar.end, bar.due or bar.end) for bar in bars)])
        self.first = max(first, today - dt.timedelta(days=150))
        self.last = min(last, today + dt.timedelta(days=300)) + dt.timedelta(days=7)
        self.per_day = (shape.width - shape.label - 12) / max(1, (self.last - self.first).days)

    def at(self, day: dt.date) -> float:
        inside = max(self.first, min(self.last, day))
        return self.shape.label + (inside - self.first).days * self.per_day


def timeline(bars: Sequence[Bar], today: dt.date, shape: Shape = DESK) -> SafeString:
    """The drawing; what crosses its promise is red and hatched."""
    axis = _Axis(bars, today, shape)
    height = shape.height(len(bars))
    x = f"{axis.at(today):.1f}"
    line = format_html('<line x1="{0}" x2="{0}" y1="20" y2="{1}" class="s-acc w15"/>', x, height)
    rows = [part for at, bar in enumerate(bars) for part in _bar(bar, axis, HEAD + at * shape.row)]
    # Over the bars where names stand beside them, under everything where it would cross the names.
    parts = [*_grid(axis, height, today), *([*rows, line] if shape.label else [line, *rows])]
    parts.append(format_html('<text x="{}" y="14" text-anchor="middle" class="acc b">{}</text>', x, _("Today")))
    words = _("%(count)d running orders on a time axis") % {"count": len(bars)}
    body = format_html_join("", "{}", ((part,) for part in parts))
    drawn = '<svg class="pfl" width="{0}" height="{1}" viewBox="0 0 {0} {1}" role="group" aria-label="{2}">{3}</svg>'
    return format_html(drawn, shape.width, height, words, body)


def _grid(axis: _Axis, height: int, today: dt.date) -> list[SafeString]:
    """A line a month, named where neither the edge, nor the name before it, nor the word of today is in the way."""
    parts = []
    free = 0.0
    for month in months_between(axis.first, axis.last):
        x, words = axis.at(month) + 3, month_text(month)
        line = '<line x1="{0}" x2="{0}" y1="20" y2="{1}" class="s-grid"/>'
        parts.append(format_html(line, f"{axis.at(month):.1f}", height))
        end = x + length(words, size=11)
        if x < free or end > axis.shape.width or -44 < axis.at(month) - axis.at(today) < 22:
            continue
        free = end + 6
        parts.append(format_html('<text x="{}" y="14" class="s">{}</text>', f"{x:.1f}", words))
    return parts


def _bar(bar: Bar, axis: _Axis, top: int) -> list[SafeString]:
    shape = axis.shape
    beside = shape.label > 0
    text = top + 17
    y = top + (0 if beside else 17)
    left, right = axis.at(bar.start), max(axis.at(bar.end), axis.at(bar.start) + 3)
    stop = axis.at(bar.due) if bar.due else right
    parts = [
        format_html(
            '<line x1="0" x2="{}" y1="{}" y2="{}" class="s-grid"/>', shape.width, top + shape.row, top + shape.row
        ),
        format_html(
            '<a href="{}"><rect y="{}" width="{}" height="{}" class="hit"/><text x="2" y="{}" class="k halo">{}</text>'
            '<text x="112" y="{}" class="s halo">{}</text></a>',
            bar.url,
            top,
            shape.label - 6 if beside else shape.width,
            shape.row,
            text,
            bar.number,
            text,
            bar.customer[:12],
        ),
    ]
    title = f"{bar.number} {bar.customer} · {bar.state} · {day_text(bar.start)} – {day_text(bar.end)}"
    solid = '<rect x="{}" y="{}" width="{}" height="{}" rx="2" class="{}"><title>{}</title></rect>'
    good = max(0.0, min(right, stop) - left) if bar.due else right - left
    if good > 0:
        parts.append(format_html(solid, f"{left:.1f}", y + 8, f"{good:.1f}", BAR, "f-band", title))
        done = min(good, (right - left) * bar.progress / 100)
        if done > 0:
            strip = '<rect x="{}" y="{}" width="{}" height="4" rx="1" class="f-acc"/>'
            parts.append(format_html(strip, f"{left:.1f}", y + 11.5, f"{done:.1f}"))
    if bar.due and right > stop:
        start = max(left, stop)
        hatched = '<rect x="{}" y="{}" width="{}" height="{}" rx="2" fill="url(#hl)"><title>{}</title></rect>'
        parts.append(format_html(hatched, f"{start:.1f}", y + 8, f"{right - start:.1f}", BAR, title))
    if bar.due:
        css = "s-text w15" if bar.is_promised else "s-mute w15 da"
        mark = '<line x1="{0}" x2="{0}" y1="{1}" y2="{2}" class="{3}"/>'
        parts.append(format_html(mark, f"{stop:.1f}", y + 4, y + 23, css))
    return parts
