"""What last happened to a record, in a few words: for its side in a list, and the verbs of every subject's history."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from django.db.models import BooleanField, DateField, Field, Model
from django.utils.translation import gettext as _

from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.audit.models import AuditEntry
from punctual.platform.audit.services import story_of
from punctual.web.shell.changes import label_of, value_of
from punctual.web.shell.navigation import Words

COMMON: Final[dict[str, Words]] = {
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
    "invite": N_("sent an invitation"),
    "revoke_portal": N_("took back the way into the portal"),
    "choose_password": N_("chose a password for the portal"),
    "portal_sign_in": N_("signed in to the portal"),
    "send": N_("sent it"),
    "set_tracking": N_("decided what the customer’s page shows"),
    "acknowledge": N_("acknowledged it"),
    "answer": N_("answered it"),
    "approve": N_("approved it"),
    "ask_in": N_("asked somebody in"),
    "assign": N_("gave it to somebody"),
    "attach": N_("attached a file"),
    "cancel": N_("cancelled it"),
    "close": N_("closed it"),
    "complete": N_("finished it"),
    "confirm": N_("confirmed it"),
    "detach": N_("removed a file"),
    "draft": N_("drafted it"),
    "end": N_("ended it"),
    "change_series": N_("changed the series"),
    "end_series": N_("ended the series"),
    "hand_on": N_("handed it on"),
    "hear": N_("noted the customer’s words"),
    "identify": N_("identified it"),
    "link": N_("linked it"),
    "merge": N_("merged it"),
    "move": N_("moved it"),
    "occur": N_("noted that it has happened"),
    "open": N_("opened it"),
    "plan": N_("planned a visit"),
    "propose": N_("proposed a response"),
    "receive": N_("recorded the receipt"),
    "reopen": N_("opened it again"),
    "reply": N_("answered the customer"),
    "report": N_("reported the visit"),
    "resolve": N_("settled it"),
    "respond": N_("decided the responses"),
    "response_done": N_("finished a response"),
    "resume": N_("lets the clock run again"),
    "resume_series": N_("took the series up again"),
    "snooze": N_("put it off"),
    "solve": N_("solved it"),
    "start": N_("started it"),
    "strike": N_("struck a response"),
    "take_out": N_("took somebody out"),
    "take_up": N_("took up another request"),
    "wait": N_("set it to wait for the customer"),
    "wake": N_("took it up again"),
    "withdraw": N_("withdrew it"),
}
"""What stands after a person's name; a subject that says it otherwise registers its own."""
_OWN: Final[dict[str, Mapping[str, Words]]] = {}


def register_verbs(target_types: Iterable[str], verbs: Mapping[str, Words]) -> None:
    """A subject's own words for what is done to its records."""
    _OWN.update(dict.fromkeys(target_types, verbs))


def words_of(target_type: str, verb: str) -> Words | None:
    """The words of a step; ``None`` where nobody has given it any."""
    return _OWN.get(target_type, {}).get(verb) or COMMON.get(verb)


def verb_of(entry: AuditEntry) -> str:
    """What somebody did, in the reader's language; a step without words of its own is a change."""
    words = words_of(entry.target_type, entry.verb) or COMMON["change"]
    return _(words) if isinstance(words, str) else str(words)


@dataclass(frozen=True, slots=True)
class Latest:
    who: User | None
    at: dt.datetime
    verb: str
    changes: list[tuple[str, object, object]]


def latest(target: Model, most: int) -> list[Latest]:
    """Newest first. Values are told of choices, days and yes or no alone: what a reader may see of amounts and longer
    words is the page's matter, and a side has no room for them."""
    return [
        Latest(entry.actor, entry.at, verb_of(entry), [_told(type(target), change) for change in entry.changes][:3])
        for entry in story_of(target)[:most]
    ]


def _told(model: type[Model], change: Mapping[str, object]) -> tuple[str, object, object]:
    name = str(change["field"])
    field = next((one for one in model._meta.get_fields() if one.name == name and isinstance(one, Field)), None)
    label = label_of(model, name) if field is not None else ""
    if isinstance(field, Field) and (field.flatchoices or isinstance(field, (DateField, BooleanField))):
        return label, value_of(model, name, change["old"]), value_of(model, name, change["new"])
    return label, None, None
