"""What other subjects have against a delivery: each registers a function that gives its reasons."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from punctual.domain.orders.models import Order
from punctual.kernel.refusal import Reason

Gate = Callable[[Order], list[Reason]]
_GATES: Final[dict[str, Gate]] = {}
DELIVERIES: Final = frozenset({"deliver", "deliver_part"})
"""Verbs that the gates stop."""


def register(name: str, gate: Gate) -> None:
    """Let ``gate`` be asked before a delivery is recorded; registering twice is harmless."""
    _GATES[name] = gate


def reasons_against_delivery(order: Order) -> list[Reason]:
    """Every reason of every subject."""
    return [reason for gate in _GATES.values() for reason in gate(order)]
