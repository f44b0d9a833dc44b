"""Compiled: place the tasks of a new order one after the other, as early as the others can make room for them.

Every new task has a latest finish by the goal of its order. It goes where it is in nobody's way, else where room for it
is cheapest within that limit, else a little after it, and then the goal rises by as much. What makes room does so in a
ripple (:mod:`punctual.engine.promise.eject`). Most ripples that end well end soon, so patience with each is drawn anew
and seldom long (restarts: Luby, Sinclair & Zuckerman, Information Processing Letters 47 (1993) 173–180); tasks for
which no room was found in earlier attempts get more of it.
"""

# Compiled functions carry no annotations: numba infers every type from the call.
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

import numpy as np

from punctual.engine.capacity.timeline import OVERFLOW, earliest, fits
from punctual.engine.capacity.words import below, chance, kernel
from punctual.engine.promise.burden import candidate, find_neighbours, weigh_place
from punctual.engine.promise.desk import HEAVY, TRIED, first_start, fit, go_home, put
from punctual.engine.promise.eject import push_in

BEYOND = 2**44
"""Added to the rank of a place after the task's latest finish."""

WINDOWS, WINDOW_BITS = 40, 24
"""The time after the latest finish is cut into so many windows, the first ones short: the cheapest places of each are
tried, one window after the other."""

TRIES, TRIES_A_WINDOW, LONGER = 8, 2, 2
"""Ripples tried before the latest finish and in a window after it; both grow by one with each failed attempt (in a
window with each second one)."""

PATIENT, DOUBLED, MOST_PATIENT = 16, 0.45, 400
"""Places that a ripple may look for at least; how often that is doubled, again and again; and where that ends."""

LATER, BLUR = 4, 64
"""What a slot later adds to the rank of a place, and how much it is blurred; eight are one of burden."""

EAGER = 0.7
"""How often the attempts in which a task failed count."""


@kernel
def _rank_places(line, net, state, task, begin, last, most_moved):
    """Fill ``rank`` with the places of a new task until ``last`` and what they cost; returns how many."""
    amount = 0
    for mode in range(net.mode_ptr[task], net.mode_ptr[task + 1]):
        length = np.int64(net.duration[mode])
        end = last - length
        if end < begin:
            continue
        near = find_neighbours(net, state, task, mode, begin, end + length)
        inside = state.limit[task] - length
        for number in range(-2, 2 * near):
            if amount >= state.rank.shape[0]:
                break
            at = candidate(state, number, length) if number >= 0 else (begin if number == -2 else inside)
            if at < begin or at > end or not fits(line, net, line.planes, mode, at):
                continue
            cost, _ = weigh_place(line, net, state, task, mode, at, np.int64(HEAVY), most_moved)
            if cost >= HEAVY:
                continue
            key = cost * 8 + below(state.random, BLUR)
            if at <= inside:
                key += LATER * (at - begin)
            else:
                share = (at - inside) / max(1.0, 1.0 * (end - inside))
                key = BEYOND + (np.int64(WINDOWS * np.sqrt(share)) << WINDOW_BITS) + min(key, 2**WINDOW_BITS - 1)
            state.rank[amount, 0] = key
            state.rank[amount, 1] = (at << 8) | (mode - net.mode_ptr[task])
            amount += 1
    return amount


@kernel
def _patience(state):
    most = PATIENT
    while most < MOST_PATIENT and chance(state.random) < DOUBLED:
        most *= 2
    return most


@kernel
def _with_ripples(line, net, state, task, amount, hard, most_moved, samples):
    """Try the ranked places, the best first; False when no ripple ended well."""
    tries = 0
    least = np.int64(0)
    window = np.int64(-1)
    previous = np.int64(-1)
    while True:
        pick = -1
        for row in range(amount):
            if state.rank[row, 0] >= least and (pick < 0 or state.rank[row, 0] < state.rank[pick, 0]):
                pick = row
        if pick < 0:
            return False
        key, place = state.rank[pick, 0], state.rank[pick, 1]
        state.rank[pick, 0] = -1
        if place == previous:
            continue
        now = (key - BEYOND) >> WINDOW_BITS if key >= BEYOND else np.int64(-1)
        tries = tries + 1 if now == window else 1
        window = now
        if tries >= (TRIES + hard if window < 0 else TRIES_A_WINDOW + hard // LONGER):
            least = BEYOND + ((window + 1) << WINDOW_BITS)
        previous = place
        state.counters[TRIED] += 1
        mode = net.mode_ptr[task] + (place & 255)
        if push_in(line, net, state, task, mode, place >> 8, most_moved, _patience(state), samples):
            return True


@kernel
def _place(line, net, state, task, last, most_moved, samples):
    """Place one new task, by ``last`` at the latest; False when it finds no place."""
    if fit(line, net, state, task):
        return True
    begin = first_start(net, state, task)
    free_mode, free_at = -1, np.int64(0)
    for mode in range(net.mode_ptr[task], net.mode_ptr[task + 1]):
        at = np.int64(earliest(line, net, state.planes, mode, begin))
        if at != OVERFLOW and at + net.duration[mode] <= last:
            last = at + net.duration[mode] - 1
            free_mode, free_at = mode, at
    hard = state.stubborn[task] if chance(state.random) < EAGER else 0
    amount = _rank_places(line, net, state, task, begin, last, most_moved)
    if _with_ripples(line, net, state, task, amount, hard, most_moved, samples):
        return True
    if free_mode >= 0:
        put(line, net, state, task, free_mode, free_at)
        return True
    return False


@kernel
def bring_forward(line, net, state, sequence, homes, late, places, most_moved, samples):
    """Place the new tasks in ``sequence`` (predecessors first) and send everybody in ``homes`` home who can go.

    The goal rises by ``late`` slots at most. False when a task finds no place until then, or about ``places`` places
    were looked for.
    """
    for row in range(sequence.size):
        task = sequence[row]
        if state.counters[TRIED] > places:
            return False
        if not _place(line, net, state, task, state.limit[task] + late, most_moved, samples):
            state.stubborn[task] += 1
            return False
        rise = state.finish[task] - state.limit[task]
        if rise > 0:
            late -= rise
            for other in range(sequence.size):
                state.limit[sequence[other]] += rise
    go_home(line, net, state, homes)
    return True
