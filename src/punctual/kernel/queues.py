"""The queues of background work: what is quick, and what plans for seconds or minutes."""

from __future__ import annotations

from typing import Final, Literal

Queue = Literal["work", "planning"]

WORK: Final = "work"
PLANNING: Final = "planning"
QUEUES: Final[tuple[Queue, ...]] = (WORK, PLANNING)
