"""Critical path method with calendars, all link types, constraints, deadlines and progress.

``schedule(plan)`` computes a plan afresh; :class:`IncrementalSchedule` keeps one and re-plans only what a change
touches. Formulas: Kelley, "Critical-path planning and scheduling: mathematical basis", Operations Research 9 (1961);
precedence diagram with lags after Elmaghraby, Activity Networks (1977); see docs/algorithms/critical-path.md.

Importing this module compiles nothing; the first call loads the compiled passes from their cache or, once for each
machine, compiles them (some seconds, announced in the log ``punctual.engine``).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from punctual.engine.calendar_tables import FIRST_HORIZON, LAST_HORIZON, moment_of, outside, wall_minutes
from punctual.engine.daypattern import DAY
from punctual.engine.network import Constraint, Plan, Task, Uid
from punctual.engine.network_arrays import DONE, NEVER, OPEN, SAME, TASK, Arrays, Network, NetworkBuilder, Nodes
from punctual.engine.network_check import circle_faults, faults_of
from punctual.kernel.refusal import Refusal, refuse_if

log = logging.getLogger("punctual.engine")


@dataclass(frozen=True, slots=True)
class TaskDates:
    """What was computed for one task. Times are naive local; slack is in working minutes of the task's calendar.

    ``start`` ``finish``         where the task lies.
    ``early_*`` ``late_*``       earliest and latest without moving the end of the plan (or breaking a late limit).
    ``total_slack_minutes``      late finish − early finish; negative = a date cannot be kept.
    ``free_slack_minutes``       how far the task alone may slip without moving any successor.
    ``critical``                 unfinished and total slack ≤ the plan's limit.
    Of a summary: earliest and latest of its tasks, the smallest slack among them, critical when one of them is.
    """

    uid: Uid
    name: str
    summary: bool
    start: datetime
    finish: datetime
    early_start: datetime
    early_finish: datetime
    late_start: datetime
    late_finish: datetime
    total_slack_minutes: int
    free_slack_minutes: int
    critical: bool


@dataclass(frozen=True)
class ScheduleResult:
    """Dates of a whole plan; ``tasks`` in plan order, ``result[uid]`` for one."""

    start: datetime
    finish: datetime
    tasks: tuple[TaskDates, ...]
    by_uid: Mapping[Uid, TaskDates]

    def __getitem__(self, uid: Uid) -> TaskDates:
        return self.by_uid[uid]

    @property
    def critical_path(self) -> tuple[TaskDates, ...]:
        """Critical tasks without summaries, by start."""
        return tuple(sorted((t for t in self.tasks if t.critical and not t.summary), key=lambda t: t.start))


def schedule(plan: Plan) -> ScheduleResult:
    """Critical path schedule of ``plan``.

    Every task that has sub-tasks is a summary. Links of summaries act on all their tasks. The plan is scheduled from
    ``plan.start``, or backward from ``plan.finish`` with ``plan.from_finish``. Deterministic and independent of the
    order of tasks and links. Cost: linear in tasks and links.

    Raises Refusal with every fault of the plan: duplicate or unknown ids, circles with their tasks, dates outside
    1984…2199, bad numbers.
    """
    refuse_if(faults_of(plan))
    return Passes(NetworkBuilder(plan).build(), plan).run().result()


@cache
def kernels() -> Any:
    """The compiled passes, loaded late."""
    began = time.perf_counter()
    log.info("loading the compiled planning passes (the first time on a machine they are compiled: some seconds)")
    import punctual.engine.cpm_kernels as module

    log.info("planning passes loaded in %.1f s", time.perf_counter() - began)
    return module


_YIELDING = np.array(
    [
        Constraint.ASAP,
        Constraint.ALAP,
        Constraint.START_NO_EARLIER_THAN,
        Constraint.FINISH_NO_EARLIER_THAN,
        Constraint.START_NO_EARLIER_THAN,
        Constraint.ASAP,
        Constraint.FINISH_NO_EARLIER_THAN,
        Constraint.ASAP,
    ],
    dtype=np.int8,
)
"""What is left of each constraint in the forward pass when links win over it."""


def _quad(n: int) -> Arrays:
    return tuple(np.full(n, NEVER, dtype=np.int64) for _ in range(4))


class Passes:
    """One network with its computed dates; the state that :class:`IncrementalSchedule` keeps."""

    def __init__(self, network: Network, plan: Plan) -> None:
        self.network = network
        self.plan = plan
        n = len(network.nodes)
        self.early = _quad(n)
        self.planned = self.early
        self.late = tuple(np.full(n, -NEVER, dtype=np.int64) for _ in range(3))
        self.total = np.zeros(n, dtype=np.int64)
        self.free = np.zeros(n, dtype=np.int64)
        self.end = NEVER
        first, other, *_ = network.outgoing.arrays
        self.order: NDArray[np.int32] = kernels().topological_order(first, other, n)
        if len(self.order) < n:
            raise Refusal(*circle_faults(plan))

    def run(self) -> Passes:
        """All passes; the horizon grows once when dates pass it."""
        for horizon in (FIRST_HORIZON, LAST_HORIZON):
            self.network.horizon = max(horizon, self.network.horizon)
            self._run()
            if not self._touches_horizon():
                return self
        raise outside(self.plan.name or "the plan")

    def _touches_horizon(self) -> bool:
        """Whether any date lies at or beyond the ends of the calendar tables."""
        limit = self.network.horizon * DAY
        wall = self.planned[3], self.planned[2], self.early[2]
        beyond = max(int(values.max()) for values in wall) >= limit
        before = min(int(values[values != NEVER].min(initial=0)) for values in wall) < 0
        if before or (beyond and self.network.horizon == LAST_HORIZON) or int(self.late[0].min()) < 0:
            raise outside(self.plan.name or "the plan")
        return beyond

    def _run(self) -> None:
        k, network, nodes = kernels(), self.network, self.network.nodes
        if self.plan.from_finish:
            self._start_from_finish()
        self.early = self._forward(nodes)
        self.end = int(k.latest_end(self.early, nodes.arrays, nodes.counts))
        if self.plan.from_finish:
            assert self.plan.finish is not None
            self.end = max(self.end, wall_minutes(self.plan.finish))
        self._late()
        late = self._as_late_as_possible()
        self.planned = self._held_back(late) if late.any() else self.early
        if not self.plan.from_finish and late.any():
            self.early = tuple(np.where(late, one, two) for one, two in zip(self.early, self.planned, strict=True))
        basis = self.early if self.plan.from_finish else self.planned
        k.slacks(
            self.order, network.tables(), nodes.arrays, network.outgoing.arrays, basis, self.late,
            self.total, self.free,
        )  # fmt: skip

    def _count_slack_elsewhere(self, late_finish: NDArray[np.int64]) -> None:
        """Total slack of tasks that count it on another calendar than their own."""
        nodes = self.network.nodes
        for row in np.flatnonzero((nodes.slack_calendar != SAME) & (nodes.state != DONE)):
            tables = self.network.calendars[nodes.slack_calendar[row]].tables(self.network.horizon)
            early, late = tables.working(np.array([self.planned[3][row], late_finish[row]]))
            self.total[row] = late - early

    def _forward(self, nodes: Nodes) -> Arrays:
        """Early start and finish in own minutes and on the clock. A constraint that is not honoured gives way to links."""
        if not self.plan.honor_constraints:
            nodes = replace(nodes, constraint=_YIELDING[nodes.constraint])
        early = _quad(len(nodes))
        network = self.network
        kernels().forward_pass(self.order, network.tables(), nodes.arrays, network.incoming.arrays, early)
        return early

    def _late(self) -> None:
        network = self.network
        kernels().backward_pass(
            self.order, network.tables(), network.nodes.arrays, network.outgoing.arrays, self.early, self.late,
            network.nodes.deadline, self.end,
        )  # fmt: skip

    def _start_from_finish(self) -> None:
        """Backward from the wished finish; the earliest late start is where the plan begins."""
        assert self.plan.finish is not None
        network, nodes = self.network, self.network.nodes
        open_ = (nodes.kind == TASK) & (nodes.state != DONE)
        nodes.floor[open_] = 0
        self.early = self._forward(nodes)
        self.end = wall_minutes(self.plan.finish)
        self._late()
        starts = self._wall(self.late[0])[open_]
        begin = int(starts.min(initial=self.end))
        if self.plan.status_date is not None:
            begin = max(begin, wall_minutes(self.plan.status_date))
        nodes.floor[open_] = begin

    def _as_late_as_possible(self) -> NDArray[np.bool_]:
        nodes = self.network.nodes
        late = nodes.constraint == Constraint.ALAP
        if self.plan.from_finish:
            asap = {task.uid for task in self.network.leaves if task.constraint == Constraint.ASAP}
            soon = np.array([task.uid in asap for task in self.network.leaves] + [True] * (len(nodes) - len(late)))
            late = late | ~np.resize(soon, len(nodes))
        movable: NDArray[np.bool_] = late & (nodes.kind == TASK) & (nodes.state == OPEN)
        return movable

    def _held_back(self, late: NDArray[np.bool_]) -> Arrays:
        """Where tasks lie when some take their late dates: a forward pass that holds those back."""
        nodes = self.network.nodes
        constraint = np.where(late, np.int8(Constraint.START_NO_EARLIER_THAN), nodes.constraint)
        place = np.where(nodes.duration == 0, self.late[2], self._wall(self.late[0]))
        return self._forward(replace(nodes, constraint=constraint, date=np.where(late, place, nodes.date)))

    # ---------------------------------------------------------------- reading

    def _wall(self, work: NDArray[np.int64], finish: bool = False) -> NDArray[np.int64]:
        """Wall-clock minutes of own-calendar minutes."""
        return kernels().walls(self.network.tables(), self.network.nodes.calendar, work, finish)  # type: ignore[no-any-return]

    def result(self) -> ScheduleResult:
        """Everything as dates."""
        network, nodes = self.network, self.network.nodes
        n = len(network.leaves)
        late_finish = self._wall(self.late[1], finish=True)
        late_start = self._wall(self.late[0])
        still = nodes.duration == 0
        late_finish[still] = late_start[still] = self.late[2][still]
        begun = nodes.pin_start != NEVER
        late_start[begun & (nodes.state != 2)] = nodes.pin_start[begun & (nodes.state != 2)]
        done = nodes.state == DONE
        late_finish[done] = nodes.pin_finish[done]
        self._count_slack_elsewhere(late_finish)
        columns = np.stack([*self.planned[2:], *self.early[2:], late_start, late_finish, self.total, self.free])[:, :n]
        critical = (self.total <= self.plan.critical_slack_limit) & ~done
        rows = dict(self._rows(columns, critical[:n]))
        by_uid = {task.uid: rows[task.uid] for task in self.plan.tasks}
        return ScheduleResult(
            start=min(row.start for row in by_uid.values()),
            finish=max(row.finish for row in by_uid.values()),
            tasks=tuple(by_uid.values()),
            by_uid=by_uid,
        )

    def _rows(self, columns: NDArray[np.int64], critical: NDArray[np.bool_]) -> Iterator[tuple[Uid, TaskDates]]:
        values = columns.T.tolist()
        sums: dict[Uid, list[Any]] = {}
        for task, row, is_critical in zip(self.network.leaves, values, critical.tolist(), strict=True):
            yield task.uid, _dates(task, False, row, is_critical)
            if task.parent is not None and not task.inactive:
                _join(sums, task.parent, [*row, is_critical])
        idle = wall_minutes(self.plan.start or self.plan.finish)  # type: ignore[arg-type]
        for task in self.network.summaries:
            row = sums.get(task.uid, [idle] * 6 + [0, 0, False])
            yield task.uid, _dates(task, True, row[:8], row[8])
            if task.parent is not None and task.uid in sums:
                _join(sums, task.parent, row)


_LOW = (min, max, min, max, min, max, min, min, max)


def _join(sums: dict[Uid, list[Any]], uid: Uid, row: list[Any]) -> None:
    have = sums.get(uid)
    sums[uid] = row[:] if have is None else [pick(a, b) for pick, a, b in zip(_LOW, have, row, strict=True)]


def _dates(task: Task, summary: bool, row: list[int], critical: bool) -> TaskDates:
    start, finish, early_start, early_finish, late_start, late_finish = map(moment_of, row[:6])
    return TaskDates(
        task.uid, task.name, summary, start, finish, early_start, early_finish, late_start, late_finish,
        row[6], row[7], critical,
    )  # fmt: skip
