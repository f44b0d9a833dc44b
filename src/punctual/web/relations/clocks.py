"""How a clock looks: words first, then a bar in working time."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from punctual.domain.customer_relations.clock import Level, Reading
from punctual.domain.customer_relations.models import CustomerRequest, RequestState
from punctual.domain.customer_relations.selectors import readings_of
from punctual.engine.calendars import WorkCalendar
from punctual.web.formatting import moment_text
from punctual.web.templatetags.punctual import icon

DAY: Final = 480
"""Working minutes after which days are said."""

NAMES: Final = {"response": gettext_lazy("First response"), "resolution": gettext_lazy("Resolution")}
STATE_MARKS: Final = {
    RequestState.OPEN: ("message-circle", "acc"),
    RequestState.WAITING: ("player-pause", ""),
    RequestState.RESOLVED: ("circle-check", "ok"),
    RequestState.CLOSED: ("lock", ""),
    RequestState.MERGED: ("git-pull-request", ""),
}


def duration(minutes: int) -> str:
    """``50 min``, ``6.5 h``, ``2.5 天``."""
    minutes = abs(minutes)
    if minutes < 60:
        return _("%(n)d min") % {"n": minutes}
    if minutes < DAY * 1.25:
        return _("%(n)s h") % {"n": f"{minutes / 60:.1f}".removesuffix(".0")}
    return _("%(n)s d") % {"n": f"{minutes / DAY:.1f}".removesuffix(".0")}


def current(readings: dict[str, Reading]) -> tuple[str, Reading]:
    """The clock that matters now: the first response until it is given, then the resolution."""
    name = "response" if readings["response"].running or readings["response"].paused else "resolution"
    return name, readings[name]


def _chip(css: str, name: str, words: str) -> SafeString:
    return format_html('<span class="st {}">{}{}</span>', css, icon(name), words)


def state_chip(request: CustomerRequest) -> SafeString:
    name, css = STATE_MARKS[RequestState(request.state)]
    return _chip(css, name, str(request.get_state_display()))


def clock_chip(
    reading: Reading, *, paused_since: dt.datetime | None = None, now: dt.datetime | None = None
) -> SafeString:
    """Left, standing, over, or what it took."""
    if reading.paused:
        words = _("paused")
        if paused_since is not None and now is not None:
            days = (now - paused_since).days
            words = ngettext("paused %(n)d day", "paused %(n)d days", days) % {"n": days} if days else _("paused")
        return _chip("", "player-pause", words)
    if not reading.running:
        words = _("after %(time)s") % {"time": duration(reading.used)}
        return _chip("late", "clock-exclamation", words) if reading.breached else _chip("ok", "circle-check", words)
    if reading.breached:
        return _chip("over", "alarm", _("%(time)s over") % {"time": duration(reading.left)})
    left = _("%(time)s left") % {"time": duration(reading.left)}
    return _chip("warn", "hourglass", left) if reading.level is Level.WARNED else _chip("", "clock", left)


def due_chip(request: CustomerRequest, *, now: dt.datetime) -> SafeString:
    """For tables: by when, without asking the calendar."""
    if request.state != RequestState.OPEN:
        return state_chip(request)
    due = request.response_due or request.resolution_due
    if due is None:
        return state_chip(request)
    if due < now:
        return _chip("over", "alarm", _("since %(moment)s") % {"moment": moment_text(due)})
    return _chip("", "clock", _("until %(moment)s") % {"moment": moment_text(due)})


def chip_of(request: CustomerRequest, *, now: dt.datetime, calendar: WorkCalendar | None = None) -> SafeString:
    """The one chip of a list row."""
    if request.state not in (RequestState.OPEN, RequestState.WAITING):
        return state_chip(request)
    _name, reading = current(readings_of(request, now=now, calendar=calendar))
    since = next((pause.since for pause in request.pauses.all() if pause.until is None), None)
    return clock_chip(reading, paused_since=since, now=now)


def bar(reading: Reading, *, width: int = 250) -> SafeString:
    """The limit is a line at the same share of the bar until more than the bar has run; beyond it hatched red."""
    scale = max(reading.limit * 1.12, reading.used * 1.04, 1)
    limit = round(width * reading.limit / scale, 1)
    ran = round(width * reading.used / scale, 1)
    label = _("%(used)s used of %(limit)s") % {"used": duration(reading.used), "limit": duration(reading.limit)}
    over = ""
    if reading.breached:
        over = format_html('<rect x="{}" y="4" width="{}" height="8" fill="url(#hl)"/>', limit, round(ran - limit, 1))
    return format_html(
        '<svg width="100%" viewBox="0 0 {w} 16" role="img" aria-label="{label}"><title>{label}</title>'
        '<rect y="4" width="{w}" height="8" rx="3" class="f-soft"/>'
        '<rect y="4" width="{ran}" height="8" rx="3" class="{css}"/>{over}'
        '<line x1="{limit}" x2="{limit}" y1="0" y2="16" class="s-text w2"/></svg>',
        w=width,
        label=label,
        ran=min(ran, limit),
        css="f-late" if reading.breached else "f-acc",
        over=over,
        limit=limit,
    )
