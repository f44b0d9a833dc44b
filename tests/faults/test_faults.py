"""The faults that take seconds, in the suite; all of them by ``python -m faults``."""

from __future__ import annotations

import os

import pytest
from faults.__main__ import run_one

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif("postgres" in os.environ.get("DATABASE_URL", ""), reason="each case brings its own database"),
]


@pytest.mark.parametrize(
    "name",
    [
        "web_killed",
        "worker_killed",
        "solve_killed",
        "solver_greedy",
        "double_submit",
        "over_allocation",
        "disk_full",
        "clock_back",
    ],
)
def test_the_promise_is_kept_and_its_control_is_caught(name: str) -> None:
    kept = run_one(name, control=False)
    assert kept["kept"] is True, kept
    caught = run_one(name, control=True)
    assert caught["kept"] is False, caught
