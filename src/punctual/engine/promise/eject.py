"""Compiled: make room for a task of a new order by sending others away, each within what was promised to it.

Those that stand in its way leave, and in the order of their old starts each looks for another place between its
predecessors and its latest finish, where it may send others away in turn, those that are easiest to place elsewhere:
a ripple, which ends when everybody stands, or is undone when it doesn't end soon. How
hard a task is to place elsewhere (``hops``) is estimated beforehand, backwards in time from those for which a place
is free, and learned while ripples fail. Ejection chains with learned weights: Nagata & Bräysy, Operations Research
Letters 37 (2009) 333–338 (routes); Nagata & Ono, Computers & Operations Research 90 (2018) 60–71 (job shops).

The schedule without what is in the pool is feasible at any moment, and nobody stands beyond its latest finish.
"""

# Compiled functions carry no annotations: numba infers every type from the call.
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

import numpy as np

from punctual.engine.capacity.timeline import earliest, fits
from punctual.engine.capacity.words import chance, copy_into, inlined, kernel
from punctual.engine.promise.burden import FARTHEST, STEP, candidate, find_neighbours, weigh_place
from punctual.engine.promise.desk import (
    HEAVY,
    POOL,
    TRIED,
    first_start,
    fit,
    forget,
    note,
    put,
    send_away,
    undo,
)


@inlined
def _force(line, net, state, task, most_moved, samples):
    """Put a confirmed task where its victims weigh least, and send them away; False when it can stand nowhere."""
    best = np.int64(HEAVY)
    best_mode = 0
    best_at = np.int64(0)
    best_count = 0
    begin = first_start(net, state, task)
    for mode in range(net.mode_ptr[task], net.mode_ptr[task + 1]):
        length = np.int64(net.duration[mode])
        end = state.limit[task] - length
        if end < begin:
            continue
        near = find_neighbours(net, state, task, mode, begin, end + length)
        share = samples / (2.0 * near + 1.0)
        for number in range(-3, 2 * near):
            if number >= 0 and share < 1.0 and chance(state.random) > share:
                continue
            if number == -3:
                at = begin
            elif number == -2:
                at = end
            elif number == -1:
                at = np.int64(earliest(line, net, state.planes, mode, begin))
            else:
                at = candidate(state, number, length)
            if at < begin or at > end or not fits(line, net, line.planes, mode, at):
                continue
            cost, count = weigh_place(line, net, state, task, mode, at, best, most_moved)
            if cost < best:
                best, best_mode, best_at, best_count = cost, mode, at, count
                copy_into(state.best_victims, state.victims, count)
    if best >= HEAVY:
        return False
    for row in range(best_count):
        send_away(line, net, state, state.best_victims[row])
    put(line, net, state, task, best_mode, best_at)
    return True


@inlined
def _pop(state):
    """The task of the pool that started first."""
    size = state.counters[POOL]
    pick = 0
    for row in range(1, size):
        if state.start[state.pool[row]] < state.start[state.pool[pick]]:
            pick = row
    task = state.pool[pick]
    state.pool[pick] = state.pool[size - 1]
    state.counters[POOL] -= 1
    return task


@kernel
def _ripple(line, net, state, most_moved, budget, samples):
    """Find places for everything in the pool; False when that does not end within ``budget`` places."""
    for left in range(budget, 0, -1):
        if state.counters[POOL] == 0:
            return True
        if state.counters[POOL] > left:
            return False
        state.counters[TRIED] += 1
        task = _pop(state)
        if fit(line, net, state, task):
            continue
        if not _force(line, net, state, task, most_moved, samples):
            state.hops[task] = min(state.hops[task] + 4 * STEP, STEP * FARTHEST)
            return False
    return state.counters[POOL] == 0


@kernel
def push_in(line, net, state, task, mode, at, most_moved, budget, samples):
    """Put a new task there and let the ripple run; what stood before comes back when it does not end within ``budget``
    places, each the best of about ``samples`` candidates.
    """
    find_neighbours(net, state, task, mode, at, at + net.duration[mode])
    cost, count = weigh_place(line, net, state, task, mode, at, np.int64(HEAVY), most_moved)
    done = False
    if cost < HEAVY:
        copy_into(state.best_victims, state.victims, count)
        for row in range(count):
            send_away(line, net, state, state.best_victims[row])
        note(state, task, -1)
        put(line, net, state, task, mode, at)
        done = _ripple(line, net, state, most_moved, budget, samples)
        if not done:
            undo(line, net, state)
    forget(state)
    return done
