"""Suggest, confirm, decline. A suggestion is tried and taken back at once, so what can't be done is refused to whoever
suggests it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from punctual.kernel.refusal import Reason, Refusal, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.audit.services import record
from punctual.platform.notifications.services import notify
from punctual.platform.proposals.models import Proposal, ProposalState
from punctual.platform.records import lock, save_next

LONGEST_WHY: Final = 2000
LONGEST_ARGUMENT: Final = 5000
MOST_WAITING: Final = 50
"""Of one person: who is asked more than this decides nothing any more."""


@dataclass(frozen=True, slots=True)
class Verb:
    """What can be suggested. ``title`` is a catalogue sentence over the ``arguments``, whose names and words are told
    to the assistant; ``do`` does it and gives the page to look at."""

    key: str
    title: str
    arguments: Mapping[str, str]
    needed: tuple[str, ...]
    do: Callable[[User, Mapping[str, str], dt.date], str]


VERBS: Final[dict[str, Verb]] = {}


def register(verb: Verb) -> None:
    VERBS[verb.key] = verb


def proposals_of(actor: User) -> QuerySet[Proposal]:
    """One's own; nobody sees another's."""
    return Proposal.objects.filter(user=actor)


def waiting_for(actor: User) -> QuerySet[Proposal]:
    return proposals_of(actor).filter(state=ProposalState.WAITING)


def _read(verb: Verb, given: Mapping[str, Any]) -> dict[str, str]:
    reasons = []
    for name in given:
        if name not in verb.arguments:
            text = N_("“%(name)s” is not known here; there are: %(known)s.")
            reasons.append(
                Reason(
                    "proposal.argument", text, {"name": str(name)[:40], "known": ", ".join(verb.arguments)}, str(name)
                )
            )
    told = {name: _lines(str(value)).strip() for name, value in given.items() if value is not None}
    for name in verb.needed:
        if not told.get(name):
            reasons.append(Reason("proposal.missing", N_("“%(name)s” is missing."), {"name": name}, field=name))
    for name, value in told.items():
        if len(value) > LONGEST_ARGUMENT or any(ord(one) < 32 and one not in "\n\t" for one in value):
            text = N_("“%(name)s” is too long or holds characters that are none; at most %(longest)d fit.")
            reasons.append(Reason("proposal.text", text, {"name": name, "longest": LONGEST_ARGUMENT}, field=name))
    refuse_if(reasons)
    return told


def _lines(text: str) -> str:
    """Line ends as we keep them; programs write them in three ways."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def propose(*, actor: User, verb: str, arguments: Mapping[str, Any], why: str, today: dt.date) -> Proposal:
    """Lay a suggestion before ``actor`` themselves."""
    found = VERBS.get(verb)
    if found is None:
        text = N_("“%(verb)s” can't be suggested; these can: %(known)s.")
        raise Refusal(Reason("proposal.verb", text, {"verb": verb[:40], "known": ", ".join(VERBS)}, "verb"))
    told = _read(found, arguments)
    if len(why) > LONGEST_WHY:
        text = N_("The reason has %(length)d characters; at most %(longest)d fit.")
        raise Refusal(Reason("proposal.why", text, {"length": len(why), "longest": LONGEST_WHY}, "why"))
    if waiting_for(actor).count() >= MOST_WAITING:
        text = N_("%(count)d suggestions wait already. Let them be decided first.")
        raise Refusal(Reason("proposal.most", text, {"count": MOST_WAITING}))
    with transaction.atomic():
        found.do(actor, told, today)  # where it would lead is nothing yet
        transaction.set_rollback(True)
    with transaction.atomic():
        made = Proposal.objects.create(
            user=actor, verb=verb, arguments=told, title=found.title, params=_short(told), why=why.strip()
        )
        record(actor=actor, verb="propose", target=made)
        notify(
            users=[actor],
            kind="proposal",
            text=N_("Your assistant suggests something. Decide under Suggestions."),
            url="/proposals/",
        )
    return made


def _short(told: Mapping[str, str]) -> dict[str, str]:
    return {name: text if len(text) <= 120 else f"{text[:119]}…" for name, text in told.items()}


def _locked(actor: User, proposal_id: int, expected_version: int | None) -> Proposal:
    found = lock(proposals_of(actor), expected_version=expected_version, pk=proposal_id)
    if found.state != ProposalState.WAITING:
        refuse_if([Reason("proposal.decided", N_("This is decided already; load the page again."))])
    return found


@transaction.atomic
def confirm(*, actor: User, proposal_id: int, today: dt.date, expected_version: int | None = None) -> Proposal:
    """Do it, in the actor's name. When it can't be done any more it stays as it was, with every reason."""
    found = _locked(actor, proposal_id, expected_version)
    verb = VERBS.get(found.verb)
    if verb is None:
        raise Refusal(Reason("proposal.verb_gone", N_("This can't be done any more. Decline it.")))
    found.url = verb.do(actor, found.arguments, today)
    return _close(found, actor, ProposalState.DONE, "confirm")


@transaction.atomic
def decline(*, actor: User, proposal_id: int, expected_version: int | None = None) -> Proposal:
    """Nothing is done."""
    return _close(_locked(actor, proposal_id, expected_version), actor, ProposalState.DECLINED, "decline")


def _close(found: Proposal, actor: User, state: ProposalState, verb: str) -> Proposal:
    found.state, found.decided_at = state, timezone.now()
    save_next(found, fields=["state", "decided_at", "url"])
    record(actor=actor, verb=verb, target=found)
    return found
