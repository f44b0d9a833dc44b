"""The date when nobody moves: the new order fills the gaps that the schedule in force leaves."""

from __future__ import annotations

from copy import copy
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from punctual.engine.capacity import lines, timeline
from punctual.engine.capacity.arrays import Network, appended, network, with_capacity
from punctual.engine.capacity.lines import Line
from punctual.engine.capacity.model import Problem, Resource, Schedule, order_ends
from punctual.engine.optimise.rules import listed, tails
from punctual.engine.promise.model import Candidate, Offer, Shop, joined, standing
from punctual.engine.verify import verified

TRIES = 24


class Burdens(NamedTuple):
    """How hard each confirmed task (n) is to place elsewhere, and in how many sweeps that was estimated."""

    hops: npt.NDArray[np.int64]
    sweeps: int


class GapFiller:
    """Answers for one shop: the timeline with everything confirmed stands ready, a new order costs well under 5 ms.

    ``burdens``: what the first negotiation in this shop has estimated and those after it need not.
    """

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.burdens: Burdens | None = None
        self._resources = _most_units(shop.problem)
        self._net, _ = network(shop.problem, exact=True)
        self._end = max(shop.schedule.finish(shop.problem), default=0)
        self._line = self._planted(self._end + 1024)
        self._confirmed = standing(shop)
        self._ends = order_ends(shop.problem, shop.schedule)

    def with_capacity(self, shop: Shop) -> GapFiller:
        """The same for a shop that differs in the units of its resources alone (levers): the estimate of burdens stays
        that of this one."""
        made = copy(self)
        resources = shop.problem.resources
        made.shop, made._resources = shop, _most_units(shop.problem)
        made._net = with_capacity(self._net, resources)
        made._line = made._planted(self._end + 1024)
        made.__dict__["_standing"] = with_capacity(self._standing, resources)
        return made

    def _planted(self, slots: int) -> Line:
        line = lines.build(self._net, slots)
        start = np.array(self.shop.schedule.start, dtype=np.int32)
        timeline.plant(line, self._net, line.planes, start, np.array(self.shop.schedule.mode, dtype=np.int32))
        return line

    def place(self, candidate: Candidate, *, seed: int = 0) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Starts and modes of the new order's tasks: the best of a few lists, each task at its earliest gap."""
        net, _ = network(Problem(self._resources, (candidate.order,), candidate.tasks), exact=True)
        net.release[:] = np.maximum(net.release, self.shop.now)
        tail = tails(net).astype(np.float64)
        draw = np.random.default_rng(seed)
        start, finish, chosen = (np.zeros(tail.size, dtype=np.int32) for _ in range(3))
        best: tuple[int, tuple[int, ...], tuple[int, ...]] | None = None
        for trial in range(TRIES):
            sequence = listed(net, -tail * (1.0 if trial == 0 else draw.uniform(0.6, 1.4, tail.size)))
            while True:
                line = lines.shared(self._line, net)
                if timeline.decode(line, net, sequence, line.planes.copy(), start, finish, chosen):
                    break
                self._line = self._planted(lines.longer(self._net, self._line.words << 6))
            end = int(finish.max())
            if best is None or end < best[0]:
                best = end, tuple(start.tolist()), tuple(chosen.tolist())
            if tail.size < 2:
                break
        if best is None:
            raise AssertionError("at least one list is tried")
        return best[1], best[2]

    @cached_property
    def _standing(self) -> Network:
        """The arrays of what is confirmed, the same for every new order."""
        shop = self.shop.problem
        return network(Problem(shop.resources, shop.orders, self._confirmed), exact=True)[0]

    def network(self, whole: Problem) -> Network:
        """The arrays of a problem that :meth:`whole` made."""
        count = len(self._confirmed)
        new = Problem(whole.resources, whole.orders[len(self.shop.problem.orders) :], whole.tasks[count:])
        return appended(self._standing, network(new, exact=True)[0])

    def offer(self, candidate: Candidate, *, seed: int = 0) -> Offer:
        """The verified offer when nobody moves."""
        whole = self.whole(candidate)
        found = self.draft(candidate, seed=seed)
        verified(whole, Schedule(found.plan.start + found.start, found.plan.mode + found.mode))
        return found

    def whole(self, candidate: Candidate) -> Problem:
        """The shop and the new order as one problem; refuses faulty orders."""
        return joined(self.shop, candidate, self._confirmed)

    def draft(self, candidate: Candidate, *, seed: int = 0) -> Offer:
        """The offer for those who verify what they make of it themselves."""
        start, mode = self.place(candidate, seed=seed)
        ways = zip(candidate.tasks, start, mode, strict=True)
        finish = max(begin + task.modes[way].duration for task, begin, way in ways)
        return Offer(finish, start, mode, self.shop.schedule, (), self._ends)


def _most_units(plan: Problem) -> tuple[Resource, ...]:
    """The resources with as much at all times as they have at most."""
    return tuple(Resource(row.id, ((0, max((n for _, n in row.capacity), default=0)),)) for row in plan.resources)
