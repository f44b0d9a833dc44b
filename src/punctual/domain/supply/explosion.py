"""What a quantity of a product takes, through every level of its bills of material. Pure.

A bill is a list of parts of one unit of its whole. Wholes that are made here are taken apart; what is bought is what
comes out, per material and task.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Final

from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_

PLACES: Final = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Part:
    """``quantity`` of ``material`` in one unit of the whole, of which ``scrap_percent`` more is taken and lost."""

    material: int
    quantity: Decimal
    scrap_percent: Decimal = Decimal(0)
    used_in: str = ""


@dataclass(frozen=True, slots=True)
class Need:
    """What comes out. ``level`` is the deepest level at which the material is found, from 1."""

    material: int
    used_in: str
    quantity: Decimal
    level: int


Bills = Mapping[Hashable, Sequence[Part]]
"""Material id (or any key for the product itself) → its parts. What has none is bought."""


def explode(root: Hashable, quantity: Decimal, bills: Bills, *, whole: Mapping[int, bool] | None = None) -> list[Need]:
    """Needs of ``quantity`` units of ``root`` in the order of first appearance; whole pieces are rounded up at the end.

    Work grows with the number of lines of all bills, not with the number of ways through them: a part that is used in
    many places is taken apart once per task that uses it. Refused when a bill contains itself, with the chain.
    """
    order = _in_order(root, bills)
    amounts: dict[Hashable, dict[str, tuple[Decimal, int]]] = {root: {"": (quantity, 0)}}
    found: dict[tuple[int, str], tuple[Decimal, int]] = {}
    for whole_key in order:
        for used_in, (amount, level) in amounts.pop(whole_key, {}).items():
            for part in bills[whole_key]:
                taken = amount * part.quantity * (1 + part.scrap_percent / 100)
                task = part.used_in or used_in
                if part.material in bills:
                    below = amounts.setdefault(part.material, {})
                    have, depth = below.get(task, (Decimal(0), 0))
                    below[task] = (have + taken, max(depth, level + 1))
                else:
                    have, depth = found.get((part.material, task), (Decimal(0), 0))
                    found[part.material, task] = (have + taken, max(depth, level + 1))
    return [
        Need(material, task, _rounded(amount, (whole or {}).get(material, False)), level)
        for (material, task), (amount, level) in found.items()
    ]


def _rounded(amount: Decimal, whole: bool) -> Decimal:
    exact = amount.quantize(PLACES)
    return exact.to_integral_value(rounding=ROUND_CEILING) if whole else exact


def _in_order(root: Hashable, bills: Bills) -> list[Hashable]:
    """Every whole below the root, each after all that contain it (depth first, without recursion)."""
    done: dict[Hashable, None] = {}
    path: dict[Hashable, None] = {}
    if root not in bills:
        return []
    stack: list[tuple[Hashable, int]] = [(root, 0)]
    path[root] = None
    while stack:
        key, at = stack.pop()
        parts = bills[key]
        while at < len(parts) and (parts[at].material not in bills or parts[at].material in done):
            at += 1
        if at == len(parts):
            done[key] = None
            del path[key]
            continue
        stack.append((key, at + 1))
        child = parts[at].material
        if child in path:
            keys = list(path)
            raise circle([*keys[keys.index(child) :], child])
        path[child] = None
        stack.append((child, 0))
    return list(reversed(done))


def circle(chain: Sequence[Hashable]) -> Refusal:
    """The refusal of a bill that contains itself; faces put names in the place of ids (``services.boms``)."""
    return Refusal(
        Reason(
            "bom.circle",
            N_("The bill of material contains itself: %(chain)s. Take one of these lines out."),
            {"chain": " → ".join(map(str, chain))},
            field="lines",
        )
    )
