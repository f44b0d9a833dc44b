"""What the worker sends by the clock, or because somebody asked."""

from __future__ import annotations

from punctual.flows import report_sending
from punctual.web.monitoring.wording import sentence


def send_reports() -> int:
    """Status reports that are due."""
    return report_sending.send_due(sentence)


def send_asked(sending_id: int) -> None:
    """One that somebody asked for."""
    report_sending.send_asked(sending_id, sentence)
