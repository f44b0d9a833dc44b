"""Compiled passes of the critical path method. Importing this module imports numba; :mod:`cpm` does it late.

Every task counts in the working minutes ``w`` of its own calendar (index −1: the clock itself). Links between tasks
of one calendar only add integers; wall-clock time comes in where calendars meet. ``start_of`` and ``finish_of`` are
the two inverses of ``work_of`` (see :mod:`calendar_tables`), so that forward and backward pass are exact duals.

A milestone may stand on either side of a pause. An ordinary one is a point ``2 · w + side`` (see ``EVENING``), so that
later and earlier of two points are their maximum and minimum. Special nodes keep their places on the clock.

Each pass either computes every node or, given ``dirty`` marks, those whose neighbours moved, and marks what they move.
The arrays and their columns are those of :mod:`cpm_layout`; ``tables`` is laid out by ``network_arrays.stacked``.
"""

# Compiled functions carry no annotations: numba infers every type from the call.
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit

from punctual.engine.cpm_layout import (
    ALAP,
    ASAP,
    CALENDAR,
    CONSTRAINT,
    DATE,
    DEADLINE,
    DELAY,
    DONE,
    DURATION,
    EARLIEST,
    EVENING,
    FF,
    FINISH,
    FLOOR,
    FLOOR_SIDE,
    FLOOR_WORK,
    FNET,
    FNLT,
    FREE,
    FS,
    KIND,
    LAG,
    LAG_CALENDAR,
    LATE_FINISH,
    LATE_START,
    MFO,
    MORNING,
    MSO,
    NEVER,
    OPEN,
    OTHER,
    PIN_FINISH,
    PIN_START,
    PLACE,
    POINT,
    REMAINING,
    RESUME,
    RUNNING,
    SF,
    SHAPE,
    SIDE,
    SNET,
    SNLT,
    SPAN,
    SPECIAL,
    START,
    STATE,
    TASK,
    TOTAL,
    TYPE,
    WALL_FINISH,
    WALL_START,
    WITHIN,
)

JIT: Final[dict[str, Any]] = {"cache": True, "nogil": True, "boundscheck": False, "error_model": "numpy"}


@njit(**JIT)
def work_of(tables, k, wall):
    """Working minutes of calendar ``k`` up to a wall-clock minute; saturates at the ends of the horizon."""
    if k < 0:
        return wall
    day = wall // 1440
    if day < 0:
        return np.int64(0)
    if day >= tables[0]:
        return np.int64(tables[4 * k + 7])
    at = tables[4 * k + 4] + 2 * day
    return np.int64(tables[at]) + tables[tables[at + 1] + wall - day * 1440]


@njit(**JIT)
def start_of(tables, k, work):
    """Wall-clock minute at which working minute ``work`` begins; beyond the horizon its end, before it negative."""
    if k < 0 or work < 0:
        return work
    if work >= tables[4 * k + 7]:
        return np.int64(tables[0]) * 1440
    at = np.int64(tables[tables[4 * k + 5] + (work >> 9)])
    while tables[at + 3] <= work:
        at += 3
    return np.int64(tables[at + 1]) + tables[tables[at + 2] + work - tables[at]]


@njit(**JIT)
def finish_of(tables, k, work):
    """Wall-clock minute at which ``work`` working minutes are done."""
    if k < 0:
        return work
    return start_of(tables, k, work - 1) + 1


@njit(**JIT)
def snap(tables, k, wall, forward):
    """The moment itself where it borders on working time, else the next (or the last) that does."""
    if k < 0:
        return wall
    work = work_of(tables, k, wall)
    start = start_of(tables, k, work)
    finish = finish_of(tables, k, work)
    if wall in (start, finish):
        return wall
    return start if forward else finish


@njit(**JIT)
def point_after(tables, k, wall):
    """The first point at or after a wall-clock moment."""
    work = work_of(tables, k, wall)
    return 2 * work + (MORNING if k >= 0 and wall > finish_of(tables, k, work) else EVENING)


@njit(**JIT)
def point_before(tables, k, wall):
    """The last point at or before a wall-clock moment."""
    work = work_of(tables, k, wall)
    return 2 * work + (MORNING if k >= 0 and wall >= start_of(tables, k, work) else EVENING)


@njit(**JIT)
def place_of(tables, k, point):
    """Where on the clock a point stands."""
    work = point >> 1
    return start_of(tables, k, work) if point & 1 else finish_of(tables, k, work)


@njit(**JIT)
def topological_order(first_out, out_target, n):
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
def _place(tables, nodes, early, p, from_finish):
    """Where on the clock the start or finish of a computed node lies."""
    if nodes[p, SHAPE] == SPECIAL:
        return early[p, WALL_FINISH] if from_finish else early[p, WALL_START]
    if nodes[p, SHAPE] == POINT:
        return place_of(tables, nodes[p, CALENDAR], 2 * early[p, START] + early[p, SIDE])
    if from_finish:
        return finish_of(tables, nodes[p, CALENDAR], early[p, FINISH])
    return start_of(tables, nodes[p, CALENDAR], early[p, START])


@njit(**JIT)
def _across(tables, c, wall, lag, lag_calendar):
    """Working minutes of calendar ``c`` at which a wall-clock moment plus lag lies."""
    if lag == 0 or lag_calendar == c:
        return work_of(tables, c, wall) + lag
    lagged = finish_of(tables, lag_calendar, work_of(tables, lag_calendar, wall) + lag)
    return work_of(tables, c, lagged)


@njit(**JIT)
def _span_bound(tables, nodes, early, links, e, c):
    """Own minutes from which on a link allows its successor's end; NEVER where it does not bind."""
    p = links[e, OTHER]
    if links[e, WITHIN] == 1:
        return early[p, FINISH if links[e, TYPE] <= FS else START] + links[e, LAG]
    wall = _place(tables, nodes, early, p, links[e, TYPE] <= FS)
    return NEVER if wall == NEVER else _across(tables, c, wall, links[e, LAG], links[e, LAG_CALENDAR])


@njit(**JIT)
def _point_bound(tables, nodes, early, links, e, c):
    """The point from which on a link allows a milestone; NEVER where it does not bind."""
    p = links[e, OTHER]
    from_finish = links[e, TYPE] <= FS
    if links[e, WITHIN] == 1:
        if links[e, LAG] != 0:
            return 2 * (early[p, FINISH if from_finish else START] + links[e, LAG])
        if nodes[p, SHAPE] == SPAN:
            return 2 * early[p, FINISH] if from_finish else 2 * early[p, START] + 1
        if nodes[p, SHAPE] == POINT:
            return 2 * early[p, START] + early[p, SIDE]
    wall = _place(tables, nodes, early, p, from_finish)
    if wall == NEVER:
        return NEVER
    lag, k = links[e, LAG], links[e, LAG_CALENDAR]
    if lag != 0 and k == c:
        return 2 * (work_of(tables, c, wall) + lag)
    if lag != 0:
        wall = finish_of(tables, k, work_of(tables, k, wall) + lag)
    return point_after(tables, c, wall)


@njit(**JIT)
def forward(tables, nodes, first, links, first_out, out_links, early, dirty, behind, begin):
    """Early starts and finishes in topological order; with ``begin`` ≥ 0 only of dirty nodes from there on.

    Dirty marks are left on nodes that moved; ``behind`` gets those whose late dates or slack may change thereby.
    Returns how many nodes were computed.
    """
    count = 0
    old = np.empty(4, dtype=np.int64)
    for i in range(max(begin, 0), len(nodes)):
        if begin >= 0:
            if not dirty[i]:
                continue
            dirty[i] = False
            old[:] = early[i]
        count += 1
        c = nodes[i, CALENDAR]
        if nodes[i, SHAPE] == SPAN:
            d = nodes[i, DURATION]
            best = nodes[i, FLOOR_WORK]
            for e in range(first[i], first[i + 1]):
                t = links[e, TYPE]
                if links[e, WITHIN] == 1:
                    bound = early[links[e, OTHER], FINISH if t <= FS else START] + links[e, LAG]
                else:
                    bound = _span_bound(tables, nodes, early, links, e, c)
                best = max(best, bound - d if t in (FF, SF) else bound)
            early[i, START] = best
            early[i, FINISH] = best + d
        elif nodes[i, SHAPE] == POINT:
            point = 2 * nodes[i, FLOOR_WORK] + nodes[i, FLOOR_SIDE] if nodes[i, FLOOR] != NEVER else NEVER
            for e in range(first[i], first[i + 1]):
                point = max(point, _point_bound(tables, nodes, early, links, e, c))
            early[i, START] = early[i, FINISH] = point >> 1
            early[i, SIDE] = point & 1
        else:
            _forward_special(tables, nodes, first, links, early, i)
        if begin >= 0 and not np.array_equal(old, early[i]):
            dirty[i] = behind[i] = True
            for e in range(first_out[i], first_out[i + 1]):
                dirty[out_links[e, OTHER]] = True
            for e in range(first[i], first[i + 1]):
                behind[links[e, OTHER]] = True
    return count


@njit(**JIT)
def _forward_special(tables, nodes, first, links, early, i):
    """Gates, and tasks with dates, limits or progress of their own."""
    c = nodes[i, CALENDAR]
    d = nodes[i, DURATION]
    state = nodes[i, STATE]
    if state != OPEN:
        _forward_begun(tables, nodes, early, i)
        return
    best, place = _after_links(tables, nodes, first, links, early, i)
    if nodes[i, CONSTRAINT] not in (ASAP, ALAP):
        best, place = _constrained(tables, c, d, nodes[i, CONSTRAINT], nodes[i, DATE], best, place)
    if best == NEVER or best == -NEVER:
        early[i, :] = NEVER
        return
    if nodes[i, DELAY] > 0:
        place = snap(tables, c, place + nodes[i, DELAY], True)
        best = work_of(tables, c, place if d == 0 else start_of(tables, c, best) + nodes[i, DELAY])
    early[i, START] = best
    early[i, FINISH] = best + d
    early[i, WALL_START] = place if d == 0 else start_of(tables, c, best)
    early[i, WALL_FINISH] = place if d == 0 else finish_of(tables, c, best + d)


@njit(**JIT)
def _forward_begun(tables, nodes, early, i):
    """Started, finished and manual tasks: what is left of a started one follows what is done, or the status date."""
    c = nodes[i, CALENDAR]
    early[i, WALL_START] = nodes[i, PIN_START]
    early[i, START] = work_of(tables, c, nodes[i, PIN_START])
    if nodes[i, STATE] == RUNNING:
        again = early[i, START] + nodes[i, DURATION] - nodes[i, REMAINING]
        if nodes[i, RESUME] != NEVER:
            again = max(again, work_of(tables, c, nodes[i, RESUME]))
        early[i, FINISH] = again + nodes[i, REMAINING]
        early[i, WALL_FINISH] = finish_of(tables, c, early[i, FINISH])
    else:
        early[i, WALL_FINISH] = nodes[i, PIN_FINISH]
        early[i, FINISH] = work_of(tables, c, nodes[i, PIN_FINISH])


@njit(**JIT)
def _after_links(tables, nodes, first, links, early, i):
    """Early start that links and floor allow and, without duration, the place on the clock."""
    c = nodes[i, CALENDAR]
    d = nodes[i, DURATION]
    floor = nodes[i, FLOOR]
    best = nodes[i, FLOOR_WORK]
    place = snap(tables, c, floor, True) if d == 0 and floor != NEVER else NEVER
    smallest = -NEVER
    for e in range(first[i], first[i + 1]):
        if d > 0:
            bound = _span_bound(tables, nodes, early, links, e, c)
            best = max(best, bound - d if links[e, TYPE] in (FF, SF) else bound)
            continue
        point = _point_bound(tables, nodes, early, links, e, c)
        if point != NEVER:
            wall = place_of(tables, c, point)
            best, place = max(best, point >> 1), max(place, wall)
            smallest = min(smallest, wall)
    if nodes[i, KIND] == EARLIEST:
        return smallest, smallest
    return best, place


@njit(**JIT)
def _constrained(tables, c, d, constraint, date, best, place):
    """The early start moved by its date constraint."""
    at = work_of(tables, c, date)
    if constraint in (MFO, FNET, FNLT):
        at -= d
    spot = snap(tables, c, date, True) if d == 0 else NEVER
    if constraint in (SNET, FNET):
        return max(best, at), max(place, spot)
    if constraint in (SNLT, FNLT):
        if best == NEVER:
            return best, place
        return min(best, at), min(place, spot)
    return at, spot


@njit(**JIT)
def _latest_anchor(tables, nodes, s, lag, lag_calendar, at, place):
    """Latest wall-clock moment of the predecessor's end that leaves the successor's end at ``at``."""
    c = nodes[s, CALENDAR]
    if nodes[s, DURATION] == 0:
        wall = place_of(tables, c, 2 * at + place) if nodes[s, SHAPE] == POINT else place
        if lag == 0:
            return wall
    elif lag != 0 and lag_calendar != c:
        wall = start_of(tables, c, at)
    if lag == 0 or lag_calendar == c:
        return start_of(tables, c, at - lag)
    return start_of(tables, lag_calendar, work_of(tables, lag_calendar, wall) - lag)


@njit(**JIT)
def _latest(tables, nodes, early, i, links, e, at, place):
    """How late node ``i`` may be under one link whose successor's end stays at ``at`` (its side or place ``place``).

    Own minutes of the finish, or the point of a node without duration; −NEVER where the link does not bind.
    """
    t = links[e, TYPE]
    c = nodes[i, CALENDAR]
    d = nodes[i, DURATION]
    s = links[e, OTHER]
    if at == NEVER or at == -NEVER or (t > FS and nodes[i, STATE] == RUNNING):
        return -NEVER
    if d > 0 and links[e, WITHIN] == 1 and (t <= FS or links[e, LAG] != 0 or nodes[s, DURATION] > 0):
        return at - links[e, LAG] + (d if t > FS else 0)
    if d == 0 and links[e, WITHIN] == 1:
        if nodes[s, DURATION] > 0 or links[e, LAG] != 0:
            return 2 * (at - links[e, LAG]) + MORNING
        if nodes[s, SHAPE] == POINT:
            return 2 * at + place
    if nodes[s, KIND] == EARLIEST and _place(tables, nodes, early, i, False) > early[s, WALL_START]:
        return -NEVER
    wall = _latest_anchor(tables, nodes, s, links[e, LAG], links[e, LAG_CALENDAR], at, place)
    if d == 0:
        return point_before(tables, c, wall)
    bound = work_of(tables, c, wall)
    if t > FS:
        if start_of(tables, c, bound) > wall:
            bound -= 1
        bound += d
    return bound


@njit(**JIT)
def ends(tables, end):
    """The end of the plan as the last point of each calendar; the last entry is the clock itself."""
    calendars = tables[1]
    result = np.empty(calendars + 1, dtype=np.int64)
    for c in range(calendars):
        result[c] = point_before(tables, c, end)
    result[calendars] = 2 * end
    return result


@njit(**JIT)
def backward(tables, nodes, first_out, links, first_in, in_links, early, late, last, dirty, begin):
    """Late dates and slack against topological order; with ``begin`` ≥ 0 only of dirty nodes from there down.

    ``last`` is the end of the plan from :func:`ends`. Total slack is late finish − early finish; free slack is how far
    the successors' early dates allow, looking through gates, never negative, and total slack where nothing follows.
    Returns how many nodes were computed.
    """
    count = 0
    old = np.empty(3, dtype=np.int64)
    for i in range(len(nodes) - 1 if begin < 0 else begin, -1, -1):
        if begin >= 0:
            if not dirty[i]:
                continue
            dirty[i] = False
            old[:] = late[i, :3]
        count += 1
        if nodes[i, STATE] == DONE:
            late[i, LATE_START], late[i, LATE_FINISH] = early[i, START], early[i, FINISH]
            late[i, PLACE] = early[i, WALL_FINISH]
            late[i, TOTAL] = late[i, FREE] = 0
            continue
        d = nodes[i, DURATION]
        if nodes[i, KIND] != TASK:
            latest = -NEVER
        elif d > 0:
            latest = last[nodes[i, CALENDAR]] >> 1
        else:
            latest = last[nodes[i, CALENDAR]]
        free = -NEVER
        for e in range(first_out[i], first_out[i + 1]):
            s = links[e, OTHER]
            t = links[e, TYPE]
            to_finish = t in (FF, SF)
            if links[e, WITHIN] == 1 and nodes[i, SHAPE] == SPAN and nodes[s, SHAPE] == SPAN:
                ahead = (d if t > FS else 0) - links[e, LAG]
                latest = min(latest, late[s, LATE_FINISH if to_finish else LATE_START] + ahead)
                free = min(free, early[s, FINISH if to_finish else START] + ahead)
            elif nodes[s, STATE] != DONE:
                at = late[s, LATE_FINISH if to_finish else LATE_START]
                latest = min(latest, _latest(tables, nodes, early, i, links, e, at, late[s, PLACE]))
                gate = nodes[s, KIND] != TASK
                at = late[s, FREE] if gate else early[s, FINISH if to_finish else START]
                spot = late[s, FREE] if gate else early[s, WALL_START]
                free = min(free, _latest(tables, nodes, early, i, links, e, at, spot))
        if nodes[i, SHAPE] == SPAN:
            late[i, LATE_FINISH] = latest
            late[i, LATE_START] = latest - d
            late[i, TOTAL] = latest - early[i, FINISH]
            late[i, FREE] = max(0, latest - early[i, FINISH] if free == -NEVER else free - early[i, FINISH])
        else:
            _settle(tables, nodes, early, late, i, latest, free)
        if begin >= 0 and (nodes[i, KIND] != TASK or not np.array_equal(old, late[i, :3])):
            for e in range(first_in[i], first_in[i + 1]):
                dirty[in_links[e, OTHER]] = True
    return count


@njit(**JIT)
def _settle(tables, nodes, early, late, i, latest, free):
    """Writes late dates and slack of node ``i``; ``latest`` and ``free`` are points where it has no duration."""
    c = nodes[i, CALENDAR]
    d = nodes[i, DURATION]
    place = -NEVER
    if d == 0:
        if nodes[i, SHAPE] == POINT:
            place = latest & 1
        elif latest != -NEVER:
            place = place_of(tables, c, latest)
        if latest != -NEVER:
            latest >>= 1
        if free != -NEVER:
            free >>= 1
    if nodes[i, SHAPE] == SPECIAL:
        latest, place = _limited(tables, nodes, i, latest, place)
    late[i, LATE_FINISH] = late[i, LATE_START] = latest
    late[i, PLACE] = place
    if latest != -NEVER:
        late[i, LATE_START] -= nodes[i, REMAINING] if nodes[i, STATE] == RUNNING else d
    if nodes[i, KIND] == TASK:
        late[i, TOTAL] = latest - early[i, FINISH]
        late[i, FREE] = max(0, late[i, TOTAL] if free == -NEVER else free - early[i, FINISH])
    else:
        late[i, FREE] = free


@njit(**JIT)
def _limited(tables, nodes, i, latest, place):
    """The late finish bounded by deadline and constraint; must constraints replace it."""
    c = nodes[i, CALENDAR]
    d = nodes[i, DURATION]
    deadline = nodes[i, DEADLINE]
    if deadline != NEVER:
        latest = min(latest, work_of(tables, c, deadline))
        if d == 0:
            place = min(place, snap(tables, c, deadline, False))
    rule = nodes[i, CONSTRAINT]
    if rule in (SNLT, FNLT, MSO, MFO):
        date = nodes[i, DATE]
        at = work_of(tables, c, date) + (d if rule in (SNLT, MSO) else 0)
        spot = snap(tables, c, date, False) if d == 0 else -NEVER
        if rule in (MSO, MFO):
            return at, spot
        return min(latest, at), min(place, spot)
    return latest, place


@njit(**JIT)
def latest_end(tables, nodes, early, counts):
    """Wall-clock end of the plan: the latest finish of the tasks that count."""
    calendars = tables[1]
    most = np.full(calendars + 1, NEVER, dtype=np.int64)
    end = NEVER
    for i in range(len(nodes)):
        if counts[i]:
            if nodes[i, SHAPE] == SPAN:
                most[nodes[i, CALENDAR]] = max(most[nodes[i, CALENDAR]], early[i, FINISH])
            elif early[i, FINISH] != NEVER:
                end = max(end, _place(tables, nodes, early, i, True))
    for c in range(calendars):
        if most[c] != NEVER:
            end = max(end, finish_of(tables, c, most[c]))
    return max(end, most[calendars])


@njit(**JIT)
def early_places(tables, nodes, early, result):
    """Wall-clock start and finish of every node into ``result[nodes, 2]``."""
    for i in range(len(nodes)):
        if nodes[i, SHAPE] == SPAN:
            result[i, 0] = start_of(tables, nodes[i, CALENDAR], early[i, START])
            result[i, 1] = finish_of(tables, nodes[i, CALENDAR], early[i, FINISH])
        else:
            result[i, 0] = _place(tables, nodes, early, i, False)
            result[i, 1] = _place(tables, nodes, early, i, True)


@njit(**JIT)
def late_places(tables, nodes, late, result):
    """Wall-clock late start and finish of every node into ``result[nodes, 2]``; actual dates where there are any."""
    for i in range(len(nodes)):
        c = nodes[i, CALENDAR]
        if late[i, LATE_FINISH] == -NEVER:
            result[i, 0] = result[i, 1] = -NEVER
        elif nodes[i, DURATION] > 0:
            result[i, 0] = start_of(tables, c, late[i, LATE_START])
            result[i, 1] = finish_of(tables, c, late[i, LATE_FINISH])
        elif nodes[i, SHAPE] == POINT:
            result[i, 0] = result[i, 1] = place_of(tables, c, 2 * late[i, LATE_FINISH] + late[i, PLACE])
        else:
            result[i, 0] = result[i, 1] = late[i, PLACE]
        if nodes[i, STATE] in (RUNNING, DONE):
            result[i, 0] = nodes[i, PIN_START]
        if nodes[i, STATE] == DONE:
            result[i, 1] = nodes[i, PIN_FINISH]
