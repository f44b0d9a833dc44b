"""Whether what answers long questions is still being loaded, or compiled the first time on a machine, behind the pages.

A page that asked then would compile it itself: minutes in which no other page of this process is answered.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from typing import Final

_LOADING: Final = Event()


@contextmanager
def being_loaded() -> Iterator[None]:
    """For the time of the block."""
    _LOADING.set()
    try:
        yield
    finally:
        _LOADING.clear()


def is_being_loaded() -> bool:
    return _LOADING.is_set()
