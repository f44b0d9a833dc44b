"""Listed things as bars over time, one below the other on one axis, today as a line through all of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from punctual.web.formatting import month_text
from punctual.web.shell.months import months_between

WIDTH: Final = 640
"""Of the time axis, in pixels of the drawing."""
APART: Final = 0.09
"""Share of the axis that the name of a month takes."""
NOTHING: Final = SafeString("")


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when, how much of it is done, and the day that was promised for its end."""

    start: dt.datetime
    finish: dt.datetime
    percent: int
    words: str
    """What the bar says, to who can't see it as well."""
    critical: bool = False
    promised: dt.date | None = None

    @property
    def moments(self) -> list[dt.datetime]:
        promised = [_evening(self.promised)] if self.promised else []
        return [self.start, self.finish, *promised]


def _evening(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(18))


@dataclass(frozen=True, slots=True)
class _Axis:
    """From the first start to the last finish of all."""

    first: dt.datetime
    last: dt.datetime

    def share(self, moment: dt.datetime) -> float:
        return (moment - self.first).total_seconds() / max((self.last - self.first).total_seconds(), 1.0)

    def at(self, moment: dt.datetime) -> float:
        return round(self.share(moment) * WIDTH, 1)


def _axis(spans: Sequence[Span | None]) -> _Axis | None:
    moments = [moment for span in spans if span for moment in span.moments]
    return _Axis(min(moments), max(moments)) if moments else None


def month_axis(spans: Sequence[Span | None]) -> SafeString:
    """The months above the bars; names that would stand on each other are left out."""
    axis = _axis(spans)
    if axis is None:
        return NOTHING
    marks = []
    free = 0.0
    for month in months_between(axis.first.date(), axis.last.date()):
        share = axis.share(dt.datetime.combine(month, dt.time()))
        if free <= share <= 1 - APART:
            marks.append((f"{share:.1%}", month_text(month)))
            free = share + APART
    names = format_html_join("", '<text x="{}" y="12">{}</text>', marks)
    return format_html('<svg class="tl tl-h" aria-hidden="true">{}</svg>', names)


def bars(spans: Sequence[Span | None]) -> list[SafeString]:
    """A bar for each on one axis; nothing where no dates are known."""
    axis = _axis(spans)
    if axis is None:
        return [NOTHING for _span in spans]
    now = timezone.localtime().replace(tzinfo=None)
    is_on = axis.first <= now <= axis.last
    line = format_html('<path class="tl-now" d="M{0} 0V18"/>', axis.at(now)) if is_on else NOTHING
    return [_bar(span, axis, line) if span else NOTHING for span in spans]


def _bar(span: Span, axis: _Axis, line: SafeString) -> SafeString:
    x = axis.at(span.start)
    width = max(4.0, round(axis.at(span.finish) - x, 1))
    due = span.promised and axis.at(_evening(span.promised))
    promise = NOTHING if due is None else format_html('<path class="tl-due" d="M{0} 1V17"/>', due)
    return format_html(
        '<svg class="tl" viewBox="0 0 {} 18" preserveAspectRatio="none" role="img" aria-label="{}">'
        '<rect class="{}" x="{}" y="4" width="{}" height="10" rx="3"/>'
        '<rect class="tl-done" x="{}" y="4" width="{}" height="10" rx="3"/>{}{}</svg>',
        WIDTH,
        span.words,
        "tl-crit" if span.critical else "tl-bar",
        x,
        width,
        x,
        round(width * span.percent / 100, 1),
        promise,
        line,
    )
