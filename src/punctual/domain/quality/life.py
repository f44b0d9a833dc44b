"""The lives of quality's records, each as one table."""

from __future__ import annotations

from typing import Final

from punctual.domain.quality.models import CapaState as C
from punctual.domain.quality.models import InspectionState as I
from punctual.domain.quality.models import NcrState as N
from punctual.domain.quality.models import PlanState as P
from punctual.domain.quality.models import ReviewState as R
from punctual.kernel.lifecycle import Lifecycle
from punctual.kernel.wording import N_

PLAN: Final = Lifecycle(
    "quality_plan",
    states={P.DRAFT: N_("Draft"), P.APPROVED: N_("Approved")},
    verbs={
        "change": N_("Change the quality plan"),
        "approve": N_("Approve the quality plan"),
        "revise": N_("Revise the quality plan"),
    },
    transitions=[("change", [P.DRAFT], None), ("approve", [P.DRAFT], P.APPROVED), ("revise", [P.APPROVED], P.DRAFT)],
)

INSPECTION: Final = Lifecycle(
    "inspection",
    states={
        I.OPEN: N_("To be inspected"),
        I.STARTED: N_("Being inspected"),
        I.ACCEPTED: N_("Lot accepted"),
        I.REJECTED: N_("Lot rejected"),
        I.DEVIATED: N_("Accepted by deviation"),
        I.CANCELLED: N_("Cancelled"),
    },
    verbs={
        "enter": N_("Enter results"),
        "split": N_("Take the lot in parts"),
        "accept": N_("Accept the lot"),
        "reject": N_("Reject the lot"),
        "deviate": N_("Accept by deviation"),
        "cancel": N_("Cancel the inspection"),
    },
    transitions=[
        ("enter", [I.OPEN, I.STARTED], I.STARTED),
        ("split", [I.OPEN], None),
        ("accept", [I.OPEN, I.STARTED], I.ACCEPTED),
        ("reject", [I.OPEN, I.STARTED], I.REJECTED),
        ("deviate", [I.REJECTED], I.DEVIATED),
        ("cancel", [I.OPEN, I.STARTED], I.CANCELLED),
    ],
)
JUDGED: Final = (I.ACCEPTED, I.REJECTED, I.DEVIATED)
WAITING: Final = (I.OPEN, I.STARTED)

NCR: Final = Lifecycle(
    "nonconformity",
    states={
        N.OPEN: N_("Reported"),
        N.CONTAINED: N_("Contained"),
        N.DISPOSED: N_("Disposition decided"),
        N.VERIFIED: N_("Verified"),
        N.CLOSED: N_("Closed"),
        N.CANCELLED: N_("Withdrawn"),
    },
    verbs={
        "change": N_("Change the nonconformity"),
        "contain": N_("Contain"),
        "dispose": N_("Decide the disposition"),
        "verify": N_("Verify"),
        "reopen": N_("Decide anew"),
        "close": N_("Close"),
        "cancel": N_("Withdraw it"),
        "book": N_("Book a loss"),
        "concede": N_("Let it pass by name"),
    },
    transitions=[
        ("change", [N.OPEN, N.CONTAINED, N.DISPOSED, N.VERIFIED], None),
        ("contain", [N.OPEN, N.CONTAINED], N.CONTAINED),
        ("dispose", [N.CONTAINED], N.DISPOSED),
        ("verify", [N.DISPOSED], N.VERIFIED),
        ("reopen", [N.DISPOSED, N.VERIFIED], N.CONTAINED),
        ("close", [N.VERIFIED], N.CLOSED),
        ("cancel", [N.OPEN, N.CONTAINED], N.CANCELLED),
        ("book", [N.OPEN, N.CONTAINED, N.DISPOSED, N.VERIFIED, N.CLOSED], None),
        ("concede", [N.OPEN, N.CONTAINED, N.DISPOSED], None),
    ],
)
STOPPING: Final = (N.OPEN, N.CONTAINED, N.DISPOSED)
"""States in which a nonconformity stops the next task and the delivery."""
UNSETTLED: Final = (N.OPEN, N.CONTAINED, N.DISPOSED, N.VERIFIED)

CAPA: Final = Lifecycle(
    "corrective_action",
    states={
        C.OPEN: N_("Under way"),
        C.CHECKING: N_("Effect to be checked"),
        C.CLOSED: N_("Closed"),
        C.CANCELLED: N_("Withdrawn"),
    },
    verbs={
        "write": N_("Write a step"),
        "finish": N_("Finish the report"),
        "confirm": N_("Confirm the effect"),
        "fail": N_("Find it without effect"),
        "reopen": N_("Open it again"),
        "cancel": N_("Withdraw it"),
    },
    transitions=[
        ("write", [C.OPEN], None),
        ("finish", [C.OPEN], C.CHECKING),
        ("confirm", [C.CHECKING], C.CLOSED),
        ("fail", [C.CHECKING], C.OPEN),
        ("reopen", [C.CHECKING, C.CLOSED], C.OPEN),
        ("cancel", [C.OPEN], C.CANCELLED),
    ],
)

REVIEW: Final = Lifecycle(
    "quality_review",
    states={R.PLANNED: N_("In the audit plan"), R.HELD: N_("Held"), R.CANCELLED: N_("Cancelled")},
    verbs={
        "change": N_("Change the review"),
        "hold": N_("Record the review"),
        "find": N_("Add a finding"),
        "cancel": N_("Cancel the review"),
    },
    transitions=[
        ("change", [R.PLANNED], None),
        ("hold", [R.PLANNED], R.HELD),
        ("find", [R.PLANNED, R.HELD], None),
        ("cancel", [R.PLANNED], R.CANCELLED),
    ],
)
