"""Shapes of what is entered about materials and stock."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from punctual.domain.parties.selectors import suppliers
from punctual.domain.supply.models import MaterialKind
from punctual.domain.supply.selectors import places
from punctual.platform.accounts.models import User
from punctual.web.master.forms import FactsForm, NumberField


class MaterialForm(FactsForm):
    code = forms.CharField(label=_("Code"), max_length=40)
    name = forms.CharField(label=_("Name"), max_length=120)
    kind = forms.ChoiceField(label=_("Kind"), choices=MaterialKind.choices, initial=MaterialKind.BOUGHT)
    unit = forms.CharField(label=_("Unit"), max_length=20)
    is_whole = forms.BooleanField(label=_("Whole pieces only"), required=False, initial=True)
    lead_time_days = forms.IntegerField(label=_("Lead time, working days"), initial=0)
    standard_cost = NumberField(label=_("Standard cost"), required=False)
    supplier_id = forms.ChoiceField(label=_("Usual supplier"), required=False)
    notes = forms.CharField(label=_("Notes"), required=False, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, actor: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["supplier_id"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "—"), *((str(one.pk), f"{one.code} {one}") for one in suppliers(actor))]

    def clean_supplier_id(self) -> int | None:
        text = self.cleaned_data["supplier_id"]
        return int(text) if text else None

    def facts(self) -> dict[str, Any]:
        found = super().facts()
        found["standard_cost"] = found["standard_cost"] or 0
        return found


class StockForm(FactsForm):
    """A first quantity, or one that no purchase brought."""

    material = forms.CharField(label=_("Materials"), widget=forms.TextInput(attrs={"list": "mats"}))
    place = forms.ChoiceField(label=_("Place"), required=False)
    quantity = NumberField(label=_("Quantity"))
    reason = forms.CharField(label=_("Where it comes from"), max_length=200)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["place"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(str(one.pk), str(one)) for one in places()]
