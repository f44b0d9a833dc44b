"""A schedule that is kept: one changed task re-plans only what it touches."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from punctual.engine import cpm_layout as at
from punctual.engine.calendar_tables import moment_of, outside
from punctual.engine.cpm import Passes, ScheduleResult, TaskDates, kernels, task_dates
from punctual.engine.network import Constraint, LagUnit, Plan, Task, Uid
from punctual.engine.network_check import task_faults
from punctual.kernel.refusal import Reason, Refusal, refuse_if
from punctual.kernel.wording import N_

STRUCTURE: Final = frozenset({"uid", "parent", "calendar", "elapsed", "inactive", "summary", "slack_calendar"})
"""Fields whose change alters the network; the plan is then laid out again."""

REPORTED: Final = frozenset({"actual_start", "actual_finish", "percent_complete", "remaining"})
"""What is told of work that has begun."""


class IncrementalSchedule:
    """Keeps the schedule of a plan while single tasks change (a drag, a progress report, a what-if).

    >>> live = IncrementalSchedule(plan)
    >>> moved = live.update(17, duration=960)     # ids of the tasks whose start or finish moved
    >>> live.dates(17).finish, live.finish

    A change walks forward from the task through everything that really moves, then backward through everything whose
    late dates or slack change. A new end of the plan moves all late dates; structural changes (parent, calendar …) and
    plans with as-late-as-possible tasks are computed afresh. After any change ``result()`` equals ``schedule(plan)``.
    """

    def __init__(self, plan: Plan) -> None:
        """Raises Refusal with every fault of the plan."""
        self._position = {task.uid: row for row, task in enumerate(plan.tasks)}
        self._by_percent = {link.predecessor for link in plan.links if link.lag_unit >= LagUnit.PERCENT}
        self._begin(plan)

    def _begin(self, plan: Plan) -> None:
        passes = Passes.of(plan).run()
        self._passes = passes
        self._tasks = {task.uid: task for task in plan.tasks}
        self._leaf = {task.uid: row for row, task in enumerate(passes.network.leaves)}
        n = len(passes.network.nodes)
        self._dirty = np.zeros(n, dtype=np.bool_)
        self._behind = np.zeros(n, dtype=np.bool_)
        self._uids = np.empty(n, dtype=object)
        for uid, row in passes.network.node.items():
            self._uids[row] = uid
        self._moves_late = passes.moves_late
        self._yielding = passes.yielding(passes.network.nodes)
        self._at_end = passes.at_end()
        self.touched = 2 * n
        """Nodes computed by the last change, forward and backward together."""

    @property
    def plan(self) -> Plan:
        """The plan with all changes so far."""
        return replace(self._passes.plan, tasks=[self._tasks[uid] for uid in self._position])

    @property
    def finish(self) -> datetime:
        """The end of the plan."""
        return moment_of(self._passes.end)

    def result(self) -> ScheduleResult:
        """Dates of all tasks."""
        return self._passes.result()

    def dates(self, uid: Uid) -> TaskDates:
        """Dates of one task that is no summary; those of a summary are in :meth:`result`."""
        if uid not in self._leaf:
            raise _unknown(uid)
        columns, critical = self._passes.columns(np.array([self._passes.network.node[uid]]))
        return task_dates(self._tasks[uid], False, columns[0].tolist(), bool(critical[0]))

    def update(self, uid: Uid, **changes: Any) -> tuple[Uid, ...]:
        """Changes fields of one task and re-plans; returns the ids of the tasks whose start or finish moved.

        Raises Refusal when the changed task is not usable; nothing has changed then.
        """
        if uid not in self._tasks:
            raise _unknown(uid)
        old = self._tasks[uid]
        task = replace(old, **changes)
        refuse_if(task_faults(self._passes.plan, task, self._position[uid] + 1))
        rebuild = (
            bool(STRUCTURE & changes.keys())
            or uid not in self._leaf
            or self._moves_late
            or task.constraint == Constraint.ALAP
            or (uid in self._by_percent and task.duration != old.duration)
        )
        if rebuild:
            return self._afresh(task)
        before = self.dates(uid) if REPORTED & changes.keys() else None
        self._tasks[uid] = self._passes.network.leaves[self._leaf[uid]] = task
        try:
            moved = self._replan(task)
        except Refusal:
            self._tasks[uid] = old
            self._begin(self.plan)
            raise
        # What was reported may lie outside the task's working time: it is shown as it was told, and computes the same.
        if before is not None and uid not in moved:
            after = self.dates(uid)
            if (after.start, after.finish) != (before.start, before.finish):
                return (uid, *moved)
        return moved

    # ---------------------------------------------------------------- inside

    def _afresh(self, task: Task) -> tuple[Uid, ...]:
        before, kept = self.result(), self._tasks
        self._tasks = {**kept, task.uid: task}
        try:
            self._begin(self.plan)
        except Refusal:
            self._tasks = kept
            raise
        return tuple(
            row.uid
            for row, old in zip(self.result().tasks, before.tasks, strict=True)
            if not row.summary and (row.start, row.finish) != (old.start, old.finish)
        )

    def _replan(self, task: Task) -> tuple[Uid, ...]:
        passes, network = self._passes, self._passes.network
        row = network.node[task.uid]
        network.nodes[row] = network.builder.task_row(task, self._linked_by(row))
        if self._yielding is not network.nodes:
            self._yielding[row] = passes.yielding(network.nodes[row : row + 1])[0]
        into, out = network.incoming, network.outgoing
        self._dirty[row] = self._behind[row] = True
        self._behind[into.links[into.first[row] : into.first[row + 1], at.OTHER]] = True
        count = kernels().forward(
            network.tables(), self._yielding, into.first, into.links, out.first, out.links,
            passes.early, self._dirty, self._behind, row,
        )  # fmt: skip
        moved = np.flatnonzero(self._dirty[row:]) + row
        self._dirty[moved] = False
        if len(moved) and int(passes.early[moved, at.START].min()) < 0:
            raise outside(passes.plan.name or "the plan")
        if self._move_end(moved):
            if passes.leaves_horizon():
                self._begin(self.plan)
                return tuple(self._uids[moved])
            passes.backward(passes.early)
            self._behind[:] = False
            self.touched = count + len(network.nodes)
        else:
            self.touched = count + passes.backward(passes.early, self._behind, int(np.flatnonzero(self._behind)[-1]))
        return tuple(uid for uid in self._uids[moved] if uid is not None)

    def _linked_by(self, row: int) -> frozenset[int]:
        into = self._passes.network.incoming
        links = into.links[into.first[row] : into.first[row + 1]]
        gates = self._passes.network.nodes[links[:, at.OTHER], at.KIND] != at.TASK
        return frozenset(np.where(gates, at.FF, links[:, at.TYPE]).tolist())

    def _move_end(self, moved: NDArray[np.int64]) -> bool:
        """Brings the end of the plan up to date; whether it changed."""
        passes = self._passes
        before = passes.end
        if self._at_end[moved].any() or not passes.network.counts.any():
            passes.find_end()
            self._at_end = passes.at_end()
            return passes.end != before
        moved = moved[passes.network.counts[moved]]
        if not len(moved):
            return False
        finish = passes.places(passes.early, moved)[:, 1]
        latest = int(finish.max())
        if latest > before:
            passes.end = latest
            self._at_end[:] = False
        self._at_end[moved[finish == passes.end]] = True
        return passes.end != before


def _unknown(uid: Uid) -> Refusal:
    return Refusal(
        Reason(code="plan.unknown_task", text=N_("there is no task %(uid)s to plan"), params={"uid": uid}, field="uid")
    )
