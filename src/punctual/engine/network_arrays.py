"""A checked plan as arrays for the compiled passes: nodes, links in both directions, calendars side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from punctual.engine.calendar_tables import (
    FIRST_HORIZON,
    DayTables,
    minute_of_table,
    wall_minutes,
    worked_by_table,
)
from punctual.engine.calendars import WorkCalendar
from punctual.engine.daypattern import DAY, Shifts
from punctual.engine.network import Constraint, LagUnit, Link, LinkType, Plan, Task, Uid
from punctual.engine.network_check import lag_minutes

NEVER: Final = -(1 << 60)
TASK, GATE, EARLIEST = 0, 1, 2
OPEN, RUNNING, FIXED, DONE = 0, 1, 2, 3
ON_THE_CLOCK: Final = -1
"""Calendar index of elapsed time."""
SAME: Final = -2
"""Slack is counted on the calendar of the task."""

Ints = NDArray[np.int64]
Arrays = tuple[NDArray[Any], ...]


@dataclass(frozen=True)
class Directed:
    """Links in compressed rows: those of node ``i`` are ``first[i]`` … ``first[i + 1] - 1``."""

    first: NDArray[np.int32]
    other: NDArray[np.int32]
    type: NDArray[np.int8]
    lag: Ints
    lag_calendar: NDArray[np.int32]

    @property
    def arrays(self) -> Arrays:
        return (self.first, self.other, self.type, self.lag, self.lag_calendar)


@dataclass
class Nodes:
    """One row a node: the tasks of the plan that are no summaries, in plan order, then gates of linked summaries."""

    kind: NDArray[np.int8]
    calendar: NDArray[np.int32]
    duration: Ints
    remaining: Ints
    state: NDArray[np.int8]
    constraint: NDArray[np.int8]
    date: Ints
    floor: Ints
    resume: Ints
    pin_start: Ints
    pin_finish: Ints
    delay: Ints
    slack_calendar: NDArray[np.int32]
    deadline: Ints
    counts: NDArray[np.bool_]

    @staticmethod
    def empty(n: int) -> Nodes:
        def never() -> Ints:
            return np.full(n, NEVER, dtype=np.int64)

        return Nodes(
            kind=np.zeros(n, np.int8),
            calendar=np.zeros(n, np.int32),
            duration=np.zeros(n, np.int64),
            remaining=np.zeros(n, np.int64),
            state=np.zeros(n, np.int8),
            constraint=np.zeros(n, np.int8),
            date=never(),
            floor=never(),
            resume=never(),
            pin_start=never(),
            pin_finish=never(),
            delay=np.zeros(n, np.int64),
            slack_calendar=np.full(n, SAME, np.int32),
            deadline=never(),
            counts=np.ones(n, np.bool_),
        )

    @property
    def arrays(self) -> Arrays:
        return (
            self.kind, self.calendar, self.duration, self.remaining, self.state, self.constraint, self.date,
            self.floor, self.resume, self.pin_start, self.pin_finish, self.delay,
        )  # fmt: skip

    def __len__(self) -> int:
        return len(self.kind)


@dataclass
class Network:
    """What the passes work on. ``node`` gives a task's row; ``summaries`` are listed children first."""

    nodes: Nodes
    incoming: Directed
    outgoing: Directed
    calendars: list[WorkCalendar]
    leaves: list[Task]
    summaries: list[Task]
    node: dict[Uid, int]
    horizon: int = FIRST_HORIZON
    _tables: dict[int, Arrays] = field(default_factory=dict)

    def tables(self) -> Arrays:
        """Stacked calendar tables for the present horizon."""
        if self.horizon not in self._tables:
            self._tables[self.horizon] = stacked([c.tables(self.horizon) for c in self.calendars])
        return self._tables[self.horizon]


def stacked(tables: Sequence[DayTables]) -> Arrays:
    """Tables of several calendars as one: cumulative[k, d], pattern[k, d], bucket[k, b], worked_by, minute_of."""
    numbers: dict[Shifts, int] = {}
    pattern = np.empty((len(tables), tables[0].days), dtype=np.int16)
    for row, table in enumerate(tables):
        renumber = np.array([numbers.setdefault(shifts, len(numbers)) for shifts in table.patterns], dtype=np.int16)
        pattern[row] = renumber[table.pattern]
    bucket = np.full((len(tables), max(len(table.bucket) for table in tables)), tables[0].days - 1, dtype=np.int32)
    for row, table in enumerate(tables):
        bucket[row, : len(table.bucket)] = table.bucket
    kinds = list(numbers)
    cumulative = np.stack([table.cumulative for table in tables])
    return (cumulative, pattern, bucket, worked_by_table(kinds), minute_of_table(kinds))


def directed(n: int, at: NDArray[np.int32], other: NDArray[np.int32], rest: Arrays) -> Directed:
    """Links sorted by the node they are at."""
    order = np.argsort(at, kind="stable")
    first = np.zeros(n + 1, dtype=np.int32)
    np.cumsum(np.bincount(at, minlength=n), out=first[1:])
    kind, lag, lag_calendar = (array[order] for array in rest)
    return Directed(first, other[order], kind, lag, lag_calendar)


class NetworkBuilder:
    """Turns a checked plan into a :class:`Network`."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.calendars: list[WorkCalendar] = []
        self._by_key: dict[str, int] = {}
        self._by_content: dict[WorkCalendar, int] = {}
        parents = {task.parent for task in plan.tasks if task.parent is not None}
        self.leaves = [task for task in plan.tasks if task.uid not in parents and not task.summary]
        self.summaries = _children_first([task for task in plan.tasks if task.uid in parents or task.summary])
        self.node: dict[Uid, int] = {task.uid: row for row, task in enumerate(self.leaves)}
        self.task: dict[Uid, Task] = {task.uid: task for task in plan.tasks}
        self.gates: list[tuple[int, str, Uid]] = []
        self.links: list[tuple[int, int, int, int, int]] = []
        self.plan_calendar = self.calendar_index("")

    def build(self) -> Network:
        self._add_links()
        n = len(self.leaves) + len(self.gates)
        nodes = Nodes.empty(n)
        predecessors: dict[int, set[int]] = {}
        for _, target, kind, *_ in self.links:
            predecessors.setdefault(target, set()).add(kind)
        for row, task in enumerate(self.leaves):
            self._fill(nodes, row, task, predecessors.get(row, set()))
        for row, (kind, role, uid) in enumerate(self.gates, start=len(self.leaves)):
            self._fill_gate(nodes, row, kind, role, self.task[uid])
        table = np.array(self.links, dtype=np.int64).reshape(-1, 5)
        source, target = table[:, 0].astype(np.int32), table[:, 1].astype(np.int32)
        rest = (table[:, 2].astype(np.int8), table[:, 3].copy(), table[:, 4].astype(np.int32))
        return Network(
            nodes=nodes,
            incoming=directed(n, target, source, rest),
            outgoing=directed(n, source, target, rest),
            calendars=self.calendars,
            leaves=self.leaves,
            summaries=self.summaries,
            node=self.node,
        )

    def calendar_index(self, key: str) -> int:
        if key not in self._by_key:
            calendar = self.plan.calendars[key] if key else self.plan.calendar
            if calendar not in self._by_content:
                self._by_content[calendar] = len(self.calendars)
                self.calendars.append(calendar)
            self._by_key[key] = self._by_content[calendar]
        return self._by_key[key]

    # ---------------------------------------------------------------- tasks

    def _fill(self, nodes: Nodes, row: int, task: Task, linked_by: set[int]) -> None:
        plan = self.plan
        nodes.calendar[row] = ON_THE_CLOCK if task.elapsed else self.calendar_index(task.calendar)
        nodes.duration[row] = nodes.remaining[row] = task.duration
        nodes.counts[row] = not task.inactive
        nodes.delay[row] = task.delay
        nodes.slack_calendar[row] = self.calendar_index(task.slack_calendar) if task.slack_calendar else SAME
        if task.constraint is not None:
            nodes.constraint[row] = task.constraint
        if task.constraint_date is not None:
            nodes.date[row] = wall_minutes(task.constraint_date)
        if task.deadline is not None:
            nodes.deadline[row] = wall_minutes(task.deadline)
        if plan.start is not None and self._has_floor(task, linked_by):
            nodes.floor[row] = wall_minutes(plan.start)
        if plan.status_date is not None:
            nodes.floor[row] = max(nodes.floor[row], wall_minutes(plan.status_date))
            nodes.resume[row] = wall_minutes(plan.status_date)
        if task.actual_start is not None:
            self._fill_progress(nodes, row, task)
        elif task.manual and task.start is not None:
            finish = task.finish or self._after(task, task.start, task.duration)
            nodes.state[row] = FIXED
            nodes.pin_start[row], nodes.pin_finish[row] = wall_minutes(task.start), wall_minutes(finish)
            nodes.duration[row] = nodes.remaining[row] = self._between(task, task.start, finish)

    def _has_floor(self, task: Task, linked_by: set[int]) -> bool:
        """Whether the plan's start bounds the task. A date of its own replaces it; finish-finish links keep it."""
        if linked_by:
            return self.plan.start_is_floor or LinkType.FINISH_FINISH in linked_by
        return task.constraint not in (Constraint.START_NO_EARLIER_THAN, Constraint.FINISH_NO_EARLIER_THAN)

    def _fill_progress(self, nodes: Nodes, row: int, task: Task) -> None:
        assert task.actual_start is not None
        remaining = task.remaining
        if remaining is None:
            remaining = task.duration - int(task.duration * task.percent_complete / 100 + 0.5)
        nodes.pin_start[row] = wall_minutes(task.actual_start)
        if task.actual_finish is not None or (remaining == 0 and task.percent_complete >= 100) or task.duration == 0:
            finish = task.actual_finish or self._after(task, task.actual_start, task.duration)
            nodes.state[row] = DONE
            nodes.pin_finish[row] = wall_minutes(finish)
        else:
            nodes.state[row] = RUNNING
            nodes.remaining[row] = remaining
            nodes.duration[row] = max(task.duration, remaining)
            if task.resume is not None:
                nodes.resume[row] = max(nodes.resume[row], wall_minutes(task.resume))

    def _after(self, task: Task, start: datetime, minutes: int) -> datetime:
        calendar = WorkCalendar.around_the_clock() if task.elapsed else self._calendar(task)
        return calendar.add_work(start, minutes) if minutes else start

    def _between(self, task: Task, start: datetime, finish: datetime) -> int:
        if task.elapsed:
            return wall_minutes(finish) - wall_minutes(start)
        return self._calendar(task).work_between(start, finish)

    def _calendar(self, task: Task) -> WorkCalendar:
        return self.calendars[self.calendar_index(task.calendar)]

    # ---------------------------------------------------------------- links and summaries

    def _add_links(self) -> None:
        summaries = {task.uid for task in self.summaries}
        children: dict[Uid, list[Uid]] = {}
        for task in self.plan.tasks if summaries else ():
            if task.parent is not None:
                children.setdefault(task.parent, []).append(task.uid)
        wanted: dict[tuple[str, Uid], int] = {}
        waiting: list[tuple[str, Uid]] = []

        def end(role: str, uid: Uid) -> int:
            """Row of a task, or of the gate of a summary that plays this role."""
            if uid not in summaries:
                return self.node[uid]
            if (role, uid) not in wanted:
                wanted[role, uid] = len(self.leaves) + len(self.gates)
                self.gates.append((EARLIEST if role == "earliest" else GATE, role, uid))
                waiting.append((role, uid))
            return wanted[role, uid]

        for link in self.plan.links:
            if not self.task[link.predecessor].inactive:
                self._add_link(link, end)
        for task in self.summaries:
            if task.constraint == Constraint.START_NO_EARLIER_THAN:
                end("opens", task.uid)
            if task.constraint == Constraint.FINISH_NO_LATER_THAN or task.deadline is not None:
                end("latest", task.uid)
        while waiting:
            role, uid = waiting.pop()
            gate = wanted[role, uid]
            for child in children.get(uid, ()):
                if self.task[child].inactive and role in ("latest", "earliest"):
                    continue
                other = end(role, child)
                kind = _WITHIN[role]
                pair = (other, gate) if role in ("latest", "earliest") else (gate, other)
                self.links.append((*pair, kind, 0, self.plan_calendar))

    def _add_link(self, link: Link, end: Any) -> None:
        source = end("latest" if link.type.from_finish else "earliest", link.predecessor)
        target = end("closes" if link.type.to_finish else "opens", link.successor)
        predecessor, successor = self.task[link.predecessor], self.task[link.successor]
        unit = link.lag_unit
        elapsed = unit in (LagUnit.ELAPSED, LagUnit.ELAPSED_PERCENT) or (
            unit == LagUnit.PERCENT and predecessor.elapsed
        )
        calendar = ON_THE_CLOCK if elapsed else self.calendar_index(successor.calendar)
        self.links.append((source, target, int(link.type), lag_minutes(link, predecessor), calendar))

    def _fill_gate(self, nodes: Nodes, row: int, kind: int, role: str, summary: Task) -> None:
        nodes.kind[row] = kind
        nodes.calendar[row] = ON_THE_CLOCK
        nodes.counts[row] = False
        if role == "opens" and summary.constraint == Constraint.START_NO_EARLIER_THAN and summary.constraint_date:
            nodes.constraint[row] = Constraint.START_NO_EARLIER_THAN
            nodes.date[row] = wall_minutes(summary.constraint_date)
        if role == "latest":
            limits = [summary.deadline]
            if summary.constraint == Constraint.FINISH_NO_LATER_THAN:
                limits.append(summary.constraint_date)
            dates = [wall_minutes(limit) for limit in limits if limit is not None]
            nodes.deadline[row] = min(dates, default=NEVER)


_WITHIN: Final = {
    "opens": LinkType.FINISH_START,
    "closes": LinkType.FINISH_FINISH,
    "latest": LinkType.FINISH_START,
    "earliest": LinkType.START_START,
}
"""How a summary's gate is joined with its sub-tasks: it opens their start, closes their finish, collects their ends."""


def _children_first(summaries: list[Task]) -> list[Task]:
    """Deepest summaries first, without recursion."""
    by_uid = {task.uid: task for task in summaries}
    depth: dict[Uid, int] = {}
    for task in summaries:
        path = []
        at: Task | None = task
        while at is not None and at.uid not in depth:
            path.append(at.uid)
            at = by_uid.get(at.parent) if at.parent is not None else None
        level = depth[at.uid] if at is not None else -1
        for uid in reversed(path):
            level += 1
            depth[uid] = level
    return sorted(summaries, key=lambda task: -depth[task.uid])


def horizon_minutes(days: int) -> int:
    """Wall-clock minutes of the horizon."""
    return days * DAY
