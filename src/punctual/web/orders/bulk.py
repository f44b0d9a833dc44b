"""What can be changed on several orders at once, beside their owner."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from punctual.domain.orders.models import Order, OrderState, Priority
from punctual.domain.orders.services.custom import against_filling_in, set_order_fields
from punctual.domain.orders.services.priority import against_priority, set_priority
from punctual.domain.orders.services.states import against_step, move, state_after
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may
from punctual.platform.bulk.services import Asked, Foreseen
from punctual.platform.custom_fields.models import CustomField
from punctual.web.shell.bulk import BulkEdit, custom_edits


def _steers(actor: User) -> bool:
    return may(actor, "orders.steer")


def _set_priority(actor: User, order: Order, text: str, reason: str) -> None:
    set_priority(actor=actor, order_id=order.pk, priority=_number(text), reason=reason)


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 9 else 0


def _foresee_priority(actor: User, asked: Asked, reason: str) -> Foreseen:
    return {order.pk: (text, against_priority(_number(text))) for order, text in asked}


def _verb(text: str) -> str:
    """To ``on_hold``; anything else resumes."""
    return "hold" if text == OrderState.ON_HOLD else "resume"


def _move(actor: User, order: Order, text: str, reason: str) -> None:
    move(actor=actor, order_id=order.pk, verb=_verb(text), today=timezone.localdate(), reason=reason)


def _foresee_state(actor: User, asked: Asked, reason: str) -> Foreseen:
    today = timezone.localdate()
    found: Foreseen = {}
    for order, text in asked:
        against = against_step(order, _verb(text), today=today, reason=reason)
        found[order.pk] = (order.state if against else state_after(order, _verb(text)), against)
    return found


def _fill_in(actor: User, order: Order, given: dict[str, str]) -> None:
    set_order_fields(actor=actor, order_id=order.pk, given=given, expected_version=None)


def _state_words(text: str) -> str:
    return str(OrderState(text).label) if text in OrderState.values else text


def order_edits(fields: Sequence[CustomField]) -> list[BulkEdit]:
    return [
        BulkEdit(
            "priority",
            gettext_lazy("Priority"),
            lambda order: str(order.priority),
            _set_priority,
            options=lambda actor: [(str(value), words) for value, words in Priority.choices],
            may=_steers,
            foresee=_foresee_priority,
        ),
        BulkEdit(
            "state",
            gettext_lazy("State"),
            lambda order: str(order.state),
            _move,
            options=_state_options,
            words=_state_words,
            asks_reason=True,
            may=_steers,
            foresee=_foresee_state,
        ),
        *custom_edits(fields, _fill_in, lambda actor: may(actor, "orders.change"), against_filling_in),
    ]


def _state_options(actor: User) -> list[tuple[str, Any]]:
    return [(OrderState.ON_HOLD.value, _("put on hold")), ("resume", _("resume"))]
