"""Shapes of service input."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from punctual.domain.aftersales.models import CaseKind
from punctual.domain.customer_relations.models import Urgency
from punctual.domain.parties.models import Customer
from punctual.platform.accounts.models import Role, User
from punctual.web.master.forms import FactsForm


def engineers() -> Any:
    return User.objects.filter(is_active=True, role__in=[Role.WORKER, Role.QUALITY]).order_by("display_name")


class CaseForm(FactsForm):
    customer = forms.ModelChoiceField(Customer.objects.filter(archived_at=None), label=_("Customer"))
    order = forms.CharField(label=_("Order"), required=False, max_length=40, help_text=_("Number, if it is known"))
    line_no = forms.IntegerField(label=_("Line"), required=False)
    serial = forms.CharField(label=_("Serial number"), required=False, max_length=80)
    kind = forms.ChoiceField(label=_("Kind"), choices=CaseKind.choices)
    urgency = forms.ChoiceField(label=_("Urgency"), choices=Urgency.choices, initial=Urgency.HIGH)
    contact = forms.CharField(label=_("Who asks"), required=False, max_length=80)
    engineer = forms.ModelChoiceField(User.objects.none(), label=_("Engineer"), required=False)
    title = forms.CharField(label=_("Subject"), max_length=200)
    text = forms.CharField(
        label=_("What happened"), required=False, widget=forms.Textarea(attrs={"rows": 4}), max_length=10_000
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["engineer"].queryset = engineers()  # type: ignore[attr-defined]
