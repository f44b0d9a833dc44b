"""What can be changed on several requests at once."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from punctual.domain.customer_relations.models import CustomerRequest, RequestState, Urgency
from punctual.domain.customer_relations.services import requests as services
from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may
from punctual.web.shell.bulk import BulkEdit
from punctual.web.shell.navigation import Words


def _answers(actor: User) -> bool:
    return may(actor, "requests.change")


def _changed(actor: User, found: CustomerRequest, **new: Any) -> None:
    facts = {name: getattr(found, name) for name in ("title", "kind", "urgency", "owner", "order", "contact")}
    services.change_request(actor=actor, request_id=found.pk, expected_version=found.version, **facts | new)


def _give(actor: User, found: CustomerRequest, text: str, reason: str) -> None:
    rows = User.objects.filter(is_active=True)
    owner = rows.filter(pk=int(text)).first() if text.isdecimal() and len(text) < 18 else None
    if text and owner is None:
        raise Refusal(Reason("request.owner", N_("Name who takes care of it."), field="owner"))
    _changed(actor, found, owner=owner)


def _move(actor: User, found: CustomerRequest, text: str, reason: str) -> None:
    """Waits, is resolved, or runs again."""
    if text == RequestState.WAITING:
        services.wait_for_customer(actor=actor, request_id=found.pk, reason=reason)
    elif text == RequestState.RESOLVED:
        services.resolve(actor=actor, request_id=found.pk, note=reason)
    elif found.state == RequestState.WAITING:
        services.resume(actor=actor, request_id=found.pk)
    else:
        services.reopen(actor=actor, request_id=found.pk, reason=reason)


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
            "owner", gettext_lazy("Owner"), lambda one: str(one.owner_id or ""), _give, options=_people, may=_answers
        ),
        BulkEdit(
            "urgency",
            gettext_lazy("Urgency"),
            lambda one: str(one.urgency),
            lambda actor, one, text, reason: _changed(actor, one, urgency=text),
            options=lambda actor: list(Urgency.choices),
            may=_answers,
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
        ),
    ]
