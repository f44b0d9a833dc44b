"""Computed, priced ways out for an order that is predicted late: levers as data in, verified options out."""

from punctual.engine.recovery.model import (
    AlternativeResource,
    BorrowFloat,
    Case,
    Crash,
    Expedite,
    ExtraCapacity,
    Lever,
    Outsourcing,
    Resequence,
    Split,
)
from punctual.engine.recovery.options import Forecast, LeverUse, Option, Recovery, Touched
from punctual.engine.recovery.patch import Patch, patched
from punctual.engine.recovery.search import recover

__all__ = [
    "AlternativeResource",
    "BorrowFloat",
    "Case",
    "Crash",
    "Expedite",
    "ExtraCapacity",
    "Forecast",
    "Lever",
    "LeverUse",
    "Option",
    "Outsourcing",
    "Patch",
    "Recovery",
    "Resequence",
    "Split",
    "Touched",
    "patched",
    "recover",
]
