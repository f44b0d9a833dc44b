"""Where things stand in the arrays that the compiled passes share with the rest: columns, kinds and states.

The compiled passes hold these numbers as constants, and their cache looks at their own file only: whoever changes a
number here changes ``cpm_kernels.py`` in the same commit.
"""

from __future__ import annotations

from typing import Final

NEVER: Final = -(1 << 60)
"""No bound; its negative is "no limit"."""

# Columns of the node matrix, int64[nodes, NODE_COLUMNS], rows in topological order. FLOOR_WORK and FLOOR_SIDE are the
# floor in the node's own minutes; SHAPE tells which path a node takes through the passes.
KIND, CALENDAR, DURATION, REMAINING, STATE, CONSTRAINT, DATE, FLOOR, RESUME, PIN_START, PIN_FINISH = range(11)
DELAY, DEADLINE, SHAPE, FLOOR_WORK, FLOOR_SIDE = range(11, 16)
NODE_COLUMNS: Final = 16

SPECIAL, SPAN, POINT = 0, 1, 2
"""Shapes: with dates, limits or progress of its own, or a gate · an ordinary task · an ordinary milestone."""

EVENING, MORNING = 0, 1
"""Sides of a pause on which a point may stand: at the end of work before it, at the start of work after it."""

# Columns of the link matrices, int32[links, 5]: the other node, link type, lag, calendar of the lag, own-calendar link.
OTHER, TYPE, LAG, LAG_CALENDAR, WITHIN = range(5)

# Columns of the early matrix, int64[nodes, 4]: own minutes, then places on the clock of special nodes.
START, FINISH, WALL_START, WALL_FINISH = range(4)
SIDE: Final = WALL_START
"""The same column holds the side of an ordinary milestone."""

# Columns of the late matrix, int64[nodes, 5]; PLACE holds the side of an ordinary milestone and the place on the clock
# of a special node without duration.
LATE_START, LATE_FINISH, PLACE, TOTAL, FREE = range(5)

TASK, GATE, EARLIEST = 0, 1, 2
"""Kinds of node: a task · the gate of a linked summary · the earliest start within a summary."""

OPEN, RUNNING, FIXED, DONE = 0, 1, 2, 3
"""States: not started · started · dates given (manual) · finished."""

ON_THE_CLOCK: Final = -1
"""Calendar index of elapsed time."""

FF, FS, SF, SS = range(4)
ASAP, ALAP, MSO, MFO, SNET, SNLT, FNET, FNLT = range(8)
