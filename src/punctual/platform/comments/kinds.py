"""Which things can be discussed and followed: the names under which they are registered as targets."""

from __future__ import annotations

from typing import Final

DISCUSSED: Final = (
    "acceptance",
    "actionitem",
    "changenotice",
    "changeorder",
    "controlchart",
    "correctiveaction",
    "customer",
    "delivery",
    "gauge",
    "inspection",
    "material",
    "meeting",
    "nonconformity",
    "product",
    "purchaseorder",
    "qualityreview",
    "resource",
    "risk",
    "servicecase",
    "supplier",
    "task",
    "warning",
)
"""Their pages show comments and take them from everybody who may see the thing."""
OF_THEIR_OWN: Final = {"order": "orders.comment", "customerrequest": "requests.change"}
"""Orders show comments within their story, requests as internal notes; with the right to write one."""
FOLLOWED: Final = (*DISCUSSED, *OF_THEIR_OWN)
"""Their pages have the button to follow them, their comments take pictures."""
