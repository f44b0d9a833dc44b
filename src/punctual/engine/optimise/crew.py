"""Running compiled searches side by side on real threads, in rounds, so that the same seed gives the same answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import TypeVar

State = TypeVar("State")


class Crew:
    """A few threads. Work is done in rounds: all states take part, and nobody sees another's result before the round
    ends.
    """

    def __init__(self, workers: int) -> None:
        self._pool = (
            ThreadPoolExecutor(max_workers=workers, thread_name_prefix="punctual-search") if workers > 1 else None
        )

    def __enter__(self) -> Crew:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True)

    def round(self, work: Callable[[State], object], states: Sequence[State]) -> None:
        """Do ``work`` on each state; errors of a thread are raised here."""
        if self._pool is None or len(states) == 1:
            for state in states:
                work(state)
            return
        for done in [self._pool.submit(work, state) for state in states]:
            done.result()
