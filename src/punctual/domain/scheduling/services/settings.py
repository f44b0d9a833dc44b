"""How the company schedules and promises."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from django.db import transaction

from punctual.domain.scheduling.gathering import scheduling_settings
from punctual.domain.scheduling.models import SchedulingSettings
from punctual.domain.scheduling.rules import reasons_against_settings
from punctual.kernel.refusal import refuse_if
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.audit.services import differences, record
from punctual.platform.outbox.services import emit
from punctual.platform.records import lock, save_next

FIELDS: Final = (
    "frozen_days", "floor_percent", "confidence", "use_calibration", "win_percent", "overtime_percent",
    "expedite_per_day", "quote_after",
)  # fmt: skip


@transaction.atomic
def change_scheduling_settings(
    *, actor: User, wish: Mapping[str, Any], expected_version: int | None
) -> SchedulingSettings:
    """``wish``: any of :data:`FIELDS`; what is left out stays."""
    require(actor, "scheduling.settings")
    scheduling_settings()
    found = lock(SchedulingSettings.objects.all(), expected_version=expected_version, pk=1)
    before = {name: getattr(found, name) for name in FIELDS}
    wanted = {name: wish.get(name, before[name]) for name in FIELDS}
    refuse_if(
        reasons_against_settings(
            numbers={
                "frozen_days": (wanted["frozen_days"], 0, 30),
                "floor_percent": (wanted["floor_percent"], 1, 99),
                "win_percent": (wanted["win_percent"], 0, 100),
                "overtime_percent": (wanted["overtime_percent"], 100, 500),
                "expedite_per_day": (int(Decimal(wanted["expedite_per_day"])), 0, 10_000_000),
            },
            confidence=wanted["confidence"],
        )
    )
    changes = differences(before, wanted)
    if changes:
        for name, value in wanted.items():
            setattr(found, name, value)
        save_next(found)
        record(actor=actor, verb="change", target=found, changes=changes)
        emit("scheduling.changed", by=actor.pk)
    return found
