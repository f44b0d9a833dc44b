"""Shapes of what is told about requests and meetings; the services decide what is right."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from punctual.domain.customer_relations.models import Channel, RequestKind, Urgency
from punctual.domain.customer_relations.models.meetings import Rhythm
from punctual.domain.customer_relations.services.meetings import guests_of
from punctual.domain.customer_relations.services.series import may_chair
from punctual.domain.parties.models import Contact, Customer
from punctual.platform.accounts.models import Role, User
from punctual.web.master.forms import CheckGroup, FactsForm, SeveralField

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


class CallForm(MeetingForm):
    """A series with its first meeting, and who is asked to come. The contacts are those of the chosen customer:
    ``guests_of`` says whose were shown, so that another customer's are all asked as long as nobody chose among them."""

    contacts = SeveralField(
        Contact.objects.none(),
        label=_("Who comes of the customer’s"),
        required=False,
        widget=CheckGroup(attrs={"label": _("Who comes of the customer’s")}),
        help_text=_("Nobody ticked: only ours come."),
    )
    users = SeveralField(
        User.objects.none(),
        label=_("Who comes of ours"),
        required=False,
        widget=CheckGroup(attrs={"label": _("Who comes of ours")}),
        help_text=_("You come as the chair."),
    )
    guests_of = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: QueryDict | None, *args: Any, actor: User, **kwargs: Any) -> None:
        super().__init__(data.copy() if data is not None else None, *args, **kwargs)
        key = str((self.data if self.is_bound else self.initial).get("customer") or "")
        chosen = Customer.objects.filter(pk=int(key)).first() if key.isdecimal() and len(key) < 18 else None
        asked = [one.pk for one in guests_of(chosen)] if chosen is not None else []
        if isinstance(self.data, QueryDict) and self.data.get("guests_of") != key:
            self.data.setlist("contacts", [str(pk) for pk in asked])
            self.data["guests_of"] = key
        self.initial.update(contacts=asked, guests_of=key)
        theirs, ours = self.fields["contacts"], self.fields["users"]
        theirs.queryset = Contact.objects.filter(  # type: ignore[attr-defined]
            customer=chosen, archived_at=None
        ).exclude(customer=None)
        none = _("The customer has no contact yet.") if chosen is not None else _("Choose a customer first.")
        theirs.widget.attrs["empty"] = none
        ours.queryset = colleagues().exclude(pk=actor.pk)  # type: ignore[attr-defined]
        self.fields["customer"].widget.attrs |= {
            "hx-get": reverse("meeting_new"),
            "hx-trigger": "change",
            "hx-target": "#id_contacts",
            "hx-select": "#id_contacts",
            "hx-select-oob": "#id_guests_of",
            "hx-swap": "outerHTML",
        }


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
