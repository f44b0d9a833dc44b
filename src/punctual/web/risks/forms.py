"""Shapes of what people tell of risks and responses."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from punctual.domain.catalog.models import ProductFamily
from punctual.domain.orders.models import Order
from punctual.domain.parties.models import Supplier
from punctual.domain.plans.models import Task
from punctual.domain.resources.models import Resource
from punctual.domain.risks.models import Category, ResponseKind
from punctual.domain.risks.rules import Points
from punctual.platform.accounts.models import User
from punctual.web.master.forms import CheckGroup, DayField, FactsForm, NumberField, SeveralField

SCALE = [("", "—"), *((str(one), str(one)) for one in range(1, 6))]
POINTS = ("days_low", "days_mode", "days_high", "cost_low", "cost_mode", "cost_high")


class PeopleField(forms.ModelChoiceField):  # type: ignore[type-arg]  # not subscriptable when it runs
    """Somebody who is active."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(queryset=User.objects.filter(is_active=True).order_by("display_name"), **kwargs)


class PointsForm(FactsForm):
    """Probability, delay and cost in three points."""

    probability = forms.IntegerField(label=_("Probability, %"), initial=0)
    days_low = NumberField(label=_("Delay, optimistic (days)"), required=False)
    days_mode = NumberField(label=_("Delay, most likely (days)"), required=False)
    days_high = NumberField(label=_("Delay, pessimistic (days)"), required=False)
    cost_low = NumberField(label=_("Cost, optimistic"), required=False)
    cost_mode = NumberField(label=_("Cost, most likely"), required=False)
    cost_high = NumberField(label=_("Cost, pessimistic"), required=False)

    def points(self) -> Points:
        values = {name: self.cleaned_data[name] for name in POINTS if self.cleaned_data[name] is not None}
        return Points(probability=self.cleaned_data["probability"], **values)


class RiskForm(PointsForm):
    title = forms.CharField(label=_("Risk"), max_length=120)
    category = forms.ChoiceField(label=_("Category"), choices=Category.choices)
    owner = PeopleField(label=_("Owner"))
    cause = forms.CharField(label=_("Cause"), max_length=300, required=False)
    trigger = forms.CharField(
        label=_("Trigger"), max_length=200, required=False, help_text=_("How one notices that it comes")
    )
    contingency = forms.CharField(
        label=_("Contingency"), max_length=300, required=False, help_text=_("What is done once it has happened")
    )
    basis = forms.CharField(label=_("Basis"), max_length=300, required=False, help_text=_("What the numbers rest on"))
    quality = forms.TypedChoiceField(
        label=_("Effect on quality, 1–5"), choices=SCALE, coerce=int, empty_value=None, required=False
    )
    safety = forms.TypedChoiceField(
        label=_("Effect on safety, 1–5"), choices=SCALE, coerce=int, empty_value=None, required=False
    )
    review_on = DayField(label=_("Next review"), required=False)
    tasks = forms.MultipleChoiceField(label=_("Acts on tasks"), required=False, widget=CheckGroup)
    resources = SeveralField(
        label=_("Concerns resources"), queryset=Resource.objects.filter(archived_at=None), required=False
    )
    suppliers = SeveralField(
        label=_("Concerns suppliers"), queryset=Supplier.objects.filter(archived_at=None), required=False
    )
    field_order = (
        "title", "category", "owner", "cause", "probability", "days_low", "days_mode", "days_high",
        "cost_low", "cost_mode", "cost_high", "quality", "safety", "review_on",
        "trigger", "contingency", "basis", "tasks", "suppliers", "resources",
    )  # fmt: skip

    def __init__(self, order: Order | None, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if order is None:
            del self.fields["tasks"]
            return
        rows = Task.objects.filter(plan__order=order, is_summary=False).order_by("sequence")
        field = self.fields["tasks"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(str(row.pk), f"{row.wbs} {row.name}") for row in rows]

    def risk_facts(self) -> dict[str, Any]:
        names = (
            "title",
            "category",
            "owner",
            "cause",
            "trigger",
            "contingency",
            "basis",
            "quality",
            "safety",
            "review_on",
        )
        return {
            **{name: self.cleaned_data[name] for name in names},
            "points": self.points(),
            "tasks": [int(one) for one in self.cleaned_data.get("tasks", [])],
            "resources": [one.pk for one in self.cleaned_data["resources"]],
            "suppliers": [one.pk for one in self.cleaned_data["suppliers"]],
        }


class ResponseForm(PointsForm):
    """What is done and how the risk stands afterwards."""

    kind = forms.ChoiceField(label=_("Response"), choices=ResponseKind.choices)
    title = forms.CharField(label=_("What is done"), max_length=160)
    cost = NumberField(label=_("Cost of the response"), required=False)
    owner = PeopleField(label=_("Owner"), required=False)
    due = DayField(label=_("Due"), required=False)
    field_order = ("kind", "title", "cost", "owner", "due", "probability", *POINTS)


class TypicalForm(PointsForm):
    title = forms.CharField(label=_("Risk"), max_length=120)
    family = forms.ModelChoiceField(
        label=_("Family"), queryset=ProductFamily.objects.all(), required=False, empty_label=_("Every family")
    )
    category = forms.ChoiceField(label=_("Category"), choices=Category.choices)
    cause = forms.CharField(label=_("Cause"), max_length=300, required=False)
    task_words = forms.CharField(
        label=_("Acts on tasks whose name contains (one a line)"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    trigger = forms.CharField(label=_("Trigger"), max_length=200, required=False)
    contingency = forms.CharField(label=_("Contingency"), max_length=300, required=False)
    response_kind = forms.ChoiceField(label=_("Response"), choices=[("", "—"), *ResponseKind.choices], required=False)
    response_title = forms.CharField(label=_("What is done"), max_length=160, required=False)
    response_cost = NumberField(label=_("Cost of the response"), required=False)
    response_probability = forms.IntegerField(label=_("Probability afterwards, %"), required=False, initial=0)
    field_order = (
        "title", "family", "category", "cause", "probability", "days_low", "days_mode", "days_high",
        "cost_low", "cost_mode", "cost_high", "task_words", "trigger", "contingency",
        "response_kind", "response_title", "response_cost", "response_probability",
    )  # fmt: skip


class MatrixForm(FactsForm):
    probability_bounds = forms.CharField(
        label=_("Bounds of probability, %"), help_text=_("Four rising numbers, as 10, 25, 40, 65")
    )
    impact_bounds = forms.CharField(
        label=_("Bounds of delay, working days"), help_text=_("Four rising numbers, as 1, 2, 4, 8")
    )
    watch_from = forms.IntegerField(label=_("Watch from level"))
    act_from = forms.IntegerField(label=_("Act from level"))
    stop_from = forms.IntegerField(label=_("Unacceptable from level"))
    review_days = forms.IntegerField(label=_("Days between two reviews"))
