"""Compiled: a schedule of many orders with its weighted tardiness, and passes over the whole of it.

:func:`compact` moves all tasks to the left, :func:`spread` to the right as far as due dates allow (forward-backward
passes: Li & Willis, European Journal of Operational Research 56 (1992) 370–379).
"""

# Compiled functions carry no annotations: numba infers every type from the call.
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from punctual.engine.capacity.arrays import Ints, Network, Words
from punctual.engine.capacity.lines import Line
from punctual.engine.capacity.timeline import decode, take
from punctual.engine.capacity.words import allocating, copy_into, inlined, kernel

Longs = npt.NDArray[np.int64]
TRIED, TAKEN = 0, 1
"""Places of :attr:`Yard.counters`."""


class Yard(NamedTuple):
    """One thread's search. n tasks, K orders (one more stands for "none").

    ``start finish chosen`` (n) and ``ends`` (K+1), ``cost`` (1): the schedule now; ``best_*`` the best so far.
    ``user_ptr user`` rows of tasks that can need a resource; ``own_ptr own`` rows of tasks of an order, none of them
    fixed.
    ``floor`` (K+1): end of an order by its fixed tasks alone.
    """

    start: Ints
    finish: Ints
    chosen: Ints
    ends: Ints
    cost: Longs
    planes: Words
    best_start: Ints
    best_chosen: Ints
    best_cost: Longs
    counters: Longs
    random: Words
    saved_planes: Words
    saved: Ints
    out: Ints
    is_out: Ints
    key: Longs
    bump: Ints
    sequence: Ints
    own_ptr: Ints
    own: Ints
    user_ptr: Ints
    user: Ints
    floor: Ints


def empty_yard(net: Network, line: Line, random: Words) -> Yard:
    """A search that has not started: give it a list by :func:`begin`."""
    count, orders, kinds = net.fixed.size, net.due.size, net.step_ptr.size - 1

    def ints(*shape: int) -> Ints:
        return np.zeros(shape, dtype=np.int32)

    own = np.argsort(net.order, kind="stable").astype(np.int32)
    own = np.ascontiguousarray(own[net.fixed[own] < 0])
    own_ptr = np.searchsorted(net.order[own], np.arange(orders + 1)).astype(np.int32)
    users: list[list[int]] = [[] for _ in range(kinds)]
    for task in np.flatnonzero(net.fixed < 0):
        first, last = net.need_ptr[net.mode_ptr[task]], net.need_ptr[net.mode_ptr[task + 1]]
        for kind in sorted(set(net.need[first:last].tolist())):
            users[kind].append(int(task))
    floor = ints(orders)
    stuck = np.flatnonzero(net.fixed >= 0)
    np.maximum.at(floor, net.order[stuck], net.fixed[stuck] + net.duration[net.mode_ptr[stuck] + net.fixed_mode[stuck]])
    user_ptr = ints(kinds + 1)
    np.cumsum([len(row) for row in users], out=user_ptr[1:])
    return Yard(
        start=ints(count),
        finish=ints(count),
        chosen=ints(count),
        ends=ints(orders),
        cost=np.zeros(1, dtype=np.int64),
        planes=line.planes.copy(),
        best_start=ints(count),
        best_chosen=ints(count),
        best_cost=np.array([2**62], dtype=np.int64),
        counters=np.zeros(4, dtype=np.int64),
        random=random,
        saved_planes=line.planes.copy(),
        saved=ints(3, count),
        out=ints(count),
        is_out=ints(count),
        key=np.zeros(count, dtype=np.int64),
        bump=ints(orders),
        sequence=ints(int((net.fixed < 0).sum())),
        own_ptr=own_ptr,
        own=own,
        user_ptr=user_ptr,
        user=np.array([task for row in users for task in row], dtype=np.int32),
        floor=floor,
    )


@inlined
def late_cost(net, order, end):
    """Cost of an order that ends then."""
    late = np.int64(end) - np.int64(net.due[order])
    return late * net.weight[order] if late > 0 else np.int64(0)


@kernel
def account(net, state):
    """Ends of all orders and the whole cost of the schedule now; remembers the best."""
    state.ends[:] = 0
    for task in range(net.fixed.size):
        order = net.order[task]
        state.ends[order] = max(state.ends[order], state.finish[task])
    cost = np.int64(0)
    for order in range(net.due.size - 1):
        cost += late_cost(net, order, state.ends[order])
    for task in range(net.fixed.size):
        if net.price[task] > 0 and state.start[task] != net.planned[task]:
            cost += net.price[task]
    state.cost[0] = cost
    note_best(state)


@kernel
def note_best(state):
    if state.cost[0] < state.best_cost[0]:
        state.best_cost[0] = state.cost[0]
        copy_into(state.best_start, state.start, state.start.size)
        copy_into(state.best_chosen, state.chosen, state.chosen.size)


@kernel
def begin(line, net, state, sequence):
    """Schedule ``sequence`` in full and go on from there; False when the timeline is too short."""
    if not decode(line, net, sequence, state.planes, state.start, state.finish, state.chosen):
        return False
    state.counters[TRIED] += 1
    account(net, state)
    return True


@allocating
def by_key(net, state, backward):
    """All free tasks by start (or by falling finish), no task before one that it follows; fills ``state.sequence``."""
    count = 0
    keys = np.empty(state.sequence.size, dtype=np.int64)
    for row in range(net.topological.size):
        task = net.topological[row]
        if net.fixed[task] >= 0:
            continue
        key = np.int64(-state.finish[task] if backward else state.start[task])
        for link in range(net.pred_ptr[task], net.pred_ptr[task + 1]):
            if net.fixed[net.pred[link]] < 0:
                key = max(key, state.key[net.pred[link]])
        state.key[task] = key
        state.out[count] = task
        keys[count] = key * state.sequence.size + count
        count += 1
    ordered = np.argsort(keys)
    for row in range(count):
        state.sequence[row] = state.out[ordered[row]]


@allocating
def compact(line, net, state):
    """Schedule all tasks anew in the order of their starts: none starts later, gaps close.

    Where releases are later than the starts the timeline may be too short for that; then everything stays.
    """
    by_key(net, state, False)
    start, finish, chosen = state.start.copy(), state.finish.copy(), state.chosen.copy()
    if decode(line, net, state.sequence, state.planes, state.start, state.finish, state.chosen):
        account(net, state)
    else:
        _restore(line, net, state, start, finish, chosen)


@kernel
def _restore(line, net, state, start, finish, chosen):
    """Take a schedule back that a failed pass has half overwritten."""
    copy_into(state.start, start, start.size)
    copy_into(state.finish, finish, finish.size)
    copy_into(state.chosen, chosen, chosen.size)
    replant(line, net, state)


@allocating
def spread(line, net, mirror_line, mirror, state):
    """Move all tasks to the right as far as their orders' due dates (late orders: their ends) allow; the cost stays.

    ``mirror`` is the network with time and links turned round; its releases are set here. Room opens for late orders.
    """
    slots = line.words << 6
    for task in range(net.fixed.size):
        order = net.order[task]
        latest = np.int64(max(state.ends[order], min(net.due[order], slots)))
        mirror.release[task] = slots - latest
    by_key(mirror, state, True)
    start, finish, chosen = state.start.copy(), state.finish.copy(), state.chosen.copy()
    if decode(mirror_line, mirror, state.sequence, state.planes, state.start, state.finish, state.chosen):
        for task in range(net.fixed.size):
            first = slots - state.finish[task]
            state.finish[task] = slots - state.start[task]
            state.start[task] = first
        replant(line, net, state)
    else:
        _restore(line, net, state, start, finish, chosen)


@kernel
def replant(line, net, state):
    copy_into(state.planes, line.planes, line.planes.size)
    for task in range(net.fixed.size):
        if net.fixed[task] < 0:
            take(line, net, state.planes, net.mode_ptr[task] + state.chosen[task], state.start[task])
    account(net, state)


@kernel
def adopt(line, net, state, start, chosen):
    """Go on from this schedule (another thread's, or the plan in force)."""
    for task in range(net.fixed.size):
        state.start[task] = start[task]
        state.chosen[task] = chosen[task]
        mode = net.mode_ptr[task] + chosen[task]
        state.finish[task] = start[task] + net.duration[mode]
    replant(line, net, state)
