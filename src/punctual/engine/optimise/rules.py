"""Priority lists and simple bounds: the first schedules, and what no schedule can beat."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from punctual.engine.capacity.arrays import NEVER, Ints, Network
from punctual.engine.capacity.words import kernel


def shortest_modes(net: Network) -> Ints:
    """Duration of each task in its shortest alternative."""
    return np.minimum.reduceat(net.duration, net.mode_ptr[:-1]).astype(np.int32) if net.duration.size else net.duration


def tails(net: Network) -> npt.NDArray[np.int64]:
    """Longest path from each task's start to the end of everything, without resources, in the shortest alternatives."""
    shortest = shortest_modes(net).astype(np.int64)
    tail = shortest.copy()
    _grow_tails(net, shortest, tail)
    return tail


def heads(net: Network) -> npt.NDArray[np.int64]:
    """Earliest start of each task, without resources, in the shortest alternatives; fixed tasks where they are."""
    head = net.release.astype(np.int64)
    _grow_heads(net, shortest_modes(net).astype(np.int64), head)
    return head


@kernel
def _grow_tails(net, shortest, tail):  # type: ignore[no-untyped-def]  # numba infers every type from the call
    for place in range(net.topological.size - 1, -1, -1):
        task = net.topological[place]
        for row in range(net.pred_ptr[task], net.pred_ptr[task + 1]):
            other = net.pred[row]
            tail[other] = max(tail[other], shortest[other] + net.lag[row] + tail[task])


@kernel
def _grow_heads(net, shortest, head):  # type: ignore[no-untyped-def]  # numba infers every type from the call
    for place in range(net.topological.size):
        task = net.topological[place]
        if net.fixed[task] >= 0:
            head[task] = net.fixed[task]
            continue
        for row in range(net.pred_ptr[task], net.pred_ptr[task + 1]):
            other = net.pred[row]
            head[task] = max(head[task], head[other] + shortest[other] + net.lag[row])


def listed(net: Network, key: npt.NDArray[Any]) -> Ints:
    """All tasks by rising ``key`` (n), predecessors before their successors: whoever follows a task with a greater key
    takes its key.
    """
    own = key.astype(np.float64)
    _wait_for_predecessors(net, own)
    place_of = np.empty(own.size, dtype=np.int64)
    place_of[net.topological] = np.arange(own.size)
    return np.lexsort((place_of, own)).astype(np.int32)


@kernel
def _wait_for_predecessors(net, key):  # type: ignore[no-untyped-def]  # numba infers every type from the call
    for place in range(net.topological.size):
        task = net.topological[place]
        for row in range(net.pred_ptr[task], net.pred_ptr[task + 1]):
            key[task] = max(key[task], key[net.pred[row]])


def due_list(net: Network, blur: float, draw: np.random.Generator) -> Ints:
    """Free tasks by latest start towards their order's due date, orders blurred by ``blur`` slots (standard
    deviation).
    """
    late = np.where(net.due == NEVER, 2**40, net.due).astype(np.float64) + blur * draw.standard_normal(net.due.size)
    key = late[net.order]
    shortest = shortest_modes(net)
    for task in net.topological[::-1]:
        key[task] -= shortest[task]
        for row in range(net.pred_ptr[task], net.pred_ptr[task + 1]):
            other = net.pred[row]
            key[other] = min(key[other], key[task] - net.lag[row])
    sequence = listed(net, key)
    return np.ascontiguousarray(sequence[net.fixed[sequence] < 0])


def tardiness_bound(net: Network) -> int:
    """Weighted tardiness if every order had all resources to itself."""
    ends = np.zeros(net.due.size, dtype=np.int64)
    np.maximum.at(ends, net.order, heads(net) + shortest_modes(net))
    late = np.maximum(0, ends - net.due.astype(np.int64))
    return int((late * net.weight).sum())


def makespan_bound(net: Network) -> int:
    """The larger of the critical path and, per resource, the time until its work fits its availability from the first
    slot.
    """
    critical = int((heads(net) + tails(net)).max(initial=0))
    work: dict[int, int] = {}
    for task in range(net.fixed.size):
        mode = net.mode_ptr[task]
        if net.mode_ptr[task + 1] - mode == 1:
            for row in range(net.need_ptr[mode], net.need_ptr[mode + 1]):
                kind = int(net.need[row])
                work[kind] = work.get(kind, 0) + int(net.units[row]) * int(net.duration[mode])
    return max([critical, *(_time_for(net, kind, amount) for kind, amount in work.items())])


def _time_for(net: Network, kind: int, amount: int) -> int:
    """First time by which the resource has offered ``amount`` unit-slots."""
    first, last = int(net.step_ptr[kind]), int(net.step_ptr[kind + 1])
    for row in range(first, last):
        units, begin = int(net.step_units[row]), int(net.step_time[row])
        length = int(net.step_time[row + 1]) - begin if row + 1 < last else None
        if length is None or amount <= units * length:
            return begin + -(-amount // units) if units else 0
        amount -= units * length
    return 0
