"""Arguments that several commands share, checked while they are read, and the word about compiling."""

from __future__ import annotations

import argparse
import math
import sys


def seconds(text: str) -> float:
    """A time limit: a finite number above 0, at most a day."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value <= 86_400:
        raise argparse.ArgumentTypeError(f"'{text}' must be a number of seconds above 0 and at most 86400")
    return value


def whole(low: int, high: int) -> type[int]:
    """A type for argparse: whole numbers from ``low`` to ``high``."""

    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = low - 1
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"'{text}' must be a whole number from {low} to {high}")
        return value

    return read  # type: ignore[return-value]


def add_search_arguments(parser: argparse.ArgumentParser, *, seconds: float) -> None:
    """``--seconds``, ``--workers`` and ``--seed`` of a search."""
    add_time_arguments(parser, default=seconds)
    parser.add_argument("--workers", type=whole(1, 64), default=2, help="threads (default 2)")


def add_time_arguments(parser: argparse.ArgumentParser, *, default: float) -> None:
    """``--seconds`` and ``--seed``."""
    parser.add_argument("--seconds", type=seconds, default=default, help=f"time for the search (default {default:g})")
    parser.add_argument("--seed", type=whole(0, 2**62), default=0, help="same seed, same search (default 0)")


def say_compiling() -> None:
    """Say on standard error that the first call compiles, when no compiled scheduler is on disk yet."""
    from punctual.engine.capacity.compiled import is_compiled

    if not is_compiled():
        sys.stderr.write("punctual: first call on this machine, compiling the schedulers (about a minute, once) …\n")
        sys.stderr.flush()
