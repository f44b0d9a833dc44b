"""The life of a purchase order as one table."""

from __future__ import annotations

from typing import Final

from punctual.domain.supply.models import PurchaseState as S
from punctual.kernel.lifecycle import Lifecycle
from punctual.kernel.wording import N_

LIFE: Final = Lifecycle(
    "purchase_order",
    states={
        S.DRAFT: N_("Draft"),
        S.SENT: N_("Sent"),
        S.CONFIRMED: N_("Confirmed"),
        S.PARTIALLY_RECEIVED: N_("Partially received"),
        S.RECEIVED: N_("Received"),
        S.CLOSED: N_("Closed"),
        S.CANCELLED: N_("Cancelled"),
    },
    verbs={
        "change": N_("Edit the purchase order"),
        "send": N_("Send to the supplier"),
        "confirm": N_("Confirm the dates"),
        "revise": N_("Change a date"),
        "expedite": N_("Expedite"),
        "receive": N_("Receive"),
        "close": N_("Close the purchase order"),
        "cancel": N_("Cancel the purchase order"),
        "link": N_("Make a link for the supplier"),
    },
    transitions=[
        ("change", [S.DRAFT], None),
        ("send", [S.DRAFT], S.SENT),
        ("confirm", [S.SENT], S.CONFIRMED),
        ("revise", [S.SENT, S.CONFIRMED, S.PARTIALLY_RECEIVED], None),
        ("expedite", [S.SENT, S.CONFIRMED, S.PARTIALLY_RECEIVED], None),
        # Where it leads depends on what has come: PARTIALLY_RECEIVED or RECEIVED.
        ("receive", [S.SENT, S.CONFIRMED, S.PARTIALLY_RECEIVED], None),
        ("close", [S.RECEIVED, S.PARTIALLY_RECEIVED], S.CLOSED),
        ("cancel", [S.DRAFT, S.SENT, S.CONFIRMED], S.CANCELLED),
        ("link", [S.SENT, S.CONFIRMED, S.PARTIALLY_RECEIVED], None),
    ],
)

ON_THE_WAY: Final = (S.SENT, S.CONFIRMED, S.PARTIALLY_RECEIVED)
"""States in which something is still to come."""

OPEN: Final = (S.DRAFT, *ON_THE_WAY)
"""States in which a line can be spoken for."""
