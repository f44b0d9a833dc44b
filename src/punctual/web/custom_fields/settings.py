"""Which fields the company has added: seen by the office, decided by administrators."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

from django import forms
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from punctual.kernel.refusal import NotFound, Reason
from punctual.kernel.wording import N_
from punctual.platform.accounts.permissions import may, require
from punctual.platform.custom_fields.models import CustomField, Kind, Subject
from punctual.platform.custom_fields.rules import FieldFacts
from punctual.platform.custom_fields.selectors import facts_of
from punctual.platform.custom_fields.services import archive_field, change_field, define_field
from punctual.platform.records import get_or_not_found
from punctual.web.master import pages
from punctual.web.master.forms import FactsForm
from punctual.web.master.pages import Crumb, actor_of

ICONS: Final = {Subject.ORDER: "file-text", Subject.TASK: "checkbox", Subject.CUSTOMER: "building"}
FIXED: Final = ("key", "kind")
"""What values depend on; it is told once."""


class FieldForm(FactsForm):
    label_zh = forms.CharField(label=gettext_lazy("Chinese name"), max_length=60, required=False)
    label_en = forms.CharField(label=gettext_lazy("English name"), max_length=60, required=False)
    key = forms.CharField(
        label=gettext_lazy("Key"),
        max_length=40,
        help_text=gettext_lazy("For the API and addresses: a–z, 0–9 and _, such as shipping_mode"),
    )
    kind = forms.ChoiceField(label=gettext_lazy("Holds"), choices=Kind.choices)
    options = forms.CharField(
        label=gettext_lazy("Choices"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=gettext_lazy("Only for a choice: one a line; its English words after a vertical bar"),
    )
    position = forms.IntegerField(label=gettext_lazy("Order in the form"), initial=10, min_value=0)
    required = forms.BooleanField(label=gettext_lazy("Must be filled in"), required=False)
    in_list = forms.BooleanField(label=gettext_lazy("Column of the list"), required=False, initial=True)


def _options(text: str) -> tuple[tuple[str, str], ...]:
    lines = [line.partition("|") for line in text.splitlines() if line.strip()]
    return tuple((key.strip(), english.strip()) for key, _bar, english in lines)


def fields_page(request: HttpRequest) -> HttpResponse:
    """The fields of orders, tasks and customers; archived ones below."""
    actor = actor_of(request)
    require(actor, "orders.view")
    rows = list(CustomField.objects.order_by("archived_at", "position", "pk"))
    context = {
        "title": _("Custom fields"),
        "subjects": [
            (name.value, name.label, ICONS[name], [row for row in rows if row.subject == name]) for name in Subject
        ],
        "may_define": may(actor, "custom_fields.define"),
    }
    return render(request, "custom_fields/fields.html", context)


def edit_field(request: HttpRequest, pk: int | None = None, subject: str = "") -> HttpResponse:
    """Define a field or change it."""
    actor = actor_of(request)
    require(actor, "custom_fields.define")
    found = get_or_not_found(CustomField.objects.all(), pk=pk) if pk else None
    if found is None and subject not in Subject.values:
        text = N_("Fields can be added to orders, tasks and customers.")
        raise NotFound(Reason("custom_field.subject.unknown", text))
    initial: dict[str, Any] = {}
    if found is not None:
        facts = asdict(facts_of(found))
        lines = "\n".join(" | ".join(filter(None, pair)) for pair in facts["options"])
        initial = {**facts, "options": lines, "version": found.version}
    form = FieldForm(request.POST or None, initial=initial)
    for name in FIXED if found else ():
        form.fields[name].disabled = True

    def save(told: dict[str, Any], version: int | None) -> Model:
        wish = FieldFacts(
            **{
                **told,
                "subject": found.subject if found else subject,
                "options": _options(told["options"]) if told["kind"] == Kind.CHOICE else (),
            }
        )
        if found is None:
            return define_field(actor=actor, facts=wish)
        return change_field(actor=actor, field_id=found.pk, facts=wish, expected_version=version)

    page = reverse("custom_fields")
    of = Subject(found.subject if found else subject).label
    return pages.edit(
        request,
        form,
        save,
        title=_("Field of: %(subject)s") % {"subject": of},
        crumbs=[Crumb(page, _("Custom fields"))],
        back=page,
        done=lambda saved: page,
        wide={"label_zh": "w2x", "label_en": "w2x", "options": "w4x"},
    )


@require_POST
def archive(request: HttpRequest, pk: int) -> HttpResponse:
    actor = actor_of(request)
    return pages.archive(
        request,
        archive=lambda version: archive_field(actor=actor, field_id=pk, archived=True, expected_version=version),
        restore=lambda version: archive_field(actor=actor, field_id=pk, archived=False, expected_version=version),
        done=reverse("custom_fields"),
    )
