"""Compiled: what it costs to put a task somewhere, by those that would have to leave for it and by how hard each of
them is to place elsewhere.
"""

# Compiled functions carry no annotations: numba infers every type from the call.
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

import numpy as np

from punctual.engine.capacity.timeline import FULL, OVERFLOW, ZERO, earliest, fits, give_back, take
from punctual.engine.capacity.words import chance, inlined, kernel, trailing_zeros
from punctual.engine.promise.desk import (
    BURDEN,
    FINISH,
    HEAVY,
    IS_HOME,
    MOVED,
    NEAR,
    NEAR_COLUMNS,
    START,
    TASK,
    first_start,
    is_away,
    lag_to,
    last_finish,
)

STEP, HOME = 16, 4
"""Burden of sending a task away, and the more for one that stands at home."""

FARTHEST = 300
"""Estimate (in ripple steps) for a task for which no other place was seen."""


@inlined
def _burden(net, state, task):
    """What it costs to send a task away, and whether it stands at home; new tasks stay."""
    if net.fixed[task] >= 0 or state.home[task] < 0:
        return np.int64(HEAVY), np.int64(0)
    cost = (STEP + state.hops[task]) * state.weight[task]
    if is_away(state, task) == 0:
        return cost + HOME, np.int64(1)
    return cost, np.int64(0)


@inlined
def _may_move(state, is_home, most_moved, count):
    """Whether one more may leave besides ``count`` others: no more than ``most_moved`` leave their homes."""
    return is_home == 0 or state.counters[MOVED] + count < most_moved


@kernel
def find_neighbours(net, state, task, mode, begin, end):
    """Collect what stands between ``begin`` and ``end`` on the resources of ``mode``; returns how many.

    Those that stand at home are found by their homes, the others are few.
    """
    amount = 0
    first = net.need_ptr[mode]
    for need in range(first, net.need_ptr[mode + 1]):
        kind = net.need[need]
        state.near_ptr[need - first] = amount
        most = amount + NEAR
        early = begin - state.longest[kind]
        row = _first_home(state, state.user_ptr[kind], state.user_ptr[kind + 1], early)
        while row < state.user_ptr[kind + 1] and state.user_home[row] < end and amount < most:
            other = state.user[row]
            row += 1
            if state.finish[other] <= begin or state.start[other] != state.home[other] or state.out[other] != 0:
                continue
            if state.chosen[other] == state.home_mode[other] and other != task and _units(net, state, other, kind) > 0:
                _file(net, state, other, state.near_ptr[need - first], amount)
                amount += 1
        for row in range(state.user_ptr[kind], state.user_ptr[kind] + state.strays[kind]):
            other = state.stray[row]
            if net.units[state.stray_need[row]] == 0 or state.start[other] >= end or state.finish[other] <= begin:
                continue
            if other != task and amount < most:
                _file(net, state, other, state.near_ptr[need - first], amount)
                amount += 1
        state.near_ptr[need - first + 1] = amount
    return amount


@inlined
def _first_home(state, first, last, time):
    """The first of the users from ``first`` on whose home is at ``time`` or later."""
    while first < last:
        middle = (first + last) >> 1
        if state.user_home[middle] < time:
            first = middle + 1
        else:
            last = middle
    return first


@inlined
def _file(net, state, task, first, last):
    """Add a neighbour, so that they stay in the order of their starts (in which the users stand but for a few)."""
    place = last
    start = state.start[task]
    while place > first and state.near[place - 1, START] > start:
        for column in range(NEAR_COLUMNS):
            state.near[place, column] = state.near[place - 1, column]
        place -= 1
    burden, is_home = _burden(net, state, task)
    state.near[place, START] = start
    state.near[place, FINISH] = state.finish[task]
    state.near[place, BURDEN] = burden
    state.near[place, IS_HOME] = is_home
    state.near[place, TASK] = task


@inlined
def _first_at(state, first, last, time):
    """The first of the neighbours from ``first`` on that starts at ``time`` or later."""
    while first < last:
        middle = (first + last) >> 1
        if state.near[middle, START] < time:
            first = middle + 1
        else:
            last = middle
    return first


@inlined
def _units(net, state, task, kind):
    mode = net.mode_ptr[task] + state.chosen[task]
    for need in range(net.need_ptr[mode], net.need_ptr[mode + 1]):
        if net.need[need] == kind:
            return np.int64(net.units[need])
    return np.int64(0)


@inlined
def _short_at(line, state, need, start, finish):
    """First slot in which the demand ``need`` does not find its units; −1 when it does."""
    word = start >> 6
    begin = start
    while begin < finish:
        mask = FULL << np.uint64(begin & 63)
        following = (word + 1) << 6
        if finish < following:
            mask &= FULL >> np.uint64(following - finish)
        lack = mask & ~state.planes[line.offset[need] + word * line.stride[need]]
        if lack != ZERO:
            return np.int64((word << 6) + trailing_zeros(lack))
        word += 1
        begin = following
    return np.int64(-1)


@inlined
def _linked_victims(net, state, task, finish, most_moved):
    """Successors that could not stay; returns their burden and number."""
    cost = np.int64(0)
    count = 0
    for row in range(net.succ_ptr[task], net.succ_ptr[task + 1]):
        other = net.succ[row]
        if state.out[other] != 0 or state.is_victim[other] != 0:
            continue
        if state.start[other] - lag_to(net, task, other) < finish:
            burden, is_home = _burden(net, state, other)
            cost += burden if _may_move(state, is_home, most_moved, count) else HEAVY
            state.is_victim[other] = 1
            state.victims[count] = other
            count += 1
    return cost, count


@inlined
def weigh_place(line, net, state, task, mode, at, bar, most_moved):
    """Burden of putting the task at ``at`` (HEAVY when it is ``bar`` or more) and the number of ``victims``.

    Needs :func:`find_neighbours`. The planes are as before afterwards.
    """
    finish = at + net.duration[mode]
    cost, count = _linked_victims(net, state, task, finish, most_moved)
    given = 0
    while given < count and cost < bar:
        other = state.victims[given]
        give_back(line, net, state.planes, net.mode_ptr[other] + state.chosen[other], state.start[other])
        given += 1
    first = net.need_ptr[mode]
    for need in range(first, net.need_ptr[mode + 1]):
        slot = at
        while cost < bar:
            slot = _short_at(line, state, need, slot, finish)
            if slot < 0:
                break
            pick = np.int64(-1)
            least = np.int64(HEAVY)
            last = state.near_ptr[need - first + 1]
            row = _first_at(state, state.near_ptr[need - first], last, slot - state.longest[net.need[need]] + 1)
            while row < last and state.near[row, START] <= slot:
                if state.near[row, FINISH] > slot and state.near[row, BURDEN] < least:
                    other = state.near[row, TASK]
                    may = _may_move(state, state.near[row, IS_HOME], most_moved, count)
                    if may and state.is_victim[other] == 0:
                        least = state.near[row, BURDEN]
                        pick = other
                row += 1
            cost += least
            if cost >= bar or pick < 0:
                cost = np.int64(HEAVY)
                break
            state.is_victim[pick] = 1
            state.victims[count] = pick
            count += 1
            given = count
            give_back(line, net, state.planes, net.mode_ptr[pick] + state.chosen[pick], state.start[pick])
    for row in range(count):
        other = state.victims[row]
        state.is_victim[other] = 0
        if row < given:
            take(line, net, state.planes, net.mode_ptr[other] + state.chosen[other], state.start[other])
    return (cost if cost < bar else np.int64(HEAVY)), count


@inlined
def candidate(state, number, length):
    """Places right behind and right before the neighbours."""
    row = number >> 1
    return state.near[row, FINISH] if number & 1 else state.near[row, START] - length


@kernel
def estimate(line, net, state, tasks, sweeps, samples, most_moved):
    """Fill ``hops`` for ``tasks`` (late ones first): 0 where another place is free, else the burden of the best one."""
    for row in range(tasks.size):
        task = tasks[row]
        mode = net.mode_ptr[task] + state.chosen[task]
        at = np.int64(earliest(line, net, state.planes, mode, first_start(net, state, task)))
        free = at != OVERFLOW and at + net.duration[mode] <= last_finish(net, state, task)
        state.hops[task] = 0 if free else STEP * FARTHEST
    for _ in range(sweeps):
        for row in range(tasks.size):
            task = tasks[row]
            if state.hops[task] > 0:
                state.hops[task] = _estimated(line, net, state, task, samples, most_moved)


@kernel
def _estimated(line, net, state, task, samples, most_moved):
    mode = net.mode_ptr[task] + state.chosen[task]
    own = np.int64(state.start[task])
    length = np.int64(net.duration[mode])
    begin = first_start(net, state, task)
    end = state.limit[task] - length
    best = state.hops[task]
    near = find_neighbours(net, state, task, mode, begin, end + length)
    share = samples / (2.0 * near + 1.0)
    for number in range(-1, 2 * near):
        if number >= 0 and share < 1.0 and chance(state.random) > share:
            continue
        at = candidate(state, number, length)
        if number < 0:
            at = np.int64(earliest(line, net, state.planes, mode, begin))
        if at < begin or at > end or (at < own + length and at + length > own):
            continue
        if fits(line, net, line.planes, mode, at):
            cost, _ = weigh_place(line, net, state, task, mode, at, best, most_moved)
            best = min(best, cost)
    return best
