"""What an option changes, as plain data, and how it is applied to the problem and the schedule in force."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from punctual.engine.capacity.model import Mode, Problem, Resource, Schedule

Window = tuple[int, int, int]
"""(from, until, units): so many units more in between."""


@dataclass(frozen=True, slots=True)
class Patch:
    """The changes of one option.

    ``capacity``  resource id → windows with more units.   ``modes``     task id → how it is done now.
    ``releases``  task id → its earlier release.           ``delivery``  tasks of the first of two deliveries, or none.
    ``starts``    task id → new start, of every task that moves.
    """

    capacity: Mapping[str, tuple[Window, ...]] = field(default_factory=dict)
    modes: Mapping[str, Mode] = field(default_factory=dict)
    releases: Mapping[str, int] = field(default_factory=dict)
    delivery: tuple[str, ...] = ()
    starts: Mapping[str, int] = field(default_factory=dict)

    def as_data(self) -> dict[str, object]:
        """Plain data for JSON."""
        return {
            "capacity": {name: [list(window) for window in windows] for name, windows in self.capacity.items()},
            "modes": {
                name: {"duration": mode.duration, "demands": dict(mode.demands)} for name, mode in self.modes.items()
            },
            "releases": dict(self.releases),
            "delivery": list(self.delivery),
            "starts": dict(self.starts),
        }


def patched(problem: Problem, schedule: Schedule, patch: Patch) -> tuple[Problem, Schedule]:
    """The changed problem (a new mode is a further alternative of its task) and the new schedule."""
    tasks = list(problem.tasks)
    start, mode = list(schedule.start), list(schedule.mode)
    for position, task in enumerate(problem.tasks):
        if task.id in patch.modes:
            tasks[position] = replace(tasks[position], modes=(*task.modes, patch.modes[task.id]))
            mode[position] = len(task.modes)
        if task.id in patch.releases:
            tasks[position] = replace(tasks[position], release=patch.releases[task.id])
        start[position] = patch.starts.get(task.id, start[position])
    resources = tuple(
        replace(row, capacity=with_windows(row, patch.capacity[row.id])) if row.id in patch.capacity else row
        for row in problem.resources
    )
    return replace(problem, resources=resources, tasks=tuple(tasks)), Schedule(tuple(start), tuple(mode))


def with_windows(resource: Resource, windows: Sequence[Window]) -> tuple[tuple[int, int], ...]:
    """The capacity steps of ``resource`` with the units of the windows added."""
    if not windows:
        return resource.capacity
    times = {time for time, _ in resource.capacity} | {time for begin, until, _ in windows for time in (begin, until)}
    steps: list[tuple[int, int]] = []
    for time in sorted(times):
        extra = sum(units for begin, until, units in windows if begin <= time < until)
        units = resource.units_at(time) + extra
        if not steps or steps[-1][1] != units:
            steps.append((time, units))
    return tuple(steps)
