"""How a choice of many is drawn: what Django's templates draw, without two templates and a loop for each choice.

The page of one's own settings has five hundred time zones; drawn one template each they were two thirds of the page.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from django.forms.renderers import DjangoTemplates
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

SELECT: Final = "django/forms/widgets/select.html"


class QuickChoices(DjangoTemplates):
    """Django's own renderer but for a select."""

    def render(self, template_name: str, context: Mapping[str, Any], request: Any = None) -> SafeString:
        if template_name == SELECT:
            return _select(context["widget"])
        return super().render(template_name, context, request)


def _select(widget: Mapping[str, Any]) -> SafeString:
    name = conditional_escape(widget["name"])
    options = "".join(_groups(widget["optgroups"]))
    return mark_safe(f'<select name="{name}"{_attributes(widget["attrs"])}>{options}</select>')  # noqa: S308 - escaped


def _groups(groups: Any) -> Iterator[str]:
    for label, options, _ in groups:
        if label:
            yield f'<optgroup label="{conditional_escape(label)}">'
        for option in options:
            value, words = conditional_escape(str(option["value"])), conditional_escape(option["label"])
            yield f'<option value="{value}"{_attributes(option["attrs"])}>{words}</option>'
        if label:
            yield "</optgroup>"


def _attributes(attributes: Mapping[str, Any]) -> str:
    """``True`` is the bare name; ``False`` is left out."""
    said = []
    for name, value in attributes.items():
        if value is True:
            said.append(f" {conditional_escape(name)}")
        elif value is not False:
            said.append(f' {conditional_escape(name)}="{conditional_escape(str(value))}"')
    return "".join(said)
