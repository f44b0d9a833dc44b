"""What can be changed on several orders at once, beside their owner."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from punctual.domain.orders.models import Order, OrderState, Priority
from punctual.domain.orders.services.custom import set_order_fields
from punctual.domain.orders.services.priority import set_priority
from punctual.domain.orders.services.states import move
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may
from punctual.platform.custom_fields.models import CustomField
from punctual.web.shell.bulk import BulkEdit, custom_edits


def _steers(actor: User) -> bool:
    return may(actor, "orders.steer")


def _set_priority(actor: User, order: Order, text: str, reason: str) -> None:
    set_priority(actor=actor, order_id=order.pk, priority=int(text) if text.isdecimal() else 0, reason=reason)


def _move(actor: User, order: Order, text: str, reason: str) -> None:
    """To ``on_hold``; anything else resumes."""
    verb = "hold" if text == OrderState.ON_HOLD else "resume"
    move(actor=actor, order_id=order.pk, verb=verb, today=timezone.localdate(), reason=reason)


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
        ),
        *custom_edits(fields, _fill_in, lambda actor: may(actor, "orders.change")),
    ]


def _state_options(actor: User) -> list[tuple[str, Any]]:
    return [(OrderState.ON_HOLD.value, _("put on hold")), ("resume", _("resume"))]
