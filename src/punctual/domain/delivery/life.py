"""The lives of a delivery and of an acceptance as tables."""

from __future__ import annotations

from typing import Final

from punctual.domain.delivery.models import AcceptanceState as A
from punctual.domain.delivery.models import DeliveryState as D
from punctual.kernel.lifecycle import Lifecycle
from punctual.kernel.wording import N_

DELIVERY: Final = Lifecycle(
    "delivery",
    states={
        D.PREPARING: N_("Being packed"),
        D.SHIPPED: N_("Shipped"),
        D.RECEIVED: N_("Signed for"),
        D.CANCELLED: N_("Cancelled"),
    },
    verbs={
        "change": N_("Change the delivery"),
        "release": N_("Release in spite of an open gate"),
        "ship": N_("Record the shipment"),
        "receive": N_("Record the receipt"),
        "cancel": N_("Cancel the delivery"),
    },
    transitions=[
        ("change", [D.PREPARING], None),
        ("release", [D.PREPARING], None),
        ("ship", [D.PREPARING], D.SHIPPED),
        ("receive", [D.SHIPPED], D.RECEIVED),
        ("cancel", [D.PREPARING], D.CANCELLED),
    ],
)
ACCEPTANCE: Final = Lifecycle(
    "acceptance",
    states={
        A.OPEN: N_("Open"),
        A.PASSED: N_("Passed"),
        A.FAILED: N_("Failed"),
        A.CANCELLED: N_("Cancelled"),
    },
    verbs={
        "change": N_("Enter results"),
        "punch": N_("Enter an open item"),
        "pass": N_("Sign the acceptance"),
        "fail": N_("Record that it failed"),
        "cancel": N_("Cancel the acceptance"),
    },
    transitions=[
        ("change", [A.OPEN], None),
        ("punch", [A.OPEN], None),
        ("pass", [A.OPEN], A.PASSED),
        ("fail", [A.OPEN], A.FAILED),
        ("cancel", [A.OPEN], A.CANCELLED),
    ],
)
