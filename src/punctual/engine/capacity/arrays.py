"""The problem as arrays: what the compiled schedulers read.

All times are divided by their greatest common divisor (``scale``), so that a plan in minutes whose numbers are all
multiples of 30 is scheduled on a half-hour grid; every result is multiplied back exactly. Units of a resource are
divided likewise by the greatest common divisor of what is asked of it (capacity rounded down, which changes nothing).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import gcd
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from punctual.engine.capacity.model import Problem, Resource

Ints = npt.NDArray[np.int32]
Words = npt.NDArray[np.uint64]
NEVER = 2**31 - 1


class Network(NamedTuple):
    """n tasks, m modes, K orders, R resources; compressed rows: the items of row i are ``x[ptr[i]:ptr[i+1]]``.

    ``mode_ptr`` (n+1)   rows of modes of a task            ``duration`` (m)  slots
    ``need_ptr`` (m+1)   rows of demands of a mode          ``need``, ``units``  resource index and units of it
    ``pred_ptr`` (n+1)   rows of predecessors               ``pred``, ``lag``    task index and lag in slots
    ``succ_ptr`` (n+1)   rows of successors                 ``succ``
    ``order`` (n)        order index; K stands for "none"   ``release`` (n)  earliest start, of task and order
    ``due``, ``weight`` (K+1)   due is NEVER and weight 0 where there is none
    ``fixed`` (n)        fixed start or −1                  ``fixed_mode`` (n)
    ``planned`` (n)      start in the plan in force or −1   ``price`` (n)  cost of moving away from it
    ``step_ptr`` (R+1)   rows of capacity steps             ``step_time``, ``step_units``
    ``topological`` (n)  tasks, every predecessor before its successors
    """

    mode_ptr: Ints
    duration: Ints
    need_ptr: Ints
    need: Ints
    units: Ints
    pred_ptr: Ints
    pred: Ints
    lag: Ints
    succ_ptr: Ints
    succ: Ints
    order: Ints
    release: Ints
    due: Ints
    weight: Ints
    fixed: Ints
    fixed_mode: Ints
    planned: Ints
    price: Ints
    step_ptr: Ints
    step_time: Ints
    step_units: Ints
    topological: Ints


def network(plan: Problem, *, exact: bool = False) -> tuple[Network, int]:
    """The arrays and the ``scale`` (one slot of the arrays is that many units of the problem's time).

    ``exact``: neither times nor units are divided, so that networks over the same resources share one timeline.
    """
    scale = 1 if exact else gcd(*_times(plan)) or 1
    index = {task.id: position for position, task in enumerate(plan.tasks)}
    resource = {row.id: position for position, row in enumerate(plan.resources)}
    order = {row.id: position for position, row in enumerate(plan.orders)}
    releases = [row.release for row in plan.orders]
    modes = [mode for task in plan.tasks for mode in task.modes]
    needs = [[(resource[name], n) for name, n in mode.demands.items() if n and mode.duration] for mode in modes]
    grain = [1] * len(resource) if exact else _grains(needs, len(resource))
    links = [[(index[link.predecessor], link.lag // scale) for link in task.predecessors] for task in plan.tasks]
    after: list[list[int]] = [[] for _ in plan.tasks]
    for position, row in enumerate(links):
        for before, _ in row:
            after[before].append(position)
    own = [len(plan.orders) if task.order is None else order[task.order] for task in plan.tasks]
    release = [
        max(task.release, releases[o] if o < len(releases) else 0) // scale
        for task, o in zip(plan.tasks, own, strict=True)
    ]
    made = Network(
        mode_ptr=_pointers([len(task.modes) for task in plan.tasks]),
        duration=_ints([mode.duration // scale for mode in modes]),
        need_ptr=_pointers([len(row) for row in needs]),
        need=_ints([name for row in needs for name, _ in row]),
        units=_ints([n // grain[kind] for row in needs for kind, n in row]),
        pred_ptr=_pointers([len(row) for row in links]),
        pred=_ints([before for row in links for before, _ in row]),
        lag=_ints([lag for row in links for _, lag in row]),
        succ_ptr=_pointers([len(row) for row in after]),
        succ=_ints([other for row in after for other in row]),
        order=_ints(own),
        release=_ints(release),
        due=_ints([NEVER if row.due is None else row.due // scale for row in plan.orders] + [NEVER]),
        weight=_ints([0 if row.due is None else row.weight for row in plan.orders] + [0]),
        fixed=_ints([-1 if task.start is None else task.start // scale for task in plan.tasks]),
        fixed_mode=_ints([task.mode for task in plan.tasks]),
        planned=_ints([-1 if task.planned is None else task.planned // scale for task in plan.tasks]),
        price=_ints([task.move_price if task.planned is not None else 0 for task in plan.tasks]),
        step_ptr=_pointers([len(row.capacity) for row in plan.resources]),
        step_time=_ints([time // scale for row in plan.resources for time, _ in row.capacity]),
        step_units=_ints([n // grain[kind] for kind, row in enumerate(plan.resources) for _, n in row.capacity]),
        topological=_ints(_topological(links, after)),
    )
    return made, scale


def appended(net: Network, new: Network) -> Network:
    """Both (exact) networks over the same resources as one: the tasks and orders of ``new``, which know nothing of the
    others, stand behind those of ``net``. Much less work than making the arrays of a long plan anew for each new order.
    """
    tasks, modes, needs = net.fixed.size, net.duration.size, net.need.size
    none, links = net.due.size - 1, net.pred.size
    together = none + new.due.size - 1
    plain = {
        name: np.concatenate([getattr(net, name), getattr(new, name)])
        for name in ("duration", "need", "units", "lag", "release", "fixed", "fixed_mode", "planned", "price")
    }
    return net._replace(
        **plain,
        mode_ptr=_pointers_behind(net.mode_ptr, new.mode_ptr, modes),
        need_ptr=_pointers_behind(net.need_ptr, new.need_ptr, needs),
        pred_ptr=_pointers_behind(net.pred_ptr, new.pred_ptr, links),
        succ_ptr=_pointers_behind(net.succ_ptr, new.succ_ptr, net.succ.size),
        pred=_behind(net.pred, new.pred, tasks),
        succ=_behind(net.succ, new.succ, tasks),
        topological=_behind(net.topological, new.topological, tasks),
        order=_behind(np.where(net.order == none, together, net.order), new.order, none),
        due=np.concatenate([net.due[:none], new.due]),
        weight=np.concatenate([net.weight[:none], new.weight]),
    )


def reduced(net: Network, tasks: Ints) -> Network:
    """The network of these tasks alone, in this order; all their predecessors have to be among them."""
    place = np.full(net.fixed.size, -1, dtype=np.int32)
    place[tasks] = np.arange(tasks.size, dtype=np.int32)
    mode_ptr, modes = _rows_of(net.mode_ptr, tasks)
    need_ptr, needs = _rows_of(net.need_ptr, modes)
    pred_ptr, links = _rows_of(net.pred_ptr, tasks)
    all_ptr, after = _rows_of(net.succ_ptr, tasks)
    followers = place[net.succ[after]]
    stay = followers >= 0
    topological = place[net.topological]
    own = {name: getattr(net, name)[tasks] for name in ("order", "release", "fixed", "fixed_mode", "planned", "price")}
    return net._replace(
        **own,
        mode_ptr=mode_ptr,
        duration=net.duration[modes],
        need_ptr=need_ptr,
        need=net.need[needs],
        units=net.units[needs],
        pred_ptr=pred_ptr,
        pred=place[net.pred[links]],
        lag=net.lag[links],
        succ_ptr=_pointers(stay)[all_ptr],
        succ=followers[stay],
        topological=topological[topological >= 0],
    )


def with_capacity(net: Network, resources: Sequence[Resource]) -> Network:
    """The same (exact) network with other units of the same resources."""
    return net._replace(
        step_ptr=_pointers([len(row.capacity) for row in resources]),
        step_time=_ints([time for row in resources for time, _ in row.capacity]),
        step_units=_ints([units for row in resources for _, units in row.capacity]),
    )


def _rows_of(pointers: Ints, items: Ints) -> tuple[Ints, Ints]:
    """Of some items: the pointers of their rows one behind the other, and where these rows stood."""
    lengths = pointers[items + 1] - pointers[items]
    made = _pointers(lengths)
    shift = np.repeat(pointers[items] - made[:-1], lengths)
    return made, (shift + np.arange(shift.size)).astype(np.int32)


def _behind(first: Ints, second: Ints, shift: int) -> Ints:
    return np.concatenate([first, second + shift]).astype(np.int32)


def _pointers_behind(first: Ints, second: Ints, shift: int) -> Ints:
    return _behind(first, second[1:], shift)


def _ints(values: Sequence[int]) -> Ints:
    return np.array(values, dtype=np.int32)


def _pointers(counts: Sequence[int] | npt.NDArray[Any]) -> Ints:
    pointers = np.zeros(len(counts) + 1, dtype=np.int32)
    np.cumsum(counts, out=pointers[1:])
    return pointers


def _grains(needs: Sequence[Sequence[tuple[int, int]]], kinds: int) -> list[int]:
    """Greatest common divisor of what is asked of each resource."""
    found = [0] * kinds
    for row in needs:
        for kind, units in row:
            found[kind] = gcd(found[kind], units)
    return [one or 1 for one in found]


def _times(plan: Problem) -> Iterator[int]:
    for task in plan.tasks:
        yield from (task.release, task.start or 0, task.planned or 0)
        yield from (mode.duration for mode in task.modes)
        yield from (link.lag for link in task.predecessors)
    for order in plan.orders:
        yield from (order.release, order.due or 0)
    for resource in plan.resources:
        yield from (time for time, _ in resource.capacity)


def _topological(links: Sequence[Sequence[tuple[int, int]]], after: Sequence[Sequence[int]]) -> list[int]:
    open_count = [len(row) for row in links]
    ready = [position for position, count in enumerate(open_count) if count == 0]
    for position in ready:  # grows while it is read
        for other in after[position]:
            open_count[other] -= 1
            if open_count[other] == 0:
                ready.append(other)
    return ready
