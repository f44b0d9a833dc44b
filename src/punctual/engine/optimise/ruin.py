"""Compiled ruin and recreate over many orders for least weighted tardiness (plus the price of moved tasks).

A move takes a late order and some of the orders that hold its resources out of the schedule, from a time on, and puts
them back: the late one first or with a head start, each task at its earliest feasible place among everything that
stayed. It costs some tens of tasks where a new schedule costs thousands. Schrimpf, Schneider, Stamm-Wilbrandt &
Dueck, Journal of Computational Physics 159 (2000) 139–171; acceptance by simulated annealing. Now and then all tasks
are moved to the left in the order of their starts.
"""

# Compiled functions carry no annotations: numba infers every type from the call.
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

import numpy as np

from punctual.engine.capacity.timeline import give_back, place, ready_at
from punctual.engine.capacity.words import allocating, below, chance, copy_into, inlined, kernel
from punctual.engine.optimise.yard import TAKEN, TRIED, compact, late_cost, note_best, spread

MOST_OUT = 400
"""Tasks taken out in a move at most, about."""


@kernel
def _put_out(net, state, task, amount):
    """Add the task and all that follows it to the tasks taken out; returns the new number of them."""
    if state.is_out[task] != 0 or net.fixed[task] >= 0:
        return amount
    state.is_out[task] = 1
    state.out[amount] = task
    reading = amount
    amount += 1
    while reading < amount:
        current = state.out[reading]
        reading += 1
        for row in range(net.succ_ptr[current], net.succ_ptr[current + 1]):
            other = net.succ[row]
            if state.is_out[other] == 0 and net.fixed[other] < 0:
                state.is_out[other] = 1
                state.out[amount] = other
                amount += 1
    return amount


@kernel
def _put_order_out(net, state, order, cut, amount):
    for row in range(state.own_ptr[order], state.own_ptr[order + 1]):
        task = state.own[row]
        if state.start[task] >= cut:
            amount = _put_out(net, state, task, amount)
    return amount


@kernel
def _pick_late(net, state):
    """A random order with probability by its cost; −1 when none is late."""
    total = np.int64(0)
    for order in range(net.due.size - 1):
        total += late_cost(net, order, state.ends[order])
    if total <= 0:
        return -1
    aim = np.int64(chance(state.random) * total)
    for order in range(net.due.size - 1):
        aim -= late_cost(net, order, state.ends[order])
        if aim < 0:
            return order
    return -1


@kernel
def _blocker(net, state, order):
    """A task of another order that holds a resource while a random waiting task of ``order`` waits; −1 when none
    found.
    """
    size = state.own_ptr[order + 1] - state.own_ptr[order]
    for _ in range(6):
        task = state.own[state.own_ptr[order] + below(state.random, size)]
        ready = ready_at(net, task, state.finish)
        until = state.start[task]
        if until <= ready:
            continue
        mode = net.mode_ptr[task] + state.chosen[task]
        needs = net.need_ptr[mode + 1] - net.need_ptr[mode]
        if needs == 0:
            continue
        kind = net.need[net.need_ptr[mode] + below(state.random, needs)]
        seen = 0
        pick = -1
        for row in range(state.user_ptr[kind], state.user_ptr[kind + 1]):
            other = state.user[row]
            if state.finish[other] > ready and state.start[other] < until and net.order[other] != order:
                seen += 1
                if below(state.random, seen) == 0:
                    pick = other
        if pick >= 0:
            return pick
    return -1


@kernel
def _choose(net, state):
    """Fill ``out`` and ``bump`` (head start of an order's keys in slots); returns the number of tasks taken out."""
    orders = net.due.size - 1
    hero = _pick_late(net, state)
    if hero < 0 or chance(state.random) < 0.15:
        hero = below(state.random, orders)
    size = state.own_ptr[hero + 1] - state.own_ptr[hero]
    if size == 0:
        return 0
    cut = 0
    if chance(state.random) < 0.5:
        cut = state.start[state.own[state.own_ptr[hero] + below(state.random, size)]]
    amount = _put_order_out(net, state, hero, cut, 0)
    state.bump[hero] = np.int32(1 + 60 * chance(state.random))
    others = 1 + below(state.random, 6)
    for _ in range(others):
        if amount > MOST_OUT:
            break
        blocker = _blocker(net, state, hero)
        if blocker < 0:
            break
        order = net.order[blocker]
        if chance(state.random) < 0.5:
            amount = _put_order_out(net, state, order, state.start[blocker], amount)
        else:
            amount = _put_out(net, state, blocker, amount)
        state.bump[order] = np.int32(-30 * chance(state.random))
    return amount


@kernel
def _sort_out(net, state, amount):
    """Keys of what was taken out, made to rise along the links, and ``out`` sorted by them (insertion into runs:
    Shell 1959).
    """
    style = chance(state.random)
    for row in range(amount):
        task = state.out[row]
        key = np.int64(state.start[task])
        if style < 0.5:
            key -= state.bump[net.order[task]]
        elif style < 0.75:
            key -= np.int64(100000) * state.bump[net.order[task]]
        else:
            key += np.int64(24 * chance(state.random)) - state.bump[net.order[task]]
        state.key[task] = key * 8192
    gap = amount
    while gap > 1:
        gap = (gap * 5 - 1) // 11 if gap > 2 else 1
        for row in range(gap, amount):
            task = state.out[row]
            key = state.key[task]
            at = row
            while at >= gap and _after(state, state.out[at - gap], key, task):
                state.out[at] = state.out[at - gap]
                at -= gap
            state.out[at] = task


@inlined
def _after(state, other, key, task):
    if state.key[other] != key:
        return state.key[other] > key
    if state.start[other] != state.start[task]:
        return state.start[other] > state.start[task]
    return other > task


@inlined
def _before_fixed(net, state, task):
    """Whether the successors that are fixed can stay where they are."""
    for row in range(net.succ_ptr[task], net.succ_ptr[task + 1]):
        other = net.succ[row]
        if net.fixed[other] >= 0 and ready_at(net, other, state.finish) > net.fixed[other]:
            return False
    return True


@kernel
def _recreate(line, net, state, amount, limit):
    """Put everything back in the order of ``out``, each task when its predecessors stand; False when dearer than
    ``limit``.
    """
    cost = state.cost[0]
    left = amount
    while left > 0:
        kept = 0
        for row in range(left):
            task = state.out[row]
            ready = True
            for link in range(net.pred_ptr[task], net.pred_ptr[task + 1]):
                if state.is_out[net.pred[link]] != 0:
                    ready = False
                    break
            if not ready:
                state.out[kept] = task
                kept += 1
                continue
            at = ready_at(net, task, state.finish)
            if not place(line, net, state.planes, task, at, state.start, state.finish, state.chosen):
                return False
            state.is_out[task] = 0
            if not _before_fixed(net, state, task):
                return False
            order = net.order[task]
            end = state.finish[task]
            if end > state.ends[order]:
                cost += late_cost(net, order, end) - late_cost(net, order, state.ends[order])
                state.ends[order] = end
            if net.price[task] > 0 and state.start[task] != net.planned[task]:
                cost += net.price[task]
            if cost > limit:
                return False
        left = kept
    state.cost[0] = cost
    return True


@kernel
def _take_out(line, net, state, amount):
    """Give back what the tasks in ``out`` hold and take their orders' cost away; what was is in ``saved``."""
    copy_into(state.saved_planes, state.planes, state.planes.size)
    for row in range(amount):
        task = state.out[row]
        state.sequence[row] = task
        state.saved[0, row] = state.start[task]
        state.saved[1, row] = state.finish[task]
        state.saved[2, row] = state.chosen[task]
        give_back(line, net, state.planes, net.mode_ptr[task] + state.chosen[task], state.start[task])
        if net.price[task] > 0 and state.start[task] != net.planned[task]:
            state.cost[0] -= net.price[task]
        order = net.order[task]
        if state.ends[order] >= 0:
            state.cost[0] -= late_cost(net, order, state.ends[order])
            state.ends[order] = -1
    state.cost[0] += _new_ends(net, state, amount)


@kernel
def _new_ends(net, state, amount):
    """Ends of the orders marked by −1, from the tasks that are in place; returns what they cost."""
    cost = np.int64(0)
    for row in range(amount):
        order = net.order[state.sequence[row]]
        if state.ends[order] == -1:
            end = state.floor[order]
            for place_of in range(state.own_ptr[order], state.own_ptr[order + 1]):
                task = state.own[place_of]
                if state.is_out[task] == 0:
                    end = max(end, state.finish[task])
            state.ends[order] = end
            cost += late_cost(net, order, end)
    return cost


@kernel
def _put_all_back(net, state, amount, cost):
    """Undo :func:`_take_out`."""
    copy_into(state.planes, state.saved_planes, state.planes.size)
    state.cost[0] = cost
    for row in range(amount):
        task = state.sequence[row]
        state.start[task] = state.saved[0, row]
        state.finish[task] = state.saved[1, row]
        state.chosen[task] = state.saved[2, row]
        state.is_out[task] = 0
        state.ends[net.order[task]] = -1
    _new_ends(net, state, amount)


@kernel
def _one(line, net, state, heat):
    """One move, kept or undone."""
    state.bump[:] = 0
    amount = _choose(net, state)
    if amount == 0:
        return
    _sort_out(net, state, amount)
    cost = state.cost[0]
    _take_out(line, net, state, amount)
    limit = cost + np.int64(-heat * np.log(1.0 - chance(state.random)))
    if _recreate(line, net, state, amount, limit):
        state.counters[TAKEN] += 1
        note_best(state)
    else:
        _put_all_back(net, state, amount, cost)


@kernel
def _moves(line, net, state, amount, heat):
    """Try ``amount`` moves at temperature ``heat`` (units of cost); stops when nothing is late."""
    for _ in range(amount):
        if state.best_cost[0] == 0:
            return
        state.counters[TRIED] += 1
        _one(line, net, state, heat)


@allocating
def improve(line, net, mirror_line, mirror, state, evaluations, heat):
    """Make room on the left, try ``evaluations`` moves at temperature ``heat`` (units of cost), then close gaps."""
    if state.sequence.size == 0 or state.best_cost[0] == 0:
        return
    spread(line, net, mirror_line, mirror, state)
    _moves(line, net, state, evaluations, heat)
    if state.best_cost[0] != 0:
        compact(line, net, state)
