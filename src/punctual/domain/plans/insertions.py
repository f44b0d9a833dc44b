"""Steps that come in between: after a task, before everything that waits for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from punctual.domain.plans.state import PlanState
from punctual.domain.plans.wishes import Wish, line, moment, refuse, task_of, whole
from punctual.kernel.wording import N_

MOST_STEPS = 20


def insert(state: PlanState, wish: Wish) -> list[int]:
    """``steps`` (name, duration, skill, resource) one after another behind ``after``; what waited for its end waits for
    the last of them too, by the same lag. The first starts no earlier than ``not_before``. Returns the new ids."""
    after = task_of(state, wish, "after")
    given = wish.get("steps")
    if not isinstance(given, list) or not 1 <= len(given) <= MOST_STEPS:
        refuse("steps", N_("Name 1 to %(most)s steps."), "steps", most=MOST_STEPS)
    if state.is_summary(after):
        refuse(
            "insert_summary", N_("“%(task)s” is a summary; choose one of its tasks."), "after", task=state.label(after)
        )
    waiting = [
        (link.successor, link.lag, link.lag_unit)
        for link in state.links.values()
        if link.predecessor == after and link.type == "FS"
    ]
    made: list[int] = []
    for one in given:
        if not isinstance(one, Mapping):
            refuse("steps", N_("Name 1 to %(most)s steps."), "steps", most=MOST_STEPS)
        made.append(_step(state, after, made[-1] if made else after, one))
    not_before = moment(wish, "not_before", required=False)
    if not_before is not None:
        state.put("task", made[0], {"constraint": "SNET", "constraint_date": not_before})
    _place(state, after, made)
    _hand_over_delivery(state, after, made[-1])
    for successor, lag, unit in waiting:
        _join(state, made[-1], successor, lag, unit)
    return made


def _step(state: PlanState, anchor: int, before: int, wish: Mapping[str, Any]) -> int:
    task = state.tasks[anchor]
    task_id = state.new_id()
    state.put(
        "task",
        task_id,
        {
            "name": line(wish, "name"),
            "duration": whole(wish, "duration", least=1),
            "parent": task.parent,
            "order_line": task.order_line,
            "position": len(state.children(task.parent)),
        },
    )
    _join(state, before, task_id, 0, "working")
    if wish.get("skill") or wish.get("resource"):
        values = {"task": task_id, "skill": wish.get("skill"), "resource": wish.get("resource"), "units": 1}
        state.put("need", state.new_id(), values)
    return task_id


def _join(state: PlanState, before: int, after: int, lag: int, unit: str) -> None:
    values = {"predecessor": before, "successor": after, "type": "FS", "lag": lag, "lag_unit": unit}
    state.put("link", state.new_id(), values)


def _place(state: PlanState, after: int, made: list[int]) -> None:
    parent = state.tasks[after].parent
    siblings = [one for one in state.children(parent) if one not in made]
    at = siblings.index(after) + 1
    for position, task_id in enumerate([*siblings[:at], *made, *siblings[at:]]):
        state.put("task", task_id, {"position": position})


def _hand_over_delivery(state: PlanState, after: int, last: int) -> None:
    """Where the task delivered its line, the last step does now."""
    if state.tasks[after].is_delivery:
        state.put("task", last, {"is_delivery": True})
