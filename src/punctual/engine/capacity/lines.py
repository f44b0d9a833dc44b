"""Building a :class:`Line` for a network: how long, how many planes, with the fixed tasks already placed."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from punctual.engine.capacity import timeline
from punctual.engine.capacity.arrays import Ints, Network, Words
from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_


class Line(NamedTuple):
    """Layout of the planes: resource r has ``levels[r]`` planes; word w of plane l stands at ``base[r] + w·levels[r] + l``.

    ``offset``, ``stride`` (one per demand of the network): where word 0 of the asked plane stands, and the step to the next.
    ``words``: number of 64-slot words. ``planes``: all planes before anything but the fixed tasks is placed.
    """

    levels: Ints
    base: Ints
    offset: Ints
    stride: Ints
    words: int
    planes: Words


def build(net: Network, slots: int) -> Line:
    """The timeline of at least ``slots`` slots; raises :class:`Refusal` where fixed tasks need more than there is."""
    words = slots // 64 + 1
    count = net.step_ptr.size - 1
    levels = np.array(
        [max(net.step_units[net.step_ptr[r] : net.step_ptr[r + 1]], default=0) for r in range(count)], dtype=np.int32
    )
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


def _take_fixed(line: Line, net: Network) -> None:
    for task in np.flatnonzero(net.fixed >= 0):
        mode = int(net.mode_ptr[task] + net.fixed_mode[task])
        start = int(net.fixed[task])
        if not timeline.fits(line, net, line.planes, mode, start):
            text = N_("Task number %(number)s is fixed at slot %(start)s, where its resources are not free.")
            params = {"number": int(task) + 1, "start": start}
            raise Refusal(Reason(code="capacity.fixed_overload", text=text, params=params))
        timeline.take(line, net, line.planes, mode, start)
