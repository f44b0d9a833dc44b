"""The negotiated date: others move, but no order ends after its promise, and only so many tasks move.

Each attempt sets the new order a goal, from which every task of it gets its latest finish, and makes room for it task
by task (:mod:`punctual.engine.promise.eject`): what stands in the way goes elsewhere within its own promise. When all
stand, whoever can goes back home, the goal moves closer, and the next attempt starts from there or afresh. Goals that
are not reached grow. Every schedule in between is feasible and within the promises.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from punctual.engine.capacity import lines
from punctual.engine.capacity.arrays import Ints, Network, network
from punctual.engine.capacity.lines import Line
from punctual.engine.capacity.model import Problem, Schedule, order_ends
from punctual.engine.capacity.words import generator
from punctual.engine.optimise.answer import Limits
from punctual.engine.optimise.crew import Crew
from punctual.engine.optimise.rules import heads, shortest_modes
from punctual.engine.promise import burden, eject
from punctual.engine.promise import desk as desks
from punctual.engine.promise.desk import MOVED, TRIED, Desk
from punctual.engine.promise.gap import GapFiller
from punctual.engine.promise.model import FREE, Candidate, Offer, Shop, joined, latest_ends, moved_tasks
from punctual.engine.verify import verified

MOST_MOVED = 300
"""Tasks moved in an offer at most."""

PLACES, TRIES, BUDGET, SAMPLES = 2500, 8, 60, 12.0
"""Places looked for in an attempt (some tens of milliseconds), ripples a new task, places a ripple, and candidates a
place."""

PLACES_AN_EVALUATION = 8
"""So many places count as one of the evaluations by which a search is limited (about a tenth of a millisecond)."""

SWEEPS, SWEEP_SAMPLES = 4, 16.0
"""How often, and with how many candidates, it is estimated how hard each task is to place elsewhere."""

FIRST_GOALS = (0.2, 0.45)
CLOSER, FARTHER, FARTHEST = 0.75, 0.35, 0.93
"""Goals as shares of the way from the critical path to the best date so far: the first ones of the threads, the next
after a success, how much of the rest a failure adds, and where it begins anew."""


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
    confirmed: int
    empty: Ints
    modes: Ints
    late_first: Ints
    due: npt.NDArray[np.int64]
    least: int


@dataclass(slots=True)
class _Seat:
    """One thread: its desk, its goal as a share, and what came out of the last attempt."""

    desk: Desk
    share: float
    attempts: int = 0
    tried: int = 0
    result: _State | None = None


def negotiate(
    shop: Shop,
    candidate: Candidate,
    limits: Limits,
    *,
    workers: int = 2,
    seed: int = 0,
    filler: GapFiller | None = None,
) -> Offer:
    """The verified negotiated offer, never later than when nobody moves (which is kept where nothing earlier is
    found).
    """
    gaps = (filler or GapFiller(shop)).offer(candidate, seed=seed)
    whole = joined(shop, candidate)
    allowed = latest_ends(shop, gaps.ends)
    table = _table(shop, whole, allowed, gaps)
    start = np.array(shop.schedule.start + gaps.start, dtype=np.int32)
    best = _State(start, np.array(shop.schedule.mode + gaps.mode, dtype=np.int32), gaps.finish, 0)
    if best.finish > table.least and limits.progress(0) < 1.0:
        best = _search(table, best, limits, _seats(table, workers, seed))
    offer = _offer(shop, table, best)
    verified(whole, Schedule(offer.plan.start + offer.start, offer.plan.mode + offer.mode), promises=allowed)
    return offer


def _search(table: _Table, best: _State, limits: Limits, seats: list[_Seat]) -> _State:
    hops = _estimated(table, seats[0].desk)
    with Crew(len(seats)) as crew:
        while limits.progress(sum(seat.tried for seat in seats)) < 1.0 and best.finish > table.least:

            def work(seat: _Seat, best: _State = best) -> None:
                seat.desk.hops[:] = hops
                _attempt(table, seat, best)

            crew.round(work, seats)
            found = [seat.result for seat in seats if seat.result is not None]
            best = min([best, *found], key=lambda state: state.rank)
            limits.better(best.finish)
    return best


def _seats(table: _Table, workers: int, seed: int) -> list[_Seat]:
    head = heads(table.net)
    return [
        _Seat(
            desks.empty_desk(table.net, table.line, head, table.empty, table.modes, generator(seed, worker)),
            FIRST_GOALS[worker % len(FIRST_GOALS)],
        )
        for worker in range(workers)
    ]


def _estimated(table: _Table, desk: Desk) -> npt.NDArray[np.int64]:
    desks.set_limits(table.net, desk, table.due, table.slots)
    desks.lay(table.line, table.net, desk, table.empty, table.modes)
    burden.estimate(table.line, table.net, desk, table.late_first, SWEEPS, SWEEP_SAMPLES, MOST_MOVED)
    return desk.hops.copy()


def _attempt(table: _Table, seat: _Seat, best: _State) -> None:
    desk, net = seat.desk, table.net
    goal = table.least + int(seat.share * (best.finish - 1 - table.least))
    due = table.due.copy()
    due[-2] = goal
    desks.set_limits(net, desk, due, table.slots)
    afresh = best.moved == 0 or seat.attempts % 2 == 1
    desks.lay(table.line, net, desk, table.empty if afresh else best.start, table.modes if afresh else best.chosen)
    new = np.arange(table.confirmed, net.fixed.size)
    sequence = new[np.argsort(-desk.limit[new], kind="stable")].astype(np.int32)
    done = eject.make_room(table.line, net, desk, sequence, PLACES, TRIES, MOST_MOVED, BUDGET, SAMPLES)
    seat.attempts += 1
    seat.tried += 1 + int(desk.counters[TRIED]) // PLACES_AN_EVALUATION
    seat.result = None
    if done:
        desks.go_home(table.line, net, desk, np.ascontiguousarray(table.late_first[::-1]))
        finish = int(desk.finish[table.confirmed :].max())
        seat.result = _State(desk.start.copy(), desk.chosen.copy(), finish, int(desk.counters[MOVED]))
        seat.share = CLOSER
    elif seat.attempts % 2 == 0 or best.moved == 0:
        seat.share += FARTHER * (1.0 - seat.share)
        if seat.share > FARTHEST:
            seat.share = FIRST_GOALS[0]


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


def _table(shop: Shop, whole: Problem, allowed: dict[str, int], gaps: Offer) -> _Table:
    confirmed = len(shop.problem.tasks)
    net, _ = network(whole, exact=True)
    ends = max(shop.schedule.finish(shop.problem), default=0)
    end = max(gaps.finish, ends, *(latest for latest in allowed.values() if latest < FREE), 0)
    slots = ((end + int(net.duration.max(initial=1)) + 64) // 64 + 1) << 6
    count = net.fixed.size
    home = np.array(shop.schedule.start + (-1,) * len(gaps.start), dtype=np.int32)
    free = np.flatnonzero((net.fixed < 0) & (np.arange(count) < confirmed))
    due = [allowed.get(order.id, FREE) for order in shop.problem.orders] + [FREE, FREE]
    return _Table(
        net=net,
        line=lines.build(net, slots - 1),
        slots=slots,
        confirmed=confirmed,
        empty=home,
        modes=np.array(shop.schedule.mode + (0,) * len(gaps.start), dtype=np.int32),
        late_first=np.ascontiguousarray(free[np.argsort(-home[free], kind="stable")]).astype(np.int32),
        due=np.array(due, dtype=np.int64),
        least=int((heads(net) + shortest_modes(net))[confirmed:].max()),
    )
