"""The negotiated date: others move, but no order ends after its promise, and only so many tasks move.

Each attempt sets the new order a goal and places its tasks one after the other, as early as room can be made for them
within the promises (:mod:`punctual.engine.promise.forward`); where that is too late the goal rises, until it is no
better than the best so far. Attempts start from the plan in force or from the best one, with goals drawn at random
between the critical path and the best date; the next one knows for which tasks room was hard to find. Every schedule
in between is feasible and within the promises.
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from math import inf
from random import Random

import numpy as np
import numpy.typing as npt

from punctual.engine.capacity import lines
from punctual.engine.capacity.arrays import Ints, Network
from punctual.engine.capacity.lines import Line
from punctual.engine.capacity.model import Schedule, order_ends
from punctual.engine.capacity.words import generator
from punctual.engine.optimise.answer import Limits
from punctual.engine.optimise.crew import Crew
from punctual.engine.optimise.rules import heads, shortest_modes, tails
from punctual.engine.promise import burden
from punctual.engine.promise import desk as desks
from punctual.engine.promise.desk import MOVED, TRIED, Desk
from punctual.engine.promise.forward import bring_forward
from punctual.engine.promise.gap import Burdens, GapFiller
from punctual.engine.promise.model import FREE, Candidate, Offer, Shop, latest_ends, moved_tasks
from punctual.engine.verify import verified

MOST_MOVED = 300
"""Tasks moved in an offer at most."""

PLACES, SAMPLES = 8_000, (12.0, 36.0)
"""Places looked for in an attempt at most (about a tenth of a second), and candidates a place, drawn for each
attempt."""

PLACES_AN_EVALUATION = 8
"""So many places count as one of the evaluations by which a search is limited (about a tenth of a millisecond)."""

SWEEPS, SWEEP_SAMPLES = 4, 16.0
"""How often, and with how many candidates, it is estimated how hard each task is to place elsewhere."""
ESTIMATED_A_SECOND = 20_000
"""Tasks estimated at most, all sweeps together, for each second that the search may take: about a third of it."""

AN_ATTEMPT, A_ROUND, A_WHILE = 4, 1000, 0.25
"""Evaluations that an attempt counts besides its places, and that a thread makes before the threads compare theirs;
where the clock ends the search, seconds before they do (whoever is done first waits for the others' attempts)."""

AGAIN, WISER = 0.5, 0.5
"""How often an attempt starts from the best plan so far, and not from the one in force; and how often with what the
thread's attempts before it have learned of who is hard to place elsewhere, and not with the first estimate."""


@dataclass(slots=True)
class _State:
    """A schedule of all tasks with its rank: the new order's end, then the number of moved tasks."""

    start: Ints
    chosen: Ints
    finish: int
    moved: int

    @property
    def rank(self) -> tuple[int, int]:
        return self.finish, self.moved


@dataclass(slots=True)
class _Table:
    net: Network
    line: Line
    slots: int
    standing: int
    confirmed: int
    empty: Ints
    modes: Ints
    late_first: Ints
    homes: Ints
    sequence: Ints
    due: npt.NDArray[np.int64]
    least: int
    enough: int


@dataclass(slots=True)
class _Seat:
    """One thread: its desk, its dice, the goal of its first attempt as a share, the best it knows.

    ``plan`` has the plan in force on it and ``copy`` the plan ``copied``, the last one that attempts began with."""

    desk: Desk
    plan: Desk
    copy: Desk
    dice: Random
    share: float
    best: _State
    known: npt.NDArray[np.int64]
    copied: _State | None = None
    tried: int = 0


def negotiate(
    shop: Shop,
    candidate: Candidate,
    limits: Limits,
    *,
    wanted: int = 0,
    sooner: bool = True,
    workers: int = 2,
    seed: int = 0,
    filler: GapFiller | None = None,
) -> Offer:
    """The verified negotiated offer, never later than when nobody moves (which is kept where nothing earlier is
    found). An end at ``wanted`` is early enough; without ``sooner`` no attempt aims at an earlier one, which moves less
    and finds less.
    """
    filler = filler or GapFiller(shop)
    whole = filler.whole(candidate)
    gaps = filler.draft(candidate, seed=seed)
    allowed = latest_ends(shop, gaps.ends)
    table = _table(shop, filler.network(whole), allowed, gaps, wanted, sooner=sooner)
    start = np.array(shop.schedule.start + gaps.start, dtype=np.int32)
    best = _State(start, np.array(shop.schedule.mode + gaps.mode, dtype=np.int32), gaps.finish, 0)
    if best.finish > table.least and limits.progress(0) < 1.0:
        best = _search(table, best, limits, _seats(table, best, workers, seed), filler)
    offer = _offer(shop, table, best)
    verified(whole, Schedule(offer.plan.start + offer.start, offer.plan.mode + offer.mode), promises=allowed)
    return offer


def _search(table: _Table, best: _State, limits: Limits, seats: list[_Seat], filler: GapFiller) -> _State:
    # By the clock alone no two answers are the same: nobody waits for news. Where evaluations are counted, too, the
    # clock ends the same search early, so that a longer one finds at least as much.
    seconds = limits.seconds if limits.evaluations is None else None
    most = inf if seconds is None else ESTIMATED_A_SECOND * seconds
    sweeps = max(1, int(min(SWEEPS, most // max(1, table.late_first.size))))
    if filler.burdens is None or filler.burdens.sweeps < sweeps:
        filler.burdens = Burdens(_estimated(table, seats[0].copy, sweeps), sweeps)
    hops = np.zeros(table.net.fixed.size, dtype=np.int64)
    hops[: table.confirmed] = filler.burdens.hops
    for seat in seats:
        desks.set_limits(table.net, seat.desk, table.net.topological, table.due, table.slots)
        seat.desk.hops[:] = hops
        desks.lay(table.line, table.net, seat.plan, table.empty, table.modes)
    with Crew(len(seats)) as crew:
        while limits.progress(sum(seat.tried for seat in seats)) < 1.0 and best.finish > table.enough:

            def work(seat: _Seat, best: _State = best, until: float = limits.elapsed() + A_WHILE) -> None:
                seat.best = best
                most = seat.tried + A_ROUND
                while seat.best.finish > table.enough:
                    if seconds is None:
                        if seat.tried >= most or (limits.seconds and limits.elapsed() >= limits.seconds):
                            return
                    elif limits.elapsed() >= min(until, seconds) or limits.stop():
                        return
                    else:
                        seat.best = min((other.best for other in seats), key=lambda state: state.rank)
                    _attempt(table, seat, hops)

            crew.round(work, seats)
            _share_what_was_hard(seats)
            best = min((best, *(seat.best for seat in seats)), key=lambda state: state.rank)
            limits.better(best.finish)
    return best


def _share_what_was_hard(seats: list[_Seat]) -> None:
    """Every thread knows from now on how often each new task found no place, whoever tried."""
    new = sum(seat.desk.stubborn - seat.known for seat in seats)
    for seat in seats:
        seat.known += new
        seat.desk.stubborn[:] = seat.known


def _seats(table: _Table, best: _State, workers: int, seed: int) -> list[_Seat]:
    desk = desks.empty_desk(table.net, table.line, heads(table.net), table.empty, table.modes, generator(seed, 0))

    def another(worker: int) -> Desk:
        return desks.another(desk, generator(seed, worker))

    return [
        _Seat(
            desk=another(worker),
            plan=another(worker),
            copy=another(worker),
            dice=Random(f"{seed} {worker}"),  # noqa: S311  # a search, no secret
            share=worker / workers,
            best=best,
            known=np.zeros(table.net.fixed.size, dtype=np.int64),
        )
        for worker in range(workers)
    ]


def _estimated(table: _Table, desk: Desk, sweeps: int) -> npt.NDArray[np.int64]:
    """Of the confirmed tasks. Knows nothing of the new order, whose tasks stand nowhere, and has dice of its own, so
    that it is the same whichever order asks first."""
    desk = desk._replace(random=generator(0, 0))
    desks.set_limits(table.net, desk, table.net.topological, table.due, table.standing)
    desks.lay(table.line, table.net, desk, table.empty, table.modes)
    burden.estimate(table.line, table.net, desk, table.late_first, sweeps, SWEEP_SAMPLES, MOST_MOVED)
    return desk.hops[: table.confirmed].copy()


def _attempt(table: _Table, seat: _Seat, hops: npt.NDArray[np.int64]) -> None:
    desk, net, best = seat.desk, table.net, seat.best
    late = best.finish - 1 - table.least
    goal = table.least + int(seat.share * late)
    seat.share = seat.dice.random()
    due = table.due.copy()
    due[-2] = goal
    desks.set_limits(net, desk, table.sequence, due, table.slots)
    again = best.moved > 0 and seat.dice.random() < AGAIN
    if again and best is not seat.copied:
        desks.lay(table.line, net, seat.copy, best.start, best.chosen)
        seat.copied = best
    desks.lay_as(desk, seat.copy if again else seat.plan)
    if seat.dice.random() >= WISER:
        desk.hops[:] = hops
    late -= goal - table.least
    samples = seat.dice.choice(SAMPLES)
    done = bring_forward(table.line, net, desk, table.sequence, table.homes, late, PLACES, MOST_MOVED, samples)
    seat.tried += AN_ATTEMPT + int(desk.counters[TRIED]) // PLACES_AN_EVALUATION
    if done:
        finish = int(desk.finish[table.confirmed :].max())
        found = _State(desk.start.copy(), desk.chosen.copy(), finish, int(desk.counters[MOVED]))
        seat.best = min(best, found, key=lambda state: state.rank)


def _offer(shop: Shop, table: _Table, state: _State) -> Offer:
    count = table.confirmed
    plan = Schedule(tuple(state.start[:count].tolist()), tuple(state.chosen[:count].tolist()))
    return Offer(
        finish=state.finish,
        start=tuple(state.start[count:].tolist()),
        mode=tuple(state.chosen[count:].tolist()),
        plan=plan,
        moved=moved_tasks(shop, plan.start, plan.mode),
        ends=order_ends(shop.problem, plan),
    )


def _table(shop: Shop, net: Network, allowed: dict[str, int], gaps: Offer, wanted: int, *, sooner: bool) -> _Table:
    confirmed = len(shop.problem.tasks)
    ends = max(shop.schedule.finish(shop.problem), default=0)
    standing = max(ends, *(latest for latest in allowed.values() if latest < FREE), 0)
    end = max(gaps.finish, standing)
    slots = ((end + int(net.duration.max(initial=1)) + 64) // 64 + 1) << 6
    count = net.fixed.size
    home = np.array(shop.schedule.start + (-1,) * len(gaps.start), dtype=np.int32)
    free = np.flatnonzero((net.fixed < 0) & (np.arange(count) < confirmed))
    due = [allowed.get(order.id, FREE) for order in shop.problem.orders] + [FREE, FREE]
    late_first = np.ascontiguousarray(free[np.argsort(-home[free], kind="stable")]).astype(np.int32)
    least = int((heads(net) + shortest_modes(net))[confirmed:].max())
    return _Table(
        net=net,
        line=lines.build(net, slots - 1),
        slots=slots,
        standing=standing,
        confirmed=confirmed,
        empty=home,
        modes=np.array(shop.schedule.mode + (0,) * len(gaps.start), dtype=np.int32),
        late_first=late_first,
        homes=np.ascontiguousarray(late_first[::-1]),
        sequence=_sequence(net, confirmed),
        due=np.array(due, dtype=np.int64),
        least=least if sooner else max(wanted, least),
        enough=max(wanted, least),
    )


def _sequence(net: Network, confirmed: int) -> Ints:
    """New tasks, predecessors first; among those that are ready the one with the longest way to the end."""
    tail = tails(net)
    waits = {
        task: sum(1 for row in range(net.pred_ptr[task], net.pred_ptr[task + 1]) if net.pred[row] >= confirmed)
        for task in range(confirmed, net.fixed.size)
    }
    ready = [(-int(tail[task]), task) for task, count in waits.items() if count == 0]
    heapify(ready)
    sequence = []
    while ready:
        _, task = heappop(ready)
        sequence.append(task)
        for row in range(net.succ_ptr[task], net.succ_ptr[task + 1]):
            other = int(net.succ[row])
            waits[other] -= 1
            if waits[other] == 0:
                heappush(ready, (-int(tail[other]), other))
    return np.array(sequence, dtype=np.int32)
