"""Compiled small stones: counting zeros of a machine word, and a random number generator whose state the caller holds.

The generator is xorshift64* (Vigna, ACM Transactions on Mathematical Software 42 (2016) 30): one word of state, so
that every search thread has its own stream and the same seed gives the same answer on any number of threads.
"""

# Compiled functions carry no annotations: numba infers every type from the call.
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]  # it has no stubs
from numba import config, njit, types
from numba.extending import intrinsic

from punctual.engine.capacity.compiled import cache_folder


def _compiler(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """A decorator that compiles into the folder of :mod:`punctual.engine.capacity.compiled`."""

    def decorate(function: Callable[..., Any]) -> Any:
        before = config.CACHE_DIR
        config.CACHE_DIR = str(cache_folder())
        try:
            return njit(cache=True, nogil=True, **options)(function)
        finally:
            config.CACHE_DIR = before

    return decorate


allocating = _compiler()
"""Compiles a function that runs without the interpreter lock."""

kernel = _compiler(_nrt=False)
"""The same for a function that allocates nothing and only uses arrays that its caller holds.

Without ``_nrt=False`` numba counts references of every array of every tuple argument in every call: for the tuples of
fifty arrays that the schedulers hand around, that took up to five times as long as the work itself (docs/adr).
"""

inlined = _compiler(_nrt=False, forceinline=True)
"""The same for small functions that are copied into their callers."""

SPREAD = np.uint64(0x9E3779B97F4A7C15)
MULTIPLIER = np.uint64(0x2545F4914F6CDD1D)


@intrinsic
def trailing_zeros(typing_context: Any, word: Any) -> Any:
    """Zero bits below the lowest one of a 64-bit word; 64 for 0. One machine instruction."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 0))

    return types.int64(types.uint64), generate


@intrinsic
def leading_zeros(typing_context: Any, word: Any) -> Any:
    """Zero bits above the highest one of a 64-bit word; 64 for 0. One machine instruction."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ctlz(arguments[0], ir.Constant(ir.IntType(1), 0))

    return types.int64(types.uint64), generate


def generator(seed: int, stream: int) -> np.ndarray[Any, np.dtype[np.uint64]]:
    """State of one generator: ``stream`` numbers the threads of a seed."""
    mask = 2**64 - 1
    word = (seed * 0xD1342543DE82EF95 + (stream + 1) * 0x9E3779B97F4A7C15) & mask
    for _ in range(3):  # splitmix64 finaliser, so that near seeds give far states
        word = ((word ^ (word >> 30)) * 0xBF58476D1CE4E5B9) & mask
        word = ((word ^ (word >> 27)) * 0x94D049BB133111EB) & mask
        word ^= word >> 31
    return np.array([word or 1], dtype=np.uint64)


@inlined
def next_word(state):
    """Next 64 random bits."""
    x = state[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    state[0] = x
    return x * MULTIPLIER


@inlined
def below(state, count):
    """Random whole number from 0 to ``count``−1 (``count`` < 2³¹; the bias is under 2⁻³²)."""
    return np.int64(((next_word(state) >> np.uint64(32)) * np.uint64(count)) >> np.uint64(32))


@inlined
def chance(state):
    """Random real number in [0, 1)."""
    return np.float64(next_word(state) >> np.uint64(11)) * (1.0 / 9007199254740992.0)


@inlined
def copy_into(target, source, count):
    """The first ``count`` items of ``source`` into ``target``; the arrays don't overlap."""
    for place in range(count):
        target[place] = source[place]
