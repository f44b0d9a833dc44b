"""Compiled schedulers of one project in single mode, for least makespan: packed slots, serial scheme, justification.

Four resources share one 64-bit word a slot, 15 bits each and a guard bit above: ``free − demand`` sets a guard
exactly if some resource is short, so one subtraction and one AND test four resources. More resources take more words
(``free`` has a row each).

Justification: Valls, Ballestín & Quintanilla, European Journal of Operational Research 165 (2005) 375–386: schedule
backward from the end by decreasing finish, then forward by increasing start; the makespan never grows. The backward
pass is the forward scheme on the mirrored project (links turned round, time counted from the end).
"""

# Compiled functions carry no annotations: numba infers every type from the call.
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from punctual.engine.capacity.arrays import Ints, Network, Words
from punctual.engine.capacity.words import copy_into, inlined, kernel

GUARD = np.uint64(0x8000800080008000)


class Project(NamedTuple):
    """n tasks, W = ⌈R/4⌉ words. ``demand`` (n, W) packed; ``supply`` (W, T) packed free units of each slot;
    ``pred_ptr pred pred_lag``, ``succ_ptr succ succ_lag`` compressed rows; ``duration``, ``release`` (n)."""

    duration: Ints
    release: Ints
    no_release: Ints
    demand: Words
    supply: Words
    pred_ptr: Ints
    pred: Ints
    pred_lag: Ints
    succ_ptr: Ints
    succ: Ints
    succ_lag: Ints


def build(net: Network, slots: int) -> Project:
    """The packed project of a network in which every task has one mode and nothing is fixed; ``slots`` is its longest
    makespan.
    """
    count = net.fixed.size
    kinds = net.step_ptr.size - 1
    width = max(1, -(-kinds // 4))
    demand = np.zeros((count, width), dtype=np.uint64)
    for task in range(count):
        for row in range(net.need_ptr[task], net.need_ptr[task + 1]):
            kind = int(net.need[row])
            demand[task, kind // 4] += np.uint64(int(net.units[row]) << (16 * (kind % 4)))
    supply = np.zeros((width, slots), dtype=np.uint64)
    for kind in range(kinds):
        for row in range(net.step_ptr[kind], net.step_ptr[kind + 1]):
            end = int(net.step_time[row + 1]) if row + 1 < net.step_ptr[kind + 1] else slots
            supply[kind // 4, net.step_time[row] : end] += np.uint64(int(net.step_units[row]) << (16 * (kind % 4)))
    lag_of: dict[tuple[int, int], int] = {}
    for task in range(count):
        for row in range(net.pred_ptr[task], net.pred_ptr[task + 1]):
            pair = int(net.pred[row]), task
            lag_of[pair] = max(lag_of.get(pair, int(net.lag[row])), int(net.lag[row]))
    succ_lag = [
        lag_of[task, int(net.succ[row])]
        for task in range(count)
        for row in range(net.succ_ptr[task], net.succ_ptr[task + 1])
    ]
    return Project(
        duration=net.duration,
        release=net.release,
        no_release=np.zeros_like(net.release),
        demand=demand,
        supply=supply,
        pred_ptr=net.pred_ptr,
        pred=net.pred,
        pred_lag=net.lag,
        succ_ptr=net.succ_ptr,
        succ=net.succ,
        succ_lag=np.array(succ_lag, dtype=np.int32),
    )


@inlined
def _schedule(sequence, duration, demand, release, pred_ptr, pred, lag, free, start, finish):
    """Serial scheme on packed slots; returns the makespan, or −1 when the slots do not suffice. ``free`` is used up."""
    width, slots = free.shape
    makespan = 0
    for position in range(sequence.size):
        task = sequence[position]
        begin = release[task]
        for row in range(pred_ptr[task], pred_ptr[task + 1]):
            begin = max(begin, finish[pred[row]] + lag[row])
        length = duration[task]
        if length > 0:
            end = begin
            run = 0
            if width == 1:
                need = demand[task, 0]
                while run < length:
                    if end >= slots:
                        return -1
                    run = run + 1 if (free[0, end] - need) & GUARD == np.uint64(0) else 0
                    end += 1
                begin = end - length
                for slot in range(begin, end):
                    free[0, slot] -= need
            else:
                while run < length:
                    if end >= slots:
                        return -1
                    short = np.uint64(0)
                    for word in range(width):
                        short |= (free[word, end] - demand[task, word]) & GUARD
                    run = run + 1 if short == np.uint64(0) else 0
                    end += 1
                begin = end - length
                for word in range(width):
                    for slot in range(begin, end):
                        free[word, slot] -= demand[task, word]
        start[task] = begin
        finish[task] = begin + length
        makespan = max(makespan, begin + length)
    return makespan


@kernel
def forward(project, sequence, free, start, finish):
    """Schedule ``sequence`` (predecessors first) as early as possible; returns the makespan, −1 on overflow."""
    for word in range(free.shape[0]):
        copy_into(free[word], project.supply[word], free.shape[1])
    return _schedule(
        sequence, project.duration, project.demand, project.release,
        project.pred_ptr, project.pred, project.pred_lag, free, start, finish,
    )  # fmt: skip


@kernel
def backward(project, sequence, makespan, free, start, finish):
    """Schedule ``sequence`` (successors first) as late as possible before ``makespan``; returns the length used.

    ``start`` and ``finish`` come out in the true direction of time.
    """
    width = free.shape[0]
    for word in range(width):
        for slot in range(makespan):
            free[word, slot] = project.supply[word, makespan - 1 - slot]
    used = _schedule(
        sequence, project.duration, project.demand, project.no_release,
        project.succ_ptr, project.succ, project.succ_lag, free[:, :makespan], start, finish,
    )  # fmt: skip
    if used >= 0:
        for task in range(start.size):
            mirrored = start[task]
            start[task] = makespan - finish[task]
            finish[task] = makespan - mirrored
    return used


@inlined
def sort_by(sequence, key, most, count, out):
    """Stable counting sort of ``sequence`` by ``key[task]`` (0 … most) into ``out``; ``count`` has most+2 places."""
    for value in range(most + 2):
        count[value] = 0
    for position in range(sequence.size):
        count[key[sequence[position]] + 1] += 1
    for value in range(most + 1):
        count[value + 1] += count[value]
    for position in range(sequence.size):
        task = sequence[position]
        out[count[key[task]]] = task
        count[key[task]] += 1


@kernel
def justify(project, sequence, makespan, free, start, finish, count, other):
    """Backward and forward passes until the makespan falls no more; ``sequence`` becomes the order by start.

    ``count`` (T+2) and ``other`` (n) are work space. Returns the makespan; ``start``, ``finish`` hold its schedule.
    """
    while True:
        sort_by(sequence, finish, makespan, count, other)
        for position in range(sequence.size):
            sequence[position] = other[sequence.size - 1 - position]
        if backward(project, sequence, makespan, free, start, finish) < 0:
            return -1
        for position in range(sequence.size):
            other[position] = sequence[sequence.size - 1 - position]
        sort_by(other, start, makespan, count, sequence)
        better = forward(project, sequence, free, start, finish)
        if better < 0:
            return -1
        sort_by(sequence, start, better, count, other)
        copy_into(sequence, other, sequence.size)
        if better >= makespan:
            return better
        makespan = better
