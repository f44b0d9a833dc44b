"""Trials: a draft placed on the floor, with what it gains and costs by the plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from punctual.engine.capacity.model import Order
from punctual.engine.explain import Cause, Link
from punctual.engine.recovery.drafts import Draft, bill, changes, moves_others, trimmed
from punctual.engine.recovery.floor import Floor
from punctual.engine.recovery.model import BorrowFloat, Crash, Expedite, ExtraCapacity, Lever, Split
from punctual.engine.recovery.options import LeverUse, Touched
from punctual.engine.recovery.patch import Patch, Window, with_windows
from punctual.engine.recovery.placing import FIRST, Placer, Starts, end_of, head_starts, protected


@dataclass(frozen=True, slots=True)
class Trial:
    """``end`` of the (first) delivery, ``gain`` against the plan in force, ``cost`` in all."""

    draft: Draft
    patch: Patch
    targets: tuple[int, ...]
    end: int
    gain: int
    rest: int
    uses: tuple[LeverUse, ...]
    touched: Mapping[str, Touched]
    cost: float
    breaks: bool
    """Whether another order would end after what is allowed to it."""


@dataclass(slots=True)
class Bench:
    """Places drafts for one case. ``chain`` and ``driving`` (tasks of the chain) are those of the plan in force."""

    floor: Floor
    chain: list[Link] = field(init=False)
    driving: set[int] = field(init=False)
    present: int = field(init=False)
    members: dict[str, list[int]] = field(init=False)
    orders: dict[str, Order] = field(init=False)
    _cache: dict[Draft, list[Trial]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        floor = self.floor
        self.present = end_of(floor, {}, {}, floor.own)
        self.chain = floor.chain({}, {}, {}, self._last(floor.own, {}, Patch()))
        self.driving = _tasks_of(floor, self.chain)
        self.members = {}
        for position, task in enumerate(floor.case.problem.tasks):
            if task.order is not None:
                self.members.setdefault(task.order, []).append(position)
        self.orders = {order.id: order for order in floor.case.problem.orders}

    def chain_of(self, trial: Trial) -> list[Link]:
        """What drives the delivery after the trial."""
        starts = {self.floor.index[name]: start for name, start in trial.patch.starts.items()}
        last = self._last(trial.targets, starts, trial.patch)
        return self.floor.chain(starts, trial.patch.modes, trial.patch.releases, last)

    def _last(self, positions: tuple[int, ...] | list[int], starts: Starts, patch: Patch) -> int:
        return max(positions, key=lambda k: (end_of(self.floor, starts, patch.modes, (k,)), -k))

    def trials(self, draft: Draft) -> list[Trial]:
        """The draft placed in every way that its levers allow; empty where a limit or a promise forbids it."""
        if draft not in self._cache:
            placed = self._many(draft) if moves_others(draft) else [self._one(draft)]
            self._cache[draft] = [trial for trial in placed if trial is not None]
        return self._cache[draft]

    def _one(self, draft: Draft) -> Trial | None:
        """Only the order's own tasks, those that drive it and those that the levers change may move."""
        floor, patch = self.floor, changes(self.floor, draft)
        changed = {floor.index[name] for name in (*patch.modes, *patch.releases)}
        early = set(floor.own) | self.driving | changed
        movable = floor.followers(early)
        if not movable:
            return None
        first = self._delivered(patch)
        head = dict.fromkeys(first, FIRST) if patch.delivery else {}
        trial = self._judged(draft, patch, Placer(floor, patch, movable, early).place(head))
        return None if trial is None or trial.breaks else trial

    def _many(self, draft: Draft) -> list[Trial | None]:
        """Everything that starts before or soon after the order's end may move; head starts from small to large."""
        floor, patch = self.floor, changes(self.floor, draft)
        early = set(floor.own) | self.driving
        planned = floor.case.schedule.start
        horizon = self.present + (self.present - floor.case.now) // 2
        movable = floor.followers({k for k in floor.free if planned[k] < horizon} | early)
        placer = Placer(floor, patch, movable, early)
        own = self._delivered(patch)
        late = max(0, self.present - (floor.case.deadline or 0))
        borrowing = any(isinstance(use.lever, BorrowFloat) for use in draft)
        allowed = self._allowed()
        result: list[Trial | None] = []
        for size in head_starts(floor, late):
            if borrowing:
                starts = protected(placer, floor, own, size, allowed, patch.modes)
            else:
                starts = placer.place(dict.fromkeys(own, size))
            if starts is not None:
                result.append(self._judged(draft, patch, starts))
        return result

    def _delivered(self, patch: Patch) -> set[int]:
        """The tasks that have to be done for the (first) delivery."""
        named = [self.floor.index[name] for name in patch.delivery]
        return self.floor.with_ancestors(named) if named else set(self.floor.own)

    def _allowed(self) -> dict[str, int]:
        """Other order → its latest end: the promise, or its present end where that is later."""
        floor = self.floor
        promises = floor.case.promises.items()
        return {name: max(latest, floor.ends[name]) for name, latest in promises if name != floor.case.order}

    def _judged(self, draft: Draft, patch: Patch, starts: Starts) -> Trial | None:
        floor = self.floor
        used = {name: self._beyond(name, patch, starts) for name in patch.capacity}
        kept = trimmed(floor, draft, used)
        if kept is None:
            return None
        planned, tasks = floor.case.schedule.start, floor.case.problem.tasks
        moved = {k: start for k, start in starts.items() if start != planned[k]}
        patch = replace(changes(floor, kept), starts={tasks[k].id: moved[k] for k in sorted(moved)})
        targets = tuple(floor.index[name] for name in patch.delivery) or tuple(floor.own)
        end = end_of(floor, moved, patch.modes, targets)
        touched = self._touched(moved, patch)
        uses = bill(kept)
        prices = sum(tasks[k].move_price for k in moved)
        cost = sum(use.cost for use in uses) + prices + sum(max(0, row.cost) for row in touched.values())
        allowed = self._allowed()
        breaks = any(floor.ends[name] + row.end > allowed.get(name, 2**62) for name, row in touched.items())
        rest = end_of(floor, moved, patch.modes, floor.own)
        return Trial(kept, patch, targets, end, self.present - end, rest, uses, touched, float(cost), breaks)

    def _touched(self, moved: Starts, patch: Patch) -> dict[str, Touched]:
        floor = self.floor
        counts: dict[str, int] = {}
        changed = set(moved) | {floor.index[name] for name in patch.modes}
        for position in changed:
            order = floor.case.problem.tasks[position].order
            if order is not None and order != floor.case.order:
                counts[order] = counts.get(order, 0) + 1
        result = {}
        for name in sorted(counts):
            before, after = floor.ends[name], end_of(floor, moved, patch.modes, self.members[name])
            due, weight = self.orders[name].due, self.orders[name].weight
            cost = 0 if due is None else weight * (max(0, after - due) - max(0, before - due))
            result[name] = Touched(counts[name], after - before, cost)
        return result

    def _beyond(self, name: str, patch: Patch, starts: Starts) -> tuple[Window, ...]:
        """Stretches in which the resource is used beyond its usual capacity after the trial, by how many units."""
        floor = self.floor
        resource = next(row for row in floor.case.problem.resources if row.id == name)
        steps = with_windows(resource, ())
        change: dict[int, int] = {}
        for (time, units), before in zip(steps, (0, *(units for _, units in steps)), strict=False):
            change[time] = change.get(time, 0) - (units - before)
        for position, task in enumerate(floor.case.problem.tasks):
            mode = patch.modes.get(task.id) or floor.mode(position)
            units = mode.demands.get(name, 0)
            if units and mode.duration:
                start = starts.get(position, floor.case.schedule.start[position])
                change[start] = change.get(start, 0) + units
                change[start + mode.duration] = change.get(start + mode.duration, 0) - units
        times = sorted(change)
        over = np.cumsum([change[time] for time in times]).tolist()
        rows = zip(times, times[1:], over, strict=False)
        return tuple((a, b, units) for a, b, units in rows if units > 0 and b > floor.case.now)

    def relevant(self, lever: Lever, chain: list[Link]) -> bool:
        """Whether the lever touches what drives the delivery along ``chain``."""
        floor = self.floor
        driving = _tasks_of(floor, chain)
        if isinstance(lever, ExtraCapacity):
            waiting = {floor.index[link.task] for link in chain if link.cause in (Cause.RESOURCE, Cause.CHOICE)}
            return any(lever.resource in floor.mode(position).demands for position in waiting)
        if isinstance(lever, Crash):
            return floor.index[lever.task] in driving
        if isinstance(lever, Expedite):
            return any(link.cause is Cause.MATERIAL and link.what == lever.task for link in chain)
        if isinstance(lever, Split):
            return True
        task = getattr(lever, "task", None)
        if task is not None:
            return floor.index[task] in driving
        return any(link.cause in (Cause.RESOURCE, Cause.CHOICE) for link in chain)


def _tasks_of(floor: Floor, chain: list[Link]) -> set[int]:
    """The tasks of the chain that can still be changed."""
    return {floor.index[link.task] for link in chain} & floor.free
