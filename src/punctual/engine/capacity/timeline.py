"""Compiled resource timelines as bit planes, and the serial schedule-generation scheme on them.

Resource r with most units L has L planes; bit t of plane l says "more than l units are free in slot t" (a thermometer
code). Then 64 slots are asked or changed by one machine operation: where q units are free is one plane; taking q
units in a range moves plane l+q onto plane l there; giving them back moves plane l onto plane l+q. A run of d free
slots inside a word is found by doubling shifts. The planes of a word stand side by side, so that taking touches one
or two cache lines.

Serial scheme: Kelley (1963); Kolisch, European Journal of Operational Research 90 (1996) 320–333: tasks in list
order, each at its earliest feasible start; with alternatives the one that finishes first.

Every function here is compiled, releases the interpreter lock, allocates nothing unless it says so, and may run on
many threads as long as each has its own ``planes`` and result arrays.
"""

# Compiled functions carry no annotations: numba infers every type from the call.
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

import numpy as np

from punctual.engine.capacity.words import copy_into, inlined, kernel, leading_zeros, trailing_zeros

OVERFLOW = -1
"""Returned instead of a start when the timeline is too short: build a longer one."""

FULL = np.uint64(0xFFFFFFFFFFFFFFFF)
ONE = np.uint64(1)
ZERO = np.uint64(0)


@inlined
def earliest(line, net, planes, mode, begin):
    """First start ≥ ``begin`` at which all demands of ``mode`` are free for its whole duration, or OVERFLOW."""
    length = net.duration[mode]
    first = net.need_ptr[mode]
    last = net.need_ptr[mode + 1]
    if first == last or length == 0:
        return begin
    word = begin >> 6
    if word >= line.words:
        return OVERFLOW
    run = 0
    run_start = begin
    mask = FULL << np.uint64(begin & 63)
    while word < line.words:
        free = mask
        for need in range(first, last):
            free &= planes[line.offset[need] + word * line.stride[need]]
        mask = FULL
        if run > 0:
            head = trailing_zeros(~free)
            if run + head >= length:
                return run_start
            if head == 64:
                run += 64
                word += 1
                continue
        if free != ZERO:
            if length <= 64:
                runs = free
                have = 1
                while have < length and runs != ZERO:
                    step = min(have, length - have)
                    runs &= runs >> np.uint64(step)
                    have += step
                if runs != ZERO:
                    return (word << 6) + trailing_zeros(runs)
            run = leading_zeros(~free)
            run_start = (word << 6) + 64 - run
        else:
            run = 0
        word += 1
    return OVERFLOW


@inlined
def take(line, net, planes, mode, start):
    """Take all demands of ``mode`` from ``start`` for its duration. The caller made sure that they are free."""
    finish = start + net.duration[mode]
    for need in range(net.need_ptr[mode], net.need_ptr[mode + 1]):
        resource = net.need[need]
        units = net.units[need]
        levels = line.levels[resource]
        word = start >> 6
        begin = start
        while begin < finish:
            mask = FULL << np.uint64(begin & 63)
            following = (word + 1) << 6
            if finish < following:
                mask &= FULL >> np.uint64(following - finish)
            at = line.base[resource] + word * levels
            keep = ~mask
            for level in range(levels - units):
                planes[at + level] = (planes[at + level] & keep) | (planes[at + level + units] & mask)
            for level in range(levels - units, levels):
                planes[at + level] &= keep
            word += 1
            begin = following


@inlined
def give_back(line, net, planes, mode, start):
    """The inverse of :func:`take`."""
    finish = start + net.duration[mode]
    for need in range(net.need_ptr[mode], net.need_ptr[mode + 1]):
        resource = net.need[need]
        units = net.units[need]
        levels = line.levels[resource]
        word = start >> 6
        begin = start
        while begin < finish:
            mask = FULL << np.uint64(begin & 63)
            following = (word + 1) << 6
            if finish < following:
                mask &= FULL >> np.uint64(following - finish)
            at = line.base[resource] + word * levels
            keep = ~mask
            for level in range(levels - 1, units - 1, -1):
                planes[at + level] = (planes[at + level] & keep) | (planes[at + level - units] & mask)
            for level in range(units):
                planes[at + level] |= mask
            word += 1
            begin = following


@inlined
def fits(line, net, planes, mode, start):
    """Whether all demands of ``mode`` are free from ``start`` for its duration (False beyond the timeline)."""
    finish = start + net.duration[mode]
    if start < 0 or finish > line.words << 6:
        return False
    for need in range(net.need_ptr[mode], net.need_ptr[mode + 1]):
        word = start >> 6
        begin = start
        while begin < finish:
            mask = FULL << np.uint64(begin & 63)
            following = (word + 1) << 6
            if finish < following:
                mask &= FULL >> np.uint64(following - finish)
            if mask & ~planes[line.offset[need] + word * line.stride[need]] != ZERO:
                return False
            word += 1
            begin = following
    return True


@inlined
def ready_at(net, task, finish):
    """Earliest start of ``task`` by its release and its predecessors' finishes."""
    begin = net.release[task]
    for row in range(net.pred_ptr[task], net.pred_ptr[task + 1]):
        allowed = finish[net.pred[row]] + net.lag[row]
        if allowed > begin:
            begin = allowed
    return begin


@inlined
def place(line, net, planes, task, begin, start, finish, chosen):
    """Place one task at its earliest start ≥ ``begin`` in the alternative that finishes first; returns False on
    overflow.
    """
    best_finish = np.int64(0)
    best_start = np.int64(OVERFLOW)
    best_mode = 0
    for mode in range(net.mode_ptr[task], net.mode_ptr[task + 1]):
        at = earliest(line, net, planes, mode, begin)
        if at != OVERFLOW and (best_start == OVERFLOW or at + net.duration[mode] < best_finish):
            best_start = at
            best_finish = at + net.duration[mode]
            best_mode = mode
    if best_start == OVERFLOW or best_finish > line.words << 6:
        return False
    take(line, net, planes, best_mode, best_start)
    start[task] = best_start
    finish[task] = best_finish
    chosen[task] = best_mode - net.mode_ptr[task]
    return True


@kernel
def decode(line, net, sequence, planes, start, finish, chosen):
    """Serial scheme over ``sequence`` (every task that is not fixed, predecessors first). Returns False on overflow.

    ``planes`` is overwritten with ``line.planes`` first; entries of fixed tasks in ``start finish chosen`` are filled
    in too.
    """
    copy_into(planes, line.planes, planes.size)
    for task in range(net.fixed.size):
        if net.fixed[task] >= 0:
            start[task] = net.fixed[task]
            chosen[task] = net.fixed_mode[task]
            finish[task] = start[task] + net.duration[net.mode_ptr[task] + chosen[task]]
    for position in range(sequence.size):
        task = sequence[position]
        if not place(line, net, planes, task, ready_at(net, task, finish), start, finish, chosen):
            return False
    return True


@kernel
def take_fixed(line, net, planes):
    """Take the demands of all fixed tasks; returns the first task that finds no room, −1 when all do."""
    for task in range(net.fixed.size):
        if net.fixed[task] >= 0:
            mode = net.mode_ptr[task] + net.fixed_mode[task]
            if not fits(line, net, planes, mode, net.fixed[task]):
                return task
            take(line, net, planes, mode, net.fixed[task])
    return -1


@kernel
def fill_planes(net, levels, base, words, planes):
    """Planes of the bare availability: bit t of plane l of r is set where r has more than l units in slot t."""
    for resource in range(levels.size):
        for row in range(net.step_ptr[resource], net.step_ptr[resource + 1]):
            end = words << 6
            if row + 1 < net.step_ptr[resource + 1]:
                end = min(end, np.int64(net.step_time[row + 1]))
            units = net.step_units[row]
            begin = np.int64(net.step_time[row])
            while begin < end:
                word = begin >> 6
                following = (word + 1) << 6
                mask = FULL << np.uint64(begin & 63)
                if end < following:
                    mask &= FULL >> np.uint64(following - end)
                for level in range(min(units, levels[resource])):
                    planes[base[resource] + word * levels[resource] + level] |= mask
                begin = following


@kernel
def plant(line, net, planes, start, chosen):
    """Planes with every free task of the schedule taken."""
    copy_into(planes, line.planes, planes.size)
    for task in range(net.fixed.size):
        if net.fixed[task] < 0:
            take(line, net, planes, net.mode_ptr[task] + chosen[task], start[task])
