"""What can be changed on several requests at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from punctual.domain.customer_relations.life import REQUEST_LIFE
from punctual.domain.customer_relations.models import CustomerRequest, RequestState, Urgency
from punctual.domain.customer_relations.rules import against_reopening, against_resolving
from punctual.domain.customer_relations.services import requests as services
from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may
from punctual.platform.bulk.services import Asked, Foreseen, foreseen
from punctual.web.shell.bulk import BulkEdit, active_user
from punctual.web.shell.navigation import Words

_VERBS: Final = {RequestState.WAITING.value: "wait", RequestState.RESOLVED.value: "resolve"}


def _answers(actor: User) -> bool:
    return may(actor, "requests.change")


def _changed(actor: User, found: CustomerRequest, **new: Any) -> None:
    facts = {name: getattr(found, name) for name in ("title", "kind", "urgency", "owner", "order", "contact")}
    services.change_request(actor=actor, request_id=found.pk, expected_version=found.version, **facts | new)


def _owner(text: str) -> User | None:
    """Whom the text names; empty is nobody."""
    owner = active_user(text)
    if text and owner is None:
        raise Refusal(Reason("request.owner", N_("Name who takes care of it."), field="owner"))
    return owner


def _give(actor: User, found: CustomerRequest, text: str, reason: str) -> None:
    _changed(actor, found, owner=_owner(text))


def _foresee_owner(actor: User, asked: Asked, reason: str) -> Foreseen:
    try:
        _owner(asked[0][1])
    except Refusal as refusal:
        against = refusal.reasons
        return foreseen(asked, lambda found, text: against)
    return foreseen(asked, lambda found, text: _against(found, found.urgency))


def _foresee_urgency(actor: User, asked: Asked, reason: str) -> Foreseen:
    return foreseen(asked, _against)


def _against(found: CustomerRequest, urgency: str) -> Sequence[Reason]:
    facts = {name: getattr(found, name) for name in ("title", "kind", "order", "contact")}
    state = REQUEST_LIFE.reasons(found.state, "change")
    return state or services.against_change(found, urgency=urgency, **facts)


def _verb(found: CustomerRequest, text: str) -> str:
    """Waits, is resolved, or runs again."""
    if text in _VERBS:
        return _VERBS[text]
    return "resume" if found.state == RequestState.WAITING else "reopen"


def _move(actor: User, found: CustomerRequest, text: str, reason: str) -> None:
    verb = _verb(found, text)
    if verb == "wait":
        services.wait_for_customer(actor=actor, request_id=found.pk, reason=reason)
    elif verb == "resolve":
        services.resolve(actor=actor, request_id=found.pk, note=reason)
    elif verb == "resume":
        services.resume(actor=actor, request_id=found.pk)
    else:
        services.reopen(actor=actor, request_id=found.pk, reason=reason)


def _foresee_state(actor: User, asked: Asked, reason: str) -> Foreseen:
    told: Foreseen = {}
    for found, text in asked:
        verb = _verb(found, text)
        against = REQUEST_LIFE.reasons(found.state, verb)
        if not against and verb == "resolve":
            against = against_resolving(answered=found.responded_at is not None)
        elif not against and verb == "reopen":
            against = against_reopening(reason)
        told[found.pk] = (found.state if against else REQUEST_LIFE.after(found.state, verb), against)
    return told


def _people(actor: User) -> list[tuple[str, Words]]:
    return [(str(one.pk), one.name) for one in User.objects.filter(is_active=True).order_by("display_name")]


def _states(actor: User) -> list[tuple[str, Words]]:
    return [
        (RequestState.WAITING.value, RequestState.WAITING.label),
        (RequestState.OPEN.value, _("let the clock run again")),
        (RequestState.RESOLVED.value, RequestState.RESOLVED.label),
    ]


def request_edits() -> list[BulkEdit]:
    return [
        BulkEdit(
            "owner",
            gettext_lazy("Owner"),
            lambda one: str(one.owner_id or ""),
            _give,
            options=_people,
            may=_answers,
            foresee=_foresee_owner,
        ),
        BulkEdit(
            "urgency",
            gettext_lazy("Urgency"),
            lambda one: str(one.urgency),
            lambda actor, one, text, reason: _changed(actor, one, urgency=text),
            options=lambda actor: list(Urgency.choices),
            may=_answers,
            foresee=_foresee_urgency,
        ),
        BulkEdit(
            "state",
            gettext_lazy("State"),
            lambda one: str(one.state),
            _move,
            options=_states,
            words=lambda text: str(RequestState(text).label) if text in RequestState.values else text,
            asks_reason=True,
            may=_answers,
            foresee=_foresee_state,
        ),
    ]
