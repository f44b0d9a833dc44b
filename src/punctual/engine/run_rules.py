"""Run rules of control charts: Nelson's eight tests and the four Western Electric rules.

Both work on z, the distance of each point from the centre line in standard errors, so that limits that differ from
point to point need no special treatment.

| Nelson | Western Electric | points |
|---|---|---|
| 1 | 1 | one beyond 3σ |
| 2 | 4 (eight) | nine in a row on one side |
| 3 | | six in a row rising or falling |
| 4 | | fourteen in a row up and down in turn |
| 5 | 2 | two of three beyond 2σ on one side |
| 6 | 3 | four of five beyond 1σ on one side |
| 7 | | fifteen in a row within 1σ |
| 8 | | eight in a row outside 1σ, on both sides |

Sources: L. S. Nelson, "The Shewhart control chart - tests for special causes", Journal of Quality Technology 16 (1984);
Western Electric, "Statistical quality control handbook", 1956.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

Window = Callable[[Sequence[float]], Sequence[int]]


class RuleSet(StrEnum):
    """Which rules are applied."""

    NELSON = "nelson"
    WESTERN_ELECTRIC = "western-electric"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Signal:
    """One departure: the number of the rule in its set and the points (1-based) that show it."""

    rule: int
    points: tuple[int, ...]


def signals(scores: Sequence[float], rules: RuleSet, *, symmetric: bool = True) -> list[Signal]:
    """The signals in ``scores``; windows of one rule that overlap are one signal.

    Without ``symmetric`` (counts) only Nelson's tests 1 to 4 apply, as he recommends.
    """
    found: list[Signal] = []
    for rule, (length, window) in _RULES[rules].items():
        if not symmetric and rules is RuleSet.NELSON and rule > 4:
            continue
        points: set[int] = set()
        for first in range(len(scores) - length + 1):
            hits = {first + offset + 1 for offset in window(scores[first : first + length])}
            if hits and points and min(hits) > max(points):
                found.append(Signal(rule, tuple(sorted(points))))
                points = set()
            points |= hits
        if points:
            found.append(Signal(rule, tuple(sorted(points))))
    return found


def _some_beyond(count: int, limit: float) -> Window:
    """At least ``count`` of the window beyond ``limit`` on one side, the last one among them."""

    def window(z: Sequence[float]) -> Sequence[int]:
        side = 1 if z[-1] > 0 else -1
        hits = [k for k, value in enumerate(z) if side * value > limit]
        return hits if len(hits) >= count and hits[-1] == len(z) - 1 else ()

    return window


def _all_when(holds: Callable[[Sequence[float]], bool]) -> Window:
    return lambda z: range(len(z)) if holds(z) else ()


def _one_side(z: Sequence[float]) -> bool:
    return all(value > 0 for value in z) or all(value < 0 for value in z)


def _trend(z: Sequence[float]) -> bool:
    steps = [after - before for before, after in itertools.pairwise(z)]
    return all(step > 0 for step in steps) or all(step < 0 for step in steps)


def _alternating(z: Sequence[float]) -> bool:
    steps = [after - before for before, after in itertools.pairwise(z)]
    return all(before * after < 0 for before, after in itertools.pairwise(steps))


def _hugging(z: Sequence[float]) -> bool:
    return all(abs(value) < 1 for value in z) and any(value != 0 for value in z)


def _avoiding(z: Sequence[float]) -> bool:
    return all(abs(value) > 1 for value in z) and min(z) < 0 < max(z)


_RULES: dict[RuleSet, dict[int, tuple[int, Window]]] = {
    RuleSet.NELSON: {
        1: (1, _some_beyond(1, 3.0)),
        2: (9, _all_when(_one_side)),
        3: (6, _all_when(_trend)),
        4: (14, _all_when(_alternating)),
        5: (3, _some_beyond(2, 2.0)),
        6: (5, _some_beyond(4, 1.0)),
        7: (15, _all_when(_hugging)),
        8: (8, _all_when(_avoiding)),
    },
    RuleSet.WESTERN_ELECTRIC: {
        1: (1, _some_beyond(1, 3.0)),
        2: (3, _some_beyond(2, 2.0)),
        3: (5, _some_beyond(4, 1.0)),
        4: (8, _all_when(_one_side)),
    },
    RuleSet.NONE: {},
}
