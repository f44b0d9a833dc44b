"""Shape of what people tell of a resource."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from punctual.domain.calendars.selectors import calendars
from punctual.domain.parties.selectors import suppliers
from punctual.domain.resources.models import Resource, ResourceKind
from punctual.domain.resources.selectors import skills, teams
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may
from punctual.platform.accounts.services import people
from punctual.web.formatting import listed
from punctual.web.master.forms import CheckGroup, FactsForm, NumberField

Choices = list[tuple[str, str]]


class ResourceForm(FactsForm):
    kind = forms.ChoiceField(label=_("Kind"), choices=ResourceKind.choices)
    code = forms.CharField(label=_("Code"), max_length=20)
    name = forms.CharField(label=_("Name"), max_length=80)
    team = forms.CharField(label=_("Team"), max_length=80, required=False)
    calendar = forms.ChoiceField(label=_("Calendar"))
    units = forms.IntegerField(label=_("Units"), initial=1, help_text=_("How many tasks it serves at once"))
    hourly_cost = NumberField(label=_("Cost per hour"), required=False)
    user = forms.ChoiceField(label=_("Sign-in"), required=False, help_text=_("For a person"))
    supplier = forms.ChoiceField(label=_("Supplier"), required=False, help_text=_("For an outsourced service"))
    skills = forms.MultipleChoiceField(
        label=_("Skills"), required=False, widget=CheckGroup(attrs={"label": _("Skills")})
    )

    def __init__(self, *args: Any, actor: User, found: Resource | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own_calendar = {found.calendar_id: found.calendar.name} if found else {}
        own_supplier = {found.supplier.pk: str(found.supplier)} if found and found.supplier else {}
        self._offer("calendar", {item.pk: item.name for item in calendars(actor)} | own_calendar, needed=True)
        self._offer("supplier", {item.pk: str(item) for item in suppliers(actor)} | own_supplier)
        self._offer("user", {item.pk: item.name for item in people(actor)})
        self._offer("skills", {item.pk: item.name for item in skills(actor)}, needed=True)
        team = self.fields["team"]
        team.help_text = listed(teams(actor)[:6])
        if not may(actor, "resources.see_cost"):
            del self.fields["hourly_cost"]

    def _offer(self, name: str, items: dict[int, str], *, needed: bool = False) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        choices: Choices = [] if needed else [("", "—")]
        field.choices = [*choices, *((str(pk), text) for pk, text in items.items())]

    def facts(self) -> dict[str, Any]:
        facts = super().facts()
        for name in ("calendar", "user", "supplier"):
            wish = facts.pop(name)
            facts[f"{name}_id"] = int(wish) if wish else None
        facts["skill_ids"] = frozenset(int(pk) for pk in facts.pop("skills"))
        return facts
