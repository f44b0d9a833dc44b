"""Compiled: make room for the tasks of a new order by sending others away, each within what was promised to it.

A new task goes where it fits; else where those that stand in its way are easiest to place elsewhere. These leave, and
in the order of their old starts each looks for another place between its predecessors and its latest finish, where it
may send others away in turn: a ripple, which ends when everybody stands, or is undone when it doesn't end soon. How
hard a task is to place elsewhere (``hops``) is estimated beforehand, backwards in time from those for which a place
is free, and learned while ripples fail. Ejection chains with learned weights: Nagata & Bräysy, Operations Research
Letters 37 (2009) 333–338 (routes); Nagata & Ono, Computers & Operations Research 90 (2018) 60–71 (job shops).

The schedule without what is in the pool is feasible at any moment, and nobody stands beyond its latest finish.
"""

# Compiled functions carry no annotations: numba infers every type from the call.
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from punctual.engine.capacity.arrays import Ints, Network, Words
from punctual.engine.capacity.lines import Line
from punctual.engine.capacity.timeline import FULL, OVERFLOW, ZERO, earliest, fits, give_back, take
from punctual.engine.capacity.words import below, chance, copy_into, inlined, kernel, trailing_zeros

Longs = npt.NDArray[np.int64]

POOL, MOVED, TRIED, NEWS, NEWS_BEFORE, LOGGED = 0, 1, 2, 3, 4, 5
"""Places of :attr:`Desk.counters`: tasks in the pool, confirmed tasks that are not at home, places looked for, new
tasks that wait, how many they were before the ripple, tasks in its log."""

HEAVY = 2**40
NEAR = 1024
"""Most neighbours on one resource that are looked at."""

STEP, HOME, NEW = 16, 4, 96
"""Burden of sending a task away, the more for one that stands at home, and of sending a new task away."""

FARTHEST = 300
"""Estimate (in ripple steps) for a task for which no other place was seen."""

STUBBORN = 7
"""How often a new task may fail, and twice as often come back, before the attempt is given up."""


class Desk(NamedTuple):
    """One thread's schedule in the making. n tasks; new tasks have no home.

    ``start finish chosen`` (n): where the tasks stand; ``out`` (n) 1 for those that stand nowhere.
    ``head`` (n) earliest starts and ``limit`` (n) latest finishes, by links and deadlines alone.
    ``home home_mode`` (n): the plan in force, −1 for new tasks. ``hops`` (n) how hard to place elsewhere, in 1/STEP.
    ``weight`` (n) how often sent away in this ripple; ``log log_start log_mode`` what stood before it (−1: nowhere).
    ``pool`` sent away and not placed yet; ``news`` new tasks that wait, ``stubborn`` (n) how often they did.
    ``user_ptr user`` rows of free tasks that can need a resource; ``near near_ptr`` those around the task in hand.
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
    news: Ints
    stubborn: Longs
    user_ptr: Ints
    user: Ints
    near: Ints
    near_ptr: Ints
    rank: Longs
    victims: Ints
    best_victims: Ints
    is_victim: Ints
    planes: Words
    counters: Longs
    random: Words


def desk(net: Network, line: Line, head: Longs, home: Ints, home_mode: Ints, random: Words) -> Desk:
    """An empty desk; :func:`lay` puts a schedule on it."""
    count, kinds = net.fixed.size, net.step_ptr.size - 1

    def ints(*shape: int) -> Ints:
        return np.zeros(shape, dtype=np.int32)

    def longs(*shape: int) -> Longs:
        return np.zeros(shape, dtype=np.int64)

    task_of_mode = np.repeat(np.arange(count), np.diff(net.mode_ptr))
    task_of_need = np.repeat(task_of_mode, np.diff(net.need_ptr))
    pairs = np.unique(np.stack([net.need, task_of_need], axis=1)[net.fixed[task_of_need] < 0], axis=0)
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
        news=ints(count),
        stubborn=longs(count),
        user_ptr=user_ptr,
        user=np.ascontiguousarray(pairs[:, 1]).astype(np.int32),
        near=ints(NEAR * max(1, most_needs)),
        near_ptr=ints(most_needs + 1),
        rank=longs(2 * NEAR * max(1, most_needs) + 8, 2),
        victims=ints(count),
        best_victims=ints(count),
        is_victim=ints(count),
        planes=line.planes.copy(),
        counters=longs(6),
        random=random,
    )


@inlined
def _shortest(net, task):
    least = np.int64(net.duration[net.mode_ptr[task]])
    for mode in range(net.mode_ptr[task] + 1, net.mode_ptr[task + 1]):
        least = min(least, np.int64(net.duration[mode]))
    return least


@inlined
def _lag(net, task, other):
    most = np.int64(-HEAVY)
    for link in range(net.pred_ptr[other], net.pred_ptr[other + 1]):
        if net.pred[link] == task:
            most = max(most, np.int64(net.lag[link]))
    return most


@inlined
def _away(state, task):
    """1 where a confirmed task does not stand at home."""
    if state.home[task] < 0:
        return 0
    if state.out[task] != 0 or state.start[task] != state.home[task] or state.chosen[task] != state.home_mode[task]:
        return 1
    return 0


@kernel
def set_limits(net, state, due, slots):
    """Latest finish of each task from ``due`` (one an order, one more for none) backwards along the links."""
    for row in range(net.topological.size - 1, -1, -1):
        task = net.topological[row]
        latest = min(np.int64(due[net.order[task]]), np.int64(slots))
        for link in range(net.succ_ptr[task], net.succ_ptr[task + 1]):
            other = net.succ[link]
            begin = np.int64(net.fixed[other])
            if begin < 0:
                begin = state.limit[other] - _shortest(net, other)
            latest = min(latest, begin - _lag(net, task, other))
        state.limit[task] = latest


@kernel
def lay(line, net, state, start, chosen):
    """Put the schedule on the desk: new tasks that start at −1 or would end after their limits stand nowhere."""
    copy_into(state.planes, line.planes, line.planes.size)
    state.counters[:] = 0
    state.weight[:] = 1
    state.is_logged[:] = 0
    state.out[:] = 0
    for task in range(net.fixed.size):
        mode = net.mode_ptr[task] + chosen[task]
        if start[task] < 0 or (state.home[task] < 0 and start[task] + net.duration[mode] > state.limit[task]):
            state.out[task] = 1
            continue
        state.start[task] = start[task]
        state.chosen[task] = chosen[task]
        state.finish[task] = start[task] + net.duration[mode]
        if net.fixed[task] < 0:
            take(line, net, state.planes, mode, start[task])
            state.counters[MOVED] += _away(state, task)


@kernel
def _lift(line, net, state, task):
    """Off the timeline."""
    give_back(line, net, state.planes, net.mode_ptr[task] + state.chosen[task], state.start[task])
    before = _away(state, task)
    state.out[task] = 1
    state.counters[MOVED] += _away(state, task) - before


@kernel
def _put(line, net, state, task, mode, at):
    """A task that stands nowhere takes its place."""
    take(line, net, state.planes, mode, at)
    before = _away(state, task)
    state.out[task] = 0
    state.start[task] = at
    state.finish[task] = at + net.duration[mode]
    state.chosen[task] = mode - net.mode_ptr[task]
    state.counters[MOVED] += _away(state, task) - before


@kernel
def _log(state, task, start):
    if state.is_logged[task] == 0:
        state.is_logged[task] = 1
        state.log_start[task] = start
        state.log_mode[task] = state.chosen[task]
        state.log[state.counters[LOGGED]] = task
        state.counters[LOGGED] += 1


@kernel
def _send_away(line, net, state, task):
    """Into the pool, or among the waiting new tasks."""
    _log(state, task, state.start[task])
    state.weight[task] += 1
    _lift(line, net, state, task)
    if state.home[task] < 0:
        state.news[state.counters[NEWS]] = task
        state.counters[NEWS] += 1
    else:
        state.pool[state.counters[POOL]] = task
        state.counters[POOL] += 1


@kernel
def _undo(line, net, state):
    """Back to what stood before the ripple."""
    for row in range(state.counters[LOGGED]):
        task = state.log[row]
        if state.out[task] == 0:
            _lift(line, net, state, task)
    for row in range(state.counters[LOGGED]):
        task = state.log[row]
        if state.log_start[task] >= 0:
            _put(line, net, state, task, net.mode_ptr[task] + state.log_mode[task], state.log_start[task])
    state.counters[POOL] = 0
    state.counters[NEWS] = state.counters[NEWS_BEFORE]


@kernel
def _forget(state):
    for row in range(state.counters[LOGGED]):
        state.is_logged[state.log[row]] = 0
        state.weight[state.log[row]] = 1
    state.counters[LOGGED] = 0


@kernel
def _first(net, state, task):
    """Earliest start by what stands on the desk."""
    begin = state.head[task]
    for row in range(net.pred_ptr[task], net.pred_ptr[task + 1]):
        other = net.pred[row]
        if state.out[other] == 0:
            begin = max(begin, np.int64(state.finish[other]) + net.lag[row])
    return begin


@kernel
def _last(net, state, task):
    """Latest finish by what stands on the desk."""
    end = state.limit[task]
    for row in range(net.succ_ptr[task], net.succ_ptr[task + 1]):
        other = net.succ[row]
        if state.out[other] == 0:
            end = min(end, np.int64(state.start[other]) - _lag(net, task, other))
    return end


@kernel
def _fit(line, net, state, task):
    """Place a task where it is in nobody's way: at home, else early; False when there is no such place."""
    begin = _first(net, state, task)
    end = _last(net, state, task)
    home = np.int64(state.home[task])
    if home >= begin:
        mode = net.mode_ptr[task] + state.home_mode[task]
        if home + net.duration[mode] <= end and fits(line, net, state.planes, mode, home):
            _put(line, net, state, task, mode, home)
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
    _put(line, net, state, task, found_mode, found)
    return True


@inlined
def _burden(net, state, task, most_moved, count, new):
    """What it costs to send a task away now; ``new``: for a new task."""
    if net.fixed[task] >= 0:
        return np.int64(HEAVY)
    if state.home[task] < 0:
        return np.int64(NEW * (1 + state.stubborn[task])) if new else np.int64(HEAVY)
    cost = (STEP + state.hops[task]) * state.weight[task]
    if _away(state, task) == 0:
        if state.counters[MOVED] + count >= most_moved:
            return np.int64(HEAVY)
        cost += HOME
    return cost


@kernel
def _neighbours(net, state, task, mode, begin, end):
    """Collect what stands between ``begin`` and ``end`` on the resources of ``mode``; returns how many."""
    amount = 0
    first = net.need_ptr[mode]
    for need in range(first, net.need_ptr[mode + 1]):
        kind = net.need[need]
        state.near_ptr[need - first] = amount
        most = amount + NEAR
        for row in range(state.user_ptr[kind], state.user_ptr[kind + 1]):
            other = state.user[row]
            if state.start[other] >= end or state.finish[other] <= begin or state.out[other] != 0 or other == task:
                continue
            if amount < most and _units(net, state, other, kind) > 0:
                state.near[amount] = other
                amount += 1
        state.near_ptr[need - first + 1] = amount
    return amount


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


@kernel
def _linked_victims(net, state, task, at, finish, most_moved):
    """Predecessors (of new tasks) and successors that could not stay; returns their burden and number."""
    cost = np.int64(0)
    count = 0
    new = state.home[task] < 0
    if new:
        for row in range(net.pred_ptr[task], net.pred_ptr[task + 1]):
            other = net.pred[row]
            if state.out[other] == 0 and state.is_victim[other] == 0 and state.finish[other] + net.lag[row] > at:
                cost += _burden(net, state, other, most_moved, count, new)
                state.is_victim[other] = 1
                state.victims[count] = other
                count += 1
    for row in range(net.succ_ptr[task], net.succ_ptr[task + 1]):
        other = net.succ[row]
        if state.out[other] != 0 or state.is_victim[other] != 0:
            continue
        if state.start[other] - _lag(net, task, other) < finish:
            cost += _burden(net, state, other, most_moved, count, new)
            state.is_victim[other] = 1
            state.victims[count] = other
            count += 1
    return cost, count


@kernel
def _weigh(line, net, state, task, mode, at, bar, most_moved):
    """Burden of putting the task at ``at`` (HEAVY when it is ``bar`` or more) and the number of ``victims``.

    Needs :func:`_neighbours`. The planes are as before afterwards.
    """
    finish = at + net.duration[mode]
    new = state.home[task] < 0
    cost, count = _linked_victims(net, state, task, at, finish, most_moved)
    given = 0
    while given < count and cost < bar:
        other = state.victims[given]
        give_back(line, net, state.planes, net.mode_ptr[other] + state.chosen[other], state.start[other])
        given += 1
    first = net.need_ptr[mode]
    for need in range(first, net.need_ptr[mode + 1]):
        while cost < bar:
            slot = _short_at(line, state, need, at, finish)
            if slot < 0:
                break
            pick = -1
            least = np.int64(HEAVY)
            for row in range(state.near_ptr[need - first], state.near_ptr[need - first + 1]):
                other = state.near[row]
                if state.start[other] <= slot and state.finish[other] > slot and state.is_victim[other] == 0:
                    burden = _burden(net, state, other, most_moved, count, new)
                    if burden < least:
                        least = burden
                        pick = other
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
def _candidate(state, number, length):
    """Places right behind and right before the neighbours."""
    other = state.near[number >> 1]
    return np.int64(state.finish[other]) if number & 1 else np.int64(state.start[other]) - length


@kernel
def _force(line, net, state, task, most_moved, samples):
    """Put a confirmed task where its victims weigh least, and send them away; False when it can stand nowhere."""
    best = np.int64(HEAVY)
    best_mode = 0
    best_at = np.int64(0)
    best_count = 0
    begin = _first(net, state, task)
    for mode in range(net.mode_ptr[task], net.mode_ptr[task + 1]):
        length = np.int64(net.duration[mode])
        end = state.limit[task] - length
        if end < begin:
            continue
        near = _neighbours(net, state, task, mode, begin, end + length)
        share = samples / (2.0 * near + 1.0)
        for number in range(-3, 2 * near):
            if number >= 0 and share < 1.0 and chance(state.random) > share:
                continue
            if number == -3:
                at = begin
            elif number == -2:
                at = end
            elif number == -1:
                at = np.int64(earliest(line, net, state.planes, mode, begin))
            else:
                at = _candidate(state, number, length)
            if at < begin or at > end or not fits(line, net, line.planes, mode, at):
                continue
            cost, count = _weigh(line, net, state, task, mode, at, best, most_moved)
            if cost < best:
                best, best_mode, best_at, best_count = cost, mode, at, count
                copy_into(state.best_victims, state.victims, count)
    if best >= HEAVY:
        return False
    for row in range(best_count):
        _send_away(line, net, state, state.best_victims[row])
    _put(line, net, state, task, best_mode, best_at)
    return True


@kernel
def _pop(state):
    """The task of the pool that started first."""
    size = state.counters[POOL]
    pick = 0
    for row in range(1, size):
        if state.start[state.pool[row]] < state.start[state.pool[pick]]:
            pick = row
    task = state.pool[pick]
    state.pool[pick] = state.pool[size - 1]
    state.counters[POOL] -= 1
    return task


@kernel
def _ripple(line, net, state, most_moved, budget, samples):
    """Find places for everything in the pool; False when that does not end within ``budget`` places."""
    for _ in range(budget):
        if state.counters[POOL] == 0:
            return True
        state.counters[TRIED] += 1
        task = _pop(state)
        if _fit(line, net, state, task):
            continue
        if not _force(line, net, state, task, most_moved, samples):
            state.hops[task] = min(state.hops[task] + 4 * STEP, STEP * FARTHEST)
            return False
    return state.counters[POOL] == 0


@kernel
def _push_in(line, net, state, task, mode, at, most_moved, budget, samples):
    """Put a new task there and let the ripple run; what stood before comes back when it does not end."""
    state.counters[NEWS_BEFORE] = state.counters[NEWS]
    _neighbours(net, state, task, mode, at, at + net.duration[mode])
    cost, count = _weigh(line, net, state, task, mode, at, np.int64(HEAVY), most_moved)
    done = False
    if cost < HEAVY:
        copy_into(state.best_victims, state.victims, count)
        for row in range(count):
            _send_away(line, net, state, state.best_victims[row])
        _log(state, task, -1)
        _put(line, net, state, task, mode, at)
        done = _ripple(line, net, state, most_moved, budget, samples)
        if not done:
            _undo(line, net, state)
    _forget(state)
    return done


@kernel
def _ranked(line, net, state, task, most_moved):
    """Fill ``rank`` with the places of a new task and their burdens, blurred the more the more stubborn it is."""
    amount = 0
    blur = 4 * STEP * (1 + state.stubborn[task]) ** 2
    begin = state.head[task]
    for mode in range(net.mode_ptr[task], net.mode_ptr[task + 1]):
        length = np.int64(net.duration[mode])
        end = state.limit[task] - length
        if end < begin:
            continue
        near = _neighbours(net, state, task, mode, begin, end + length)
        for number in range(-2, 2 * near):
            if amount >= state.rank.shape[0]:
                break
            if number == -2:
                at = begin
            elif number == -1:
                at = end
            else:
                at = _candidate(state, number, length)
            if at < begin or at > end or not fits(line, net, line.planes, mode, at):
                continue
            cost, _ = _weigh(line, net, state, task, mode, at, np.int64(HEAVY), most_moved)
            if cost < HEAVY:
                state.rank[amount, 0] = cost * 8 + below(state.random, blur)
                state.rank[amount, 1] = (at << 8) | (mode - net.mode_ptr[task])
                amount += 1
    return amount


@kernel
def _insert(line, net, state, task, tries, most_moved, budget, samples):
    """Place one new task, with others sent away if need be; False when no ripple ended well."""
    if _fit(line, net, state, task):
        return True
    amount = _ranked(line, net, state, task, most_moved)
    done = 0
    previous = np.int64(-1)
    while done < tries:
        pick = -1
        for row in range(amount):
            if state.rank[row, 0] >= 0 and (pick < 0 or state.rank[row, 0] < state.rank[pick, 0]):
                pick = row
        if pick < 0:
            return False
        state.rank[pick, 0] = -1
        place = state.rank[pick, 1]
        if place == previous:
            continue
        previous = place
        done += 1
        mode = net.mode_ptr[task] + (place & 255)
        if _push_in(line, net, state, task, mode, place >> 8, most_moved, budget, samples):
            return True
    return False


@kernel
def make_room(line, net, state, sequence, places, tries, most_moved, budget, samples):
    """Place the new tasks of ``sequence`` that stand nowhere, the last first; True when all of them stand.

    ``places``: about how many places may be looked for; ``tries`` ripples a new task, each of at most ``budget``
    places among ``samples`` candidates each.
    """
    state.stubborn[:] = 0
    for row in range(sequence.size):
        if state.out[sequence[row]] != 0:
            state.news[state.counters[NEWS]] = sequence[row]
            state.counters[NEWS] += 1
    while state.counters[NEWS] > 0 and state.counters[TRIED] < places:
        state.counters[TRIED] += 1
        state.counters[NEWS] -= 1
        waiting = state.counters[NEWS]
        task = state.news[waiting]
        placed = _insert(line, net, state, task, tries, most_moved, budget, samples)
        state.stubborn[task] += 1
        if state.stubborn[task] > (2 * STUBBORN if placed else STUBBORN):
            return False
        if placed:
            continue
        pick = below(state.random, waiting + 1)
        state.news[waiting] = state.news[pick]
        state.news[pick] = task
        state.counters[NEWS] += 1
    return state.counters[NEWS] == 0


@kernel
def estimate(line, net, state, tasks, sweeps, samples, most_moved):
    """Fill ``hops`` for ``tasks`` (late ones first): 0 where another place is free, else the burden of the best one."""
    for row in range(tasks.size):
        task = tasks[row]
        mode = net.mode_ptr[task] + state.chosen[task]
        at = np.int64(earliest(line, net, state.planes, mode, _first(net, state, task)))
        free = at != OVERFLOW and at + net.duration[mode] <= _last(net, state, task)
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
    begin = _first(net, state, task)
    end = state.limit[task] - length
    best = state.hops[task]
    near = _neighbours(net, state, task, mode, begin, end + length)
    share = samples / (2.0 * near + 1.0)
    for number in range(-1, 2 * near):
        if number >= 0 and share < 1.0 and chance(state.random) > share:
            continue
        at = _candidate(state, number, length)
        if number < 0:
            at = np.int64(earliest(line, net, state.planes, mode, begin))
        if at < begin or at > end or (at < own + length and at + length > own):
            continue
        if fits(line, net, line.planes, mode, at):
            cost, _ = _weigh(line, net, state, task, mode, at, best, most_moved)
            best = min(best, cost)
    return best


@kernel
def go_home(line, net, state, tasks):
    """Every confirmed task back home where that is free now, until nothing changes."""
    changed = True
    while changed:
        changed = False
        for row in range(tasks.size):
            task = tasks[row]
            if _away(state, task) == 0:
                continue
            mode = net.mode_ptr[task] + state.chosen[task]
            at = state.start[task]
            own = net.mode_ptr[task] + state.home_mode[task]
            home = np.int64(state.home[task])
            if home < _first(net, state, task) or home + net.duration[own] > _last(net, state, task):
                continue
            _lift(line, net, state, task)
            if fits(line, net, state.planes, own, home):
                _put(line, net, state, task, own, home)
                changed = True
            else:
                _put(line, net, state, task, mode, at)
