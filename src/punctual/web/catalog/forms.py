"""Shapes of what people tell of products, revisions and list prices."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from punctual.domain.catalog.models import Product
from punctual.domain.catalog.rules import USUAL_WARRANTY
from punctual.domain.catalog.selectors import families
from punctual.kernel.money import MINOR_UNITS
from punctual.platform.accounts.models import User
from punctual.web.master.forms import DayField, FactsForm, NumberField


class ProductForm(FactsForm):
    model = forms.CharField(label=_("Model"), max_length=40)
    name = forms.CharField(label=_("Name"), max_length=120)
    family = forms.ChoiceField(label=_("Family"))
    unit = forms.CharField(label=_("Unit"), max_length=20)
    minimum_order_quantity = NumberField(label=_("Minimum order quantity"), initial=Decimal(1))
    order_multiple = NumberField(label=_("Order multiple"), initial=Decimal(1))
    lead_time_days = forms.IntegerField(label=_("Standard lead time, working days"), initial=0)
    warranty_months = forms.IntegerField(
        label=_("Warranty, months"),
        initial=USUAL_WARRANTY,
        help_text=_("0 for what has none, such as a service"),
    )
    description = forms.CharField(label=_("Description"), required=False, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args: Any, actor: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["family"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "—"), *((str(item.pk), item.name) for item in families(actor))]

    def facts(self) -> dict[str, Any]:
        facts = super().facts()
        facts["family_id"] = int(facts.pop("family"))
        return facts


class RevisionForm(FactsForm):
    code = forms.CharField(label=_("Revision"), max_length=20)
    released_on = DayField(label=_("Released"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["released_on"].initial = timezone.localdate()


class RetireForm(FactsForm):
    retired_on = DayField(label=_("Retired"))
    successor = forms.ChoiceField(
        label=_("Successor"), required=False, help_text=_("Orders that ask for the retired one are offered this one")
    )

    def __init__(self, *args: Any, product: Product, revision_id: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["retired_on"].initial = timezone.localdate()
        others = product.revisions.filter(retired_on=None).exclude(pk=revision_id)
        field = self.fields["successor"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "—"), *((str(item.pk), item.code) for item in others)]

    def facts(self) -> dict[str, Any]:
        facts = super().facts()
        wish = facts.pop("successor")
        return {**facts, "successor_id": int(wish) if wish else None}


class PriceForm(FactsForm):
    currency = forms.ChoiceField(label=_("Currency"), choices=[(code, code) for code in MINOR_UNITS])
    amount = NumberField(label=_("List price"), help_text=_("Without tax, for one unit"))
    valid_from = DayField(label=_("Valid from"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["valid_from"].initial = timezone.localdate()
