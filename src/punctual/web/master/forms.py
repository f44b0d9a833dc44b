"""Shapes of master data's input; the services decide what is right."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models.fields import BLANK_CHOICE_DASH
from django.utils.translation import gettext_lazy as _

from punctual.kernel.quantity import NotANumber, parse_decimal, plain
from punctual.web.shell.reading import MOST_DIGITS


class NumberField(forms.CharField):
    """A decimal number as people write it: full-width digits and thousands separators included."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}), **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return plain(value) if isinstance(value, Decimal) else value

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if not text:
            return None
        try:
            return parse_decimal(text)
        except NotANumber as error:
            raise ValidationError(_("This is no number; write it as 1234.5.")) from error


class DayField(forms.DateField):
    """A day, chosen with the browser's own picker."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return value.isoformat() if isinstance(value, dt.date) else value


class SeveralField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]  # not subscriptable when it runs
    """Several records; a number larger than any record has is none of them, and never reaches the database."""

    def clean(self, value: Any) -> Any:
        for one in value or ():
            if len(str(one)) > MOST_DIGITS:
                raise ValidationError(self.error_messages["invalid_pk_value"], params={"pk": str(one)[:20]})
        return super().clean(value)


class FactsForm(forms.Form):
    """A form about one record; ``version`` is the one its writer saw, absent for a new record."""

    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, forms.ModelChoiceField) and field.empty_label == BLANK_CHOICE_DASH[0][1]:
                field.empty_label = "—"

    def facts(self) -> dict[str, Any]:
        """The fields without the version."""
        return {name: value for name, value in self.cleaned_data.items() if name != "version"}


class CheckGroup(forms.CheckboxSelectMultiple):
    """Several choices as check boxes side by side, one group to readers."""

    template_name = "master/check_group.html"
