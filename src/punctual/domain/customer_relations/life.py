"""The lives of a request and of a meeting."""

from __future__ import annotations

from typing import Final

from punctual.domain.customer_relations.models import MeetingState as M
from punctual.domain.customer_relations.models import RequestState as S
from punctual.kernel.lifecycle import Lifecycle
from punctual.kernel.wording import N_

REQUEST_LIFE: Final = Lifecycle(
    "customer_request",
    states={
        S.OPEN: N_("Open"),
        S.WAITING: N_("Waiting for the customer"),
        S.RESOLVED: N_("Resolved"),
        S.CLOSED: N_("Closed"),
        S.MERGED: N_("Merged"),
    },
    verbs={
        "change": N_("Change the request"),
        "reply": N_("Answer the customer"),
        "note": N_("Write an internal note"),
        "hear": N_("Hear from the customer"),
        "wait": N_("Wait for the customer"),
        "resume": N_("Let the clock run again"),
        "resolve": N_("Resolve the request"),
        "close": N_("Close the request"),
        "reopen": N_("Reopen the request"),
        "merge": N_("Merge into another request"),
    },
    transitions=[
        ("change", [S.OPEN, S.WAITING, S.RESOLVED], None),
        ("reply", [S.OPEN, S.WAITING, S.RESOLVED], None),
        ("note", [S.OPEN, S.WAITING, S.RESOLVED, S.CLOSED], None),
        # The customer's word sets a waiting clock going and opens again what was thought settled.
        ("hear", [S.OPEN, S.WAITING, S.RESOLVED, S.CLOSED], S.OPEN),
        ("wait", [S.OPEN], S.WAITING),
        ("resume", [S.WAITING], S.OPEN),
        ("resolve", [S.OPEN, S.WAITING], S.RESOLVED),
        ("close", [S.RESOLVED], S.CLOSED),
        ("reopen", [S.RESOLVED, S.CLOSED], S.OPEN),
        ("merge", [S.OPEN, S.WAITING], S.MERGED),
    ],
)
RUNNING: Final = (S.OPEN, S.WAITING)
"""Requests that somebody still has to settle."""

MEETING_LIFE: Final = Lifecycle(
    "meeting",
    states={
        M.PLANNED: N_("Planned"),
        M.RUNNING: N_("Running"),
        M.HELD: N_("Took place"),
        M.APPROVED: N_("Minutes approved"),
        M.SENT: N_("Minutes sent"),
        M.CANCELLED: N_("Cancelled"),
    },
    verbs={
        "move": N_("Move the meeting"),
        "invite": N_("Send the invitations"),
        "start": N_("Start the meeting"),
        "write": N_("Write minutes"),
        "end": N_("End the meeting"),
        "approve": N_("Approve the minutes"),
        "send": N_("Send the minutes"),
        "cancel": N_("Cancel the meeting"),
    },
    transitions=[
        ("move", [M.PLANNED], None),
        ("invite", [M.PLANNED], None),
        ("start", [M.PLANNED], M.RUNNING),
        ("write", [M.RUNNING, M.HELD], None),
        ("end", [M.RUNNING], M.HELD),
        ("approve", [M.HELD], M.APPROVED),
        ("send", [M.APPROVED, M.SENT], M.SENT),
        ("cancel", [M.PLANNED], M.CANCELLED),
    ],
)
