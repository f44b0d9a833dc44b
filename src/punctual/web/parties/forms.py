"""Shapes of what people tell of customers, contacts and suppliers."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from punctual.domain.parties.models import Grade, Language
from punctual.kernel.money import MINOR_UNITS
from punctual.web.master.forms import FactsForm

CURRENCIES = [(code, code) for code in MINOR_UNITS]


class CustomerForm(FactsForm):
    code = forms.CharField(label=_("Code"), max_length=20)
    name = forms.CharField(label=_("Name"), max_length=120)
    short_name = forms.CharField(label=_("Short name"), max_length=40, required=False)
    grade = forms.ChoiceField(
        label=_("Grade"), choices=Grade.choices, initial=Grade.B, help_text=_("A: a late delivery hurts most")
    )
    currency = forms.ChoiceField(label=_("Currency"), choices=CURRENCIES)
    payment_terms = forms.CharField(label=_("Payment terms"), max_length=200, required=False)
    delivery_place = forms.CharField(label=_("Delivery place"), max_length=200, required=False)
    address = forms.CharField(label=_("Address"), max_length=200, required=False)
    wants_photos = forms.BooleanField(label=_("Wants photos of what is shipped"), required=False)
    notes = forms.CharField(label=_("Notes"), required=False, widget=forms.Textarea(attrs={"rows": 3}))


class ContactForm(FactsForm):
    name = forms.CharField(label=_("Name"), max_length=80)
    title = forms.CharField(label=_("Position"), max_length=80, required=False)
    phone = forms.CharField(label=_("Phone"), max_length=40, required=False)
    email = forms.CharField(label=_("E-mail"), max_length=254, required=False)
    language = forms.ChoiceField(label=_("Language"), choices=[("", _("Both")), *Language.choices], required=False)
    is_primary = forms.BooleanField(label=_("First contact"), required=False)


class SupplierForm(FactsForm):
    code = forms.CharField(label=_("Code"), max_length=20)
    name = forms.CharField(label=_("Name"), max_length=120)
    short_name = forms.CharField(label=_("Short name"), max_length=40, required=False)
    contact_name = forms.CharField(label=_("Contact"), max_length=80, required=False)
    phone = forms.CharField(label=_("Phone"), max_length=40, required=False)
    email = forms.CharField(label=_("E-mail"), max_length=254, required=False)
    lead_time_days = forms.IntegerField(label=_("Usual lead time, days"), initial=0)
    notes = forms.CharField(label=_("Notes"), required=False, widget=forms.Textarea(attrs={"rows": 3}))
