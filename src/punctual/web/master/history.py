"""A record's story in the reader's words."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Model

from punctual.domain.calendars.models import ExceptionSource
from punctual.kernel.wording import N_
from punctual.platform.audit.models import AuditEntry
from punctual.platform.custom_fields.selectors import PREFIX, words_of_change
from punctual.web.shell.changes import label_of, value_of
from punctual.web.shell.latest import register_verbs, verb_of

register_verbs(["contact"], {"invite": N_("sent an invitation to the portal")})

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
            verb_of(entry),
            [_told(by_name[entry.target_type], change) for change in entry.changes if change["field"] not in hidden],
            entry.target_label if entry.target_type != main else "",
        )
        for entry in entries
    ]


def _told(model: type[Model], change: dict[str, Any]) -> tuple[str, object, object]:
    name = change["field"]
    if name.startswith(PREFIX):
        (label, old), (_label, new) = (
            words_of_change(model._meta.model_name or "", name, change[side]) for side in ("old", "new")
        )
        return label, old, new
    return label_of(model, name), _value(model, change, "old"), _value(model, change, "new")


def _value(model: type[Model], change: dict[str, Any], side: str) -> object:
    name = change["field"]
    return value_of(model, name, change[side], VALUES.get(name))
