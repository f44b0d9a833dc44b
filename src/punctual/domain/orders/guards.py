"""What apps above have to say before an order takes a step: each registers what it knows; orders asks them all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from punctual.domain.orders.models import Order
from punctual.kernel.refusal import Reason
from punctual.platform.accounts.models import User

Guard = Callable[[Order, dt.date], list[Reason]]
_GUARDS: Final[dict[str, dict[str, Guard]]] = {}
_IMPORTED: Final[dict[str, Callable[[Order, User, ImportedFile], None]]] = {}
_DELIVERED: Final[dict[str, Callable[[Order], Mapping[int, Decimal]]]] = {}


def register(verb: str, name: str, guard: Guard) -> None:
    """Let ``guard`` speak against ``verb`` of ``life.LIFE``; it returns every reason, none when it may go on."""
    _GUARDS.setdefault(verb, {})[name] = guard


@dataclass(frozen=True, slots=True)
class ImportedFile:
    """A customer's file out of which an order was made; ``corrected``: cells put right and rows left out by hand."""

    name: str
    sha256: str
    corrected: int
    rows: Mapping[int, int]
    """Line number → sheet row."""


def register_imported(name: str, listener: Callable[[Order, User, ImportedFile], None]) -> None:
    """Be told, in the same transaction, when a customer's file has become an order."""
    _IMPORTED[name] = listener


def imported(order: Order, actor: User, file: ImportedFile) -> None:
    for listener in _IMPORTED.values():
        listener(order, actor, file)


def reasons(verb: str, order: Order, today: dt.date) -> list[Reason]:
    """Everything that is said against the step."""
    return [reason for guard in _GUARDS.get(verb, {}).values() for reason in guard(order, today)]


def register_delivered(name: str, count: Callable[[Order], Mapping[int, Decimal]]) -> None:
    """Tell how much of each line has left the house: line id → quantity."""
    _DELIVERED[name] = count


def delivered(order: Order) -> dict[int, Decimal]:
    """Line id → quantity that was delivered."""
    total: dict[int, Decimal] = {}
    for count in _DELIVERED.values():
        for line, quantity in count(order).items():
            total[line] = total.get(line, Decimal(0)) + quantity
    return total
