"""The life of a risk as one table."""

from __future__ import annotations

from typing import Final

from punctual.domain.risks.models import RiskState as S
from punctual.kernel.lifecycle import Lifecycle
from punctual.kernel.wording import N_

LIFE: Final = Lifecycle(
    "risk",
    states={
        S.IDENTIFIED: N_("Identified"),
        S.ASSESSED: N_("Assessed"),
        S.RESPONDING: N_("Responding"),
        S.OCCURRED: N_("Occurred"),
        S.CLOSED: N_("Closed"),
    },
    verbs={
        "change": N_("Change the risk"),
        "assess": N_("Assess the risk"),
        "propose": N_("Propose a response"),
        "respond": N_("Choose a response"),
        "review": N_("Review the risk"),
        "occur": N_("Record that it occurred"),
        "close": N_("Close the risk"),
        "reopen": N_("Reopen the risk"),
    },
    transitions=[
        ("change", [S.IDENTIFIED, S.ASSESSED, S.RESPONDING], None),
        ("assess", [S.IDENTIFIED, S.ASSESSED], S.ASSESSED),
        ("propose", [S.IDENTIFIED, S.ASSESSED, S.RESPONDING], None),
        ("respond", [S.IDENTIFIED, S.ASSESSED, S.RESPONDING], S.RESPONDING),
        ("review", [S.IDENTIFIED, S.ASSESSED, S.RESPONDING], None),
        ("occur", [S.IDENTIFIED, S.ASSESSED, S.RESPONDING], S.OCCURRED),
        ("close", [S.IDENTIFIED, S.ASSESSED, S.RESPONDING, S.OCCURRED], S.CLOSED),
        ("reopen", [S.CLOSED], S.ASSESSED),
    ],
)

LIVE: Final = (S.IDENTIFIED, S.ASSESSED, S.RESPONDING)
"""States in which it may still happen."""
