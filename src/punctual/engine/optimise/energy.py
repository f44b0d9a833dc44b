"""A lower bound of the makespan by energy: what any schedule of a length has to do within an interval, against what the
resources offer there.

Destructive improvement (Klein & Scholl, *European Journal of Operational Research* 112 (1999) 322–346): a length is
refuted when the earliest starts and latest finishes that it leaves can't be brought into a schedule. That is looked at
with the energetic test and its adjustments of both dates (Baptiste, Le Pape & Nuijten, *Annals of Operations Research*
92 (1999) 305–333).
"""

# Compiled functions carry no annotations: numba infers every type from the call.
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from punctual.engine.capacity.arrays import Network
from punctual.engine.capacity.words import inlined, kernel
from punctual.engine.optimise.rules import heads, shortest_modes, tails

Longs = npt.NDArray[np.int64]

WORK: Final = 20_000_000
"""Tasks looked at in intervals, all of them together: some hundredths of a second."""
ROUNDS: Final = 30
"""How often the dates of one length are adjusted at most."""
MOST_SLOTS: Final = 1 << 20


def energetic_bound(net: Network, low: int, high: int, *, work: int = WORK) -> int:
    """The least makespan that is not refuted, at least ``low``; ``high`` is one that is known to be possible.

    Of tasks with alternatives only the shortest way is known, and nothing of what they need.
    """
    if high <= low or high > MOST_SLOTS:
        return low
    lasts = shortest_modes(net).astype(np.int64)
    asked, offered = _asked(net), _offered(net, high)
    head, tail = heads(net), tails(net)
    left = np.array([work], dtype=np.int64)
    while low < high:
        length = (low + high) // 2
        early, late = head.copy(), length - tail + lasts
        if _may_be(net, early, late, lasts, asked, offered, left):
            high = length
        else:
            low = length + 1
    return low


def _asked(net: Network) -> Longs:
    """Units of each resource (row) that each task (column) needs while it lasts."""
    found = np.zeros((net.step_ptr.size - 1, net.fixed.size), dtype=np.int64)
    for task in np.flatnonzero(np.diff(net.mode_ptr) == 1):
        mode = net.mode_ptr[task]
        for row in range(net.need_ptr[mode], net.need_ptr[mode + 1]):
            found[net.need[row], task] += net.units[row]
    return found


def _offered(net: Network, slots: int) -> Longs:
    """Unit-slots of each resource (row) before each slot."""
    found = np.zeros((net.step_ptr.size - 1, slots + 1), dtype=np.int64)
    for kind in range(net.step_ptr.size - 1):
        rows = slice(net.step_ptr[kind], net.step_ptr[kind + 1])
        times = np.minimum(net.step_time[rows], slots)
        lengths = np.diff(times, append=slots)
        units = np.repeat(net.step_units[rows], lengths)
        found[kind, slots - units.size + 1 :] = np.cumsum(units)
    return found


def _may_be(
    net: Network,
    early: Longs,
    late: Longs,
    lasts: Longs,
    asked: Longs,
    offered: Longs,
    left: Longs,
) -> bool:
    """False where no schedule fits between ``early`` (starts) and ``late`` (finishes), which are drawn together."""
    for _ in range(ROUNDS):
        if not _linked(net, early, late, lasts):
            return False
        starts = np.unique(np.concatenate([early, late - lasts]))
        ends = np.unique(np.concatenate([late, early + lasts]))
        verdict = _swept(starts[starts >= 0], ends, early, late, lasts, asked, offered, left)
        if verdict <= 0:
            return bool(verdict == 0)
    return True


@kernel
def _swept(starts, ends, early, late, lasts, asked, offered, left):
    """All intervals once: −1 refuted, 1 some date has moved, 0 nothing has, or the work that was allowed is done."""
    moved = 0
    for first in range(starts.size):
        for last in range(ends.size):
            if ends[last] <= starts[first]:
                continue
            left[0] -= lasts.size
            if left[0] < 0:
                return 0
            verdict = _within(early, late, lasts, asked, offered, starts[first], ends[last])
            if verdict < 0:
                return -1
            moved = max(moved, verdict)
    return moved


@kernel
def _linked(net, early, late, lasts):
    for place in range(net.topological.size):
        task = net.topological[place]
        for row in range(net.pred_ptr[task], net.pred_ptr[task + 1]):
            other = net.pred[row]
            early[task] = max(early[task], early[other] + lasts[other] + net.lag[row])
    for place in range(net.topological.size - 1, -1, -1):
        task = net.topological[place]
        for row in range(net.pred_ptr[task], net.pred_ptr[task + 1]):
            other = net.pred[row]
            late[other] = min(late[other], late[task] - lasts[task] - net.lag[row])
    for task in range(lasts.size):  # noqa: SIM110 compiled: no generators
        if early[task] + lasts[task] > late[task]:
            return False
    return True


@inlined
def _at_least(early, late, lasts, task, begin, end):
    """Slots of the task that lie between ``begin`` and ``end`` wherever it goes."""
    least = min(min(end - begin, lasts[task]), min(early[task] + lasts[task] - begin, end - late[task] + lasts[task]))
    return max(np.int64(0), least)


@kernel
def _within(early, late, lasts, asked, offered, begin, end):
    """−1: more has to be done between the two than can be; 1: some task has to start later or to finish earlier."""
    moved = 0
    for kind in range(asked.shape[0]):
        room = offered[kind, min(end, offered.shape[1] - 1)] - offered[kind, begin]
        for task in range(lasts.size):
            if asked[kind, task] > 0:
                room -= asked[kind, task] * _at_least(early, late, lasts, task, begin, end)
        if room < 0:
            return -1
        for task in range(lasts.size):
            units = asked[kind, task]
            if units == 0:
                continue
            own = _at_least(early, late, lasts, task, begin, end)
            slots = (room + units * own) // units
            if slots >= min(end - begin, lasts[task]):
                continue
            if early[task] < end and early[task] + lasts[task] - begin > slots and early[task] < end - slots:
                early[task] = end - slots
                moved = 1
            if late[task] > begin and end - late[task] + lasts[task] > slots and late[task] > begin + slots:
                late[task] = begin + slots
                moved = 1
            if early[task] + lasts[task] > late[task]:
                return -1
            # What it has to do here may be more now.
            room -= units * (_at_least(early, late, lasts, task, begin, end) - own)
            if room < 0:
                return -1
    return moved
