"""A change order takes effect, or is taken back: order, plan and baseline, and the money that hangs on the value."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from punctual.domain.changes.models import ChangeOrder
from punctual.domain.changes.services.applying import apply, reverse
from punctual.domain.delivery.services.payments import follow_value
from punctual.platform.accounts.models import User


@transaction.atomic
def apply_change(*, actor: User, change_id: int, today: dt.date, expected_version: int | None = None) -> ChangeOrder:
    """Revision n+1 with its plan and baseline; all or nothing."""
    change = apply(actor=actor, change_id=change_id, today=today, expected_version=expected_version)
    follow_value(change.order)
    return change


@transaction.atomic
def reverse_change(
    *, actor: User, change_id: int, reason: str, today: dt.date, expected_version: int | None = None
) -> ChangeOrder:
    """Everything as it was before; all or nothing."""
    change = reverse(actor=actor, change_id=change_id, reason=reason, today=today, expected_version=expected_version)
    follow_value(change.order)
    return change
