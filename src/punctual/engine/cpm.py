"""Critical path method with calendars, all link types, constraints, deadlines and progress.

``schedule(plan)`` computes a plan afresh; :class:`punctual.engine.cpm_incremental.IncrementalSchedule` keeps one and
re-plans only what a change touches. Sources: Kelley, "Critical-path planning and scheduling: mathematical basis",
Operations Research 9 (1961); precedence diagrams with lags: Elmaghraby and Kamburowski, Management Science 38 (1992);
see docs/algorithms/critical-path.md.

Importing this module compiles nothing; the first call loads the compiled passes from their cache or, once for each
machine, compiles them (ten to thirty seconds, announced in the log ``punctual.engine``); :func:`prepare` does it ahead.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from punctual.engine import cpm_layout as at
from punctual.engine.calendar_tables import FIRST_HORIZON, LAST_HORIZON, moment_of, outside, wall_minutes
from punctual.engine.cpm_layout import NEVER
from punctual.engine.daypattern import DAY
from punctual.engine.network import Constraint, Link, Plan, Task, Uid
from punctual.engine.network_arrays import SAME, Ints, Network, NetworkBuilder
from punctual.engine.network_check import circle_faults, faults_of
from punctual.kernel.refusal import Refusal, refuse_if

log = logging.getLogger("punctual.engine")


@dataclass(frozen=True, slots=True)
class TaskDates:
    """What was computed for one task. Times are naive local; slack is in working minutes of the task's calendar.

    ``start`` ``finish``         where the task lies.
    ``early_*`` ``late_*``       earliest and latest without moving the end of the plan (or breaking a late limit).
    ``total_slack_minutes``      late finish − finish (− early finish where the plan is scheduled from its finish);
                                 negative = a date cannot be kept.
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
    """Dates of a whole plan; ``tasks`` in plan order, ``result[uid]`` for one.

    ``start`` is the plan's own start date, or where it has to begin when it is planned from its finish.
    """

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
    return Passes.of(plan).run().result()


@cache
def kernels() -> Any:
    """The compiled passes, loaded late. Where they have to be compiled first, a warning says so: it takes a while."""
    import punctual.engine.cpm_kernels as module

    compiled = hasattr(module.forward, "stats")  # with NUMBA_DISABLE_JIT they are plain Python
    if compiled and not any(Path(module.forward.stats.cache_path).glob("cpm_kernels.forward-*.nbi")):
        log.warning("compiling the planning passes, once for this machine: ten to thirty seconds")
    return module


def prepare() -> None:
    """Compiles and loads everything this module needs, so that the first request does not wait for it."""
    schedule(Plan(start=moment_of(7 * DAY), tasks=[Task(uid=1, duration=60), Task(uid=2)], links=[Link(1, 2)]))


_YIELDING: Final = np.array([at.ASAP, at.ALAP, at.SNET, at.FNET, at.SNET, at.ASAP, at.FNET, at.ASAP], dtype=np.int64)
"""What is left of each constraint in the forward pass when links win over it."""

Rows = slice | Ints
ALL: Final = slice(None)
_NOBODY: Final = np.zeros(0, dtype=np.bool_)


class Passes:
    """One network with its computed dates; arrays as in :mod:`cpm_layout`."""

    def __init__(self, network: Network, plan: Plan) -> None:
        self.network = network
        self.plan = plan
        n = len(network.nodes)
        self.early = np.full((n, 4), NEVER, dtype=np.int64)
        self.planned = self.early
        self.late = np.full((n, 5), -NEVER, dtype=np.int64)
        self.end = NEVER

    @staticmethod
    def of(plan: Plan) -> Passes:
        """Checks the plan and lays it out. Raises Refusal with every fault."""
        refuse_if(faults_of(plan))
        network = NetworkBuilder(plan).build(kernels().topological_order)
        if network is None:
            raise Refusal(*circle_faults(plan))
        return Passes(network, plan)

    def run(self) -> Passes:
        """All passes; the horizon grows once when dates pass it."""
        for horizon in (FIRST_HORIZON, LAST_HORIZON):
            self.network.horizon = max(horizon, self.network.horizon)
            self._run()
            if not self.leaves_horizon():
                return self
        raise outside(self.plan.name or "the plan")

    def leaves_horizon(self) -> bool:
        """Whether the calendar tables are too short. Raises Refusal when no tables reach."""
        limit = self.network.horizon * DAY
        begun = self.planned[:, at.START]
        late = self.late[:, at.LATE_START]
        if int(begun.min(where=begun != NEVER, initial=0)) < 0 or int(late.min(initial=0)) < 0:
            raise outside(self.plan.name or "the plan")
        if self.end < limit:
            return False
        if self.network.horizon == LAST_HORIZON:
            raise outside(self.plan.name or "the plan")
        return True

    @property
    def moves_late(self) -> bool:
        """Whether any task is planned as late as possible, so that one forward pass is not enough."""
        return self.plan.from_finish or bool((self.network.nodes[:, at.CONSTRAINT] == at.ALAP).any())

    def _run(self) -> None:
        nodes = self.network.nodes
        if self.plan.from_finish:
            self._start_from_finish()
        self.early = self.planned = self._forward(nodes)
        self.find_end()
        self.backward(self.planned)
        if self.moves_late:
            late = self._as_late_as_possible()
            self.planned = self._held_back(late)
            if not self.plan.from_finish:
                self.early = np.where(late[:, None], self.early, self.planned)
                self.backward(self.planned)

    def _forward(self, nodes: Ints) -> Ints:
        """Early dates. A constraint that is not honoured gives way to links."""
        nodes = self.yielding(nodes)
        early = np.full((len(nodes), 4), NEVER, dtype=np.int64)
        into, out = self.network.incoming, self.network.outgoing
        kernels().forward(
            self.network.tables(), nodes, into.first, into.links, out.first, out.links, early, _NOBODY, _NOBODY, -1
        )
        return early

    def yielding(self, nodes: Ints) -> Ints:
        """The nodes as the forward pass wants them: themselves, or with constraints that give way to links."""
        if self.plan.honor_constraints:
            return nodes
        nodes = nodes.copy()
        nodes[:, at.CONSTRAINT] = _YIELDING[nodes[:, at.CONSTRAINT]]
        return nodes

    def at_end(self) -> NDArray[np.bool_]:
        """Nodes whose finish is the end of the plan."""
        result: NDArray[np.bool_] = self.network.counts & (self.places(self.early)[:, 1] == self.end)
        return result

    def find_end(self) -> None:
        """The end of the plan: its latest finish, or the wished one when that is later."""
        network = self.network
        self.end = int(kernels().latest_end(network.tables(), network.nodes, self.early, network.counts))
        if self.plan.from_finish:
            assert self.plan.finish is not None
            self.end = max(self.end, wall_minutes(self.plan.finish))
        if self.end == NEVER:  # nothing but inactive tasks, or summaries without any
            self.end = int(self.places(self.early)[:, 1].max(initial=self._begin()))

    def _begin(self) -> int:
        """The fixed end of the plan: its start, or its finish where it is scheduled from there."""
        fixed = self.plan.start or self.plan.finish
        assert fixed is not None
        return wall_minutes(fixed)

    def backward(self, early: Ints, dirty: NDArray[np.bool_] = _NOBODY, begin: int = -1) -> int:
        """Late dates and slack against these early dates, of all nodes or of the dirty ones; returns how many."""
        network = self.network
        into, out, tables = network.incoming, network.outgoing, network.tables()
        count = kernels().backward(
            tables, network.nodes, out.first, out.links, into.first, into.links,
            early, self.late, kernels().ends(tables, self.end), dirty, begin,
        )  # fmt: skip
        return int(count)

    def _start_from_finish(self) -> None:
        """Backward from the wished finish; the earliest late start is where the plan begins."""
        assert self.plan.finish is not None
        nodes = self.network.nodes
        still = (nodes[:, at.KIND] == at.TASK) & (nodes[:, at.STATE] != at.DONE)
        self._set_floor(still, 0)
        self.early = self._forward(nodes)
        self.end = wall_minutes(self.plan.finish)
        self.backward(self.early)
        begin = int(self._late_places()[still, 0].min(initial=self.end))
        if self.plan.status_date is not None:
            begin = max(begin, wall_minutes(self.plan.status_date))
        self._set_floor(still, begin)

    def _set_floor(self, rows: NDArray[np.bool_], wall: int) -> None:
        """The floor of all these nodes, in their own minutes too."""
        nodes = self.network.nodes
        nodes[rows, at.FLOOR] = wall
        for calendar in np.unique(nodes[rows, at.CALENDAR]):
            mine = rows & (nodes[:, at.CALENDAR] == calendar)
            point = int(kernels().point_after(self.network.tables(), int(calendar), wall))
            nodes[mine, at.FLOOR_WORK], nodes[mine, at.FLOOR_SIDE] = point >> 1, point & 1

    def _as_late_as_possible(self) -> NDArray[np.bool_]:
        """Nodes that are planned at their late dates."""
        nodes = self.network.nodes
        late = nodes[:, at.CONSTRAINT] == at.ALAP
        if self.plan.from_finish:
            late[:] = True
            soon = [task.constraint == Constraint.ASAP for task in self.network.leaves]
            late[self.network.rows[np.array(soon, dtype=bool)]] = False
        movable: NDArray[np.bool_] = late & (nodes[:, at.KIND] == at.TASK) & (nodes[:, at.STATE] == at.OPEN)
        return movable

    def _held_back(self, late: NDArray[np.bool_]) -> Ints:
        """Where tasks lie when some take their late dates: a forward pass that holds those back."""
        nodes = self.network.nodes.copy()
        nodes[late, at.CONSTRAINT] = at.SNET
        nodes[late, at.DATE] = self._late_places()[late, 0]
        nodes[late, at.SHAPE] = at.SPECIAL
        planned = self._forward(nodes)
        self._as_shaped(planned, late)
        return planned

    def _as_shaped(self, planned: Ints, late: NDArray[np.bool_]) -> None:
        """Places on the clock that a special pass left on ordinary milestones, as their sides."""
        nodes = self.network.nodes
        for row in np.flatnonzero(late & (nodes[:, at.SHAPE] == at.POINT)):
            point = kernels().point_after(self.network.tables(), nodes[row, at.CALENDAR], planned[row, at.WALL_START])
            planned[row, at.SIDE] = int(point) & 1

    # ---------------------------------------------------------------- reading

    def places(self, early: Ints, rows: Rows = ALL) -> Ints:
        """Wall-clock start and finish of nodes, int64[nodes, 2]."""
        early = early[rows]
        result = np.empty((len(early), 2), dtype=np.int64)
        kernels().early_places(self.network.tables(), self.network.nodes[rows], early, result)
        return result

    def _late_places(self, rows: Rows = ALL) -> Ints:
        """Wall-clock late start and finish of nodes; started tasks keep their actual start."""
        late = self.late[rows]
        result = np.empty((len(late), 2), dtype=np.int64)
        kernels().late_places(self.network.tables(), self.network.nodes[rows], late, result)
        return result

    def columns(self, rows: Rows = ALL) -> tuple[Ints, NDArray[np.bool_]]:
        """Start, finish, early and late start and finish on the clock, total and free slack; and what is critical."""
        planned = self.places(self.planned, rows)
        early = planned if self.early is self.planned else self.places(self.early, rows)
        late = self._late_places(rows)
        total = self.late[rows, at.TOTAL].copy()
        done = self.network.nodes[rows, at.STATE] == at.DONE
        self._count_slack_elsewhere(total, np.where(done, SAME, self.network.slack_calendar[rows]), planned, late)
        critical = (total <= self.plan.critical_slack_limit) & ~done
        return np.column_stack([planned, early, late, total, self.late[rows, at.FREE]]), critical

    def _count_slack_elsewhere(self, total: Ints, calendar: NDArray[np.int32], planned: Ints, late: Ints) -> None:
        """Total slack of tasks that count it on another calendar than their own."""
        for row in np.flatnonzero(calendar != SAME):
            tables = self.network.calendars[calendar[row]].tables(self.network.horizon)
            before, after = tables.working(np.array([planned[row, 1], late[row, 1]]))
            total[row] = after - before

    def result(self) -> ScheduleResult:
        """Everything as dates."""
        columns, critical = self.columns()
        rows = self.network.rows
        found = dict(self._dates(columns[rows].tolist(), critical[rows].tolist()))
        by_uid = {task.uid: found[task.uid] for task in self.plan.tasks}
        active = [row for task, row in zip(self.plan.tasks, by_uid.values(), strict=True) if not task.inactive]
        began = self.plan.start
        if began is None or self.plan.from_finish:
            began = min(row.start for row in active or by_uid.values())
        return ScheduleResult(
            start=began,
            finish=max(row.finish for row in active or by_uid.values()),
            tasks=tuple(by_uid.values()),
            by_uid=by_uid,
        )

    def _dates(self, values: list[list[int]], critical: list[bool]) -> Iterator[tuple[Uid, TaskDates]]:
        sums: dict[Uid, list[Any]] = {}
        for task, row, is_critical in zip(self.network.leaves, values, critical, strict=True):
            yield task.uid, task_dates(task, False, row, is_critical)
            if task.parent is not None and not task.inactive:
                _join(sums, task.parent, [*row, is_critical])
        idle = self._begin()
        for task in self.network.summaries:
            row = sums.get(task.uid, [idle] * 6 + [0, 0, False])
            yield task.uid, task_dates(task, True, row[:8], bool(row[8]))
            if task.parent is not None and task.uid in sums:
                _join(sums, task.parent, row)


_ROLL_UP: Final = (min, max, min, max, min, max, min, min, max)


def _join(sums: dict[Uid, list[Any]], uid: Uid, row: list[Any]) -> None:
    have = sums.get(uid)
    sums[uid] = row[:] if have is None else [pick(a, b) for pick, a, b in zip(_ROLL_UP, have, row, strict=True)]


def task_dates(task: Task, summary: bool, row: list[int], critical: bool) -> TaskDates:
    """One row of :meth:`Passes.columns` as dates."""
    start, finish, early_start, early_finish, late_start, late_finish = map(moment_of, row[:6])
    return TaskDates(
        task.uid, task.name, summary, start, finish, early_start, early_finish, late_start, late_finish,
        row[6], row[7], critical,
    )  # fmt: skip
