"""What holds the new order back: the chain of causes from its end to its beginning, as typed links.

Each link says why one task starts no earlier: it follows a predecessor, waits for its release (material, contract,
now), waits for a resource that tasks of other orders (or of its own) hold, or for availability of the resource
(leave, maintenance). After a wait for a resource the chain goes on with what let the task be ready at all, so it
names every wait between the end and the beginning.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from punctual.engine.capacity.model import Problem, Resource, Schedule, Task

Link = dict[str, Any]


def holds_back(plan: Problem, schedule: Schedule, order: str, *, promises: dict[str, int] | None = None) -> list[Link]:
    """The chain for ``order`` in the given schedule, last task first.

    Links: ``{"kind": "predecessor", "task", "start", "waits_for", "lag"}``, ``{"kind": "release", "task", "start"}``
    and
    ``{"kind": "resource", "task", "ready", "start", "resource", "held_by": [{"task", "order", "until",
    "promise"?}]}``; where nobody holds the resource but it is not available, the kind is ``"availability"`` and
    ``held_by`` is left out.
    """
    start = {task.id: value for task, value in zip(plan.tasks, schedule.start, strict=True)}
    finish = {task.id: value for task, value in zip(plan.tasks, schedule.finish(plan), strict=True)}
    mode_of = {task.id: mode for task, mode in zip(plan.tasks, schedule.mode, strict=True)}
    own = {task.id: task for task in plan.tasks if task.order == order}
    if not own:
        return []
    release = {row.id: row.release for row in plan.orders}
    task: Task | None = max(own.values(), key=lambda row: finish[row.id])
    links: list[Link] = []
    while task is not None:
        ready = max(task.release, release.get(task.order or "", 0))
        driver = None
        for link in task.predecessors:
            if finish[link.predecessor] + link.lag >= ready:
                ready, driver = finish[link.predecessor] + link.lag, link
        at = start[task.id]
        if at > ready:
            links.append(_wait(plan, start, finish, mode_of, task, ready, at, promises or {}))
        if driver is None:
            links.append({"kind": "release", "task": task.id, "start": ready})
            return links
        links.append(
            {"kind": "predecessor", "task": task.id, "start": ready, "waits_for": driver.predecessor, "lag": driver.lag}
        )
        task = own.get(driver.predecessor)
    return links


def _wait(
    plan: Problem,
    start: dict[str, int],
    finish: dict[str, int],
    mode_of: dict[str, int],
    task: Task,
    ready: int,
    at: int,
    promises: dict[str, int],
) -> Link:
    """The resource for which the task still waited one slot before it started, and who held it."""
    mode = task.modes[mode_of[task.id]]
    begin = at - 1
    short = plan.resources[0] if plan.resources else Resource("", ((0, 0),))
    holders: list[Task] = []
    for resource in plan.resources:
        units = mode.demands.get(resource.id, 0)
        if units == 0:
            continue
        users = [
            other
            for other in plan.tasks
            if other.id != task.id
            and start[other.id] < at - 1 + mode.duration
            and finish[other.id] > begin
            and other.modes[mode_of[other.id]].demands.get(resource.id, 0)
        ]
        lack = _lacks(resource, users, start, finish, mode_of, begin, begin + mode.duration, units)
        if lack is None:
            continue
        short = resource
        holders = [other for other in users if start[other.id] <= lack < finish[other.id]]
        break
    link: Link = {"kind": "resource", "task": task.id, "ready": ready, "start": at, "resource": short.id}
    if not holders:
        link["kind"] = "availability"
        return link
    link["held_by"] = [_holder(other, finish, promises) for other in holders]
    return link


def _holder(other: Task, finish: dict[str, int], promises: dict[str, int]) -> Link:
    held: Link = {"task": other.id, "order": other.order, "until": finish[other.id]}
    if other.order in promises:
        held["promise"] = promises[other.order]
    return held


def _lacks(
    resource: Resource,
    users: Sequence[Task],
    start: dict[str, int],
    finish: dict[str, int],
    mode_of: dict[str, int],
    begin: int,
    end: int,
    units: int,
) -> int | None:
    """First time in begin … end−1 at which fewer than ``units`` are free, or None."""
    times = {begin, *(start[u.id] for u in users), *(finish[u.id] for u in users), *(t for t, _ in resource.capacity)}
    for time in sorted(t for t in times if begin <= t < end):
        used = sum(u.modes[mode_of[u.id]].demands[resource.id] for u in users if start[u.id] <= time < finish[u.id])
        if resource.units_at(time) - used < units:
            return time
    return None
