"""Compiled population search for least makespan: activity lists, two-point crossover, justification of every child,
restarts.

After Hartmann, Naval Research Logistics 45 (1998) 733–750 (activity lists), and Valls, Ballestín & Quintanilla,
European Journal of Operational Research 185 (2008) 495–508 (hybrid genetic algorithm with justification); steady
state, with crossover points in slots as well as in list places, and a fresh population when the old one has nothing
new to say.
"""

# Compiled functions carry no annotations: numba infers every type from the call.
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from punctual.engine.capacity.arrays import Ints, Words
from punctual.engine.capacity.words import below, chance, copy_into, kernel
from punctual.engine.optimise.project import Project, forward, justify, sort_by

AGE, FILLED, STALE = 0, 1, 2
"""Places of :attr:`Island.counters`: schedules made, individuals alive, children without improvement."""


class Island(NamedTuple):
    """One thread's population and work space. P individuals, n tasks, T slots.

    ``lists`` (P, n) tasks by start; ``spans`` (P) makespans; ``keys`` (P) fingerprints of starts.
    ``best_start`` (n), ``best`` (1) the best schedule of the island and its makespan.
    """

    lists: Ints
    spans: Ints
    keys: Words
    best_start: Ints
    best: Ints
    counters: npt.NDArray[np.int64]
    random: Words
    free: Words
    start: Ints
    finish: Ints
    counts: Ints
    child: Ints
    other: Ints
    priority: npt.NDArray[np.float64]
    open_count: Ints


def island(project: Project, tail: Ints, random: Words, size: int) -> Island:
    """An empty island; ``tail`` (n) is each task's longest path to the end, the base of its first priorities."""
    count = project.duration.size
    slots = project.supply.shape[1]

    def ints(*shape: int) -> Ints:
        return np.zeros(shape, dtype=np.int32)

    return Island(
        lists=ints(size, count),
        spans=ints(size),
        keys=np.zeros(size, dtype=np.uint64),
        best_start=ints(count),
        best=np.array([2**31 - 1], dtype=np.int32),
        counters=np.zeros(3, dtype=np.int64),
        random=random,
        free=project.supply.copy(),
        start=ints(count),
        finish=ints(count),
        counts=ints(slots + 3),
        child=ints(count),
        other=ints(count),
        priority=tail.astype(np.float64),
        open_count=ints(count),
    )


@kernel
def _sample(project, isle, spread):
    """A random list: among the ready tasks the one with the longest tail, blurred by ``spread`` of the longest tail."""
    count = project.duration.size
    longest = 1.0
    for task in range(count):
        isle.open_count[task] = project.pred_ptr[task + 1] - project.pred_ptr[task]
        longest = max(longest, isle.priority[task])
    ready = isle.other
    amount = 0
    for task in range(count):
        if isle.open_count[task] == 0:
            ready[amount] = task
            amount += 1
    for position in range(count):
        pick = 0
        highest = -1.0
        for place in range(amount):
            value = isle.priority[ready[place]] + spread * longest * chance(isle.random)
            if value > highest:
                highest = value
                pick = place
        task = ready[pick]
        amount -= 1
        ready[pick] = ready[amount]
        isle.child[position] = task
        for row in range(project.succ_ptr[task], project.succ_ptr[task + 1]):
            other = project.succ[row]
            isle.open_count[other] -= 1
            if isle.open_count[other] == 0:
                ready[amount] = other
                amount += 1


@kernel
def _cross(isle, mother, father, begin, end):
    """Child: the mother's places begin … end−1 stay; before and after stands what is left, in the father's order.

    The tasks that the mother has before ``begin`` fill the front, those after ``end`` the back, so precedence holds.
    """
    count = isle.child.size
    group = isle.open_count
    for position in range(count):
        group[isle.lists[mother, position]] = 0 if position < begin else (1 if position < end else 2)
    front, back = 0, end
    for position in range(count):
        task = isle.lists[father, position]
        if group[task] == 0:
            isle.child[front] = task
            front += 1
        elif group[task] == 2:
            isle.child[back] = task
            back += 1
    for position in range(begin, end):
        isle.child[position] = isle.lists[mother, position]


@kernel
def _mutate(project, isle, rate):
    """Move tasks to a random place between their last predecessor and first successor in the list."""
    count = isle.child.size
    where = isle.open_count
    for position in range(count):
        where[isle.child[position]] = position
    moves = 0
    while chance(isle.random) < rate and moves < count:
        moves += 1
        task = isle.child[below(isle.random, count)]
        low, high = -1, count
        for row in range(project.pred_ptr[task], project.pred_ptr[task + 1]):
            low = max(low, where[project.pred[row]])
        for row in range(project.succ_ptr[task], project.succ_ptr[task + 1]):
            high = min(high, where[project.succ[row]])
        if high - low <= 2:
            continue
        target = low + 1 + below(isle.random, high - low - 1)
        position = where[task]
        step = 1 if target > position else -1
        while position != target:
            shifted = isle.child[position + step]
            isle.child[position] = shifted
            where[shifted] = position
            position += step
        isle.child[target] = task
        where[task] = target


@kernel
def _evaluate(project, isle, leads):
    """Schedule and justify ``isle.child``; returns the makespan, or the largest number when the slots do not
    suffice.
    """
    span = forward(project, isle.child, isle.free, isle.start, isle.finish)
    if span >= 0 and not leads:
        sort_by(isle.child, isle.start, span, isle.counts, isle.other)
        copy_into(isle.child, isle.other, isle.child.size)
        span = justify(project, isle.child, span, isle.free, isle.start, isle.finish, isle.counts, isle.other)
    isle.counters[AGE] += 1
    if span < 0:
        return np.int64(2**31 - 1)
    if span < isle.best[0]:
        isle.best[0] = span
        copy_into(isle.best_start, isle.start, isle.start.size)
        isle.counters[STALE] = 0
    return np.int64(span)


@kernel
def _fingerprint(isle):
    key = np.uint64(1469598103934665603)
    for task in range(isle.start.size):
        key = (key ^ np.uint64(isle.start[task])) * np.uint64(1099511628211)
    return key


@kernel
def _settle(isle, place, span):
    copy_into(isle.lists[place], isle.child, isle.child.size)
    isle.spans[place] = span
    isle.keys[place] = _fingerprint(isle)


@kernel
def _tournament(isle, worst):
    """Better (or worse) of two random individuals."""
    one = below(isle.random, isle.spans.size)
    two = below(isle.random, isle.spans.size)
    if (isle.spans[one] <= isle.spans[two]) != worst:
        return one
    return two


@kernel
def evolve(project, isle, leads, evaluations, target, patience):
    """Make up to ``evaluations`` schedules; stop early at makespan ``target``. Start anew after ``patience`` vain
    children.
    """
    size = isle.spans.size
    count = isle.child.size
    for _ in range(evaluations):
        if isle.best[0] <= target or count == 0:
            return
        filled = isle.counters[FILLED]
        if filled < size:
            _sample(project, isle, 0.1 + 0.9 * chance(isle.random))
            span = _evaluate(project, isle, leads)
            _settle(isle, filled, span)
            isle.counters[FILLED] += 1
            continue
        mother = _tournament(isle, False)
        father = _tournament(isle, False)
        length = count // 4 + below(isle.random, count // 2 + 1)
        begin = below(isle.random, max(1, count - length + 1))
        _cross(isle, mother, father, begin, min(count, begin + length))
        _mutate(project, isle, 0.5)
        span = _evaluate(project, isle, leads)
        isle.counters[STALE] += 1
        key = _fingerprint(isle)
        twin = False
        for place in range(size):
            if isle.keys[place] == key:
                twin = True
                break
        if not twin:
            loser = _tournament(isle, True)
            if span <= isle.spans[loser]:
                _settle(isle, loser, span)
        if isle.counters[STALE] > patience:
            isle.counters[FILLED] = 0
            isle.counters[STALE] = 0
