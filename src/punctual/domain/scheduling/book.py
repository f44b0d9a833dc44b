"""Everything that competes for capacity as plain data: the engine's problem with the names behind it.

A book is what a run schedules and keeps; promises, scenarios and the capacity pages read it again later, so that all of
them speak of the same schedule. Pure: no database.

Orders are cut into groups, the orders of the engine: ``12.34`` are the tasks of order 12 up to the delivery of its line
34 (34 is 0 where tasks belong to no line); ``12.+`` are those behind the deliveries, whose end nobody was promised.
Resources are ``r<id>`` (one that is named) and ``s<id>-<id>…`` (everybody with one of these skills).
"""

from __future__ import annotations

import datetime as dt
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from punctual.engine import explain
from punctual.engine.capacity.model import Link, Mode, Order, Problem, Resource, Schedule, Task

if TYPE_CHECKING:
    from punctual.domain.scheduling.loose import Loose

AFTER = "+"
READY = ("index", "entries", "groups_of", "problem", "loose")
"""What is made ready once and knows no starts."""


Kind = TypeVar("Kind")
Units = Mapping[str, tuple[tuple[int, int], ...]]
"""Resource → its steps (slot from which on, units)."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One task. ``task`` is its id in the plans (None: of a quotation or an order that is only being entered).

    ``duration``, ``release``, ``fixed``, lags of ``after`` in slots. ``needs``: [(kind, id, units)] as the plan says,
    kind "skill" or "resource". ``ratio``: the type of task for calibration. ``fixed``: it stays at this slot.
    """

    id: str
    order: int
    group: str
    name: str
    duration: int
    demands: Mapping[str, int] = field(default_factory=dict)
    after: tuple[tuple[str, int], ...] = ()
    release: int = 0
    gate: str = ""
    fixed: int | None = None
    running: bool = False
    pinned: bool = False
    task: int | None = None
    milestone: bool = False
    elapsed: bool = False
    needs: tuple[tuple[str, int, int], ...] = ()
    ratio: str = ""
    due_float: int | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """A part of an order with a date of its own. ``due``, ``promise``, ``request``: slots at which those days end."""

    id: str
    order: int
    line: int
    weight: int = 1
    due: int | None = None
    promise: int | None = None
    request: int | None = None
    release: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """An order in the book. ``damages_a_day`` and ``damages_cap`` are in the company's money; ``soft``: a quotation."""

    id: int
    label: str
    key: str
    customer: str
    priority: int
    soft: bool = False
    promised: str | None = None
    requested: str | None = None
    damages_a_day: float = 0.0
    damages_cap: float = 0.0
    started: bool = False


@dataclass(frozen=True, slots=True)
class Hazard:
    """A risk: in a simulated run it occurs with ``probability``, and then makes each of ``tasks`` (ids in the plans)
    longer by one and the same draw of ``low``, ``mode``, ``high`` slots (triangular)."""

    id: int
    order: int
    probability: float
    tasks: tuple[int, ...]
    low: float
    mode: float
    high: float


@dataclass(frozen=True, slots=True)
class Wait:
    """Something that ``task`` (id in the plans) needs comes with a purchase ``line``: by what is known it can be used
    from slot ``release`` on. In a simulated run one of ``late`` slots is added, each as likely as the others."""

    line: int
    task: int
    supplier: str
    release: int
    late: tuple[int, ...]


@dataclass(frozen=True)
class Book:
    """``starts``: slot of each piece once it is scheduled. ``raised``: [(resource, from, to, units over)] where running
    and locked work needs more than there is; ``notes``: needs that nobody can fill, in data."""

    today: str
    orders: tuple[Entry, ...]
    groups: tuple[Group, ...]
    pieces: tuple[Piece, ...]
    resources: Units
    starts: tuple[int, ...] = ()
    raised: tuple[tuple[str, int, int, int], ...] = ()
    notes: tuple[Mapping[str, Any], ...] = ()
    hazards: tuple[Hazard, ...] = ()
    waits: tuple[Wait, ...] = ()

    @cached_property
    def day(self) -> dt.date:
        return dt.date.fromisoformat(self.today)

    @cached_property
    def index(self) -> dict[str, int]:
        """Position of each piece."""
        return {piece.id: position for position, piece in enumerate(self.pieces)}

    @cached_property
    def chains(self) -> dict[int, list[explain.Link]]:
        """Driving chains that were followed already, by order; a stored book never changes."""
        return {}

    @cached_property
    def entries(self) -> dict[int, Entry]:
        return {entry.id: entry for entry in self.orders}

    @cached_property
    def problem(self) -> Problem:
        """The engine's view."""
        return Problem(
            resources=engine_resources(self.resources),
            orders=tuple(Order(one.id, one.release, one.due, one.weight) for one in self.groups),
            tasks=tuple(engine_task(piece) for piece in self.pieces),
        )

    @cached_property
    def loose(self) -> Loose:
        """The network that simulated runs are made with."""
        from punctual.domain.scheduling.loose import loosened

        return loosened(self.groups, self.pieces, self.resources, self.waits)

    @cached_property
    def schedule(self) -> Schedule:
        return Schedule(tuple(self.starts), (0,) * len(self.starts))

    @property
    def finishes(self) -> list[int]:
        return [start + piece.duration for start, piece in zip(self.starts, self.pieces, strict=True)]

    @cached_property
    def groups_of(self) -> dict[int, list[Group]]:
        """Order → its groups that are delivered."""
        found: dict[int, list[Group]] = {}
        for group in self.groups:
            if not group.id.endswith(AFTER):
                found.setdefault(group.order, []).append(group)
        return found

    @cached_property
    def group_ends(self) -> dict[str, int]:
        """Slot at which each group is done in the schedule."""
        ends = {group.id: group.release for group in self.groups}
        for piece, finish in zip(self.pieces, self.finishes, strict=True):
            ends[piece.group] = max(ends[piece.group], finish)
        return ends

    def order_end(self, order: int) -> int | None:
        """Slot at which the last line of an order is delivered."""
        return max((self.group_ends[group.id] for group in self.groups_of.get(order, ())), default=None)

    def scheduled(self, starts: Sequence[int]) -> Book:
        made = replace(self, starts=tuple(starts))
        made.__dict__.update({name: self.__dict__[name] for name in READY if name in self.__dict__})
        return made

    def with_resources(self, resources: Units) -> Book:
        """Other units of the same resources; the schedule stays."""
        made = replace(self, resources=resources)
        made.__dict__.update({name: self.__dict__[name] for name in READY if name in self.__dict__})
        made.__dict__["problem"] = replace(self.problem, resources=engine_resources(resources))
        made.__dict__["loose"] = self.loose.with_resources(resources)
        return made

    def with_piece(self, piece: Piece) -> Book:
        """Another piece in the place of the one with its id, not yet scheduled; the rest stays as it is."""
        place = self.index[piece.id]
        made = replace(self, pieces=(*self.pieces[:place], piece, *self.pieces[place + 1 :]), starts=())
        tasks = self.problem.tasks
        tasks = (*tasks[:place], engine_task(piece), *tasks[place + 1 :])
        made.__dict__.update(index=self.index, entries=self.entries, groups_of=self.groups_of)
        made.__dict__["problem"] = replace(self.problem, tasks=tasks)
        return made

    # ------------------------------------------------------------------------------------------------- keeping

    def packed(self) -> bytes:
        """As it is kept with its run."""
        data = {
            "today": self.today,
            "orders": [asdict(one) for one in self.orders],
            "groups": [asdict(one) for one in self.groups],
            "pieces": [_slim(one) for one in self.pieces],
            "resources": {name: list(map(list, steps)) for name, steps in self.resources.items()},
            "starts": list(self.starts),
            "raised": [list(one) for one in self.raised],
            "notes": list(self.notes),
            "hazards": [asdict(one) for one in self.hazards],
            "waits": [asdict(one) for one in self.waits],
        }
        return zlib.compress(json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode(), 3)

    @staticmethod
    def unpacked(blob: bytes | memoryview) -> Book:
        """From what was kept, by an earlier release too: what is not known any more is left out. Raises LookupError
        where something is missing that has no default."""
        data = json.loads(zlib.decompress(bytes(blob)))
        return Book(
            today=data["today"],
            orders=tuple(_made(Entry, one) for one in data["orders"]),
            groups=tuple(_made(Group, one) for one in data["groups"]),
            pieces=tuple(_piece(one) for one in data["pieces"]),
            resources={name: tuple((a, b) for a, b in steps) for name, steps in data["resources"].items()},
            starts=tuple(data["starts"]),
            raised=tuple((a, b, c, d) for a, b, c, d in data["raised"]),
            notes=tuple(data["notes"]),
            hazards=tuple(_made(Hazard, one | {"tasks": tuple(one["tasks"])}) for one in data["hazards"]),
            waits=tuple(_made(Wait, one | {"late": tuple(one["late"])}) for one in data.get("waits", ())),
        )


def unpacked_starts(blob: bytes | memoryview) -> tuple[dt.date, dict[str, int]]:
    """The day of a kept book and the slot of each of its pieces, without making anything else of it."""
    data = json.loads(zlib.decompress(bytes(blob)))
    starts = {piece["id"]: start for piece, start in zip(data["pieces"], data["starts"], strict=True)}
    return dt.date.fromisoformat(data["today"]), starts


def _made(kind: type[Kind], data: Mapping[str, Any]) -> Kind:
    known = {name: value for name, value in data.items() if name in kind.__slots__}  # type: ignore[attr-defined]
    try:
        return kind(**known)
    except TypeError as error:
        raise LookupError(f"a {kind.__name__} of another release: {error}") from error


_EMPTY = Piece("", 0, "", "", 0)


def _slim(piece: Piece) -> dict[str, Any]:
    """Only what differs from an empty piece: thousands of them are kept."""
    return {
        name: value
        for name in Piece.__slots__
        if (value := getattr(piece, name)) != getattr(_EMPTY, name) or name in {"id", "order", "group"}
    }


def _piece(data: dict[str, Any]) -> Piece:
    data["after"] = tuple((name, lag) for name, lag in data.get("after", ()))
    data["needs"] = tuple((kind, key, units) for kind, key, units in data.get("needs", ()))
    filled: dict[str, Any] = {"name": "", "duration": 0} | data
    return _made(Piece, filled)


def engine_resources(resources: Units) -> tuple[Resource, ...]:
    return tuple(Resource(name, tuple(steps)) for name, steps in resources.items())


def engine_task(piece: Piece, group: str = "") -> Task:
    return Task(
        id=piece.id,
        modes=(Mode(piece.duration, dict(piece.demands)),),
        predecessors=tuple(Link(name, lag) for name, lag in piece.after),
        order=group or piece.group,
        release=piece.release,
        start=piece.fixed,
    )
