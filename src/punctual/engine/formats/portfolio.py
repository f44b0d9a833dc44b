"""Portfolio JSON: many orders on common resources, with the plan in force, promises and new orders; plain or gzip.

``{"slots_per_day": 2, "resources": [{"id", "capacity": [[from_slot, units], …]}],

orders": [{"id", "release", "due", "weight"}],
"tasks": [{"id", "order", "duration", "demands": {"R1": 1}, "predecessors": [ids]}], "now": slot, "plan": [starts],
"promises": [slot an order], "new_orders": [{"id", "release", "tasks": […]}]}``; other keys are ignored. Times are
slots. A predecessor may also stand as ``[id, lag]``; a task may carry ``release`` and ``modes: [{"duration",
"demands"}]``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from punctual.engine.capacity.model import Link, Mode, Order, Problem, Resource, Task, problem
from punctual.engine.formats.text_file import read_bytes, refuse
from punctual.kernel.wording import N_


@dataclass(frozen=True, slots=True)
class NewOrder:
    """An order that asks for a date: its tasks belong to ``order``; they know no other order's tasks."""

    order: Order
    tasks: tuple[Task, ...]


@dataclass(frozen=True, slots=True)
class Portfolio:
    """The checked file. ``plan`` has one start a task, ``promises`` one latest end an order; both may be absent
    (None).
    """

    problem: Problem
    now: int
    plan: tuple[int, ...] | None
    promises: tuple[int, ...] | None
    new_orders: tuple[NewOrder, ...]


def read(path: Path) -> Portfolio:
    """The portfolio of a file; raises :class:`Refusal` that says what is wrong, where, and what would be right."""
    raw = read_bytes(path)
    try:
        data = json.loads(raw, parse_constant=_no_constant)
    except UnicodeDecodeError:
        refuse("json", N_("The file is neither UTF-8 text nor gzip; portfolio JSON is one of them."))
    except json.JSONDecodeError as error:
        text = N_("The file is not JSON: %(cause)s in column %(column)s.")
        refuse("json", text, row=error.lineno, cause=error.msg, column=error.colno)
    except RecursionError:
        refuse("json", N_("The file nests too deeply to be a portfolio."))
    return parse(data)


def parse(data: object) -> Portfolio:
    """The portfolio of decoded JSON."""
    top = _mapping(data, "the file")
    orders = tuple(_order(row, where) for row, where in _rows(top, "orders"))
    tasks = tuple(_task(row, where, _text(row, "order", where)) for row, where in _rows(top, "tasks"))
    resources = tuple(_resource(row, where) for row, where in _rows(top, "resources"))
    made = problem(resources=resources, orders=orders, tasks=tasks)
    return Portfolio(
        problem=made,
        now=_whole(top.get("now", 0), "now"),
        plan=_wholes(top, "plan", len(tasks), "tasks"),
        promises=_wholes(top, "promises", len(orders), "orders"),
        new_orders=tuple(_new_order(row, where) for row, where in _rows(top, "new_orders", needed=False)),
    )


def _no_constant(name: str) -> NoReturn:
    refuse("json.constant", N_("The file contains %(name)s; numbers must be finite."), name=name)


def _wrong(where: str, value: object, right: str) -> NoReturn:
    shown = json.dumps(value, ensure_ascii=False, default=str)[:40]
    refuse("portfolio", N_("%(where)s is %(value)s; it must be %(right)s."), where=where, value=shown, right=right)


def _mapping(value: object, where: str) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else _wrong(where, value, "an object {…}")


def _list(value: object, where: str) -> list[Any]:
    return value if isinstance(value, list) else _wrong(where, value, "a list […]")


def _rows(top: Mapping[str, Any], name: str, *, needed: bool = True) -> Iterator[tuple[Mapping[str, Any], str]]:
    if name not in top:
        if needed:
            refuse("portfolio", N_("The list %(name)s is missing."), name=name)
        return
    for index, row in enumerate(_list(top[name], name)):
        where = f"{name}[{index}]"
        yield _mapping(row, where), where


def _get(row: Mapping[str, Any], name: str, where: str) -> object:
    if name not in row:
        refuse("portfolio", N_("%(where)s has no %(name)s."), where=where, name=name)
    return row[name]


def _text(row: Mapping[str, Any], name: str, where: str) -> str:
    value = _get(row, name, where)
    return value if isinstance(value, str) and value else _wrong(f"{where}.{name}", value, "a text that is not empty")


def _whole(value: object, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 2**30:
        _wrong(where, value, f"a whole number from 0 to {2**30}")
    return value


def _wholes(top: Mapping[str, Any], name: str, count: int, of: str) -> tuple[int, ...] | None:
    if name not in top:
        return None
    values = _list(top[name], name)
    if len(values) != count:
        text = N_("%(name)s has %(values)s entries for %(count)s %(of)s; it needs one each, in their order.")
        refuse("portfolio", text, name=name, values=len(values), count=count, of=of)
    return tuple(_whole(value, f"{name}[{index}]") for index, value in enumerate(values))


def _resource(row: Mapping[str, Any], where: str) -> Resource:
    steps = []
    for index, step in enumerate(_list(_get(row, "capacity", where), f"{where}.capacity")):
        at = f"{where}.capacity[{index}]"
        pair = _list(step, at)
        if len(pair) != 2:
            _wrong(at, step, "a pair [from_slot, units]")
        steps.append((_whole(pair[0], at), _whole(pair[1], at)))
    return Resource(_text(row, "id", where), tuple(steps))


def _order(row: Mapping[str, Any], where: str) -> Order:
    due = row.get("due")
    return Order(
        id=_text(row, "id", where),
        release=_whole(row.get("release", 0), f"{where}.release"),
        due=None if due is None else _whole(due, f"{where}.due"),
        weight=_whole(row.get("weight", 1), f"{where}.weight"),
    )


def _mode(row: Mapping[str, Any], where: str) -> Mode:
    demands = _mapping(row.get("demands", {}), f"{where}.demands")
    return Mode(
        _whole(_get(row, "duration", where), f"{where}.duration"),
        {name: _whole(units, f"{where}.demands.{name}") for name, units in demands.items()},
    )


def _task(row: Mapping[str, Any], where: str, order: str) -> Task:
    modes = (_mode(row, where),) if "modes" not in row else tuple(
        _mode(_mapping(mode, f"{where}.modes[{index}]"), f"{where}.modes[{index}]")
        for index, mode in enumerate(_list(row["modes"], f"{where}.modes"))
    )  # fmt: skip
    links = tuple(
        _link(value, f"{where}.predecessors[{index}]")
        for index, value in enumerate(_list(row.get("predecessors", []), f"{where}.predecessors"))
    )
    release = _whole(row.get("release", 0), f"{where}.release")
    return Task(id=_text(row, "id", where), modes=modes, predecessors=links, order=order, release=release)


def _link(value: object, where: str) -> Link:
    if isinstance(value, str):
        return Link(value)
    if isinstance(value, list) and len(value) == 2 and isinstance(value[0], str):
        lag = value[1]
        if isinstance(lag, int) and not isinstance(lag, bool) and abs(lag) <= 2**30:
            return Link(value[0], lag)
    return _wrong(where, value, "the id of a task or a pair [id, lag]")


def _new_order(row: Mapping[str, Any], where: str) -> NewOrder:
    name = _text(row, "id", where)
    release = _whole(row.get("release", 0), f"{where}.release")
    tasks = tuple(
        _task(_mapping(task, f"{where}.tasks[{index}]"), f"{where}.tasks[{index}]", name)
        for index, task in enumerate(_list(_get(row, "tasks", where), f"{where}.tasks"))
    )
    if not tasks:
        _wrong(f"{where}.tasks", [], "at least one task")
    return NewOrder(Order(id=name, release=release), tasks)
