"""What the worker sends by the clock."""

from __future__ import annotations

from punctual.flows.report_sending import send_due, send_now
from punctual.platform.accounts.models import User
from punctual.web.monitoring.wording import sentence


def send_reports() -> int:
    """Status reports that are due."""
    return send_due(sentence)


def send_asked(schedule_id: int, actor_id: int) -> None:
    """One that somebody asked for."""
    send_now(actor=User.objects.get(pk=actor_id), schedule_id=schedule_id, worded=sentence)
