"""Where warnings come from besides the rules: other subjects feed theirs by registering a function.

    declare("purchase_late", icon="truck-delivery", sentence=N_("…"), action=N_("…"))
    register("supply", late_purchases)      # (order ids or None for all, today) → findings

A finding names its cause by ``key``; while the cause is found again the warning stays, when it is found no more the
warning resolves itself.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Kind:
    """How a kind of warning looks: ``sentence`` with places filled from the facts, ``action`` what to do next."""

    icon: str
    sentence: str
    action: str
    label: str


@dataclass(frozen=True, slots=True)
class Found:
    """One cause as it is found now. ``facts``: values of the sentence's places; dates as ISO text, ``Word`` as is."""

    key: str
    kind: str
    order_id: int | None = None
    task_id: int | None = None
    subject: tuple[str, int] | None = None
    url: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    probability: float | None = None
    cost: Decimal | None = None
    owner_id: int | None = None

    @property
    def damage(self) -> Decimal | None:
        if self.cost is None:
            return None
        share = Decimal(str(1.0 if self.probability is None else self.probability))
        return (self.cost * share).quantize(Decimal(1))


Source = Callable[[Sequence[int] | None, dt.date], Iterable[Found]]

KINDS: Final[dict[str, Kind]] = {}
SOURCES: Final[dict[str, Source]] = {}


def declare(name: str, *, icon: str, sentence: str, action: str, label: str) -> None:
    """A kind of warning; twice the same is harmless, twice different is an error."""
    kind = Kind(icon, sentence, action, label)
    if KINDS.setdefault(name, kind) != kind:
        raise ValueError(f"kind of warning {name} is declared twice")


def register(name: str, function: Source) -> None:
    """Let ``function`` be asked at every look."""
    if SOURCES.setdefault(name, function) is not function:
        raise ValueError(f"source of warnings {name} is registered twice")
