"""Compiled: the same schedule again and again with other durations, for simulation within capacities."""

# Compiled functions carry no annotations: numba infers every type from the call.
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

from punctual.engine.capacity.timeline import decode, take
from punctual.engine.capacity.words import allocating


@allocating
def schedule_runs(line, net, bare, planes, sequence, running, durations, first, group_of, work, ends):
    """Schedule the runs ``first`` … by the serial scheme; returns the first run for which the timeline is too short.

    ``durations`` (runs, tasks) in slots, every task in its only mode. ``running`` tasks begin at slot 0 and are taken
    first, whether there is room for them or not; ``sequence`` are the others. ``ends`` (groups, runs) receives the
    latest finish of each group's tasks (``group_of`` −1: none). ``bare``: planes of the availability alone;
    ``line.planes`` and ``planes`` are work space, and so is ``work`` (3, tasks).
    """
    start, finish, chosen = work[0], work[1], work[2]
    slots = line.words << 6
    for run in range(first, durations.shape[0]):
        net.duration[:] = durations[run]
        line.planes[:] = bare
        for task in running:
            if net.duration[task] >= slots:
                return run
            start[task] = 0
            finish[task] = net.duration[task]
            take(line, net, line.planes, task, 0)
        if not decode(line, net, sequence, planes, start, finish, chosen):
            return run
        for task in range(group_of.size):
            group = group_of[task]
            if group >= 0 and finish[task] > ends[group, run]:
                ends[group, run] = finish[task]
    return durations.shape[0]
