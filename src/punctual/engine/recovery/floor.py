"""The shop floor as it stands, prepared once: who uses what when, who follows whom, what may still be moved."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from punctual.engine.capacity.model import Mode, order_ends
from punctual.engine.explain import Cause, Dependency, Gate, Link, ScheduledTask, driving_chain
from punctual.engine.recovery.model import Case
from punctual.engine.recovery.patch import Window, with_windows

Longs = npt.NDArray[np.int64]


@dataclass(slots=True)
class Floor:
    """Tables over the tasks of a case, by position. ``free``: neither fixed nor started before now."""

    case: Case
    index: dict[str, int] = field(init=False)
    own: list[int] = field(init=False)
    free: set[int] = field(init=False)
    after: list[list[int]] = field(init=False)
    ends: dict[str, int] = field(init=False)
    releases: dict[str, int] = field(init=False)
    usage: dict[str, tuple[Longs, Longs]] = field(init=False)

    def __post_init__(self) -> None:
        case, tasks = self.case, self.case.problem.tasks
        self.index = {task.id: position for position, task in enumerate(tasks)}
        self.own = [position for position, task in enumerate(tasks) if task.order == case.order]
        starts = case.schedule.start
        self.free = {k for k, task in enumerate(tasks) if task.start is None and starts[k] >= case.now}
        self.after = [[] for _ in tasks]
        for position, task in enumerate(tasks):
            for link in task.predecessors:
                self.after[self.index[link.predecessor]].append(position)
        self.ends = order_ends(case.problem, case.schedule)
        self.releases = {order.id: order.release for order in case.problem.orders}
        self.usage = self.events(range(len(tasks)))

    def mode(self, position: int) -> Mode:
        """How the task is done in the plan in force."""
        return self.case.problem.tasks[position].modes[self.case.schedule.mode[position]]

    def release(self, position: int) -> int:
        """Earliest start by task and order."""
        task = self.case.problem.tasks[position]
        return max(task.release, self.releases[task.order] if task.order is not None else 0)

    def events(self, positions: Iterable[int]) -> dict[str, tuple[Longs, Longs]]:
        """Resource id → (times, changes of use) of these tasks in the plan in force."""
        rows: dict[str, tuple[list[int], list[int]]] = {}
        for position in positions:
            mode, start = self.mode(position), self.case.schedule.start[position]
            if mode.duration:
                for name, units in mode.demands.items():
                    times, changes = rows.setdefault(name, ([], []))
                    times += (start, start + mode.duration)
                    changes += (units, -units)
        return {name: (np.array(times), np.array(changes)) for name, (times, changes) in rows.items()}

    def room(
        self, names: Collection[str], moved: Collection[int], extra: Mapping[str, tuple[Window, ...]]
    ) -> dict[str, tuple[tuple[int, int], ...]]:
        """Resource id → steps of what is left when all but the ``moved`` tasks stay, with the ``extra`` windows."""
        given_back = self.events(moved)
        result = {}
        for resource in self.case.problem.resources:
            if resource.id not in names:
                continue
            steps = with_windows(resource, extra.get(resource.id, ()))
            times = [np.array([time for time, _ in steps])]
            changes = [np.diff(np.array([units for _, units in steps]), prepend=0)]
            for events, sign in ((self.usage, -1), (given_back, 1)):
                if resource.id in events:
                    times.append(events[resource.id][0])
                    changes.append(sign * events[resource.id][1])
            at, place = np.unique(np.concatenate(times), return_inverse=True)
            left = np.cumsum(np.bincount(place, np.concatenate(changes))).astype(np.int64)
            keep = np.diff(left, prepend=-1) != 0
            # A running task may hold units that its resource no longer offers: then nothing is left, not less.
            result[resource.id] = tuple(zip(at[keep].tolist(), np.maximum(left[keep], 0).tolist(), strict=True))
        return result

    def followers(self, positions: Iterable[int]) -> set[int]:
        """These free tasks and everything free that comes after them."""
        found = {position for position in positions if position in self.free}
        pending = list(found)
        while pending:
            for other in self.after[pending.pop()]:
                if other in self.free and other not in found:
                    found.add(other)
                    pending.append(other)
        return found

    def with_ancestors(self, positions: Iterable[int]) -> set[int]:
        """These tasks and everything they wait for by links."""
        found = set(positions)
        pending = list(found)
        while pending:
            for link in self.case.problem.tasks[pending.pop()].predecessors:
                other = self.index[link.predecessor]
                if other not in found:
                    found.add(other)
                    pending.append(other)
        return found

    def chain(
        self, start: Mapping[int, int], modes: Mapping[str, Mode], releases: Mapping[str, int], target: int
    ) -> list[Link]:
        """What drives the task ``target`` when the tasks in ``start`` start there and these modes and releases hold."""
        begins = {k: start.get(k, planned) for k, planned in enumerate(self.case.schedule.start)}
        tasks = self.case.problem.tasks
        known = {k for k, begin in begins.items() if begin <= begins[target]}
        listed = []
        for position in sorted(known):
            task = tasks[position]
            mode = modes.get(task.id) or self.mode(position)
            links = [] if position not in self.free else [
                Dependency(link.predecessor, link.lag)
                for link in task.predecessors
                if self.index[link.predecessor] in known
            ]  # fmt: skip
            gates = self._gates(position, releases)
            begin = begins[position]
            end = begin + mode.duration
            listed.append(ScheduledTask(task.id, begin, end, task.order or "", links, mode.demands, gates))
        most = {row.id: max(units for _, units in row.capacity) for row in self.case.problem.resources}
        return driving_chain(listed, tasks[target].id, origin=self.case.now, capacities=most)

    def _gates(self, position: int, releases: Mapping[str, int]) -> list[Gate]:
        task = self.case.problem.tasks[position]
        if position not in self.free:
            return [Gate(self.case.schedule.start[position], Cause.CONSTRAINT, "started")]
        own = releases.get(task.id, task.release)
        gates = [Gate(own, Cause.MATERIAL, task.id)] if own > self.case.now else []
        order = self.releases[task.order] if task.order is not None else 0
        return [*gates, Gate(order, Cause.CONSTRAINT, "release")] if order > self.case.now else gates
