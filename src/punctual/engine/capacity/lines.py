"""Building a :class:`Line` for a network: how long, how many planes, with the fixed tasks already placed."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from punctual.engine.capacity import timeline
from punctual.engine.capacity.arrays import Ints, Network, Words
from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_


class Line(NamedTuple):
    """Layout of the planes: resource r has ``levels[r]`` planes; word w of plane l stands at ``base[r] + w·levels[r]
    + l``.

    ``offset``, ``stride`` (one per demand of the network): where word 0 of the asked plane stands, and the step to
    the next.
    ``words``: number of 64-slot words. ``planes``: all planes before anything but the fixed tasks is placed.
    """

    levels: Ints
    base: Ints
    offset: Ints
    stride: Ints
    words: int
    planes: Words


WORDS_LIMIT = 1 << 26
"""Most words of planes (half a gigabyte); beyond it the time unit is too fine for the length of the plan."""


def build(net: Network, slots: int) -> Line:
    """The timeline of at least ``slots`` slots; raises :class:`Refusal` where fixed tasks need more than there is."""
    words = slots // 64 + 1
    count = net.step_ptr.size - 1
    levels = np.array(
        [max(net.step_units[net.step_ptr[r] : net.step_ptr[r + 1]], default=0) for r in range(count)], dtype=np.int32
    )
    if int(levels.sum()) * words > WORDS_LIMIT:
        text = N_("The plan spans %(slots)s time units with %(units)s resource units: give times in a coarser unit.")
        params = {"slots": slots, "units": int(levels.sum())}
        raise Refusal(Reason(code="capacity.too_fine", text=text, params=params))
    base = np.zeros(count, dtype=np.int32)
    np.cumsum(levels[:-1] * words, out=base[1:])
    line = Line(
        levels=levels,
        base=base,
        offset=(base[net.need] + net.units - 1).astype(np.int32),
        stride=levels[net.need],
        words=words,
        planes=np.zeros(int(levels.sum()) * words, dtype=np.uint64),
    )
    timeline.fill_planes(net, levels, base, words, line.planes)
    _take_fixed(line, net)
    return line


def shared(line: Line, net: Network) -> Line:
    """The same planes for another (exact) network over the same resources, in the same order."""
    offset = (line.base[net.need] + net.units - 1).astype(np.int32)
    return line._replace(offset=offset, stride=line.levels[net.need])


def first_guess(net: Network) -> int:
    """Slots with which to try first: what is fixed or released last, and room for some chains behind it."""
    last = max(int(net.release.max(initial=0)), int(net.fixed.max(initial=0)), int(net.step_time.max(initial=0)) // 8)
    return last + 4 * int(net.duration.max(initial=0)) + 1024


def longer(net: Network, slots: int) -> int:
    """Twice the slots; raises :class:`Refusal` when everything one after the other would have fitted already."""
    behind = int(net.step_time.max(initial=0)) + int(net.release.max(initial=0)) + int(net.fixed.max(initial=0))
    enough = behind + int(net.duration.sum(dtype=np.int64)) + int(np.maximum(net.lag, 0).sum(dtype=np.int64))
    if slots > enough:
        text = N_(
            "There is a task whose resources are never free together for its whole duration; check their availability."
        )
        raise Refusal(Reason(code="capacity.never_free", text=text))
    return 2 * slots


def decoded_end(line: Line, net: Network, sequence: Ints) -> int | None:
    """End of the serial schedule of ``sequence``; None when the timeline is too short for it."""
    start, finish, chosen = (np.zeros(net.fixed.size, dtype=np.int32) for _ in range(3))
    if not timeline.decode(line, net, sequence, line.planes.copy(), start, finish, chosen):
        return None
    return int(finish.max(initial=0))


def mirrored(net: Network, slots: int) -> Network:
    """The network with time counted backwards from ``slots`` and every link turned round; releases are left open
    (0).
    """
    finish_fixed = net.fixed + net.duration[net.mode_ptr[:-1] + net.fixed_mode]
    pointers, times, units = [0], [], []
    for kind in range(net.step_ptr.size - 1):
        first, last = int(net.step_ptr[kind]), int(net.step_ptr[kind + 1])
        steps = [(int(net.step_time[row]), int(net.step_units[row])) for row in range(first, last)]
        steps = [(time, n) for time, n in steps if time < slots]
        ends = [time for time, _ in steps[1:]] + [slots]
        turned = [(slots - end, n) for end, (_, n) in zip(ends, steps, strict=True)][::-1]
        if steps and steps[0][0] > 0:
            turned.append((slots - steps[0][0], 0))
        times += [time for time, _ in turned]
        units += [n for _, n in turned]
        pointers.append(len(times))
    before = [
        (int(net.pred[row]), task, int(net.lag[row]))
        for task in range(net.fixed.size)
        for row in range(net.pred_ptr[task], net.pred_ptr[task + 1])
    ]
    before.sort(key=lambda link: link[0])
    pred_ptr = np.searchsorted([link[0] for link in before], np.arange(net.fixed.size + 1))
    return net._replace(
        pred_ptr=pred_ptr.astype(np.int32),
        pred=np.array([link[1] for link in before], dtype=np.int32),
        lag=np.array([link[2] for link in before], dtype=np.int32),
        succ_ptr=net.pred_ptr,
        succ=net.pred,
        release=np.zeros_like(net.release),
        fixed=np.where(net.fixed >= 0, slots - finish_fixed, -1).astype(np.int32),
        step_ptr=np.array(pointers, dtype=np.int32),
        step_time=np.array(times, dtype=np.int32),
        step_units=np.array(units, dtype=np.int32),
        topological=np.ascontiguousarray(net.topological[::-1]),
    )


def _take_fixed(line: Line, net: Network) -> None:
    task = timeline.take_fixed(line, net, line.planes)
    if task >= 0:
        text = N_("Task number %(number)s is fixed at slot %(start)s, where its resources are not free.")
        params = {"number": int(task) + 1, "start": int(net.fixed[task])}
        raise Refusal(Reason(code="capacity.fixed_overload", text=text, params=params))
