"""How a choice of many is drawn: what Django's templates draw, without two templates and a loop for each choice.

The page of one's own settings has five hundred time zones; drawn one template each they were two thirds of the page.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from django.forms.renderers import DjangoTemplates
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

SELECT: Final = "django/forms/widgets/select.html"
NOTHING: Final = SafeString("")


class QuickChoices(DjangoTemplates):
    """Django's own renderer but for a select."""

    def render(self, template_name: str, context: Mapping[str, Any], request: Any = None) -> str:
        if template_name == SELECT:
            return _select(context["widget"])
        return super().render(template_name, dict(context), request)


def _select(widget: Mapping[str, Any]) -> SafeString:
    said, groups = _attributes(widget["attrs"]), format_html_join("", "{}", _groups(widget["optgroups"]))
    return format_html('<select name="{}"{}>{}</select>', widget["name"], said, groups)


def _groups(groups: Any) -> Iterator[tuple[SafeString]]:
    for label, options, _ in groups:
        rows = ((str(one["value"]), _attributes(one["attrs"]), one["label"]) for one in options)
        drawn = format_html_join("", '<option value="{}"{}>{}</option>', rows)
        yield (format_html('<optgroup label="{}">{}</optgroup>', label, drawn) if label else drawn,)


def _attributes(attributes: Mapping[str, Any]) -> SafeString:
    """``True`` is the bare name; ``False`` is left out."""
    if not attributes:
        return NOTHING
    said = (
        (format_html(" {}", name) if value is True else format_html(' {}="{}"', name, str(value)),)
        for name, value in attributes.items()
        if value is not False
    )
    return format_html_join("", "{}", said)
