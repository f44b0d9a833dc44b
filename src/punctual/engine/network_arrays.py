"""A checked plan as arrays for the compiled passes: nodes, links in both directions, calendars side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from punctual.engine import cpm_layout as at
from punctual.engine.calendar_tables import (
    FIRST_HORIZON,
    DayTables,
    minute_of_table,
    moment_of,
    wall_minutes,
    worked_by_table,
)
from punctual.engine.calendars import WorkCalendar
from punctual.engine.daypattern import Shifts
from punctual.engine.network import Constraint, LagUnit, Link, LinkType, Plan, Task, Uid
from punctual.engine.network_check import lag_minutes

SAME: Final = -2
"""Slack is counted on the calendar of the task."""

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Directed:
    """Links in compressed rows: those of node ``i`` are ``first[i]`` … ``first[i + 1] - 1``; columns: cpm_layout."""

    first: NDArray[np.int32]
    links: NDArray[np.int32]


@dataclass
class Network:
    """What the passes work on, nodes in topological order.

    ``nodes``           int64[nodes, NODE_COLUMNS]: tasks that are no summaries, and gates of linked summaries.
    ``counts``          whether a node decides when the plan ends (gates and inactive tasks do not).
    ``slack_calendar``  calendar index on which total slack is counted, or SAME.
    ``leaves``          tasks in plan order; ``rows`` their nodes; ``node`` the same by uid.
    ``summaries``       children before parents.
    """

    nodes: Ints
    counts: NDArray[np.bool_]
    slack_calendar: NDArray[np.int32]
    incoming: Directed
    outgoing: Directed
    calendars: list[WorkCalendar]
    leaves: list[Task]
    rows: NDArray[np.int64]
    summaries: list[Task]
    node: dict[Uid, int]
    builder: NetworkBuilder
    horizon: int = FIRST_HORIZON
    _tables: dict[int, NDArray[np.int32]] = field(default_factory=dict)

    def tables(self) -> NDArray[np.int32]:
        """Stacked calendar tables for the present horizon."""
        if self.horizon not in self._tables:
            self._tables[self.horizon] = stacked([c.tables(self.horizon) for c in self.calendars])
        return self._tables[self.horizon]


def stacked(tables: Sequence[DayTables]) -> NDArray[np.int32]:
    """Tables of several calendars in one int32 array, which compiled functions hand on at no cost.

    [0] days of the horizon · [1] number of calendars · from [4] four entries a calendar: where its days stand (each:
    working minutes before it, where its row of ``worked_by`` stands), where its buckets stand (for every 512 working
    minutes: where the working day stands that holds them, or one before), where its working days stand (for each:
    working minutes before it, wall-clock minutes before it, where its row of ``minute_of`` stands), its total.
    """
    numbers: dict[Shifts, int] = {}
    for table in tables:
        for shifts in table.patterns:
            numbers.setdefault(shifts, len(numbers))
    worked_by = worked_by_table(list(numbers))
    minute_of = minute_of_table(list(numbers))
    head = 4 + 4 * len(tables)
    minute_base = head + worked_by.size
    base = minute_base + minute_of.size
    parts: list[Ints] = [
        np.zeros(head, dtype=np.int64),
        worked_by.ravel().astype(np.int64),
        minute_of.ravel().astype(np.int64),
    ]
    parts[0][:2] = tables[0].days, len(tables)
    for row, table in enumerate(tables):
        renumber = np.array([numbers[shifts] for shifts in table.patterns], dtype=np.int64)
        days = np.column_stack([table.cumulative[:-1], head + renumber[table.pattern] * worked_by.shape[1]])
        working = table.working_days.copy()
        working[:, 2] = minute_base + renumber[working[:, 2]] * minute_of.shape[1]
        bucket_base = base + days.size
        working_base = bucket_base + table.bucket.size
        parts[0][4 + 4 * row : 8 + 4 * row] = base, bucket_base, working_base, table.total
        parts += [days.ravel(), working_base + 3 * table.bucket.astype(np.int64), working.ravel()]
        base = working_base + working.size
    return np.concatenate(parts).astype(np.int32)


def directed(n: int, here: Ints, other: Ints, rest: Ints) -> Directed:
    """Links sorted by the node they are at; ``rest`` are their further columns."""
    order = np.argsort(here, kind="stable")
    first = np.zeros(n + 1, dtype=np.int32)
    np.cumsum(np.bincount(here, minlength=n), out=first[1:])
    return Directed(first, np.ascontiguousarray(np.column_stack([other, rest])[order].astype(np.int32)))


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
        self.task: dict[Uid, Task] = {task.uid: task for task in plan.tasks}
        self._row: dict[Uid, int] = {task.uid: row for row, task in enumerate(self.leaves)}
        self._floors: dict[tuple[int, int], tuple[int, int]] = {}
        self._gates: list[tuple[int, str, Uid]] = []
        self._links: list[tuple[int, int, int, int, int]] = []
        self.plan_calendar = self.calendar_index("")

    def build(self, topological_order: Callable[..., NDArray[np.int32]]) -> Network | None:
        """The network, or None where links run in a circle."""
        self._add_links()
        n = len(self.leaves) + len(self._gates)
        nodes = np.zeros((n, at.NODE_COLUMNS), dtype=np.int64)
        linked = self._linked_by()
        for row, task in enumerate(self.leaves):
            nodes[row] = self.task_row(task, linked.get(row, frozenset()))
        for row, (kind, role, uid) in enumerate(self._gates, start=len(self.leaves)):
            nodes[row] = _gate_row(kind, role, self.task[uid])
        table = np.array(self._links, dtype=np.int64).reshape(-1, 5)
        by_source = table[np.argsort(table[:, 0], kind="stable")]
        first = np.concatenate([[0], np.cumsum(np.bincount(table[:, 0], minlength=n))]).astype(np.int32)
        order = topological_order(first, by_source[:, 1].astype(np.int32), n)
        if len(order) < n:
            return None
        rank = np.empty(n, dtype=np.int64)
        rank[order] = np.arange(n)
        nodes = np.ascontiguousarray(nodes[order])
        source, target = rank[table[:, 0]], rank[table[:, 1]]
        rest = np.column_stack([table[:, 2:], _within(nodes, source, target, table)])
        leaf = np.arange(n) < len(self.leaves)
        counts = leaf & np.array([not task.inactive for task in self.leaves] + [False] * len(self._gates), dtype=bool)
        slack = [self._slack_calendar(task) for task in self.leaves] + [SAME] * len(self._gates)
        return Network(
            nodes=nodes,
            counts=counts[order],
            slack_calendar=np.array(slack, dtype=np.int32)[order],
            incoming=directed(n, target, source, rest),
            outgoing=directed(n, source, target, rest),
            calendars=self.calendars,
            leaves=self.leaves,
            rows=rank[: len(self.leaves)],
            summaries=self.summaries,
            node={task.uid: int(rank[row]) for row, task in enumerate(self.leaves)},
            builder=self,
        )

    def calendar_index(self, key: str) -> int:
        if key not in self._by_key:
            calendar = self.plan.calendars[key] if key else self.plan.calendar
            if calendar not in self._by_content:
                self._by_content[calendar] = len(self.calendars)
                self.calendars.append(calendar)
            self._by_key[key] = self._by_content[calendar]
        return self._by_key[key]

    def _slack_calendar(self, task: Task) -> int:
        return self.calendar_index(task.slack_calendar) if task.slack_calendar else SAME

    # ---------------------------------------------------------------- tasks

    def task_row(self, task: Task, linked_by: frozenset[int]) -> list[int]:
        """Node columns of a task; ``linked_by`` are the types of the links that lead to it."""
        plan = self.plan
        row = [at.NEVER] * at.NODE_COLUMNS
        row[at.KIND] = at.TASK
        row[at.CALENDAR] = at.ON_THE_CLOCK if task.elapsed else self.calendar_index(task.calendar)
        row[at.DURATION] = row[at.REMAINING] = task.duration
        row[at.STATE] = at.OPEN
        row[at.CONSTRAINT] = task.constraint or at.ASAP
        row[at.DELAY] = task.delay
        if task.constraint_date is not None:
            row[at.DATE] = wall_minutes(task.constraint_date)
        if task.deadline is not None:
            row[at.DEADLINE] = wall_minutes(task.deadline)
        if plan.start is not None and self._has_floor(task, linked_by):
            row[at.FLOOR] = wall_minutes(plan.start)
        if plan.status_date is not None:
            row[at.RESUME] = wall_minutes(plan.status_date)
            row[at.FLOOR] = max(row[at.FLOOR], row[at.RESUME])
        if task.actual_start is not None:
            self._progress(row, task)
        elif task.manual and task.start is not None:
            finish = task.finish or self._after(task, task.start, task.duration)
            row[at.STATE] = at.FIXED
            row[at.PIN_START], row[at.PIN_FINISH] = wall_minutes(task.start), wall_minutes(finish)
            row[at.DURATION] = row[at.REMAINING] = self._between(task, task.start, finish)
        self._shape(row, task)
        return row

    def _shape(self, row: list[int], task: Task) -> None:
        """Which path the node takes, and its floor in own minutes."""
        special = row[at.CONSTRAINT] > at.ALAP or row[at.STATE] != at.OPEN or row[at.DEADLINE] != at.NEVER
        row[at.SHAPE] = at.SPECIAL if special or task.delay else at.SPAN if row[at.DURATION] > 0 else at.POINT
        if row[at.FLOOR] != at.NEVER:
            key = row[at.CALENDAR], row[at.FLOOR]
            if key not in self._floors:
                self._floors[key] = self._own_time(*key)
            row[at.FLOOR_WORK], row[at.FLOOR_SIDE] = self._floors[key]

    def _own_time(self, index: int, wall: int) -> tuple[int, int]:
        """Own minutes of a wall-clock moment, and the side on which a point at or after it stands."""
        if index == at.ON_THE_CLOCK:
            return wall, at.EVENING
        calendar = self.calendars[index]
        work = calendar.to_minutes(moment_of(wall))
        evening = wall_minutes(calendar.to_datetime_finish(work)) if work > 0 else -1
        return work, at.MORNING if wall > evening else at.EVENING

    def _has_floor(self, task: Task, linked_by: frozenset[int]) -> bool:
        """Whether the plan's start bounds the task. A date of its own replaces it; finish-finish links keep it."""
        if linked_by:
            return self.plan.start_is_floor or LinkType.FINISH_FINISH in linked_by
        return task.constraint not in (Constraint.START_NO_EARLIER_THAN, Constraint.FINISH_NO_EARLIER_THAN)

    def _progress(self, row: list[int], task: Task) -> None:
        assert task.actual_start is not None
        remaining = remaining_minutes(task)
        row[at.PIN_START] = wall_minutes(task.actual_start)
        if task.actual_finish is not None or (remaining == 0 and task.percent_complete >= 100) or task.duration == 0:
            finish = task.actual_finish or self._after(task, task.actual_start, task.duration)
            row[at.STATE] = at.DONE
            row[at.PIN_FINISH] = wall_minutes(finish)
            return
        row[at.STATE] = at.RUNNING
        row[at.REMAINING] = remaining
        row[at.DURATION] = max(task.duration, remaining)
        if task.resume is not None:
            row[at.RESUME] = max(row[at.RESUME], wall_minutes(task.resume))

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

    def _linked_by(self) -> dict[int, frozenset[int]]:
        """Types of the links to each leaf. A gate may turn out unbound, so the floor stays: as finish-finish does."""
        result: dict[int, set[int]] = {}
        for source, target, kind, *_ in self._links:
            result.setdefault(target, set()).add(kind if source < len(self.leaves) else LinkType.FINISH_FINISH)
        return {row: frozenset(kinds) for row, kinds in result.items()}

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
                return self._row[uid]
            if (role, uid) not in wanted:
                wanted[role, uid] = len(self.leaves) + len(self._gates)
                self._gates.append((at.EARLIEST if role == "earliest" else at.GATE, role, uid))
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
                pair = (other, gate) if role in ("latest", "earliest") else (gate, other)
                self._links.append((*pair, _INSIDE[role], 0, self.plan_calendar))

    def _add_link(self, link: Link, end: Callable[[str, Uid], int]) -> None:
        source = end("latest" if link.type.from_finish else "earliest", link.predecessor)
        target = end("closes" if link.type.to_finish else "opens", link.successor)
        predecessor, successor = self.task[link.predecessor], self.task[link.successor]
        elapsed = link.lag_unit in (LagUnit.ELAPSED, LagUnit.ELAPSED_PERCENT)
        if elapsed or successor.elapsed or (link.lag_unit == LagUnit.PERCENT and predecessor.elapsed):
            calendar = at.ON_THE_CLOCK
        else:
            calendar = self.calendar_index(successor.calendar)
        self._links.append((source, target, int(link.type), lag_minutes(link, predecessor), calendar))


_INSIDE: Final = {
    "opens": LinkType.FINISH_START,
    "closes": LinkType.FINISH_FINISH,
    "latest": LinkType.FINISH_START,
    "earliest": LinkType.START_START,
}
"""How a summary's gate is joined with its sub-tasks: it opens their start, closes their finish, collects their ends."""


def remaining_minutes(task: Task) -> int:
    """Minutes still to do: as told, else what percent complete leaves of the duration."""
    if task.remaining is not None:
        return task.remaining
    return task.duration - int(task.duration * task.percent_complete / 100 + 0.5)


def _within(nodes: Ints, source: Ints, target: Ints, table: Ints) -> NDArray[np.bool_]:
    """Links that only add integers: both tasks and the lag run on one calendar."""
    calendar = nodes[:, at.CALENDAR]
    same = (calendar[source] == calendar[target]) & ((table[:, 3] == 0) | (table[:, 4] == calendar[target]))
    tasks = nodes[:, at.KIND] == at.TASK
    result: NDArray[np.bool_] = same & tasks[source] & tasks[target]
    return result


def _gate_row(kind: int, role: str, summary: Task) -> list[int]:
    row = [at.NEVER] * at.NODE_COLUMNS
    row[at.KIND], row[at.CALENDAR], row[at.STATE], row[at.CONSTRAINT] = kind, at.ON_THE_CLOCK, at.OPEN, at.ASAP
    row[at.DURATION] = row[at.REMAINING] = row[at.DELAY] = row[at.SHAPE] = 0
    if role == "opens" and summary.constraint == Constraint.START_NO_EARLIER_THAN and summary.constraint_date:
        row[at.CONSTRAINT] = at.SNET
        row[at.DATE] = wall_minutes(summary.constraint_date)
    if role == "latest":
        limits = [summary.deadline]
        if summary.constraint == Constraint.FINISH_NO_LATER_THAN:
            limits.append(summary.constraint_date)
        row[at.DEADLINE] = min((wall_minutes(limit) for limit in limits if limit is not None), default=at.NEVER)
    return row


def _children_first(summaries: list[Task]) -> list[Task]:
    """Deepest summaries first, without recursion."""
    by_uid = {task.uid: task for task in summaries}
    depth: dict[Uid, int] = {}
    for task in summaries:
        path = []
        above: Task | None = task
        while above is not None and above.uid not in depth:
            path.append(above.uid)
            above = by_uid.get(above.parent) if above.parent is not None else None
        level = depth[above.uid] if above is not None else -1
        for uid in reversed(path):
            level += 1
            depth[uid] = level
    return sorted(summaries, key=lambda task: -depth[task.uid])
