"""Inputs for the values of custom fields, to be put into any form about the thing that has them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from punctual.platform.custom_fields.models import CustomField, Kind
from punctual.platform.custom_fields.rules import LONGEST_TEXT, Value
from punctual.web.master.forms import FactsForm

BEGIN = "custom_"


def _input(field: CustomField) -> forms.Field:
    """Shape only: what is wrong with a value says the service."""
    common: dict[str, Any] = {"label": field.label, "required": False}
    if field.kind == Kind.CHOICE:
        return forms.CharField(widget=forms.Select(choices=[("", "—"), *field.choices]), **common)
    if field.kind == Kind.YES_NO:
        choices = [("", "—"), ("yes", _("Yes")), ("no", _("No"))]
        return forms.CharField(widget=forms.Select(choices=choices), **common)
    if field.kind == Kind.DAY:
        return forms.CharField(widget=forms.DateInput(attrs={"type": "date"}), **common)
    if field.kind == Kind.NUMBER:
        return forms.CharField(widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}), **common)
    return forms.CharField(max_length=LONGEST_TEXT, **common)


def add_inputs(form: forms.Form, fields: Iterable[CustomField]) -> None:
    """An input for each of them, named ``custom_<key>``."""
    for field in fields:
        made = _input(field)
        if field.required:
            made.help_text = _("must be filled in")
        if field.kind == Kind.CHOICE:
            _keep_former_choice(form, field, made)
        form.fields[f"{BEGIN}{field.key}"] = made


def _keep_former_choice(form: forms.Form, field: CustomField, made: forms.Field) -> None:
    now = str((form.initial or {}).get(f"{BEGIN}{field.key}") or "")
    if now and now not in dict(field.choices):
        made.widget = forms.Select(choices=[("", "—"), (now, now), *field.choices])


def initial_of(fields: Iterable[CustomField], values: dict[str, Value]) -> dict[str, str]:
    """The values as the inputs show them."""
    found = {}
    for field in fields:
        value = values.get(field.key)
        text = "" if value is None else ("yes" if value else "no") if isinstance(value, bool) else str(value)
        found[f"{BEGIN}{field.key}"] = (
            text.rstrip("0").rstrip(".") if "." in text and field.kind == Kind.NUMBER else text
        )
    return found


def split(facts: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a form told of the record's own fields, and of its custom ones by key."""
    own = {name: value for name, value in facts.items() if not name.startswith(BEGIN)}
    return own, {name.removeprefix(BEGIN): value for name, value in facts.items() if name.startswith(BEGIN)}


class ValuesForm(FactsForm):
    """Nothing but the custom fields of one thing."""

    def __init__(self, fields: Iterable[CustomField], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        add_inputs(self, fields)
