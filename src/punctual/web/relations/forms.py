"""Shapes of what is told about requests and meetings; the services decide what is right."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from punctual.domain.customer_relations.models import Channel, RequestKind, Urgency
from punctual.domain.customer_relations.models.meetings import Rhythm
from punctual.domain.customer_relations.services.series import may_chair
from punctual.domain.parties.models import Customer
from punctual.platform.accounts.models import Role, User
from punctual.web.master.forms import FactsForm

ANSWERING = (Role.ORDER_MANAGER, Role.SALES, Role.SUPPLY_CHAIN, Role.PLANNER, Role.QUALITY, Role.ADMINISTRATOR)


def colleagues() -> Any:
    return User.objects.filter(is_active=True, role__in=ANSWERING).order_by("display_name", "username")


class RequestForm(FactsForm):
    """A request as it is recorded."""

    customer = forms.ModelChoiceField(Customer.objects.filter(archived_at=None), label=_("Customer"))
    order = forms.CharField(label=_("Order"), required=False, max_length=40, help_text=_("Number, if it is about one"))
    contact = forms.CharField(label=_("Who asks"), required=False, max_length=80)
    channel = forms.ChoiceField(
        label=_("Channel"),
        choices=[choice for choice in Channel.choices if choice[0] not in ("portal", "survey", "api")],
    )
    kind = forms.ChoiceField(label=_("Kind"), choices=RequestKind.choices)
    urgency = forms.ChoiceField(label=_("Urgency"), choices=Urgency.choices)
    owner = forms.ModelChoiceField(User.objects.none(), label=_("Owner"), required=False)
    title = forms.CharField(label=_("Subject"), max_length=200)
    text = forms.CharField(
        label=_("In the customer’s words"), required=False, widget=forms.Textarea(attrs={"rows": 5}), max_length=20_000
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = colleagues()  # type: ignore[attr-defined]


class RequestChangeForm(RequestForm):
    """What can be put right later."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("customer", "channel", "text"):
            del self.fields[name]


class MeetingForm(FactsForm):
    """A series with its first meeting, or one meeting put elsewhere."""

    title = forms.CharField(label=_("Title"), max_length=120)
    customer = forms.ModelChoiceField(Customer.objects.filter(archived_at=None), label=_("Customer"))
    order = forms.CharField(label=_("Order"), required=False, max_length=40, help_text=_("Empty: all running orders"))
    rhythm = forms.ChoiceField(label=_("Rhythm"), choices=Rhythm.choices, initial=Rhythm.FORTNIGHTLY)
    starts_at = forms.DateTimeField(
        label=_("Begins"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    )
    minutes = forms.IntegerField(label=_("Length, minutes"), initial=60)
    place = forms.CharField(label=_("Place or link"), required=False, max_length=200)
    agenda = forms.CharField(
        label=_("Agenda"), required=False, widget=forms.Textarea(attrs={"rows": 4}), max_length=5000
    )


class SeriesForm(MeetingForm):
    """What holds for the meetings of a series to come."""

    owner = forms.ModelChoiceField(User.objects.none(), label=_("Chair"))

    def __init__(self, *args: Any, chair: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("customer", "starts_at", "agenda"):
            del self.fields[name]
        able = [one.pk for one in colleagues() if may_chair(one)]
        self.fields["owner"].queryset = User.objects.filter(  # type: ignore[attr-defined]
            pk__in=[chair.pk, *able]
        ).order_by("display_name", "username")
        self.fields["rhythm"].help_text = _("A planned meeting moves along unless people are invited or it was moved")


class MoveForm(MeetingForm):
    """Another time or place of one meeting."""

    following = forms.BooleanField(
        label=_("The later ones too"), required=False, help_text=_("Without it they go on in their rhythm")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("title", "customer", "order", "rhythm"):
            del self.fields[name]
