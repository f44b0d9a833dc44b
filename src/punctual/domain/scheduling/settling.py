"""Settling what is fixed before a schedule is made: what runs, what is locked, what the frozen window keeps. Pure.

What runs stays where it is whatever that takes, and so does what somebody locked: where that is more than there is,
availability is raised to it and the overload is named. The frozen window keeps a task only where its predecessors, its
release and the capacity that is left allow it: a task that cannot be done as planned is not frozen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from punctual.domain.scheduling.availability import Units, steps_of
from punctual.domain.scheduling.book import Piece


@dataclass(frozen=True)
class Settled:
    pieces: tuple[Piece, ...]
    resources: dict[str, tuple[tuple[int, int], ...]]
    raised: tuple[tuple[str, int, int, int], ...]


class _Room:
    """What fixed work uses of each pool."""

    def __init__(self, arrays: Mapping[str, Units]) -> None:
        self.arrays = arrays
        self.used = {key: np.zeros(array.size, dtype=np.int32) for key, array in arrays.items()}

    def fits(self, piece: Piece, start: int) -> bool:
        span = slice(start, start + piece.duration)
        return all(
            bool((self.used[key][span] + units <= self.arrays[key][span]).all()) for key, units in piece.demands.items()
        )

    def take(self, piece: Piece, start: int) -> None:
        for key, units in piece.demands.items():
            self.used[key][start : start + piece.duration] += units


def settle(
    pieces: Sequence[Piece],
    arrays: Mapping[str, Units],
    after: Mapping[str, int],
    *,
    previous: Mapping[str, int],
    frozen_until: int,
) -> Settled:
    """``previous``: slot of each piece in the last schedule; ``after``: units behind the horizon."""
    room = _Room(arrays)
    by_id = {piece.id: piece for piece in pieces}
    fixed: dict[str, int] = {}
    for piece in pieces:
        if piece.running:
            fixed[piece.id] = 0
            room.take(piece, 0)
    earliest: dict[str, int] = {}
    wishes = {one.id: one.fixed for one in pieces if one.pinned and one.fixed is not None}
    for name in topological(pieces):
        piece = by_id[name]
        if piece.running:
            earliest[name] = 0
            continue
        ready = max([piece.release, *(earliest[one] + by_id[one].duration + lag for one, lag in piece.after)])
        wish = wishes.get(name)
        if wish is not None and wish >= ready:
            fixed[name] = wish
            room.take(piece, wish)
        elif wish is None and ready <= previous.get(name, -1) < frozen_until:
            at = previous[name]
            open_before = any(one not in fixed for one, _ in piece.after)
            if not open_before and room.fits(piece, at):
                fixed[name] = at
                room.take(piece, at)
        earliest[name] = max(ready, fixed.get(name, 0))
    return Settled(
        pieces=tuple(replace(one, fixed=fixed.get(one.id)) for one in pieces),
        resources={key: _raised(array, room.used[key], after[key]) for key, array in arrays.items()},
        raised=tuple(over for key in arrays for over in _overloads(key, arrays[key], room.used[key])),
    )


def _raised(array: Units, used: Units, after: int) -> tuple[tuple[int, int], ...]:
    return steps_of(np.maximum(array, used), after=after)


def _overloads(key: str, array: Units, used: Units) -> list[tuple[str, int, int, int]]:
    over = np.maximum(0, used - array)
    if not over.any():
        return []
    turns = [0, *(np.flatnonzero(np.diff(over)) + 1).tolist(), over.size]
    return [(key, int(first), int(last), int(over[first])) for first, last in pairwise(turns) if over[first]]


def topological(pieces: Sequence[Piece]) -> list[str]:
    """Predecessors first; what waits for itself in a circle is left out (plans refuse circles)."""
    waiting = {piece.id: len(piece.after) for piece in pieces}
    following: dict[str, list[str]] = {piece.id: [] for piece in pieces}
    for piece in pieces:
        for before, _ in piece.after:
            following[before].append(piece.id)
    ready = [piece.id for piece in pieces if not waiting[piece.id]]
    for name in ready:  # grows while it is read
        for other in following[name]:
            waiting[other] -= 1
            if waiting[other] == 0:
                ready.append(other)
    return ready
