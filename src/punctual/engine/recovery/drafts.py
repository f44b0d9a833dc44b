"""Drafts: levers with amounts, and what they change, before anything is placed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise

from punctual.engine.capacity.model import Mode
from punctual.engine.recovery.floor import Floor
from punctual.engine.recovery.model import (
    AlternativeResource,
    BorrowFloat,
    Crash,
    Expedite,
    ExtraCapacity,
    Lever,
    Outsourcing,
    Resequence,
    Split,
)
from punctual.engine.recovery.options import LeverUse
from punctual.engine.recovery.patch import Patch, Window


@dataclass(frozen=True, slots=True)
class Use:
    """A lever drawn by ``amount`` (time units, for crashing and expediting) or over ``windows`` (extra capacity)."""

    lever: Lever = field(hash=False)  # demands are mappings; equal uses are still found by comparison
    amount: int = 0
    windows: tuple[Window, ...] = ()


Draft = tuple[Use, ...]


def full_uses(floor: Floor, lever: Lever) -> list[Use]:
    """The lever drawn to its limit; extra capacity also by each single window."""
    if isinstance(lever, ExtraCapacity):
        now = floor.case.now
        windows = tuple((max(a, now), b, lever.units) for a, b in lever.windows if b > now)
        single = [Use(lever, windows=(window,)) for window in windows] if 1 < len(windows) <= 6 else []
        return [Use(lever, windows=windows), *single] if windows else []
    if isinstance(lever, Crash):
        return [Use(lever, floor.mode(floor.index[lever.task]).duration - lever.shortest)]
    if isinstance(lever, Expedite):
        return [Use(lever, floor.case.problem.tasks[floor.index[lever.task]].release - lever.earliest)]
    return [Use(lever)]


def changes(floor: Floor, draft: Draft) -> Patch:
    """The changes of the draft without any start."""
    capacity: dict[str, tuple[Window, ...]] = {}
    modes: dict[str, Mode] = {}
    releases: dict[str, int] = {}
    delivery: tuple[str, ...] = ()
    for use in sorted(draft, key=lambda use: isinstance(use.lever, Crash)):  # a crash shortens what a new mode takes
        lever = use.lever
        if isinstance(lever, ExtraCapacity):
            capacity[lever.resource] = (*capacity.get(lever.resource, ()), *use.windows)
        elif isinstance(lever, AlternativeResource | Outsourcing):
            modes[lever.task] = Mode(lever.duration, dict(lever.demands))
        elif isinstance(lever, Crash):
            mode = floor.mode(floor.index[lever.task])
            modes[lever.task] = replace(mode, duration=mode.duration - use.amount)
        elif isinstance(lever, Expedite):
            release = floor.case.problem.tasks[floor.index[lever.task]].release - use.amount
            releases[lever.task] = min(release, releases.get(lever.task, release))
        elif isinstance(lever, Split):
            delivery = lever.tasks
    return Patch(capacity, modes, releases, delivery)


def goes_with(draft: Draft, lever: Lever) -> bool:
    """Whether the lever can be added: no lever twice, one way to do a task, one split, one kind of moving others."""
    for use in draft:
        other = use.lever
        if other.id == lever.id:
            return False
        if isinstance(other, BorrowFloat | Resequence) and isinstance(lever, BorrowFloat | Resequence):
            return False
        if isinstance(other, Split) and isinstance(lever, Split):
            return False
        ways = AlternativeResource | Outsourcing | Crash
        if isinstance(other, ways) and isinstance(lever, ways) and other.task == lever.task:
            return False
        if isinstance(other, Expedite) and isinstance(lever, Expedite) and other.task == lever.task:
            return False
    return True


def moves_others(draft: Draft) -> bool:
    """Whether tasks of all other orders may be moved."""
    return any(isinstance(use.lever, BorrowFloat | Resequence) for use in draft)


def trimmed(floor: Floor, draft: Draft, used: Mapping[str, tuple[Window, ...]]) -> Draft | None:
    """The draft with only those extra units that are used (whole windows for shifts); None where a limit is exceeded.

    ``used``: resource id → stretches in which more than the usual capacity is used. With several levers on one resource
    the earlier in the draft supplies first.
    """
    rest = {name: list(stretches) for name, stretches in used.items()}
    result: list[Use] = []
    for use in draft:
        lever = use.lever
        if not isinstance(lever, ExtraCapacity):
            result.append(use)
            continue
        taken, left = _supplied(rest.get(lever.resource, []), use.windows)
        rest[lever.resource] = left
        if lever.whole:
            taken = [window for window in use.windows if any(a < window[1] and b > window[0] for a, b, _ in taken)]
        if lever.most is not None and _unit_times(taken) > lever.most:
            return None
        if taken:
            result.append(replace(use, windows=tuple(taken)))
    return tuple(result)


def _supplied(need: list[Window], offer: tuple[Window, ...]) -> tuple[list[Window], list[Window]]:
    """What of ``need`` the ``offer`` supplies, and what is left of it."""
    taken: list[Window] = []
    left: list[Window] = []
    for begin, until, units in need:
        edges = sorted({begin, until, *(t for a, b, _ in offer for t in (a, b) if begin < t < until)})
        for a, b in pairwise(edges):
            most = next((n for first, last, n in offer if first <= a and b <= last), 0)
            if most:
                taken.append((a, b, min(units, most)))
            if units > most:
                left.append((a, b, units - most))
    return taken, left


def _unit_times(windows: list[Window] | tuple[Window, ...]) -> int:
    return sum((until - begin) * units for begin, until, units in windows)


def bill(draft: Draft) -> tuple[LeverUse, ...]:
    """What each lever of the draft costs."""
    lines = []
    for use in draft:
        lever = use.lever
        if isinstance(lever, ExtraCapacity):
            amount = _unit_times(use.windows)
            lines.append(LeverUse(lever.id, lever.kind, {"unit_times": amount}, amount * float(lever.price)))
        elif isinstance(lever, Crash | Expedite):
            lines.append(LeverUse(lever.id, lever.kind, {"saved": use.amount}, use.amount * float(lever.price)))
        else:
            lines.append(LeverUse(lever.id, lever.kind, {}, float(lever.price)))
    return tuple(lines)
