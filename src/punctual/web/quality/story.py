"""The story of a record of quality in the reader's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model
from django.utils.translation import gettext as _

from punctual.kernel.wording import N_
from punctual.platform.audit.models import AuditEntry
from punctual.platform.audit.services import story_of
from punctual.web.shell.latest import register_verbs, verb_of

VERBS: Final = {
    "create": N_("made it"),
    "change": N_("changed it"),
    "attach": N_("attached a file"),
    "detach": N_("removed a file"),
    "enter": N_("entered results"),
    "split": N_("took the lot in parts"),
    "accept": N_("accepted the lot"),
    "reject": N_("rejected the lot"),
    "deviate": N_("accepted it by deviation"),
    "cancel": N_("withdrew it"),
    "contain": N_("contained it"),
    "dispose": N_("decided the disposition"),
    "verify": N_("verified it"),
    "reopen": N_("opened it again"),
    "close": N_("closed it"),
    "book": N_("booked a loss"),
    "debit": N_("drafted a debit note"),
    "concede": N_("let it pass"),
    "withdraw_concession": N_("withdrew a concession"),
    "write": N_("wrote a step"),
    "supplier_writes": N_("the supplier wrote a step"),
    "finish": N_("finished the report"),
    "confirm": N_("confirmed the effect"),
    "fail": N_("found no effect"),
    "give_link": N_("gave the supplier a link"),
    "end_link": N_("ended the supplier's link"),
    "approve": N_("approved it"),
    "revise": N_("revised it"),
    "switch": N_("switched the inspection"),
    "answer": N_("answered a signal"),
    "hold": N_("held the review"),
    "find": N_("added a finding"),
}
register_verbs(
    [
        "inspection",
        "nonconformity",
        "correctiveaction",
        "qualityplan",
        "qualityreview",
        "controlchart",
        "gauge",
        "severity",
    ],
    VERBS,
)


@dataclass(frozen=True, slots=True)
class Line:
    """``changes`` are (field, old, new) as they are shown."""

    entry: AuditEntry
    words: str
    changes: list[tuple[str, Any, Any]]


def story(target: Model, *, most: int = 30) -> list[Line]:
    """Newest first. The caller has fetched the record for its actor."""
    model = type(target)
    return [
        Line(
            entry,
            verb_of(entry),
            [
                (
                    _label(model, change["field"]),
                    _value(model, change["field"], change["old"]),
                    _value(model, change["field"], change["new"]),
                )
                for change in entry.changes
            ],
        )
        for entry in story_of(target)[:most]
    ]


def in_words(model: type[Model], change: Mapping[str, object]) -> dict[str, object]:
    """A change of a conflict with field and values as they are shown."""
    name = str(change["field"])
    old, new = (_value(model, name, change[side]) for side in ("old", "new"))
    return {**change, "field": _label(model, name), "old": old, "new": new}


def _label(model: type[Model], name: str) -> str:
    try:
        return str(model._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
    except (FieldDoesNotExist, AttributeError):
        return name


def _value(model: type[Model], name: str, value: object) -> object:
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    try:
        choices = dict(model._meta.get_field(name).flatchoices or ())  # type: ignore[union-attr]
    except (FieldDoesNotExist, AttributeError):
        return value
    return choices.get(value, value) if isinstance(value, str) else value
