"""A plan in memory: plain rows, and every change through :meth:`PlanState.put`, which keeps the way back.

Moments are naive, on the clock of the plan's site; durations and lags are minutes (see ``models``). Pure: no database.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from functools import cache
from typing import Any, Final, Literal, TypedDict

Kind = Literal["task", "link", "need", "budget", "plan"]


class RowChange(TypedDict):
    """One row before and after; ``None`` where it is not there. Values are JSON (moments as ISO text)."""

    kind: Kind
    id: int
    old: dict[str, Any] | None
    new: dict[str, Any] | None


@dataclass(slots=True)
class TaskFacts:
    """What somebody has decided about a task."""

    parent: int | None = None
    position: int = 0
    name: str = ""
    duration: int = 0
    is_elapsed: bool = False
    is_milestone: bool = False
    is_delivery: bool = False
    calendar: int | None = None
    constraint: str = "ASAP"
    constraint_date: dt.datetime | None = None
    deadline: dt.datetime | None = None
    actual_start: dt.datetime | None = None
    actual_finish: dt.datetime | None = None
    percent: int = 0
    remaining: int | None = None
    notes: str = ""
    order_line: int | None = None
    template_task: int | None = None
    not_before: dt.datetime | None = None
    not_before_text: str = ""
    not_before_cause_type: str = ""
    not_before_cause_id: int | None = None


@dataclass(slots=True)
class LinkFacts:
    """A link between two tasks."""

    predecessor: int
    successor: int
    type: str = "FS"
    lag: int = 0
    lag_unit: str = "working"


@dataclass(slots=True)
class NeedFacts:
    """Units of a skill or of a resource that a task takes. ``asked``: the skill as which the resource was named."""

    task: int
    skill: int | None = None
    resource: int | None = None
    units: int = 1
    asked: int | None = None


@dataclass(slots=True)
class BudgetFacts:
    """Money, for a task or for the whole."""

    task: int | None = None
    kind: str = "material"
    name: str = ""
    amount: Decimal = Decimal(0)


@dataclass(slots=True)
class PlanFacts:
    """What holds for the whole plan. Row id 0."""

    start: dt.date
    status_date: dt.date | None = None
    goals: str = ""


FACTS: Final[Mapping[Kind, type[Any]]] = {
    "task": TaskFacts,
    "link": LinkFacts,
    "need": NeedFacts,
    "budget": BudgetFacts,
    "plan": PlanFacts,
}
PLAN_ROW: Final = 0
_MOMENTS: Final = frozenset({"constraint_date", "deadline", "actual_start", "actual_finish", "not_before"})
_DATES: Final = frozenset({"start", "status_date"})


@dataclass(slots=True, frozen=True)
class Place:
    """Where a task stands in the outline. ``sequence`` from 1, ``level`` from 0."""

    sequence: int = 0
    level: int = 0
    wbs: str = ""
    is_summary: bool = False


@dataclass(slots=True, frozen=True)
class Dates:
    """What was computed for a task."""

    start: dt.datetime
    finish: dt.datetime
    early_start: dt.datetime
    early_finish: dt.datetime
    late_start: dt.datetime
    late_finish: dt.datetime
    total_float: int
    free_float: int
    is_critical: bool


@cache
def field_names(kind: Kind) -> tuple[str, ...]:
    return tuple(item.name for item in fields(FACTS[kind]))


def values_of(kind: Kind, row: Any) -> dict[str, Any]:
    """A row's values by their names; all of them are plain, so that none needs copying."""
    return {name: getattr(row, name) for name in field_names(kind)}


def as_json(value: Any) -> Any:
    if isinstance(value, dt.date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def from_json(name: str, value: Any) -> Any:
    if isinstance(value, str):
        if name in _MOMENTS:
            return dt.datetime.fromisoformat(value)
        if name in _DATES:
            return dt.date.fromisoformat(value)
        if name == "amount":
            return Decimal(value)
    return value


class PlanState:
    """All rows of one plan. Rows that are not stored yet have negative ids."""

    def __init__(
        self,
        plan: PlanFacts,
        tasks: Mapping[int, TaskFacts] | None = None,
        links: Mapping[int, LinkFacts] | None = None,
        needs: Mapping[int, NeedFacts] | None = None,
        budget: Mapping[int, BudgetFacts] | None = None,
    ) -> None:
        self.plan = plan
        self.tasks: dict[int, TaskFacts] = dict(tasks or {})
        self.links: dict[int, LinkFacts] = dict(links or {})
        self.needs: dict[int, NeedFacts] = dict(needs or {})
        self.budget: dict[int, BudgetFacts] = dict(budget or {})
        self.journal: list[RowChange] = []
        self._next_id = -1
        self._outline: dict[int, Place] | None = None
        self._children: dict[int | None, list[int]] | None = None

    # ------------------------------------------------------------------------------------------------- changing

    def new_id(self) -> int:
        self._next_id -= 1
        return self._next_id + 1

    def rows(self, kind: Kind) -> dict[int, Any]:
        """Rows of one kind by their ids."""
        if kind == "plan":
            return {PLAN_ROW: self.plan}
        return {"task": self.tasks, "link": self.links, "need": self.needs, "budget": self.budget}[kind]  # type: ignore[return-value]

    def put(self, kind: Kind, row_id: int, values: Mapping[str, Any] | None) -> None:
        """Make a row, change some of its values, or (None) take it away; the inverse goes into the journal."""
        rows = self.rows(kind)
        have = rows.get(row_id)
        if values is None:
            if have is None:
                return
            old = {name: as_json(value) for name, value in values_of(kind, have).items()}
            self.journal.append({"kind": kind, "id": row_id, "old": old, "new": None})
            del rows[row_id]
        elif have is None:
            made = FACTS[kind](**{name: from_json(name, value) for name, value in values.items()})
            new = {name: as_json(value) for name, value in values_of(kind, made).items()}
            self.journal.append({"kind": kind, "id": row_id, "old": None, "new": new})
            rows[row_id] = made
        else:
            self._change(kind, row_id, have, values)
        if kind == "task" and (values is None or have is None or {"parent", "position"} & values.keys()):
            self._outline = self._children = None

    def _change(self, kind: Kind, row_id: int, have: Any, values: Mapping[str, Any]) -> None:
        wanted = {name: from_json(name, value) for name, value in values.items()}
        differing = [name for name, value in wanted.items() if getattr(have, name) != value]
        if not differing:
            return
        self.journal.append(
            {
                "kind": kind,
                "id": row_id,
                "old": {name: as_json(getattr(have, name)) for name in differing},
                "new": {name: as_json(wanted[name]) for name in differing},
            }
        )
        for name in differing:
            setattr(have, name, wanted[name])

    def take_back(self, changes: Sequence[RowChange]) -> None:
        """Undo ``changes``, last first."""
        for change in reversed(changes):
            self.put(change["kind"], change["id"], change["old"])

    def apply(self, changes: Sequence[RowChange]) -> None:
        """Do ``changes`` (again)."""
        for change in changes:
            self.put(change["kind"], change["id"], change["new"])

    def replace_ids(self, ids: Mapping[tuple[Kind, int], int]) -> None:
        """Give rows that were just stored the ids they got, in rows and journal."""
        task_ids = {old: new for (kind, old), new in ids.items() if kind == "task"}
        for kind in _REFERENCES:
            rows = self.rows(kind)
            for (row_kind, old), new in ids.items():
                if row_kind == kind:
                    rows[new] = rows.pop(old)
            for row in rows.values() if task_ids else ():
                for name in _REFERENCES[kind]:
                    if getattr(row, name) in task_ids:
                        setattr(row, name, task_ids[getattr(row, name)])
        for change in self.journal:
            change["id"] = ids.get((change["kind"], change["id"]), change["id"])
            for side in (change["old"], change["new"]):
                for name in _REFERENCES[change["kind"]]:
                    if side and side.get(name) in task_ids:
                        side[name] = task_ids[side[name]]
        self._outline = self._children = None

    # -------------------------------------------------------------------------------------------------- reading

    @property
    def outline(self) -> dict[int, Place]:
        """Every task's place, in the order of the outline."""
        if self._outline is None:
            self._outline = dict(self._walk(None, "", 0))
        return self._outline

    def children(self, parent: int | None) -> list[int]:
        """Ids of the direct children in their order."""
        if self._children is None:
            by_parent: dict[int | None, list[int]] = defaultdict(list)
            for task_id, task in self.tasks.items():
                by_parent[task.parent].append(task_id)
            for ids in by_parent.values():
                ids.sort(key=lambda task_id: (self.tasks[task_id].position, task_id))
            self._children = dict(by_parent)
        return list(self._children.get(parent, ()))

    def _walk(self, parent: int | None, prefix: str, level: int) -> Iterator[tuple[int, Place]]:
        counter = 0
        stack: list[tuple[Iterator[int], str, int]] = [(iter(self.children(parent)), prefix, level)]
        numbers = [0]
        while stack:
            ids, lead, depth = stack[-1]
            task_id = next(ids, None)
            if task_id is None:
                stack.pop()
                numbers.pop()
                continue
            numbers[-1] += 1
            counter += 1
            wbs = f"{lead}{numbers[-1]}"
            below = self.children(task_id)
            yield task_id, Place(counter, depth, wbs, bool(below))
            stack.append((iter(below), f"{wbs}.", depth + 1))
            numbers.append(0)

    def label(self, task_id: int) -> str:
        """How a task is named in a sentence: ``3.2 真空腔装配``."""
        place = self.outline.get(task_id)
        return f"{place.wbs} {self.tasks[task_id].name}" if place else str(task_id)

    def is_summary(self, task_id: int) -> bool:
        return bool(self.children(task_id))

    def below(self, task_id: int) -> list[int]:
        """The task's descendants, parents first."""
        found: list[int] = []
        waiting = self.children(task_id)
        while waiting:
            found += waiting
            waiting = [child for one in waiting for child in self.children(one)]
        return found

    def above(self, task_id: int) -> list[int]:
        """The task's summaries, nearest first."""
        found = []
        parent = self.tasks[task_id].parent
        while parent is not None:
            found.append(parent)
            parent = self.tasks[parent].parent
        return found

    def leaves(self) -> Iterator[int]:
        return (task_id for task_id, place in self.outline.items() if not place.is_summary)


_REFERENCES: Final[Mapping[Kind, tuple[str, ...]]] = {
    "task": ("parent",),
    "link": ("predecessor", "successor"),
    "need": ("task",),
    "budget": ("task",),
    "plan": (),
}


def condensed(journal: Iterable[RowChange]) -> list[RowChange]:
    """One change a row, in the order of first touch: what came and went again is left out."""
    rows: dict[tuple[Kind, int], RowChange] = {}
    for change in journal:
        key = (change["kind"], change["id"])
        have = rows.get(key)
        if have is None:
            rows[key] = {**change}
        elif change["new"] is None:
            old = None if have["old"] is None else {**(change["old"] or {}), **have["old"]}
            rows[key] = {**have, "old": old, "new": None}
        elif have["new"] is None:
            rows[key] = {**have, "new": change["new"]}
        else:
            old = None if have["old"] is None else {**(change["old"] or {}), **have["old"]}
            rows[key] = {**have, "old": old, "new": {**have["new"], **change["new"]}}
    return [change for change in rows.values() if change["old"] != change["new"]]
