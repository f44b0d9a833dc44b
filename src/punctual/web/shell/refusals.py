"""Put the reasons of a refusal beside the fields they belong to."""

from __future__ import annotations

from django.forms import BaseForm
from django.utils.translation import gettext

from punctual.kernel.refusal import Reason, Refusal


def worded(reason: Reason) -> str:
    """The sentence in the reader's language."""
    return reason.worded(gettext)


def show_in(form: BaseForm, refusal: Refusal) -> None:
    """Every reason at its field; what belongs to no field of the form goes above it."""
    for reason in refusal.reasons:
        form.add_error(reason.field if reason.field in form.fields else None, worded(reason))
