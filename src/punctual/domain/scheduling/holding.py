"""What lets each task of a schedule start no earlier, as typed data; the sentences are made by the faces.

``{"cause": "predecessor", "by": piece}``, ``{"cause": "resource", "what": pool, "by": piece}``, ``{"cause":
"availability", "what": pool}``, ``{"cause": gate}`` (material, SNET … as the piece names it), ``{"cause": "today"}``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from punctual.domain.scheduling.book import Book, Piece
from punctual.engine.capacity.model import Resource


def holds(book: Book) -> list[dict[str, Any]]:
    """One for each piece, in the book's order."""
    finish = dict(zip(book.index, book.finishes, strict=True))
    profiles = _Profiles(book)
    return [_hold(piece, start, finish, profiles) for piece, start in zip(book.pieces, book.starts, strict=True)]


def _hold(piece: Piece, start: int, finish: dict[str, int], profiles: _Profiles) -> dict[str, Any]:
    if piece.running:
        return {"cause": "running"}
    if piece.fixed is not None:
        return {"cause": "pin" if piece.pinned else "frozen"}
    ready, cause = piece.release, {"cause": piece.gate or "today"}
    for name, lag in piece.after:
        if finish[name] + lag >= ready:
            ready, cause = finish[name] + lag, {"cause": "predecessor", "by": name}
    return profiles.wait(piece, start) if start > ready else cause


class _Profiles:
    """Free units of every pool over time, and who gives some back when."""

    def __init__(self, book: Book) -> None:
        finishes = book.finishes
        end = max(finishes, default=0) + 1
        self.free: dict[str, np.ndarray[Any, np.dtype[np.int32]]] = {}
        for name, steps in book.resources.items():
            resource = Resource(name, tuple(steps))
            array = np.zeros(end, dtype=np.int32)
            turns = [time for time, _ in resource.capacity if time < end]
            for first, last in zip(turns, [*turns[1:], end], strict=True):
                array[first:last] = resource.units_at(first)
            self.free[name] = array
        self.ends: dict[tuple[str, int], str] = {}
        for piece, start, finish in zip(book.pieces, book.starts, finishes, strict=True):
            for name, units in piece.demands.items():
                self.free[name][start:finish] -= units
                self.ends.setdefault((name, finish), piece.id)

    def wait(self, piece: Piece, start: int) -> dict[str, Any]:
        """The pool that lacked units just before, and the task that then gave some back."""
        before = start - 1
        for name, units in piece.demands.items():
            if self.free[name][before] < units:
                by = self.ends.get((name, start))
                return {"cause": "resource", "what": name, "by": by} if by else {"cause": "availability", "what": name}
        return {"cause": "choice"}
