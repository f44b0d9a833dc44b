"""Tags and filters of every template (built in, no ``load`` needed)."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

from django import template
from django.forms import BoundField, CheckboxInput
from django.http import HttpRequest
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from punctual.kernel.refusal import Reason
from punctual.platform.accounts.permissions import may
from punctual.web import formatting
from punctual.web.shell.refusals import worded as worded_reason

register = template.Library()


@register.simple_tag
def icon(name: str, size: str = "", css: str = "") -> SafeString:
    """A line icon out of the sprite; ``size`` s, l or nothing. Decorative: its word stands beside it."""
    return format_html(
        '<svg class="i{} {}" aria-hidden="true"><use href="{}#{}"/></svg>',
        f" i-{size}" if size else "",
        css,
        static("dist/icons.svg"),
        name,
    )


@register.simple_tag
def avatar(user: Any, size: str = "") -> SafeString:
    """The round initial of a person, the same tint everywhere."""
    if user is None:
        return format_html('<span class="av v5" title="{}">{}</span>', gettext("System"), gettext("S"))
    return format_html(
        '<span class="av v{}{}" title="{}" data-user-content>{}</span>',
        user.shade,
        f" av-{size}" if size else "",
        user.name,
        user.initial,
    )


@register.filter
def day(value: dt.date | dt.datetime | None) -> SafeString:
    """A date that never breaks across lines, the full one in its tooltip."""
    return _time_tag(value, formatting.day_text(value))


@register.filter
def weekday(value: dt.date | dt.datetime | None) -> SafeString:
    return _time_tag(value, formatting.day_text(value, weekday=True))


@register.filter
def moment(value: dt.datetime | None) -> SafeString:
    return _time_tag(value, formatting.moment_text(value))


def _time_tag(value: dt.date | dt.datetime | None, text: str) -> SafeString:
    if value is None:
        return format_html("{}", text)
    iso = formatting.local_date(value).isoformat()
    return format_html('<time class="nw" datetime="{}" title="{}">{}</time>', iso, iso, text)


@register.filter
def money(amount: Decimal | None, currency: str = "CNY") -> str:
    return formatting.money_text(amount, currency)


@register.filter
def quantity(amount: Decimal | None, unit: str = "") -> str:
    return formatting.quantity_text(amount, unit)


@register.filter
def days(number: int | None) -> str:
    return formatting.days_text(number)


@register.filter
def worded(reason: Reason) -> str:
    return worded_reason(reason)


@register.filter
def dash(value: Any) -> Any:
    """Unknown is a dash, never an empty place."""
    return formatting.UNKNOWN if value in (None, "") else value


@register.filter
def filled(text: str, params: dict[str, object]) -> str:
    """A catalogue sentence with its values."""
    sentence = gettext(text)
    return sentence % params if params else sentence


@register.simple_tag(takes_context=True)
def allowed(context: dict[str, Any], permission: str) -> bool:
    """Whether the reader holds the permission; only to hide or grey, the service decides."""
    request: HttpRequest = context["request"]
    return may(request.user, permission)


@register.simple_tag
def form_key() -> SafeString:
    """Makes a doubly submitted form do its work once."""
    return format_html('<input type="hidden" name="form_key" value="{}">', uuid.uuid4())


@register.inclusion_tag("shell/field.html")
def field(bound: BoundField, wide: str = "", hint: str = "") -> dict[str, Any]:
    """Label above, control, every error below. ``wide`` is the grid class."""
    widget = bound.field.widget
    attributes: dict[str, Any] = {"class": "ckb" if isinstance(widget, CheckboxInput) else "inp"}
    if bound.errors:
        attributes |= {"aria-invalid": "true", "class": "inp bad"}
    return {
        "field": bound,
        "control": bound.as_widget(attrs={**widget.attrs, **attributes}),
        "wide": wide,
        "hint": hint or bound.help_text,
        "is_checkbox": isinstance(widget, CheckboxInput),
    }


@register.simple_tag(takes_context=True)
def query(context: dict[str, Any], **changes: object) -> str:
    """The page's own query string with some values changed; an empty value takes one out."""
    request: HttpRequest = context["request"]
    values = request.GET.copy()
    for name, value in changes.items():
        if value in (None, ""):
            values.pop(name, None)
        else:
            values[name] = str(value)
    return f"?{values.urlencode()}" if values else "?"
