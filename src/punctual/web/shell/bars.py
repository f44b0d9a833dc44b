"""Listed things as bars over time, one below the other on one axis, today as a line through all of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

WIDTH: Final = 640
"""Of the time axis, in pixels of the drawing."""
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


def bars(spans: Sequence[Span | None]) -> list[SafeString]:
    """A bar for each, from the first start to the last finish of all; nothing where no dates are known."""
    moments = [moment for span in spans if span for moment in span.moments]
    if not moments:
        return [NOTHING for _span in spans]
    first, last = min(moments), max(moments)
    length = max((last - first).total_seconds(), 1.0)

    def at(moment: dt.datetime) -> float:
        return round((moment - first).total_seconds() / length * WIDTH, 1)

    now = timezone.localtime().replace(tzinfo=None)
    line = format_html('<path class="tl-now" d="M{0} 0V18"/>', at(now)) if first <= now <= last else NOTHING
    drawn = []
    for span in spans:
        if span is None:
            drawn.append(NOTHING)
            continue
        x = at(span.start)
        width = max(4.0, round(at(span.finish) - x, 1))
        due = span.promised and at(_evening(span.promised))
        promise = NOTHING if due is None else format_html('<path class="tl-due" d="M{0} 1V17"/>', due)
        drawn.append(
            format_html(
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
        )
    return drawn
