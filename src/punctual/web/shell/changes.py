"""What somebody else changed, in the reader's words: for conflicts and for stories of records."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Field, Model
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from punctual.kernel.wording import N_
from punctual.platform.custom_fields.selectors import PREFIX, words_of_change

LABELS: Final = {
    "revision": N_("Revision"),
    "list_price": N_("List price"),
    "holidays": N_("Public holidays"),
    "source": N_("Source"),
    "baseline": N_("Baseline"),
    "tasks": N_("Tasks"),
    "budget": N_("Budget"),
}
"""What changes and is no field of the record itself."""

_registered: Final[dict[str, Promise]] = {}

Words = Callable[[str, Any], tuple[str, object]]
_own: Final[dict[str, Words]] = {}


@dataclass(frozen=True, slots=True)
class Changed:
    by: str
    label: str
    old: object
    new: object


def register_labels(labels: Mapping[str, Promise]) -> None:
    """The labels of what stands in another record than the one whose story tells it."""
    _registered.update(labels)


def register_change_words(target_type: str, words: Words) -> None:
    """A subject's own way to word a change: ``words(field, value)`` gives the label and the value as people read it."""
    _own[target_type] = words


def changed(changes: Iterable[Mapping[str, Any]]) -> list[Changed]:
    """The changes a conflict carries, each field under its label."""
    told = []
    for change in changes:
        name, target = str(change.get("field") or ""), str(change.get("target") or "")
        label, old = _worded(target, name, change.get("old"))
        told.append(Changed(str(change.get("by") or ""), label, old, _worded(target, name, change.get("new"))[1]))
    return told


def _worded(target_type: str, name: str, value: object) -> tuple[str, object]:
    if not name:
        return "", value
    if name.startswith(PREFIX):
        return words_of_change(target_type, name, value)
    if target_type in _own:
        return _own[target_type](name, value)
    model = _model(target_type)
    return (label_of(model, name), value_of(model, name, value)) if model else (label_of(Model, name), value)


def _model(target_type: str) -> type[Model] | None:
    return next((model for model in apps.get_models() if model._meta.model_name == target_type), None)


def _field(model: type[Model], name: str) -> Field[Any, Any] | None:
    try:
        found = model._meta.get_field(name) if model is not Model else None
    except FieldDoesNotExist:
        return None
    return found if isinstance(found, Field) else None


def label_of(model: type[Model], name: str) -> str:
    """The field's own words."""
    if name in LABELS:
        return _(LABELS[name])
    if name in _registered:
        return str(_registered[name])
    field = _field(model, name)
    return str(field.verbose_name) if field else name


def value_of(model: type[Model], name: str, value: object, choices: Mapping[str, Any] | None = None) -> object:
    """Choices by their words, yes and no as marks."""
    if isinstance(value, bool):
        return "✓" if value else "✕"
    field = _field(model, name)
    known = dict(field.flatchoices) if field else (choices or {})
    return known.get(value, value) if isinstance(value, str) else value
