"""A select drawn quickly is the select that Django draws."""

from __future__ import annotations

import re

from django import forms
from django.forms.renderers import DjangoTemplates
from django.utils.translation import gettext_lazy

from punctual.web.shell.form_pieces import QuickChoices


class Choosing(forms.Form):
    use_required_attribute = False
    plain = forms.ChoiceField(
        choices=[("", "—"), (1, "<b>&"), ("a'b", gettext_lazy("Orders"))],
        widget=forms.Select(attrs={"class": "inp", "hidden": False, "data-x": '"', "size": 0, "disabled": True}),
    )
    grouped = forms.ChoiceField(choices=[("A & B", [("1", "one"), ("2", "two")]), ("3", "three")], initial="2")
    several = forms.MultipleChoiceField(choices=[("1", "one"), ("2", "two")], initial=["1", "2"])
    unknown = forms.NullBooleanField()
    text = forms.CharField(initial="<i>")


def _drawn(renderer: DjangoTemplates) -> str:
    html = str(Choosing(renderer=renderer).as_p())
    return re.sub(r">\s+<", "><", html)


def test_every_kind_of_select_is_the_one_django_draws() -> None:
    drawn = _drawn(QuickChoices())
    assert drawn == _drawn(DjangoTemplates())
    assert drawn.count("<option") == 11
    assert "<b>&" not in drawn
