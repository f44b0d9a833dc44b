"""What stands before a shipment. A gate names itself and gives every reason why it is shut; none = open.

What other subjects have against any delivery of an order (quality …) they register with ``orders.gates``; here they
are one gate together.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from punctual.domain.delivery.models import Delivery
from punctual.domain.orders.gates import reasons_against_delivery
from punctual.kernel.refusal import Reason
from punctual.kernel.wording import N_

GateFunction = Callable[[Delivery, dt.date], list[Reason]]


@dataclass(frozen=True, slots=True)
class Gate:
    """``label`` is a catalogue key. A ``releasable`` gate may be passed by name with a reason."""

    name: str
    label: str
    function: GateFunction
    releasable: bool


@dataclass(frozen=True, slots=True)
class GateState:
    gate: Gate
    reasons: list[Reason]

    @property
    def is_open(self) -> bool:
        return not self.reasons


_GATES: Final[dict[str, Gate]] = {}


def register(name: str, function: GateFunction, *, label: str = "", releasable: bool = False) -> None:
    """Let ``function`` be asked before every shipment; registering twice is harmless."""
    _GATES[name] = Gate(name, label or name, function, releasable)


def _others(delivery: Delivery, today: dt.date) -> list[Reason]:
    return reasons_against_delivery(delivery.order)


register("order", _others, label=N_("Quality"))


def states(delivery: Delivery, *, today: dt.date) -> list[GateState]:
    """Every gate with what shuts it."""
    return [GateState(gate, gate.function(delivery, today)) for gate in _GATES.values()]


def against_shipping(delivery: Delivery, *, today: dt.date) -> list[Reason]:
    """The reasons of the gates that are shut and not released."""
    released = bool(delivery.released_reason)
    return [
        reason
        for state in states(delivery, today=today)
        for reason in state.reasons
        if not (released and state.gate.releasable)
    ]
