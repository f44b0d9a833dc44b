"""The life of an order as one table, and how it stands against its promise."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from punctual.domain.orders.models import OrderState as S
from punctual.kernel.lifecycle import Lifecycle
from punctual.kernel.wording import N_

LIFE: Final = Lifecycle(
    "order",
    states={
        S.DRAFT: N_("Draft"),
        S.QUOTED: N_("Quoted"),
        S.IN_REVIEW: N_("In review"),
        S.CONFIRMED: N_("Confirmed"),
        S.IN_PROGRESS: N_("In progress"),
        S.PARTIALLY_DELIVERED: N_("Partially delivered"),
        S.DELIVERED: N_("Delivered"),
        S.ACCEPTED: N_("Accepted"),
        S.CLOSED: N_("Closed"),
        S.ON_HOLD: N_("On hold"),
        S.CANCELLED: N_("Cancelled"),
        S.LOST: N_("Lost"),
    },
    verbs={
        "change": N_("Edit the order"),
        "waive": N_("Waive a warning"),
        "quote": N_("Quote"),
        "reopen": N_("Back to draft"),
        "lose": N_("Mark as lost"),
        "submit": N_("Submit for review"),
        "sign": N_("Sign the review"),
        "ask": N_("Ask in the review"),
        "return": N_("Return the order"),
        "confirm": N_("Confirm the order"),
        "start": N_("Start the work"),
        "deliver_part": N_("Deliver a part"),
        "deliver": N_("Deliver"),
        "accept": N_("Record acceptance"),
        "close": N_("Close the order"),
        "hold": N_("Put on hold"),
        "resume": N_("Resume"),
        "cancel": N_("Cancel the order"),
        "delete": N_("Delete the draft"),
    },
    transitions=[
        ("change", [S.DRAFT, S.QUOTED], None),
        ("waive", [S.DRAFT, S.QUOTED, S.IN_REVIEW], None),
        ("quote", [S.DRAFT], S.QUOTED),
        ("reopen", [S.QUOTED, S.LOST], S.DRAFT),
        ("lose", [S.QUOTED], S.LOST),
        ("submit", [S.DRAFT, S.QUOTED], S.IN_REVIEW),
        ("sign", [S.IN_REVIEW], None),
        ("ask", [S.IN_REVIEW], None),
        ("return", [S.IN_REVIEW], S.DRAFT),
        ("confirm", [S.IN_REVIEW], S.CONFIRMED),
        ("start", [S.CONFIRMED], S.IN_PROGRESS),
        ("deliver_part", [S.IN_PROGRESS, S.PARTIALLY_DELIVERED], S.PARTIALLY_DELIVERED),
        ("deliver", [S.IN_PROGRESS, S.PARTIALLY_DELIVERED], S.DELIVERED),
        ("accept", [S.DELIVERED], S.ACCEPTED),
        ("close", [S.ACCEPTED], S.CLOSED),
        ("hold", [S.IN_REVIEW, S.CONFIRMED, S.IN_PROGRESS, S.PARTIALLY_DELIVERED], S.ON_HOLD),
        # Where it leads depends on where it came from: ``Order.state_before_hold``.
        ("resume", [S.ON_HOLD], None),
        ("cancel", [S.QUOTED, S.IN_REVIEW, S.CONFIRMED, S.IN_PROGRESS, S.ON_HOLD], S.CANCELLED),
        ("delete", [S.DRAFT], None),
    ],
)

RUNNING: Final = (S.CONFIRMED, S.IN_PROGRESS, S.PARTIALLY_DELIVERED)
"""States in which the promise is at stake."""

IN_HAND: Final = (S.IN_REVIEW, *RUNNING, S.ON_HOLD)
"""Orders that we have and have not yet delivered."""


class Health(StrEnum):
    """How a running order stands against its promise."""

    ON_TIME = "on_time"
    AT_RISK = "at_risk"
    LATE = "late"
    OVERDUE = "overdue"
    UNPLANNED = "unplanned"
    """Nothing is planned yet, so nothing can be said."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What health is judged by. ``latest_start`` is the last day on which the work can begin and still be in time;
    ``confidence`` the percent with which the schedule over all orders keeps the due day, where there is one."""

    state: str
    promised: dt.date | None
    requested: dt.date | None
    planned: dt.date | None
    latest_start: dt.date | None = None
    confidence: int | None = None
    said: str = ""
    said_until: dt.date | None = None

    def by_hand(self, today: dt.date) -> bool:
        """Somebody answers for another health today."""
        return bool(self.said) and self.said_until is not None and self.said_until >= today


SURE: Final = 80
DOUBTFUL: Final = 50
"""Percent from which an order counts as on time, and from which it is at risk rather than late."""


def health(order: Standing, *, today: dt.date, at_risk_days: int) -> Health | None:
    """None unless the order is running.

    The promise counts; where none was given, what the customer asked for. Overdue: that day has passed. Where a
    schedule over all orders gives a confidence, that decides: on time from 80 %, at risk from 50 %, else late. Without
    it the plan alone does. Late: it ends after the due day. At risk: it ends fewer than ``at_risk_days`` calendar days
    before it, or the work has not begun although its latest start has passed. What somebody answers for by name comes
    before all of it, until its day.
    """
    due = order.promised or order.requested
    if order.state not in RUNNING:
        return None
    if order.by_hand(today):
        return Health(order.said)
    if due is None:
        return Health.UNPLANNED
    if due < today:
        return Health.OVERDUE
    if order.confidence is not None:
        return Health.ON_TIME if order.confidence >= SURE else _doubtful(order.confidence)
    if order.planned is None:
        return Health.UNPLANNED
    if order.planned > due:
        return Health.LATE
    waiting_too_long = order.state == S.CONFIRMED and order.latest_start is not None and order.latest_start < today
    if waiting_too_long or (due - order.planned).days < at_risk_days:
        return Health.AT_RISK
    return Health.ON_TIME


def _doubtful(confidence: int) -> Health:
    return Health.AT_RISK if confidence >= DOUBTFUL else Health.LATE
