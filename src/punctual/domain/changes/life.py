"""The life of a change order as one table."""

from __future__ import annotations

from typing import Final

from punctual.domain.changes.models import ChangeState as S
from punctual.kernel.lifecycle import Lifecycle
from punctual.kernel.wording import N_

LIFE: Final = Lifecycle(
    "change_order",
    states={
        S.DRAFT: N_("Draft"),
        S.ANALYSED: N_("Impact analysed"),
        S.SUBMITTED: N_("Waiting for approval"),
        S.APPROVED: N_("Approved"),
        S.REJECTED: N_("Rejected"),
        S.APPLIED: N_("Applied"),
        S.REVERSED: N_("Taken back"),
        S.WITHDRAWN: N_("Withdrawn"),
    },
    verbs={
        "change": N_("Edit the change order"),
        "analyse": N_("Analyse the impact"),
        "submit": N_("Submit for approval"),
        "approve": N_("Approve"),
        "reject": N_("Reject"),
        "reopen": N_("Back to draft"),
        "ask_customer": N_("Ask the customer"),
        "answer": N_("Record the customer's answer"),
        "apply": N_("Apply the change"),
        "reverse": N_("Take the change back"),
        "withdraw": N_("Withdraw"),
    },
    transitions=[
        ("change", [S.DRAFT, S.ANALYSED], S.DRAFT),
        ("analyse", [S.DRAFT, S.ANALYSED], S.ANALYSED),
        ("submit", [S.ANALYSED], S.SUBMITTED),
        ("approve", [S.SUBMITTED], S.APPROVED),
        ("reject", [S.SUBMITTED], S.REJECTED),
        ("reopen", [S.REJECTED, S.APPROVED], S.DRAFT),
        ("ask_customer", [S.APPROVED], None),
        ("answer", [S.APPROVED], None),
        ("apply", [S.APPROVED], S.APPLIED),
        ("reverse", [S.APPLIED], S.REVERSED),
        ("withdraw", [S.DRAFT, S.ANALYSED, S.SUBMITTED, S.APPROVED], S.WITHDRAWN),
    ],
)
OPEN: Final = (S.DRAFT, S.ANALYSED, S.SUBMITTED, S.APPROVED)
"""States in which something still has to happen."""
