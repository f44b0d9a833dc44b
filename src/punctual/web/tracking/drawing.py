"""When an order comes, drawn for its customer. The scale spans every day that is drawn: however late an order is, each
day stands where it belongs, and the way from the agreed day to the expected ones is as long as it is."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from punctual.web.formatting import day_text
from punctual.web.rail import length

HEIGHT: Final = 122
AXIS: Final = 66
EDGE: Final = 34
"""Between the picture's edge and the first or last day."""
LEAST_DAYS: Final = 14
"""A single day is not blown up to the whole width."""
TICK_ROOM: Final = 84
GAP: Final = 10
MARK: Final = 5
"""Half the width of the mark at the day that was asked for."""
NARROWEST: Final = 4
"""What is drawn of a range of no or few days, so that it is seen."""
WEEKS: Final = (1, 2)
MONTHS: Final = (1, 2, 3, 6)


@dataclass(frozen=True, slots=True)
class Days:
    """The days of an order; ``half`` to ``eight`` (of ten cases) is the expected range, ``few`` its tail."""

    agreed: dt.date
    asked: dt.date | None = None
    half: dt.date | None = None
    eight: dt.date | None = None
    few: dt.date | None = None
    delivered: dt.date | None = None

    @property
    def is_range(self) -> bool:
        return self.half is not None and self.half != self.eight

    def all(self) -> list[dt.date]:
        days = (self.agreed, self.asked, self.half, self.eight, self.few, self.delivered)
        return [day for day in days if day is not None]


@dataclass(frozen=True, slots=True)
class _Scale:
    """Days to x, the same length for every day."""

    first: float
    per_day: float
    width: int

    @classmethod
    def over(cls, days: list[dt.date], width: int) -> _Scale:
        first, last = min(days).toordinal(), max(days).toordinal()
        span = max(last - first, LEAST_DAYS)
        return cls(first - (span - (last - first)) / 2, (width - 2 * EDGE) / span, width)

    def at(self, day: dt.date) -> float:
        return EDGE + (day.toordinal() - self.first) * self.per_day

    def ticks(self) -> Iterator[dt.date]:
        """Mondays or firsts of months, as many as can be written."""
        start = dt.date.fromordinal(int(self.first - EDGE / self.per_day))
        stop = dt.date.fromordinal(int(self.first + (self.width - EDGE) / self.per_day))
        for weeks in WEEKS:
            if weeks * 7 * self.per_day >= TICK_ROOM:
                day = start + dt.timedelta(days=-start.weekday() % 7)
                while day <= stop:
                    yield day
                    day += dt.timedelta(weeks=weeks)
                return
        years = 12 * math.ceil(TICK_ROOM / (365 * self.per_day))
        months = next((one for one in MONTHS if one * 30 * self.per_day >= TICK_ROOM), years)
        month = -(-(start.year * 12 + start.month - 1) // months) * months
        while (day := dt.date(month // 12, month % 12 + 1, 1)) <= stop:
            if day >= start:
                yield day
            month += months


@dataclass(frozen=True, slots=True)
class _Label:
    """Words that stand over or under a day: with their middle at ``x``, or to one side of it."""

    words: str
    x: float
    css: str
    side: float = -0.5
    """Where the words begin, in their own lengths from ``x``."""


def draw(days: Days, *, width: int) -> SafeString:
    """The picture as SVG; its text is in its title too."""
    scale = _Scale.over(days.all(), width)
    parts = [format_html('<line x1="6" x2="{}" y1="{}" y2="{}" class="s-line2 w2"/>', width - 6, AXIS, AXIS)]
    parts += _ticks(scale, days.asked)
    parts += _bars(days, scale)
    parts += _agreed(days, scale)
    if days.asked is not None:
        mark = '<path d="M{} 85h10l-5 -8z" class="f-surf s-text w15"/>'
        parts.append(format_html(mark, f"{scale.at(days.asked) - 5:.1f}"))
    above, below = _labels(days, scale)
    parts += _row(above, 51, width) + _row(below, 114, width)
    agreed = _("Agreed for %(day)s") % {"day": day_text(days.agreed)}
    words = " · ".join([agreed, *(one.words for one in below + above)])
    shape = '<svg class="trk-x" viewBox="0 0 {0} {1}" role="img" aria-label="{2}"><title>{2}</title>{3}</svg>'
    return format_html(shape, width, HEIGHT, words, format_html_join("", "{}", ((part,) for part in parts)))


def _ticks(scale: _Scale, asked: dt.date | None) -> Iterator[SafeString]:
    """None under the mark of the day that was asked for: that has its own words."""
    for day in scale.ticks():
        x, words = scale.at(day), day_text(day)
        hidden = asked is not None and abs(scale.at(asked) - x) < _length(words) / 2 + MARK
        if not hidden and _length(words) / 2 <= x <= scale.width - _length(words) / 2:
            tick = '<line x1="{0}" x2="{0}" y1="74" y2="80" class="s-line2"/><text class="s" x="{0}" y="96">{1}</text>'
            yield format_html(tick, f"{x:.1f}", words)


def _bars(days: Days, scale: _Scale) -> Iterator[SafeString]:
    """The range; what of it lies behind the agreed day is hatched in the colour of being late."""
    agreed = scale.at(days.agreed)
    if days.delivered is not None:
        spot = '<circle cx="{}" cy="{}" r="7" class="{}"/>'
        css = "f-ok" if days.delivered <= days.agreed else "f-late"
        yield format_html(spot, f"{scale.at(days.delivered):.1f}", AXIS, css)
        return
    if days.half is None or days.eight is None:
        return
    left, right = scale.at(days.half), scale.at(days.eight)
    if days.few is not None and days.few > days.eight:
        tail = '<rect x="{}" y="{}" width="{}" height="10" rx="3" {}/>'
        late = days.eight > days.agreed
        fill = SafeString('class="f-late" opacity=".35"' if late else 'fill="url(#hb)"')
        yield format_html(tail, f"{right:.1f}", AXIS - 5, f"{scale.at(days.few) - right:.1f}", fill)
    if right - left < NARROWEST:
        left, right = (left + right - NARROWEST) / 2, (left + right + NARROWEST) / 2
    bar = '<rect x="{}" y="{}" width="{}" height="18" rx="4" {}/>'
    late_from = max(left, agreed) if days.eight > days.agreed else right
    if left < late_from:
        yield format_html(bar, f"{left:.1f}", AXIS - 9, f"{late_from - left:.1f}", SafeString('class="f-acc"'))
    if late_from < right:
        yield format_html(bar, f"{late_from:.1f}", AXIS - 9, f"{right - late_from:.1f}", SafeString('fill="url(#hl)"'))


def _agreed(days: Days, scale: _Scale) -> Iterator[SafeString]:
    """A flag at the agreed day, to the side where it has room."""
    x, words = scale.at(days.agreed), _("Agreed for %(day)s") % {"day": day_text(days.agreed)}
    wide = _length(words) + 12
    left = x if x + wide <= scale.width - 2 else x - wide
    yield format_html('<line x1="{0}" x2="{0}" y1="10" y2="80" class="s-text w15"/>', f"{x:.1f}")
    flag = '<rect x="{}" y="4" width="{}" height="18" class="f-text"/><text x="{}" y="17" class="flag">{}</text>'
    yield format_html(flag, f"{left:.1f}", f"{wide:.1f}", f"{left + wide / 2:.1f}", words)


def _labels(days: Days, scale: _Scale) -> tuple[list[_Label], list[_Label]]:
    """The words over the axis and those under it."""
    above: list[_Label] = []
    below: list[_Label] = []
    if days.asked is not None:
        words = _("You asked for %(day)s") % {"day": day_text(days.asked)}
        below.append(_Label(words, scale.at(days.asked), "s"))
    if days.delivered is not None:
        css = "ok b" if days.delivered <= days.agreed else "late b"
        words = _("Delivered %(day)s") % {"day": day_text(days.delivered)}
        return [_Label(words, scale.at(days.delivered), css)], below
    if days.half is None or days.eight is None:
        return above, below
    css = "late b" if days.eight > days.agreed else "acc b"
    if not days.is_range:
        words = _("Expected %(day)s") % {"day": day_text(days.eight)}
        return [_Label(words, scale.at(days.eight), css)], below
    left, right = scale.at(days.half), scale.at(days.eight)
    first = _("5 in 10: %(day)s") % {"day": day_text(days.half)}
    last = _("8 in 10: %(day)s") % {"day": day_text(days.eight)}
    above.append(_Label(first, left, css, side=-1))
    above.append(_Label(last, right, css, side=-1 if right - left > _length(last) + GAP else 0))
    if days.few is not None and days.few > days.eight:
        words = _("Few: %(day)s") % {"day": day_text(days.few)}
        below.append(_Label(words, scale.at(days.few), "s"))
    return above, sorted(below, key=lambda one: one.x)


def _length(words: str) -> float:
    return length(words, size=12.5)


def _row(labels: list[_Label], y: int, width: int) -> list[SafeString]:
    """Labels from left to right, each as near to its day as the others and the edges leave it."""
    starts: list[float] = []
    for one in labels:
        least = starts[-1] + _length(labels[len(starts) - 1].words) + GAP if starts else 2.0
        starts.append(max(least, one.x + one.side * _length(one.words)))
    limit = width - 2.0
    for at in reversed(range(len(labels))):
        starts[at] = min(starts[at], limit - _length(labels[at].words))
        limit = starts[at] - GAP
    text = '<text class="{}" x="{}" y="{}">{}</text>'
    placed = zip(labels, starts, strict=True)
    return [format_html(text, one.css, f"{at + _length(one.words) / 2:.1f}", y, one.words) for one, at in placed]
