"""Shapes of what people tell of a calendar and of one day."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from punctual.domain.calendars.models import WorkingCalendar
from punctual.domain.calendars.rules import REGIONS, WEEKDAYS
from punctual.flows.master_import.calendar_days import shifts_in, shifts_text
from punctual.web.master.forms import DayField, FactsForm

DAY_NAMES = (
    _("Monday"),
    _("Tuesday"),
    _("Wednesday"),
    _("Thursday"),
    _("Friday"),
    _("Saturday"),
    _("Sunday"),
)
DAY_FIELDS = tuple(f"day{number}" for number in WEEKDAYS)


class CalendarForm(FactsForm):
    """A week as seven texts ``08:00-12:00 13:00-17:00``; empty is free."""

    code = forms.CharField(label=_("Code"), max_length=20)
    name = forms.CharField(label=_("Name"), max_length=80)
    region = forms.ChoiceField(
        label=_("Public holidays of"), required=False, choices=[("", _("None")), *((code, code) for code in REGIONS)]
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label in zip(DAY_FIELDS, DAY_NAMES, strict=True):
            self.fields[name] = forms.CharField(
                label=label,
                required=False,
                max_length=120,
                widget=forms.TextInput(attrs={"placeholder": "08:00-12:00 13:00-17:00"}),
            )

    @staticmethod
    def initial_of(found: WorkingCalendar) -> dict[str, Any]:
        return {
            "code": found.code,
            "name": found.name,
            "region": found.region,
            "version": found.version,
            **{
                name: shifts_text(found.weekly.get(number, ()))
                for name, number in zip(DAY_FIELDS, WEEKDAYS, strict=True)
            },
        }

    def facts(self) -> dict[str, Any]:
        facts = super().facts()
        weekly = {number: shifts_in(facts.pop(name)) for name, number in zip(DAY_FIELDS, WEEKDAYS, strict=True)}
        return {**facts, "weekly": {day: shifts for day, shifts in weekly.items() if shifts}}


class DayForm(FactsForm):
    date = DayField(label=_("Date"))
    is_working = forms.ChoiceField(label=_("The day is"), choices=[("0", _("free")), ("1", _("worked"))])
    shifts = forms.CharField(
        label=_("Shifts"),
        required=False,
        max_length=120,
        widget=forms.TextInput(attrs={"placeholder": "08:00-12:00 13:00-17:00"}),
        help_text=_("Empty: as on a normal workday"),
    )
    name = forms.CharField(label=_("Reason"), required=False, max_length=80)

    def facts(self) -> dict[str, Any]:
        facts = super().facts()
        return {
            "date": facts["date"],
            "is_working": facts["is_working"] == "1",
            "shifts": shifts_in(facts["shifts"]),
            "name": facts["name"],
        }
