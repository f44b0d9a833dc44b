"""Words of the supply pages that depend on a sign."""

from __future__ import annotations

import datetime as dt

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from punctual.web.formatting import days_text
from punctual.web.master.cells import chip

register = template.Library()


@register.simple_tag
def gap(planned: dt.date, due: dt.date) -> SafeString:
    """How a planned day stands against the day that counts."""
    late = (planned - due).days
    if late > 0:
        return chip("late pl", "clock-exclamation", ngettext("%(n)s day late", "%(n)s days late", late) % {"n": late})
    return chip("ok pl", "circle-check", _("would be in time"))


@register.simple_tag
def gained(days: int) -> SafeString:
    """Calendar days by which something comes earlier (written as minus) or later (plus)."""
    return format_html('<span class="nw">{}</span>', days_text(-days))
