"""Tags and filters of every template (built in, no ``load`` needed)."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any

from django import template
from django.forms import BoundField, CheckboxInput, FileInput
from django.http import HttpRequest
from django.template.loader import get_template
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from punctual.kernel.refusal import Reason
from punctual.platform.accounts.permissions import may
from punctual.platform.markup import as_html
from punctual.web import formatting
from punctual.web.shell.refusals import worded as worded_reason
from punctual.web.shell.undo import undo_of

register = template.Library()


@register.filter
def markdown(text: str) -> SafeString:
    """A comment or note as its writer laid it out; cleaned by :mod:`punctual.platform.markup`."""
    return mark_safe(as_html(text or ""))  # noqa: S308 cleaned


@register.simple_tag
@cache
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
    return _face(user.shade, f" av-{size}" if size else "", user.name, user.initial)


@lru_cache(1024)
def _face(shade: int, css: str, name: str, initial: str) -> SafeString:
    return format_html('<span class="av v{}{}" title="{}" data-user-content>{}</span>', shade, css, name, initial)


@register.filter
def day(value: dt.date | dt.datetime | None) -> SafeString:
    """A date that never breaks across lines, the full one in its tooltip."""
    return _time_tag(value, formatting.day_text(value))


@register.filter
def iso_day(value: str | None) -> SafeString:
    """The same for a day that is kept as ISO text."""
    return day(dt.date.fromisoformat(value) if value else None)


@register.filter
def weekday(value: dt.date | dt.datetime | None) -> SafeString:
    return _time_tag(value, formatting.day_text(value, weekday=True))


@register.filter
def moment(value: dt.datetime | None) -> SafeString:
    return _time_tag(value, formatting.moment_text(value))


def _time_tag(value: dt.date | dt.datetime | None, text: str) -> SafeString:
    if value is None:
        return format_html("{}", text)
    return _time(formatting.local_date(value), text)


@lru_cache(4096)
def _time(day: dt.date, text: str) -> SafeString:
    return format_html('<time class="nw" datetime="{0}" title="{0}">{1}</time>', day.isoformat(), text)


@register.filter
def money(amount: Decimal | None, currency: str = "CNY") -> str:
    return formatting.money_text(amount, currency)


@register.filter
def quantity(amount: Decimal | str | None, unit: str = "") -> str:
    """What somebody typed into a form that came back stays as it was typed."""
    if isinstance(amount, str):
        return amount
    return formatting.quantity_text(amount, unit)


@register.filter
def days(number: int | None) -> str:
    return formatting.days_text(number)


@register.filter
def listed(words: Iterable[object]) -> str:
    return formatting.listed(words)


@register.simple_tag
def comma() -> str:
    return formatting.comma()


@register.simple_tag
def pause() -> str:
    return formatting.pause()


@register.simple_tag
def colon() -> str:
    return formatting.colon()


@register.filter
def worded(reason: Reason) -> str:
    return worded_reason(reason)


@register.filter
def dash(value: Any) -> Any:
    """Unknown is a dash, never an empty place; a date stands as dates do everywhere."""
    if isinstance(value, dt.date):
        return day(value)
    return formatting.UNKNOWN if value in (None, "") else value


@register.filter
def filled(text: str, params: dict[str, object]) -> str:
    """A catalogue sentence with its values."""
    sentence = gettext(text)
    return sentence % params if params else sentence


@register.filter
def unlocal(value: float) -> str:
    """A length in a picture: a plain number whatever the language."""
    return f"{value:g}"


@register.filter
def plus(value: float, more: float) -> str:
    """A length further on in a picture."""
    return f"{value + more:g}"


@register.filter
def percent(share: float | None) -> str:
    """0.384 → ``38 %``."""
    return formatting.UNKNOWN if share is None else f"{share * 100:.0f} %"


@register.filter
def cut_to(text: str, length: int) -> str:
    """At most so many characters, the rest as an ellipsis; the full text belongs in a title beside it."""
    return text if len(text) <= length else text[: length - 1] + "…"


@register.simple_tag(takes_context=True)
def allowed(context: dict[str, Any], permission: str) -> bool:
    """Whether the reader holds the permission; only to hide or grey, the service decides."""
    request: HttpRequest = context["request"]
    return may(request.user, permission)


@register.filter
def way_back(message: Any) -> dict[str, Any] | None:
    """The undo of a notice."""
    return undo_of(message)


@register.simple_tag
def form_key() -> SafeString:
    """Makes a doubly submitted form do its work once."""
    return format_html('<input type="hidden" name="form_key" value="{}">', uuid.uuid4())


@register.inclusion_tag("shell/file_input.html")
def file_input(name: str = "file", accept: str = "", multiple: str = "", field_id: str = "") -> dict[str, Any]:
    """A choice of files whose words follow the page's language, not the browser's."""
    return {"name": name, "accept": accept, "multiple": multiple, "id": field_id or f"id_{name}"}


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
        "is_file": isinstance(widget, FileInput),
        "accept": widget.attrs.get("accept", ""),
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


@register.simple_tag(takes_context=True)
def panels(context: template.Context, place: str) -> SafeString:
    """The panels that subjects registered for this place of the page, each in a wrapper named after it."""
    parts = []
    for one in context["panels"].at(place):
        with context.push(**one.context):
            found: Any = get_template(one.panel.template)
            body = mark_safe(found.template.render(context))  # noqa: S308 — a template of ours, escaped by itself
        inline = place in ("actions", "menu", "facts")
        parts.append(body if inline else format_html('<div class="pnl" id="{}">{}</div>', one.panel.name, body))
    return format_html_join("", "{}", ((part,) for part in parts))


@register.simple_tag(takes_context=True)
def later_panels(context: template.Context, place: str) -> SafeString:
    """Room and headings of the panels that come after the page, so that a link to one of them finds it."""
    room = (
        '<div class="pnl" id="{}"><section class="cd later-w" aria-busy="true"><div class="cd-h"><h2>{}</h2></div>'
        "</section></div>"
    )
    named = [one for one in context["panels"].later_at(place) if one.label]
    return format_html_join("", room, ((one.name, one.label) for one in named))


@register.simple_tag(takes_context=True)
def panel_tabs(context: template.Context, place: str) -> SafeString:
    """Links to the panels of a place that have a word of their own; those that come later have no count yet."""
    link = '<a href="#{}">{}<span class="k">{}</span></a>'
    now = [(one.panel.name, one.panel.label, one.count) for one in context["panels"].tabs(place)]
    later = [(one.name, one.label, "") for one in context["panels"].later_at(place) if one.label]
    return format_html_join("", link, [*now, *later])


@register.simple_tag(takes_context=True)
def panel_files(context: template.Context, kind: str) -> SafeString:
    """The style sheets (``style``) or scripts (``script``) that the shown panels need."""
    if kind == "style":
        return format_html_join(
            "", '<link rel="stylesheet" href="{}">', ((static(x),) for x in context["panels"].styles)
        )
    return format_html_join("", '<script src="{}" defer></script>', ((static(x),) for x in context["panels"].scripts))
