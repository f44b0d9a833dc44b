"""A record's story in the reader's words."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, Final

from django.core.exceptions import FieldDoesNotExist
from django.db.models import Field, Model
from django.utils.translation import gettext as _

from punctual.domain.calendars.models import ExceptionSource
from punctual.kernel.wording import N_
from punctual.platform.audit.models import AuditEntry

VERBS: Final = {
    "create": N_("made it"),
    "change": N_("changed it"),
    "archive": N_("archived it"),
    "restore": N_("restored it"),
    "add_revision": N_("released a revision"),
    "retire_revision": N_("retired a revision"),
    "reinstate_revision": N_("brought a revision back"),
    "set_price": N_("changed the list price"),
    "change_days": N_("changed days"),
    "load_holidays": N_("loaded public holidays"),
}
LABELS: Final = {
    "revision": N_("Revision"),
    "list_price": N_("List price"),
    "holidays": N_("Public holidays"),
    "source": N_("Source"),
}
"""What changes and is no field of the record itself."""
VALUES: Final[dict[str, dict[str, Any]]] = {"source": dict(ExceptionSource.choices)}


@dataclass(frozen=True, slots=True)
class Line:
    entry: AuditEntry
    verb: str
    changes: list[tuple[str, object, object]]
    about: str = ""
    """Whom it is about, where the story holds several records."""


def story(
    entries: Iterable[AuditEntry], models: Collection[type[Model]], *, hidden: Collection[str] = ()
) -> list[Line]:
    """Lines for the page. ``hidden`` are fields whose values the reader may not see; the line itself stays."""
    by_name = {model._meta.model_name: model for model in models}
    main = next(iter(models))._meta.model_name
    return [
        Line(
            entry,
            _(VERBS[entry.verb]) if entry.verb in VERBS else entry.verb,
            [
                (
                    _label(by_name[entry.target_type], change["field"]),
                    _value(by_name[entry.target_type], change["field"], change["old"]),
                    _value(by_name[entry.target_type], change["field"], change["new"]),
                )
                for change in entry.changes
                if change["field"] not in hidden
            ],
            entry.target_label if entry.target_type != main else "",
        )
        for entry in entries
    ]


def _field(model: type[Model], name: str) -> Field[Any, Any] | None:
    try:
        found = model._meta.get_field(name)
    except FieldDoesNotExist:
        return None
    return found if isinstance(found, Field) else None


def _label(model: type[Model], name: str) -> str:
    if name in LABELS:
        return _(LABELS[name])
    field = _field(model, name)
    return str(field.verbose_name) if field else name


def _value(model: type[Model], name: str, value: object) -> object:
    """Choices by their words, yes and no as marks."""
    if isinstance(value, bool):
        return "✓" if value else "✕"
    field = _field(model, name)
    choices = dict(field.flatchoices) if field else VALUES.get(name, {})
    return choices.get(value, value) if isinstance(value, str) else value
