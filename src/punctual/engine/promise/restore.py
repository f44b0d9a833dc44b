"""Compiled: give confirmed tasks their old places back after the new order has found its own."""

# Compiled functions carry no annotations: numba infers every type from the call.
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

from numba import njit

from punctual.engine.capacity.timeline import earliest, fits, give_back, ready_at, take


@njit(cache=True, nogil=True)
def _latest_start(net, task, mode, start):
    """Latest start that no successor forbids (those stay where they are)."""
    latest = 2**30
    for row in range(net.succ_ptr[task], net.succ_ptr[task + 1]):
        other = net.succ[row]
        for link in range(net.pred_ptr[other], net.pred_ptr[other + 1]):
            if net.pred[link] == task:
                latest = min(latest, start[other] - net.lag[link] - net.duration[mode])
    return latest


@njit(cache=True, nogil=True)
def restore(line, net, sequence, planes, start, finish, chosen, planned_mode):
    """Move each task of ``sequence`` (by planned start) back to its planned start and mode where that is free; else
    as near behind it as there is room now. Repeats until nothing changes. No task ends later than before; returns the
    passes made.

    Only tasks with ``net.planned`` ≥ 0 move. Every state in between is feasible.
    """
    passes = 0
    changed = True
    while changed and passes < 20:
        changed = False
        passes += 1
        for position in range(sequence.size):
            task = sequence[position]
            first = net.mode_ptr[task]
            planned = net.planned[task]
            old_mode = first + chosen[task]
            new_mode = first + planned_mode[task]
            if planned < 0 or (start[task] == planned and old_mode == new_mode):
                continue
            ready = ready_at(net, task, finish)
            old_start = start[task]
            give_back(line, net, planes, old_mode, old_start)
            target = -1
            allowed = ready <= planned <= _latest_start(net, task, new_mode, start)
            if allowed and fits(line, net, planes, new_mode, planned):
                target = planned
            if target < 0:
                new_mode = old_mode
                target = old_start
                if old_start > planned:
                    target = min(old_start, earliest(line, net, planes, old_mode, max(ready, planned)))
            take(line, net, planes, new_mode, target)
            if target != old_start or new_mode != old_mode:
                changed = True
                start[task] = target
                finish[task] = target + net.duration[new_mode]
                chosen[task] = new_mode - first
    return passes


@njit(cache=True, nogil=True)
def plant(line, net, planes, start, chosen):
    """Planes with every free task of the schedule taken."""
    planes[:] = line.planes
    for task in range(net.fixed.size):
        if net.fixed[task] < 0:
            take(line, net, planes, net.mode_ptr[task] + chosen[task], start[task])
