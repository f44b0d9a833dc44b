"""What the worker sends by the clock."""

from __future__ import annotations

from punctual.flows.status_report import send_due
from punctual.web.monitoring.wording import sentence


def send_reports() -> int:
    """Status reports that are due."""
    return send_due(sentence)
