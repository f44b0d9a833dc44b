"""What must be inspected when it comes: whoever keeps quality plans registers a question here.

A question gets the purchase line and the quantity and answers whether they must be inspected before use; any yes
blocks what came until :func:`services.receiving.inspected` says what is good. ``told`` is called after the receipt was
written, inside its transaction.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from punctual.domain.supply.models import PurchaseLine, Receipt

Question = Callable[["PurchaseLine", Decimal], bool]
Listener = Callable[["Receipt"], None]

_QUESTIONS: Final[list[Question]] = []
_LISTENERS: Final[list[Listener]] = []


def needs_inspection(question: Question, told: Listener | None = None) -> Question:
    """Register a question (and who is told of what waits for inspection); registering twice is harmless."""
    if question not in _QUESTIONS:
        _QUESTIONS.append(question)
        if told is not None:
            _LISTENERS.append(told)
    return question


def forget(question: Question) -> None:
    """Take a question out again."""
    if question in _QUESTIONS:
        _QUESTIONS.remove(question)


def must_be_inspected(line: PurchaseLine, quantity: Decimal) -> bool:
    return any(question(line, quantity) for question in _QUESTIONS)


def tell(receipt: Receipt) -> None:
    for told in _LISTENERS:
        told(receipt)
