"""The negotiated date: others move, but no order ends after its promise, and only so many tasks move.

In rounds a few confirmed orders are let go, everything else stands: the free orders go as late as their promises
allow, which opens early room; the new order takes it, ruin and recreate improves on it with promises that cannot be
bought (large neighbourhood search, Shaw, CP 1998, LNCS 1520, 417–431); then every free task that can goes back to its
old place. A round counts when the new order ends earlier, or as early with fewer tasks moved. Every schedule in
between is feasible and within the promises.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from punctual.engine.capacity import lines
from punctual.engine.capacity.arrays import Ints, Network, Words, network
from punctual.engine.capacity.lines import Line
from punctual.engine.capacity.model import Order, Problem, Schedule, order_ends
from punctual.engine.capacity.words import generator
from punctual.engine.optimise import ruin
from punctual.engine.optimise.answer import Limits
from punctual.engine.optimise.crew import Crew
from punctual.engine.optimise.ruin import Yard
from punctual.engine.optimise.rules import heads, shortest_modes
from punctual.engine.promise.gap import GapFiller
from punctual.engine.promise.model import FREE, Candidate, Offer, Shop, joined, latest_ends, moved_tasks
from punctual.engine.promise.restore import restore
from punctual.engine.verify import verified

BROKEN = 10_000
"""Cost of a slot beyond a promise, against 1 for a slot of the new order's lead: never worth it."""

ROUND = 40
ROUNDS = 3
"""Moves between two closings of gaps, and how often that happens before the free tasks go home."""

STEP = "\0step "
"""Each task of the new order is a goal of its own while searching: so that every task that gets earlier counts."""

MOST_MOVED = 300
MOST_FREE = 560
"""Tasks moved in an offer at most, and tasks free in a round (many go home again)."""


@dataclass(slots=True)
class _State:
    """A schedule of all tasks with its rank: the new order's end, then the number of moved tasks."""

    start: Ints
    chosen: Ints
    finish: int
    moved: int
    late: int

    @property
    def rank(self) -> tuple[bool, int, int]:
        return self.moved > MOST_MOVED, self.finish, self.moved

    @property
    def hope(self) -> int:
        """What the next round goes on from: early, and not far over the number of moves."""
        return self.late + 30 * max(0, self.moved - MOST_MOVED) + self.moved


@dataclass(slots=True)
class _Table:
    net: Network
    mirror: Network
    slots: int
    confirmed: int
    planned: Ints
    planned_mode: Ints
    slack: npt.NDArray[np.float64]
    uses: npt.NDArray[np.bool_]
    now: int
    least: int


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
    best = _State(start, np.array(shop.schedule.mode + gaps.mode, dtype=np.int32), gaps.finish, 0, 2**60)
    work = best
    tried, number = 0, 0
    with Crew(workers) as crew:
        while limits.progress(tried) < 1.0 and best.finish > table.least:
            jobs = [_Job(work, generator(seed, workers * number + worker)) for worker in range(workers)]
            crew.round(lambda job: _round(table, job), jobs)
            results = [job.result for job in jobs if job.result is not None]
            best = min([best, *results], key=lambda state: state.rank)
            work = min([work, *results], key=lambda state: state.hope)
            limits.better(best.finish)
            tried += workers * ROUND * ROUNDS
            number += 1
    offer = _offer(shop, table, best)
    verified(whole, Schedule(offer.plan.start + offer.start, offer.plan.mode + offer.mode), promises=allowed)
    return offer


@dataclass(slots=True)
class _Job:
    base: _State
    random: Words
    result: _State | None = None


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
    bound = (replace(order, due=allowed.get(order.id, FREE), weight=BROKEN) for order in whole.orders[:-1])
    steps = [replace(task, order=f"{STEP}{task.id}") for task in whole.tasks[confirmed:]]
    release = whole.orders[-1].release
    goals = [Order(f"{STEP}{task.id}", release=release, due=0) for task in whole.tasks[confirmed:]]
    orders = (*bound, *goals)
    net, _ = network(replace(whole, orders=orders, tasks=(*whole.tasks[:confirmed], *steps)), exact=True)
    early = (heads(net) + shortest_modes(net))[confirmed:]
    least = int(early.max())
    net.due[len(shop.problem.orders) : len(orders)] = early
    net.weight[len(shop.problem.orders) : len(orders)][early == least] = len(goals)
    ends = max(shop.schedule.finish(shop.problem), default=0)
    end = max(gaps.finish, ends, *(latest for latest in allowed.values() if latest < FREE), 0)
    slots = ((end + int(net.duration.max(initial=1)) + 64) // 64 + 1) << 6
    slack = np.array([allowed.get(o.id, end) - gaps.ends[o.id] for o in shop.problem.orders], dtype=np.float64)
    return _Table(
        net=net,
        mirror=lines.mirrored(net, slots),
        slots=slots,
        confirmed=confirmed,
        planned=np.array(shop.schedule.start, dtype=np.int32),
        planned_mode=np.array(shop.schedule.mode + (0,) * len(gaps.start), dtype=np.int32),
        slack=slack,
        uses=_uses(net),
        now=shop.now,
        least=least,
    )


def _free_tasks(table: _Table, job: _Job) -> npt.NDArray[np.bool_]:
    """Which tasks may move in this round besides the new order's, as true or false a task.

    All when they are few. Else either those of some orders in a window from now on, a few critical paths of the new
    order long; or, for one task of the new order that waits, the orders that use its resources after it could have
    started, each up to its end. Orders that moved already or have much slack are drawn first.
    """
    draw = np.random.default_rng(int(job.random[0]) % 2**63)
    net, count, base = table.net, table.confirmed, job.base
    unit = table.least - table.now
    weight = (draw.uniform(2.0, 20.0) + np.maximum(0.0, table.slack)) * draw.exponential(1.0, table.slack.size)
    moved = np.unique(net.order[:count][base.start[:count] != table.planned])
    weight[moved] *= 10.0
    inside = net.fixed < 0
    inside[count:] = False
    if int(inside.sum()) <= MOST_FREE:
        inside[count:] = True
        return np.asarray(inside)
    if draw.random() < 0.5:
        inside &= base.start < table.now + unit * draw.uniform(1.2, 3.0)
    else:
        task, ready = _waiting(table, base, draw)
        mode = net.mode_ptr[task]
        kinds = net.need[net.need_ptr[mode] : net.need_ptr[mode + 1]]
        inside &= base.start >= ready - unit * draw.uniform(0.0, 0.3)
        near = inside & (base.start < ready + unit * draw.uniform(0.5, 2.0))
        weight[np.unique(net.order[near & table.uses[:, kinds].any(axis=1)])] *= 100.0
        weight[np.bincount(net.order[near], minlength=net.due.size)[: weight.size] == 0] = 0.0
    counts = np.bincount(net.order[inside], minlength=net.due.size)[: table.slack.size]
    chosen = np.zeros(net.due.size, dtype=np.bool_)
    ranked = np.argsort(-weight, kind="stable")
    ranked = ranked[weight[ranked] > 0]
    chosen[ranked[np.cumsum(counts[ranked]) <= draw.integers(400, MOST_FREE)]] = True
    free = inside & chosen[net.order]
    free[count:] = True
    return np.asarray(free)


def _waiting(table: _Table, base: _State, draw: np.random.Generator) -> tuple[int, int]:
    """A task of the new order, drawn by how long it waits, and the time from which its predecessors let it start."""
    net = table.net
    finish = base.start + net.duration[net.mode_ptr[:-1] + base.chosen]
    ready = net.release[table.confirmed :].astype(np.int64)
    for place_of, task in enumerate(range(table.confirmed, base.start.size)):
        for row in range(net.pred_ptr[task], net.pred_ptr[task + 1]):
            ready[place_of] = max(ready[place_of], finish[net.pred[row]] + net.lag[row])
    wait = np.maximum(0, base.start[table.confirmed :] - ready) + 0.01
    pick = int(draw.choice(ready.size, p=wait / wait.sum()))
    return table.confirmed + pick, int(ready[pick])


def _uses(net: Network) -> npt.NDArray[np.bool_]:
    """Task × resource: whether one of its alternatives needs it."""
    uses = np.zeros((net.fixed.size, net.step_ptr.size - 1), dtype=np.bool_)
    mode_of_need = np.repeat(np.arange(net.duration.size), np.diff(net.need_ptr))
    task_of_mode = np.repeat(np.arange(net.fixed.size), np.diff(net.mode_ptr))
    uses[task_of_mode[mode_of_need], net.need] = True
    return uses


def _round(table: _Table, job: _Job) -> None:
    base = job.base
    free = _free_tasks(table, job)
    net = table.net._replace(
        fixed=np.where(free, -1, base.start).astype(np.int32),
        fixed_mode=np.where(free, 0, base.chosen).astype(np.int32),
    )
    finish = net.fixed + net.duration[net.mode_ptr[:-1] + net.fixed_mode]
    mirror = table.mirror._replace(
        fixed=np.where(free, -1, table.slots - finish).astype(np.int32),
        fixed_mode=net.fixed_mode,
        release=np.zeros_like(net.release),
    )
    line = lines.build(net, table.slots - 1)
    mirror_line = lines.build(mirror, table.slots - 1)
    yard = ruin.yard(net, line, job.random)
    ruin.adopt(line, net, yard, base.start, base.chosen)
    for _ in range(ROUNDS):
        ruin.improve(line, net, mirror_line, mirror, yard, ROUND, 0.5)
    ruin.adopt(line, net, yard, yard.best_start, yard.best_chosen)
    straight = _sent_home(table, net, line, yard)
    ruin.adopt(line, net, yard, yard.best_start, yard.best_chosen)
    ruin.spread(line, net, mirror_line, mirror, yard)
    late = _sent_home(table, net, line, yard)
    rebuilt = _sent_home(table, net, line, yard, rebuild=True)
    job.result = min(straight, late, rebuilt, key=lambda state: state.hope)


def _sent_home(table: _Table, net: Network, line: Line, yard: Yard, *, rebuild: bool = False) -> _State:
    """The schedule of the yard with free confirmed tasks back at their old places as far as possible.

    ``rebuild``: first schedule all free tasks anew, none earlier than the plan in force has it (or than it is already).
    """
    count = table.confirmed
    if rebuild:
        release = net.release.copy()
        release[:count] = np.maximum(release[:count], np.minimum(table.planned, yard.start[:count]))
        ruin.compact(line, net._replace(release=release), yard)
    start, chosen, finish = yard.start.copy(), yard.chosen.copy(), yard.finish.copy()
    tasks = np.flatnonzero((net.planned >= 0) & (net.fixed < 0)).astype(np.int32)
    sequence = np.ascontiguousarray(tasks[np.argsort(net.planned[tasks], kind="stable")])
    restore(line, net, sequence, yard.planes, start, finish, chosen, table.planned_mode)
    moved = (start[:count] != table.planned) | (chosen[:count] != table.planned_mode[:count])
    goal = net.order[count:]
    late = ((finish[count:] - net.due[goal]).astype(np.int64) * net.weight[goal]).sum()
    return _State(start, chosen, int(finish[count:].max()), int(moved.sum()), int(late))
