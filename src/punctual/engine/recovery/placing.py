"""Placing what a draft lets move among everything that stays: a small problem on the capacity that is left.

The moved tasks are scheduled by the serial scheme on the residual capacity. Taken in the order of their present starts
no task starts later than planned (its old place is still free when its turn comes), unless a new mode or a head start
takes it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import numpy as np

from punctual.engine.capacity import lines, timeline
from punctual.engine.capacity.arrays import Ints, Network, network
from punctual.engine.capacity.model import Link as Follows
from punctual.engine.capacity.model import Mode, Problem, Resource, Task
from punctual.engine.recovery.floor import Floor
from punctual.engine.recovery.patch import Patch

Starts = dict[int, int]
"""Position of a moved task → its new start."""

FIRST = 2**34
"""A head start larger than any time."""


class Placer:
    """Places the ``movable`` tasks under the changes of ``patch``; those in ``early`` may start earlier than planned.

    One placer serves many priority orders of the same tasks.
    """

    def __init__(self, floor: Floor, patch: Patch, movable: Collection[int], early: Collection[int]) -> None:
        self._floor, self._patch = floor, patch
        self._places = sorted(movable)
        self._row = {position: row for row, position in enumerate(self._places)}
        modes = [patch.modes.get(floor.case.problem.tasks[k].id) or floor.mode(k) for k in self._places]
        names = {name for mode in modes for name, units in mode.demands.items() if units}
        room = floor.room(names, movable, patch.capacity)
        tasks = tuple(self._task(k, mode, k in early) for k, mode in zip(self._places, modes, strict=True))
        resources = tuple(Resource(name, steps) for name, steps in room.items())
        self._net, self._scale = network(Problem(resources, (), tasks))
        self._line = lines.build(self._net, lines.first_guess(self._net))

    def _task(self, position: int, mode: Mode, early: bool) -> Task:
        floor = self._floor
        case = floor.case
        task = case.problem.tasks[position]
        own = self._patch.releases.get(task.id, task.release)
        order = floor.releases[task.order] if task.order is not None else 0
        release = max(own, order, case.now, 0 if early else case.schedule.start[position])
        links = []
        for link in task.predecessors:
            other = floor.index[link.predecessor]
            if other in self._row:
                links.append(Follows(link.predecessor, link.lag))
            else:
                release = max(release, case.schedule.start[other] + floor.mode(other).duration + link.lag)
        return Task(task.id, (mode,), tuple(links), release=release)

    def place(self, head_start: Mapping[int, int]) -> Starts:
        """Starts of the movable tasks, taken by present start minus head start; predecessors first."""
        net = self._net
        starts = self._floor.case.schedule.start
        key = np.array([starts[k] - head_start.get(k, 0) for k in self._places], dtype=np.int64)
        sequence = by_key(net, key)
        start, finish, chosen = (np.zeros(key.size, dtype=np.int32) for _ in range(3))
        while not timeline.decode(self._line, net, sequence, self._line.planes.copy(), start, finish, chosen):
            self._line = lines.build(net, lines.longer(net, self._line.words << 6))
        return {k: int(start[row]) * self._scale for k, row in self._row.items()}


def by_key(net: Network, key: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Ints:
    """All tasks by rising key; a predecessor inherits the key of what waits for it when that is smaller."""
    place_of = np.empty(key.size, dtype=np.int64)
    place_of[net.topological] = np.arange(key.size)
    for task in net.topological[::-1]:
        for row in range(net.pred_ptr[task], net.pred_ptr[task + 1]):
            key[net.pred[row]] = min(key[net.pred[row]], key[task])
    sequence = np.lexsort((place_of, key)).astype(np.int32)
    return np.ascontiguousarray(sequence)


def head_starts(floor: Floor, late: int) -> Iterator[int]:
    """How far the late order is drawn forward in the queue, from a little to all the way."""
    longest = max((floor.mode(k).duration for k in floor.own), default=1)
    sizes = {longest, max(1, late // 2), late + longest, 2 * (late + longest)}
    yield from (*sorted(sizes), FIRST)


def protected(
    placer: Placer, floor: Floor, own: Collection[int], size: int, allowed: Mapping[str, int], modes: Mapping[str, Mode]
) -> Starts | None:
    """The tasks placed with a head start for the late order such that no order ends after what is allowed to it.

    An order that would end too late gets the same head start as the late one, and all is placed again; None when that
    does not help after a few rounds.
    """
    favoured: set[str] = set()
    members: dict[str, list[int]] = {}
    for position, task in enumerate(floor.case.problem.tasks):
        if task.order is not None:
            members.setdefault(task.order, []).append(position)
    for _ in range(ROUNDS):
        head = dict.fromkeys((k for name in favoured for k in members[name]), size)
        head |= dict.fromkeys(own, 2 * size)
        starts = placer.place(head)
        ends = {name: end_of(floor, starts, modes, members.get(name, ())) for name in allowed}
        late = {name for name, latest in allowed.items() if ends[name] > latest}
        if not late:
            return starts
        if late <= favoured:
            return None
        favoured |= late
    return None


ROUNDS = 8


def end_of(floor: Floor, starts: Mapping[int, int], modes: Mapping[str, Mode], positions: Collection[int]) -> int:
    """Latest finish of these tasks with the moved ones at ``starts``; 0 without tasks."""
    tasks, planned = floor.case.problem.tasks, floor.case.schedule.start
    return max(
        (starts.get(k, planned[k]) + (modes.get(tasks[k].id) or floor.mode(k)).duration for k in positions), default=0
    )
