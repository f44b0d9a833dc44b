"""The lives of a service case and of a returned part."""

from __future__ import annotations

from typing import Final

from punctual.domain.aftersales.models import CaseState as C
from punctual.domain.aftersales.models import RmaState as R
from punctual.kernel.lifecycle import Lifecycle
from punctual.kernel.wording import N_

CASE_LIFE: Final = Lifecycle(
    "service_case",
    states={
        C.REPORTED: N_("Taken in"),
        C.PLANNED: N_("Planned"),
        C.WORKING: N_("Being worked on"),
        C.DONE: N_("Solved"),
        C.CLOSED: N_("Closed"),
        C.CANCELLED: N_("Cancelled"),
    },
    verbs={
        "plan": N_("Plan a visit"),
        "work": N_("Begin to work on it"),
        "solve": N_("Solve the case"),
        "close": N_("Close the case"),
        "reopen": N_("Reopen the case"),
        "cancel": N_("Cancel the case"),
        "take_back": N_("Authorise a return"),
    },
    transitions=[
        ("plan", [C.REPORTED, C.PLANNED, C.WORKING], C.PLANNED),
        ("work", [C.REPORTED, C.PLANNED], C.WORKING),
        ("solve", [C.REPORTED, C.PLANNED, C.WORKING], C.DONE),
        ("close", [C.DONE], C.CLOSED),
        ("reopen", [C.DONE, C.CLOSED], C.WORKING),
        ("cancel", [C.REPORTED, C.PLANNED], C.CANCELLED),
        ("take_back", [C.REPORTED, C.PLANNED, C.WORKING], None),
    ],
)
OPEN_CASES: Final = (C.REPORTED, C.PLANNED, C.WORKING)

RMA_LIFE: Final = Lifecycle(
    "rma",
    states={
        R.AUTHORISED: N_("Authorised"),
        R.RECEIVED: N_("Part received"),
        R.INSPECTED: N_("Part inspected"),
        R.DECIDED: N_("Outcome decided"),
        R.RETURNED: N_("Settled"),
        R.CANCELLED: N_("Cancelled"),
    },
    verbs={
        "receive": N_("Receive the part"),
        "inspect": N_("Inspect the part"),
        "decide": N_("Decide what happens"),
        "settle": N_("Send it back or credit it"),
        "note_papers": N_("Enter waybill or credit note"),
        "cancel": N_("Cancel the return"),
    },
    transitions=[
        ("receive", [R.AUTHORISED], R.RECEIVED),
        ("inspect", [R.RECEIVED], R.INSPECTED),
        ("decide", [R.INSPECTED], R.DECIDED),
        ("settle", [R.DECIDED], R.RETURNED),
        ("note_papers", [R.RETURNED], None),
        ("cancel", [R.AUTHORISED], R.CANCELLED),
    ],
)
