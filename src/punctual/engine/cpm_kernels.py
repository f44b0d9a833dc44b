"""Compiled passes of the critical path method. Importing this module imports numba; :mod:`cpm` does it late.

Every task counts in the working minutes ``w`` of its own calendar (index −1: the clock itself). Between tasks of one
calendar only integers are added; wall-clock time comes in where calendars meet. ``start_of`` and ``finish_of`` are the
two inverses of ``work_of`` (see :mod:`calendar_tables`), so that forward and backward pass are exact duals.
A node without duration (milestone, gate of a summary) may stand on either side of a pause and therefore carries its
wall-clock place.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit

NEVER: Final = -(1 << 60)
"""No bound."""

ASAP, ALAP, MSO, MFO, SNET, SNLT, FNET, FNLT = range(8)
FF, FS, SF, SS = range(4)
NODE_TASK, NODE_GATE, NODE_EARLIEST = range(3)
OPEN, RUNNING, FIXED, DONE = range(4)
"""Not started · started · dates given (manual) · finished."""

JIT: Final[dict[str, Any]] = {"cache": True, "nogil": True, "boundscheck": False, "error_model": "numpy"}


@njit(**JIT)
def work_of(calendars, k, wall):  # type: ignore[no-untyped-def]
    """Working minutes of calendar ``k`` up to a wall-clock minute; saturates at the ends of the horizon."""
    if k < 0:
        return wall
    cumulative, pattern, _, worked_by, _ = calendars
    day = wall // 1440
    if day < 0:
        return np.int64(0)
    if day >= pattern.shape[1]:
        return cumulative[k, pattern.shape[1]]
    return cumulative[k, day] + worked_by[pattern[k, day], wall - day * 1440]


@njit(**JIT)
def start_of(calendars, k, work):  # type: ignore[no-untyped-def]
    """Wall-clock minute at which working minute ``work`` begins; beyond the horizon its end, before it negative."""
    if k < 0 or work < 0:
        return work
    cumulative, pattern, bucket, _, minute_of = calendars
    if work >= cumulative[k, pattern.shape[1]]:
        return np.int64(pattern.shape[1]) * 1440
    day = np.int64(bucket[k, work >> 10])
    while cumulative[k, day + 1] <= work:
        day += 1
    return day * 1440 + minute_of[pattern[k, day], work - cumulative[k, day]]


@njit(**JIT)
def finish_of(calendars, k, work):  # type: ignore[no-untyped-def]
    """Wall-clock minute at which ``work`` working minutes are done."""
    if k < 0:
        return work
    return start_of(calendars, k, work - 1) + 1


@njit(**JIT)
def snap(calendars, k, wall, forward):  # type: ignore[no-untyped-def]
    """The moment itself where it borders on working time, else the next (or the last) that does."""
    if k < 0:
        return wall
    work = work_of(calendars, k, wall)
    start = start_of(calendars, k, work)
    finish = finish_of(calendars, k, work)
    if wall in (start, finish):
        return wall
    return start if forward else finish


@njit(**JIT)
def topological_order(first_out, out_target, n):  # type: ignore[no-untyped-def]
    """Kahn's order of the nodes; shorter than ``n`` where links run in a circle."""
    waiting = np.zeros(n, dtype=np.int32)
    for e in range(len(out_target)):
        waiting[out_target[e]] += 1
    order = np.empty(n, dtype=np.int32)
    count = 0
    for i in range(n):
        if waiting[i] == 0:
            order[count] = i
            count += 1
    done = 0
    while done < count:
        i = order[done]
        done += 1
        for e in range(first_out[i], first_out[i + 1]):
            target = out_target[e]
            waiting[target] -= 1
            if waiting[target] == 0:
                order[count] = target
                count += 1
    return order[:count]


@njit(**JIT)
def _in_own_time(calendars, c, wall, lag, lag_calendar):  # type: ignore[no-untyped-def]
    """Working minutes of calendar ``c`` at which a wall-clock moment plus lag lies."""
    if lag == 0 or lag_calendar == c:
        return work_of(calendars, c, wall) + lag
    lagged = finish_of(calendars, lag_calendar, work_of(calendars, lag_calendar, wall) + lag)
    return work_of(calendars, c, lagged)


@njit(**JIT)
def _run_on(i, calendars, tasks, early):  # type: ignore[no-untyped-def]
    """A started task: what remains follows what is done, or the status date."""
    _, calendar, duration, remaining, _, _, _, _, resume, pin_start, _, _ = tasks
    start, finish, wall_start, wall_finish = early
    c = calendar[i]
    begun = work_of(calendars, c, pin_start[i])
    again = begun + duration[i] - remaining[i]
    if resume[i] != NEVER:
        again = max(again, work_of(calendars, c, resume[i]))
    start[i] = begun
    finish[i] = again + remaining[i]
    wall_start[i] = pin_start[i]
    wall_finish[i] = finish_of(calendars, c, finish[i])


@njit(**JIT)
def _after_predecessors(i, calendars, tasks, links, early):  # type: ignore[no-untyped-def]
    """Early start that the links and the floor allow, and without duration the place on the clock."""
    kind, calendar, duration, _, _, _, _, floor, _, _, _, _ = tasks
    first_in, source, link_type, lag, lag_calendar = links
    start, finish, wall_start, wall_finish = early
    c = calendar[i]
    d = duration[i]
    best = work_of(calendars, c, floor[i]) if floor[i] != NEVER else NEVER
    place = snap(calendars, c, floor[i], True) if d == 0 and floor[i] != NEVER else NEVER
    if kind[i] == NODE_EARLIEST:
        best = -NEVER
    for e in range(first_in[i], first_in[i + 1]):
        p = source[e]
        t = link_type[e]
        from_finish = t in (FF, FS)
        if kind[p] == NODE_GATE and wall_start[p] == NEVER:
            continue
        if calendar[p] == c and (lag_calendar[e] == c or lag[e] == 0):
            bound = (finish[p] if from_finish else start[p]) + lag[e]
        else:
            wall = wall_finish[p] if from_finish else wall_start[p]
            bound = _in_own_time(calendars, c, wall, lag[e], lag_calendar[e])
        if kind[i] == NODE_EARLIEST:
            best = min(best, bound)
            continue
        if t in (FF, SF):
            bound -= d
        best = max(best, bound)
        if d == 0:
            if lag[e] == 0:
                wall = wall_finish[p] if from_finish else wall_start[p]
                place = max(place, snap(calendars, c, wall, True))
            else:
                place = max(place, finish_of(calendars, c, bound))
    return best, place


@njit(**JIT)
def _constrained(calendars, c, d, constraint, date, best, place):  # type: ignore[no-untyped-def]
    """The early start moved by its date constraint."""
    at = work_of(calendars, c, date)
    on_finish = constraint in (MFO, FNET, FNLT)
    if on_finish:
        at -= d
    spot = snap(calendars, c, date, True) if d == 0 else NEVER
    if constraint in (SNET, FNET):
        return max(best, at), max(place, spot)
    if constraint in (SNLT, FNLT):
        if best == NEVER:
            return best, place
        return min(best, at), min(place, spot)
    return at, spot


@njit(**JIT)
def forward_node(i, calendars, tasks, links, early):  # type: ignore[no-untyped-def]
    """Earliest start and finish of node ``i`` from its predecessors; writes into ``early``."""
    kind, calendar, duration, _, state, constraint, date, _, _, pin_start, pin_finish, delay = tasks
    start, finish, wall_start, wall_finish = early
    c = calendar[i]
    d = duration[i]
    if state[i] in (DONE, FIXED):
        wall_start[i] = pin_start[i]
        wall_finish[i] = pin_finish[i]
        start[i] = work_of(calendars, c, pin_start[i])
        finish[i] = work_of(calendars, c, pin_finish[i])
        return
    if state[i] == RUNNING:
        _run_on(i, calendars, tasks, early)
        return
    best, place = _after_predecessors(i, calendars, tasks, links, early)
    if constraint[i] != ASAP and constraint[i] != ALAP:
        best, place = _constrained(calendars, c, d, constraint[i], date[i], best, place)
    if best == NEVER:
        start[i] = finish[i] = wall_start[i] = wall_finish[i] = NEVER
        return
    if delay[i] > 0:
        place = snap(calendars, c, place + delay[i], True)
        best = work_of(calendars, c, place if d == 0 else start_of(calendars, c, best) + delay[i])
    start[i] = best
    finish[i] = best + d
    if kind[i] == NODE_EARLIEST:
        wall_start[i] = wall_finish[i] = best
    elif d == 0:
        wall_start[i] = wall_finish[i] = place
    else:
        wall_start[i] = start_of(calendars, c, best)
        wall_finish[i] = finish_of(calendars, c, best + d)


@njit(**JIT)
def forward_pass(order, calendars, tasks, links, early):  # type: ignore[no-untyped-def]
    for position in range(len(order)):
        forward_node(order[position], calendars, tasks, links, early)


@njit(**JIT)
def _latest_anchor(calendars, s, e, to_finish, links, duration, calendar, times):  # type: ignore[no-untyped-def]
    """Latest wall-clock moment of the predecessor's end that leaves the successor where ``times`` says."""
    _, _, _, lag, lag_calendar = links
    start, finish, place = times
    c = calendar[s]
    at = finish[s] if to_finish else start[s]
    if duration[s] == 0 and lag[e] == 0:
        return place[s]
    if lag[e] == 0 or lag_calendar[e] == c:
        return start_of(calendars, c, at - lag[e])
    wall = place[s] if duration[s] == 0 else start_of(calendars, c, at)
    k = lag_calendar[e]
    return start_of(calendars, k, work_of(calendars, k, wall) - lag[e])


@njit(**JIT)
def latest_finish(i, calendars, tasks, links, times, early_start):  # type: ignore[no-untyped-def]
    """How late node ``i`` may finish so that every successor stays where ``times`` has it.

    Returns working minutes of the node's calendar and, for nodes without duration, the wall-clock place;
    −NEVER where nothing bounds it.
    """
    kind, calendar, duration, _, state, _, _, _, _, _, _, _ = tasks
    first_out, target, link_type, lag, lag_calendar = links
    start, finish, _ = times
    c = calendar[i]
    d = duration[i]
    latest = -NEVER
    place = -NEVER
    for e in range(first_out[i], first_out[i + 1]):
        s = target[e]
        if state[s] == DONE or finish[s] == -NEVER or finish[s] == NEVER:
            continue
        if kind[s] == NODE_EARLIEST and early_start[i] > early_start[s]:
            continue
        t = link_type[e]
        from_finish = t in (FF, FS)
        to_finish = t in (FF, SF)
        if not from_finish and state[i] == RUNNING:
            continue
        if d > 0 and duration[s] > 0 and calendar[s] == c and (lag_calendar[e] == c or lag[e] == 0):
            bound = (finish[s] if to_finish else start[s]) - lag[e]
            latest = min(latest, bound if from_finish else bound + d)
            continue
        wall = _latest_anchor(calendars, s, e, to_finish, links, duration, calendar, times)
        if d == 0:
            wall = snap(calendars, c, wall, False)
            place = min(place, wall)
            latest = min(latest, work_of(calendars, c, wall))
            continue
        bound = work_of(calendars, c, wall)
        if not from_finish:
            if start_of(calendars, c, bound) > wall:
                bound -= 1
            bound += d
        latest = min(latest, bound)
    return latest, place


@njit(**JIT)
def backward_node(i, calendars, tasks, links, early, late, deadline, end):  # type: ignore[no-untyped-def]
    """Latest start and finish of node ``i`` from its successors and the end of the plan; writes into ``late``."""
    kind, calendar, duration, remaining, state, constraint, date, _, _, _, _, _ = tasks
    start, finish, place = late
    c = calendar[i]
    d = duration[i]
    if state[i] == DONE:
        start[i] = early[0][i]
        finish[i] = early[1][i]
        place[i] = early[3][i]
        return
    latest, spot = latest_finish(i, calendars, tasks, links, late, early[2])
    last = work_of(calendars, c, end)
    if kind[i] == NODE_TASK:
        latest = min(latest, last)
        spot = min(spot, snap(calendars, c, end, False)) if d == 0 else spot
    if deadline[i] != NEVER:
        latest = min(latest, work_of(calendars, c, deadline[i]))
        spot = min(spot, snap(calendars, c, deadline[i], False)) if d == 0 else spot
    rule = constraint[i]
    if rule in (SNLT, FNLT, MSO, MFO):
        at = work_of(calendars, c, date[i])
        if rule in (SNLT, MSO):
            at += d
        where = snap(calendars, c, date[i], False) if d == 0 else -NEVER
        if rule in (MSO, MFO):
            latest, spot = at, where
        else:
            latest, spot = min(latest, at), min(spot, where)
    finish[i] = latest
    place[i] = spot
    start[i] = latest if latest == -NEVER else latest - (remaining[i] if state[i] == RUNNING else d)


@njit(**JIT)
def backward_pass(order, calendars, tasks, links, early, late, deadline, end):  # type: ignore[no-untyped-def]
    for position in range(len(order) - 1, -1, -1):
        backward_node(order[position], calendars, tasks, links, early, late, deadline, end)


@njit(**JIT)
def latest_end(early, tasks, counts):  # type: ignore[no-untyped-def]
    """Wall-clock end of the plan: the latest finish of the nodes that count."""
    kind = tasks[0]
    wall_finish = early[3]
    end = NEVER
    for i in range(len(kind)):
        if counts[i] and kind[i] == NODE_TASK:
            end = max(end, wall_finish[i])
    return end


@njit(**JIT)
def slacks(order, calendars, tasks, out_links, early, late, total, free):  # type: ignore[no-untyped-def]
    """Total and free slack of every node in working minutes of its calendar.

    Free slack looks through the gates of summaries to the tasks behind them; never negative, and total slack
    where nothing follows.
    """
    kind, calendar, _, _, state, _, _, _, _, _, _, _ = tasks
    start, finish, place = early[0].copy(), early[1].copy(), early[2].copy()
    times = (start, finish, place)
    for position in range(len(order) - 1, -1, -1):
        i = order[position]
        if state[i] == DONE:
            total[i] = 0
            free[i] = 0
            continue
        latest, spot = latest_finish(i, calendars, tasks, out_links, times, early[2])
        if kind[i] != NODE_TASK:
            start[i] = finish[i] = latest
            place[i] = spot
            continue
        total[i] = late[1][i] - finish[i]
        free[i] = max(0, total[i] if latest == -NEVER else latest - finish[i])


@njit(**JIT)
def walls(calendars, calendar, work, at_finish):  # type: ignore[no-untyped-def]
    """Wall-clock minutes of every node's own working minutes."""
    result = np.empty(len(work), dtype=np.int64)
    for i in range(len(work)):
        if work[i] == NEVER or work[i] == -NEVER:
            result[i] = work[i]
        elif at_finish:
            result[i] = finish_of(calendars, calendar[i], work[i])
        else:
            result[i] = start_of(calendars, calendar[i], work[i])
    return result
