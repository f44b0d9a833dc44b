"""What runs by the clock."""

from __future__ import annotations

from django_q.models import Schedule

SCHEDULES = {
    "deliver events": ("punctual.platform.outbox.services.deliver_pending", Schedule.MINUTES, 1),
    "refresh shortages": ("punctual.flows.material_needs.refresh_all", Schedule.DAILY, None),
    "forget old answers": ("punctual.platform.idempotency.services.forget_old", Schedule.DAILY, None),
}
"""Name → (function, kind, minutes)."""


def ensure_schedules() -> None:
    """Write the schedules; a name that is there already keeps its next run."""
    for name, (function, kind, minutes) in SCHEDULES.items():
        Schedule.objects.update_or_create(
            name=name, defaults={"func": function, "schedule_type": kind, "minutes": minutes, "repeats": -1}
        )
