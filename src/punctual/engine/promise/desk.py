"""Compiled: a schedule in the making, from which tasks are taken and on which they are put, with a log to undo it."""

# Compiled functions carry no annotations: numba infers every type from the call.
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from punctual.engine.capacity.arrays import Ints, Network, Words
from punctual.engine.capacity.lines import Line
from punctual.engine.capacity.timeline import OVERFLOW, earliest, fits, give_back, take
from punctual.engine.capacity.words import copy_into, inlined, kernel

Longs = npt.NDArray[np.int64]

POOL, MOVED, TRIED, LOGGED = 0, 1, 2, 3
"""Places of :attr:`Desk.counters`: tasks in the pool, confirmed tasks that are not at home, places looked for, tasks in
the log of the ripple."""

HEAVY = 2**40
"""More than any burden: not at all."""

NEAR = 1024
"""Most neighbours on one resource that are looked at."""

START, FINISH, BURDEN, IS_HOME, TASK = 0, 1, 2, 3, 4
NEAR_COLUMNS = 5
"""Columns of :attr:`Desk.near`; ``BURDEN`` without what the limit of moved tasks says."""


class Desk(NamedTuple):
    """One thread's schedule in the making. n tasks; new tasks have no home.

    ``start finish chosen`` (n): where the tasks stand; ``out`` (n) 1 for those that stand nowhere.
    ``head`` (n) earliest starts and ``limit`` (n) latest finishes, by links and deadlines alone.
    ``home home_mode`` (n): the plan in force, −1 for new tasks. ``hops`` (n) how hard to place elsewhere, in 1/STEP.
    ``weight`` (n) how often sent away in this ripple; ``log log_start log_mode`` what stood before it (−1: nowhere).
    ``pool`` sent away and not placed yet; ``stubborn`` (n) how often no place was found for a new task.
    ``user_ptr user user_home`` free tasks that can need a resource in the order of their homes; ``longest`` how long
    one needs it at most. ``stray stray_need`` (as ``user``) and ``strays``: those that need it now and do not stand at
    home, with the row of their need, and how many; ``stray_at`` the place of each need among them.
    ``near`` those around the task in hand, in the order of their starts, a row each (:data:`START` …), so that weighing
    reads one place in memory instead of ten; ``near_ptr`` where the rows of each of its needs begin.
    """

    start: Ints
    finish: Ints
    chosen: Ints
    out: Ints
    head: Longs
    limit: Longs
    home: Ints
    home_mode: Ints
    hops: Longs
    weight: Longs
    is_logged: Ints
    log: Ints
    log_start: Ints
    log_mode: Ints
    pool: Ints
    stubborn: Longs
    user_ptr: Ints
    user: Ints
    user_home: Ints
    longest: Longs
    stray: Ints
    stray_need: Ints
    strays: Ints
    stray_at: Ints
    near: Longs
    near_ptr: Ints
    rank: Longs
    victims: Ints
    best_victims: Ints
    is_victim: Ints
    planes: Words
    counters: Longs
    random: Words


def empty_desk(net: Network, line: Line, head: Longs, home: Ints, home_mode: Ints, random: Words) -> Desk:
    """An empty desk; :func:`lay` puts a schedule on it."""
    count, kinds = net.fixed.size, net.step_ptr.size - 1

    def ints(*shape: int) -> Ints:
        return np.zeros(shape, dtype=np.int32)

    def longs(*shape: int) -> Longs:
        return np.zeros(shape, dtype=np.int64)

    task_of_mode = np.repeat(np.arange(count), np.diff(net.mode_ptr))
    task_of_need = np.repeat(task_of_mode, np.diff(net.need_ptr))
    pairs = np.unique(np.stack([net.need, task_of_need], axis=1)[net.fixed[task_of_need] < 0], axis=0)
    pairs = pairs[np.lexsort((home[pairs[:, 1]], pairs[:, 0]))]
    longest = longs(kinds)
    np.maximum.at(longest, net.need, net.duration[np.repeat(np.arange(net.duration.size), np.diff(net.need_ptr))])
    user_ptr = ints(kinds + 1)
    user_ptr[1:] = np.cumsum(np.bincount(pairs[:, 0], minlength=kinds))
    most_needs = int(np.diff(net.need_ptr).max(initial=0))
    return Desk(
        start=ints(count),
        finish=ints(count),
        chosen=ints(count),
        out=ints(count),
        head=head.astype(np.int64),
        limit=longs(count),
        home=home,
        home_mode=home_mode,
        hops=longs(count),
        weight=np.ones(count, dtype=np.int64),
        is_logged=ints(count),
        log=ints(count),
        log_start=ints(count),
        log_mode=ints(count),
        pool=ints(count),
        stubborn=longs(count),
        user_ptr=user_ptr,
        user=np.ascontiguousarray(pairs[:, 1]).astype(np.int32),
        user_home=np.ascontiguousarray(home[pairs[:, 1]]).astype(np.int32),
        longest=longest,
        stray=ints(len(pairs)),
        stray_need=ints(len(pairs)),
        strays=ints(kinds),
        stray_at=ints(net.need.size),
        near=longs(NEAR * max(1, most_needs), NEAR_COLUMNS),
        near_ptr=ints(most_needs + 1),
        rank=longs(2 * NEAR * max(1, most_needs) + 8, 2),
        victims=ints(count),
        best_victims=ints(count),
        is_victim=ints(count),
        planes=line.planes.copy(),
        counters=longs(4),
        random=random,
    )


def another(desk: Desk, random: Words) -> Desk:
    """The same for one more thread, with dice of its own."""
    return Desk._make(values.copy() for values in desk)._replace(random=random)


@inlined
def _shortest(net, task):
    least = np.int64(net.duration[net.mode_ptr[task]])
    for mode in range(net.mode_ptr[task] + 1, net.mode_ptr[task + 1]):
        least = min(least, np.int64(net.duration[mode]))
    return least


@inlined
def lag_to(net, task, other):
    most = np.int64(-HEAVY)
    for link in range(net.pred_ptr[other], net.pred_ptr[other + 1]):
        if net.pred[link] == task:
            most = max(most, np.int64(net.lag[link]))
    return most


@inlined
def is_away(state, task):
    """1 where a confirmed task does not stand at home."""
    if state.home[task] < 0:
        return 0
    if state.out[task] != 0 or state.start[task] != state.home[task] or state.chosen[task] != state.home_mode[task]:
        return 1
    return 0


@inlined
def _stray(net, state, task):
    """A task that has been put where it is not at home."""
    mode = net.mode_ptr[task] + state.chosen[task]
    for need in range(net.need_ptr[mode], net.need_ptr[mode + 1]):
        kind = net.need[need]
        row = state.user_ptr[kind] + state.strays[kind]
        state.stray[row] = task
        state.stray_need[row] = need
        state.stray_at[need] = row
        state.strays[kind] += 1


@inlined
def _no_stray(net, state, task):
    """Before such a task leaves its place: the last in the list takes its row."""
    mode = net.mode_ptr[task] + state.chosen[task]
    for need in range(net.need_ptr[mode], net.need_ptr[mode + 1]):
        kind = net.need[need]
        state.strays[kind] -= 1
        row, last = state.stray_at[need], state.user_ptr[kind] + state.strays[kind]
        state.stray[row] = state.stray[last]
        state.stray_need[row] = state.stray_need[last]
        state.stray_at[state.stray_need[row]] = row


@inlined
def _stands_at_home(state, task):
    return state.start[task] == state.home[task] and state.chosen[task] == state.home_mode[task]


@kernel
def set_limits(net, state, tasks, due, slots):
    """Latest finish of each of ``tasks`` (predecessors first; with all that wait for them) from ``due`` (one an
    order, one more for none) backwards along the links."""
    for row in range(tasks.size - 1, -1, -1):
        task = tasks[row]
        latest = min(np.int64(due[net.order[task]]), np.int64(slots))
        for link in range(net.succ_ptr[task], net.succ_ptr[task + 1]):
            other = net.succ[link]
            begin = np.int64(net.fixed[other])
            if begin < 0:
                begin = state.limit[other] - _shortest(net, other)
            latest = min(latest, begin - lag_to(net, task, other))
        state.limit[task] = latest


@kernel
def lay(line, net, state, start, chosen):
    """Put the schedule on the desk; new tasks stand nowhere yet."""
    copy_into(state.planes, line.planes, line.planes.size)
    state.counters[:] = 0
    state.strays[:] = 0
    state.weight[:] = 1
    state.is_logged[:] = 0
    state.out[:] = 0
    for task in range(net.fixed.size):
        mode = net.mode_ptr[task] + chosen[task]
        if state.home[task] < 0:
            state.out[task] = 1
            continue
        state.start[task] = start[task]
        state.chosen[task] = chosen[task]
        state.finish[task] = start[task] + net.duration[mode]
        if net.fixed[task] < 0:
            take(line, net, state.planes, mode, start[task])
            if not _stands_at_home(state, task):
                state.counters[MOVED] += 1
                _stray(net, state, task)


@kernel
def lay_as(state, laid):
    """What is on another desk of the same shop on this one: quicker than to lay it anew."""
    copy_into(state.planes, laid.planes, laid.planes.size)
    copy_into(state.start, laid.start, laid.start.size)
    copy_into(state.finish, laid.finish, laid.finish.size)
    copy_into(state.chosen, laid.chosen, laid.chosen.size)
    copy_into(state.out, laid.out, laid.out.size)
    copy_into(state.counters, laid.counters, laid.counters.size)
    copy_into(state.strays, laid.strays, laid.strays.size)
    for kind in range(laid.strays.size):
        for row in range(laid.user_ptr[kind], laid.user_ptr[kind] + laid.strays[kind]):
            state.stray[row] = laid.stray[row]
            state.stray_need[row] = laid.stray_need[row]
            state.stray_at[laid.stray_need[row]] = row


@inlined
def _lift(line, net, state, task):
    """Off the timeline."""
    give_back(line, net, state.planes, net.mode_ptr[task] + state.chosen[task], state.start[task])
    if not _stands_at_home(state, task):
        _no_stray(net, state, task)
    before = is_away(state, task)
    state.out[task] = 1
    state.counters[MOVED] += is_away(state, task) - before


@inlined
def put(line, net, state, task, mode, at):
    """A task that stands nowhere takes its place."""
    take(line, net, state.planes, mode, at)
    before = is_away(state, task)
    state.out[task] = 0
    state.start[task] = at
    state.finish[task] = at + net.duration[mode]
    state.chosen[task] = mode - net.mode_ptr[task]
    state.counters[MOVED] += is_away(state, task) - before
    if not _stands_at_home(state, task):
        _stray(net, state, task)


@inlined
def note(state, task, start):
    if state.is_logged[task] == 0:
        state.is_logged[task] = 1
        state.log_start[task] = start
        state.log_mode[task] = state.chosen[task]
        state.log[state.counters[LOGGED]] = task
        state.counters[LOGGED] += 1


@inlined
def send_away(line, net, state, task):
    """Into the pool."""
    note(state, task, state.start[task])
    state.weight[task] += 1
    _lift(line, net, state, task)
    state.pool[state.counters[POOL]] = task
    state.counters[POOL] += 1


@kernel
def undo(line, net, state):
    """Back to what stood before the ripple."""
    for row in range(state.counters[LOGGED]):
        task = state.log[row]
        if state.out[task] == 0:
            _lift(line, net, state, task)
    for row in range(state.counters[LOGGED]):
        task = state.log[row]
        if state.log_start[task] >= 0:
            put(line, net, state, task, net.mode_ptr[task] + state.log_mode[task], state.log_start[task])
    state.counters[POOL] = 0


@kernel
def forget(state):
    for row in range(state.counters[LOGGED]):
        state.is_logged[state.log[row]] = 0
        state.weight[state.log[row]] = 1
    state.counters[LOGGED] = 0


@inlined
def first_start(net, state, task):
    """Earliest start by what stands on the desk."""
    begin = state.head[task]
    for row in range(net.pred_ptr[task], net.pred_ptr[task + 1]):
        other = net.pred[row]
        if state.out[other] == 0:
            begin = max(begin, np.int64(state.finish[other]) + net.lag[row])
    return begin


@inlined
def last_finish(net, state, task):
    """Latest finish by what stands on the desk."""
    end = state.limit[task]
    for row in range(net.succ_ptr[task], net.succ_ptr[task + 1]):
        other = net.succ[row]
        if state.out[other] == 0:
            end = min(end, np.int64(state.start[other]) - lag_to(net, task, other))
    return end


@inlined
def fit(line, net, state, task):
    """Place a task where it is in nobody's way: at home, else early; False when there is no such place."""
    begin = first_start(net, state, task)
    end = last_finish(net, state, task)
    home = np.int64(state.home[task])
    if home >= begin:
        mode = net.mode_ptr[task] + state.home_mode[task]
        if home + net.duration[mode] <= end and fits(line, net, state.planes, mode, home):
            put(line, net, state, task, mode, home)
            return True
    found = np.int64(OVERFLOW)
    found_mode = 0
    for mode in range(net.mode_ptr[task], net.mode_ptr[task + 1]):
        if begin + net.duration[mode] > end:
            continue
        at = np.int64(earliest(line, net, state.planes, mode, begin))
        if at != OVERFLOW and at + net.duration[mode] <= end:
            end = at + net.duration[mode] - 1
            found, found_mode = at, mode
    if found == OVERFLOW:
        return False
    put(line, net, state, task, found_mode, found)
    return True


@kernel
def go_home(line, net, state, tasks):
    """Every confirmed task back home where that is free now, until nothing changes."""
    changed = True
    while changed:
        changed = False
        for row in range(tasks.size):
            task = tasks[row]
            if is_away(state, task) == 0:
                continue
            mode = net.mode_ptr[task] + state.chosen[task]
            at = state.start[task]
            own = net.mode_ptr[task] + state.home_mode[task]
            home = np.int64(state.home[task])
            if home < first_start(net, state, task) or home + net.duration[own] > last_finish(net, state, task):
                continue
            _lift(line, net, state, task)
            if fits(line, net, state.planes, own, home):
                put(line, net, state, task, own, home)
                changed = True
            else:
                put(line, net, state, task, mode, at)
