"""Compiled serial schedule-generation scheme in continuous time.

Each resource carries a profile: instants in ascending order, and from each to the next the units that are free. An
activity takes the earliest start, not before its predecessors' ends and its release, from which all its demands are
free for its whole duration; gaps are filled. Neighbouring stretches with the same free units are merged, so that a
stretch that is full is one entry to step over, however many activities fill it.

Source: R. Kolisch, "Serial and parallel resource-constrained project scheduling methods revisited", European Journal of
Operational Research 90 (1996); critical by precedence or resource: J. A. Bowers, "Criticality in resource constrained
networks", Journal of the Operational Research Society 46 (1995).

Nothing compiled elsewhere is called from here: the cache of compiled code notices changes of its own file only.
"""

# mypy: allow-untyped-defs, allow-untyped-calls
# The compiler infers the types of kernels from their arguments; the shapes stand in the docstrings.

from __future__ import annotations

import numpy as np
from numba import njit

TOLERANCE = 1e-9
"""Units: fractions of demands (0.1 + 0.2) may miss a capacity by rounding only."""


@njit(cache=True, nogil=True)
def _segment(times, count, instant):
    """Index of the last entry that is not after ``instant``."""
    low, high = 0, count
    while high - low > 1:
        middle = (low + high) >> 1
        if times[middle] <= instant:
            low = middle
        else:
            high = middle
    return low


@njit(cache=True, nogil=True)
def _earliest(times, free, count, ready, duration, units):
    """The earliest start from ``ready`` on with ``units`` free throughout ``duration``."""
    at = _segment(times, count, ready)
    start = ready
    end = start + duration
    needed = units - TOLERANCE
    while True:
        if free[at] < needed:
            at += 1
            while free[at] < needed:
                at += 1
            start = times[at]
            end = start + duration
        at += 1
        if at == count or times[at] >= end:
            return start


@njit(cache=True, nogil=True)
def _split(times, free, count, at, instant):
    """Insert ``instant`` after entry ``at`` with the same free units."""
    for k in range(count, at + 1, -1):
        times[k] = times[k - 1]
        free[k] = free[k - 1]
    times[at + 1] = instant
    free[at + 1] = free[at]
    return count + 1


@njit(cache=True, nogil=True)
def _merge(times, free, count, at):
    """Take entry ``at`` out when it says the same as the one before it."""
    if at <= 0 or at >= count or free[at] != free[at - 1]:
        return count
    for k in range(at, count - 1):
        times[k] = times[k + 1]
        free[k] = free[k + 1]
    return count - 1


@njit(cache=True, nogil=True)
def _book(times, free, count, start, end, units):
    """Take ``units`` from ``start`` to ``end``; returns the new number of entries."""
    first = _segment(times, count, start)
    if times[first] != start:
        count = _split(times, free, count, first, start)
        first += 1
    last = first
    while last + 1 < count and times[last + 1] < end:
        last += 1
    if last + 1 == count or times[last + 1] != end:
        count = _split(times, free, count, last, end)
    for k in range(first, last + 1):
        free[k] -= units
    count = _merge(times, free, count, last + 1)
    return _merge(times, free, count, first)


@njit(cache=True, nogil=True)
def schedule(order, links, releases, demands, capacities, durations, profiles, start, finish):
    """Start and finish of every activity, taken in ``order`` (each after its predecessors); returns the last finish.

    ``demands``   (starts, resources, units): compressed rows over activities.
    ``profiles``  (times, free, counts): work space, two rows a resource.
    """
    pred_starts, preds = links[0], links[1]
    demand_starts, resources, units = demands
    times, free, counts = profiles
    for r in range(len(capacities)):
        times[r, 0] = 0.0
        free[r, 0] = capacities[r]
        counts[r] = 1
    end = 0.0
    for i in order:
        begin = releases[i]
        for link in range(pred_starts[i], pred_starts[i + 1]):
            begin = max(begin, finish[preds[link]])
        duration = durations[i]
        first, last = demand_starts[i], demand_starts[i + 1]
        if duration > 0.0:
            settled = first == last
            while not settled:
                settled = True
                for d in range(first, last):
                    r = resources[d]
                    later = _earliest(times[r], free[r], counts[r], begin, duration, units[d])
                    if later > begin:
                        begin = later
                        settled = last - first == 1
            done = begin + duration
            if done > begin:
                for d in range(first, last):
                    r = resources[d]
                    counts[r] = _book(times[r], free[r], counts[r], begin, done, units[d])
        start[i] = begin
        finish[i] = begin + duration
        end = max(end, finish[i])
    return end


@njit(cache=True, nogil=True)
def _shares(demands, i, j):
    starts, resources, _ = demands
    for a in range(starts[i], starts[i + 1]):
        for b in range(starts[j], starts[j + 1]):
            if resources[a] == resources[b]:
                return True
    return False


@njit(cache=True, nogil=True)
def _count_driving(links, demands, start, finish, end, by_finish, stack, counts):
    """Add 1 to ``counts[i]`` for every activity on a chain without slack to the end.

    The chain goes back from the last activities to a predecessor that ends when the activity starts, or to an activity
    that then gives back a resource which the activity takes. Starts are taken from such ends, so equality is exact.
    """
    pred_starts, preds = links[0], links[1]
    size = len(start)
    seen = np.zeros(size, np.bool_)
    height = 0
    for i in range(size):
        if finish[i] == end:
            seen[i] = True
            stack[height] = i
            height += 1
    while height > 0:
        height -= 1
        i = stack[height]
        counts[i] += 1.0
        instant = start[i]
        for link in range(pred_starts[i], pred_starts[i + 1]):
            p = preds[link]
            if finish[p] == instant and not seen[p]:
                seen[p] = True
                stack[height] = p
                height += 1
        low, high = 0, size
        while low < high:
            middle = (low + high) >> 1
            if finish[by_finish[middle]] < instant:
                low = middle + 1
            else:
                high = middle
        while low < size and finish[by_finish[low]] == instant:
            other = by_finish[low]
            if not seen[other] and start[other] < instant and _shares(demands, i, other):
                seen[other] = True
                stack[height] = other
                height += 1
            low += 1


@njit(cache=True, nogil=True)
def schedule_block(order, links, releases, demands, capacities, room, durations, ends, counts):
    """Schedule the runs whose durations are the first columns of ``durations`` (activity, run) into ``ends`` (run).

    ``room`` is the largest number of profile entries that any resource can need; the critical counts are added to
    ``counts`` unless that is empty.
    """
    size = len(releases)
    resources = len(capacities)
    profiles = (np.empty((resources, room)), np.empty((resources, room)), np.empty(resources, np.int64))
    own = np.empty(size)
    start = np.empty(size)
    finish = np.empty(size)
    stack = np.empty(size, np.int64)
    for run in range(len(ends)):
        own[:] = durations[:, run]
        end = schedule(order, links, releases, demands, capacities, own, profiles, start, finish)
        ends[run] = end
        if len(counts) > 0:
            _count_driving(links, demands, start, finish, end, np.argsort(finish), stack, counts)
