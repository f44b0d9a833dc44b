"""A record's story in the reader's words."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Model
from django.utils.translation import gettext as _

from punctual.domain.calendars.models import ExceptionSource
from punctual.kernel.wording import N_
from punctual.platform.audit.models import AuditEntry
from punctual.platform.custom_fields.selectors import PREFIX, words_of_change
from punctual.web.shell.changes import label_of, value_of

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
    "invite": N_("sent an invitation to the portal"),
    "revoke_portal": N_("took back the way into the portal"),
    "choose_password": N_("chose a password for the portal"),
    "portal_sign_in": N_("signed in to the portal"),
    "send": N_("sent it"),
    "set_tracking": N_("decided what the customer’s page shows"),
}
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
