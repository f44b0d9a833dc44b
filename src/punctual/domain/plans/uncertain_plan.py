"""The open work of a plan as a stochastic network: what :mod:`punctual.engine.simulate` draws.

Time is working minutes of the plan's own calendar from ``now`` on. What is done is gone, what is under way counts with
its remaining minutes. Links of every type are kept by nodes without duration: a start node before a task from which
others start, an end node behind a task that ends with others. Tasks and lags on the clock are taken in working minutes
by the calendar's share of the week; a task's own calendar is taken as the plan's.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from punctual.domain.plans.engine_plan import PlanCalendars
from punctual.domain.plans.state import LinkFacts, PlanState
from punctual.engine.calendars import WorkCalendar
from punctual.engine.simulate import Activity, Distribution, Kind, Risk, StochasticNetwork

WEEK_MINUTES = 7 * 24 * 60
OPTIMISTIC, PESSIMISTIC = 0.85, 1.4
"""Without a history of its own a task takes between these times its estimate (PERT, most likely the estimate)."""


@dataclass(frozen=True)
class Spread:
    """Optimistic and pessimistic duration as multiples of the estimate, ``likely`` in between."""

    low: float = OPTIMISTIC
    likely: float = 1.0
    high: float = PESSIMISTIC

    def of(self, minutes: float) -> Distribution:
        if minutes <= 0:
            return Distribution(Kind.FIXED, (0.0,))
        return Distribution(Kind.PERT, (minutes * self.low, minutes * self.likely, minutes * self.high, 4.0))


@dataclass
class UncertainPlan:
    """``activities`` by name (``T12`` for task 12), ``open`` the ids of the open tasks that delivery waits for."""

    calendar: WorkCalendar
    now: int
    open: list[int]
    activities: dict[str, Activity] = field(default_factory=dict)
    links: list[tuple[str, str]] = field(default_factory=list)

    def network(
        self, risks: Sequence[Risk] = (), changed: Mapping[str, Distribution] | None = None
    ) -> StochasticNetwork:
        """The network with risk events; ``changed`` replaces durations (what if this task took that long)."""
        activities = [
            Activity(one.id, (changed or {}).get(one.id, one.distribution), one.demands, one.release)
            for one in self.activities.values()
        ]
        return StochasticNetwork(activities, self.links, risks)

    def date(self, minutes: float) -> dt.date:
        """The day on which so many working minutes from now are done."""
        return self.calendar.to_datetime_finish(self.now + max(1, round(minutes))).date()

    def minutes_until(self, day: dt.date) -> int:
        """Working minutes from now until the end of that day."""
        return self.calendar.to_minutes(dt.datetime.combine(day + dt.timedelta(days=1), dt.time())) - self.now


def activity_name(task_id: int) -> str:
    return f"T{task_id}"


def uncertain_plan(
    state: PlanState,
    calendars: PlanCalendars,
    *,
    now: dt.datetime,
    spreads: Mapping[int, Spread] | None = None,
    not_before: Mapping[int, dt.datetime] | None = None,
) -> UncertainPlan:
    """The network of everything open that the deliveries wait for (of a plan without delivery tasks: of everything)."""
    calendar = calendars.own
    start = calendar.to_minutes(now)
    wanted = _wanted(state)
    still_open = [one for one in wanted if state.tasks[one].actual_finish is None and state.tasks[one].percent < 100]
    made = UncertainPlan(calendar, start, still_open)
    builder = _Builder(state, calendar, made, spreads or {}, not_before or {})
    for task_id in still_open:
        builder.add_task(task_id)
    for link in state.links.values():
        builder.add_link(link)
    return made


def _wanted(state: PlanState) -> list[int]:
    """Leaves that a delivery waits for, in the order of the outline."""
    leaves = list(state.leaves())
    targets = {one for one in leaves if state.tasks[one].is_delivery}
    if not targets:
        return leaves
    before: dict[int, list[int]] = {}
    for link in state.links.values():
        for successor in _leaves(state, link.successor):
            before.setdefault(successor, []).extend(_leaves(state, link.predecessor))
    found: set[int] = set()
    waiting = list(targets)
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += before.get(one, [])
    return [one for one in leaves if one in found]


def _leaves(state: PlanState, task_id: int) -> list[int]:
    below = state.below(task_id)
    return [one for one in below if not state.is_summary(one)] if below else [task_id]


class _Builder:
    """Adds tasks and links; start and end nodes appear where a link needs them."""

    def __init__(
        self,
        state: PlanState,
        calendar: WorkCalendar,
        made: UncertainPlan,
        spreads: Mapping[int, Spread],
        not_before: Mapping[int, dt.datetime],
    ) -> None:
        self.state, self.calendar, self.made = state, calendar, made
        self.spreads, self.not_before = spreads, not_before
        self.open = set(made.open)
        self.share = sum(end - begin for shifts in calendar.week for begin, end in shifts) / WEEK_MINUTES
        self.begins: dict[int, str] = {}
        self.ends: dict[int, str] = {}

    def remaining(self, task_id: int) -> float:
        task = self.state.tasks[task_id]
        left = task.duration * (100 - task.percent) / 100 if task.remaining is None else task.remaining
        return left * self.share if task.is_elapsed else left

    def add_task(self, task_id: int) -> None:
        name = activity_name(task_id)
        task = self.state.tasks[task_id]
        wishes = [task.constraint_date] if task.constraint in ("SNET", "MSO") else []
        wishes += [self.not_before[task_id]] if task_id in self.not_before else []
        release = max((self._from_now(one) for one in wishes if one is not None), default=0.0)
        spread = self.spreads.get(task_id, Spread())
        distribution = spread.of(self.remaining(task_id))
        self.made.activities[name] = Activity(name, distribution, {}, 0.0 if task.actual_start else release)

    def _from_now(self, moment: dt.datetime) -> float:
        return float(max(0, self.calendar.to_minutes(moment) - self.made.now))

    def add_link(self, link: LinkFacts) -> None:
        for predecessor in _leaves(self.state, link.predecessor):
            for successor in _leaves(self.state, link.successor):
                if successor in self.open:
                    self._add(predecessor, successor, link)

    def _add(self, predecessor: int, successor: int, link: LinkFacts) -> None:
        if self.state.tasks[successor].actual_start and link.type in ("FS", "SS"):
            return  # it has begun: what it waited for is over
        lag = self._lag(predecessor, link)
        if predecessor not in self.open:
            self._after_done(predecessor, successor, link, lag)
            return
        source = self._begin(predecessor) if link.type in ("SS", "SF") else self._end(predecessor)
        if lag < 0:
            # A lead counts from the start of the predecessor: its estimate less the lead.
            lead = self.remaining(predecessor) + lag if link.type in ("FS", "FF") else 0.0
            source, lag = self._begin(predecessor), max(0.0, lead)
        target = self._end(successor) if link.type in ("FF", "SF") else self._first(successor)
        self._join(source, target, lag)

    def _after_done(self, predecessor: int, successor: int, link: LinkFacts, lag: float) -> None:
        finish = self.state.tasks[predecessor].actual_finish
        if finish is None or lag <= 0 or link.type != "FS":
            return
        left = self.calendar.to_minutes(finish) + lag - self.made.now
        name = activity_name(successor)
        have = self.made.activities[name]
        if left > have.release:
            self.made.activities[name] = Activity(name, have.distribution, {}, float(left))

    def _lag(self, predecessor: int, link: LinkFacts) -> float:
        if link.lag_unit == "percent":
            return self.state.tasks[predecessor].duration * link.lag / 100
        return link.lag * self.share if link.lag_unit == "elapsed" else float(link.lag)

    def _node(self, name: str, minutes: float = 0.0) -> str:
        if name not in self.made.activities:
            self.made.activities[name] = Activity(name, Distribution(Kind.FIXED, (minutes,)))
        return name

    def _begin(self, task_id: int) -> str:
        """The start node of a task; what went into the task goes into it."""
        if task_id not in self.begins:
            name, task = self._node(f"S{task_id}"), activity_name(task_id)
            have = self.made.activities[task]
            self.made.activities[name] = Activity(name, Distribution(Kind.FIXED, (0.0,)), {}, have.release)
            self.made.links[:] = [(a, name if b == task else b) for a, b in self.made.links]
            self.made.links.append((name, task))
            self.begins[task_id] = name
        return self.begins[task_id]

    def _first(self, task_id: int) -> str:
        return self.begins.get(task_id, activity_name(task_id))

    def _end(self, task_id: int) -> str:
        """The end node of a task; what came out of the task comes out of it."""
        if task_id not in self.ends:
            name, task = self._node(f"E{task_id}"), activity_name(task_id)
            self.made.links[:] = [(name if a == task else a, b) for a, b in self.made.links]
            self.made.links.append((task, name))
            self.ends[task_id] = name
        return self.ends[task_id]

    def _join(self, source: str, target: str, lag: float) -> None:
        if lag > 0:
            waits = self._node(f"L{len(self.made.activities)}", lag)
            self.made.links += [(source, waits), (waits, target)]
        else:
            self.made.links.append((source, target))


def risk_event(name: str, probability: float, tasks: Iterable[int], low: float, mode: float, high: float) -> Risk:
    """An event that makes each of ``tasks`` longer by low … high minutes (triangular)."""
    impact = Distribution(Kind.TRIANGULAR, (low, mode, high))
    return Risk(name, probability, tuple(activity_name(one) for one in tasks), impact)
