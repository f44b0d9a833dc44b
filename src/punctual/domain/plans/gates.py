"""What other subjects have against beginning a task: each registers a function that gives its reasons."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from punctual.domain.plans.models import Plan
from punctual.domain.plans.state import PlanState
from punctual.kernel.refusal import Reason

Gate = Callable[[Plan, PlanState, int], list[Reason]]
_GATES: Final[dict[str, Gate]] = {}


def register(name: str, gate: Gate) -> None:
    """Let ``gate(plan, state, task)`` be asked before progress of a task that has not begun; twice is harmless."""
    _GATES[name] = gate


def reasons_against_beginning(plan: Plan, state: PlanState, command: Mapping[str, Any]) -> list[Reason]:
    """Every reason of every subject, for each task that a progress command would begin."""
    if command.get("verb") == "several":
        given = command.get("commands")
        wishes = [one for one in given if isinstance(one, Mapping)] if isinstance(given, list) else []
    else:
        wishes = [command]
    begun = [
        wish["task"]
        for wish in wishes
        if wish.get("verb") == "progress"
        and isinstance(wish.get("task"), int)
        and (task := state.tasks.get(wish["task"])) is not None
        and task.actual_start is None
        and (wish.get("percent") or wish.get("actual_start"))
    ]
    return [reason for task_id in begun for gate in _GATES.values() for reason in gate(plan, state, task_id)]
