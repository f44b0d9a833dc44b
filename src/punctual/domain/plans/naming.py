"""Verbs of a plan: a name on a skill that a task asks for, and off again. Pure."""

from __future__ import annotations

from collections.abc import Collection

from punctual.domain.plans.state import NeedFacts, PlanState
from punctual.domain.plans.wishes import Wish, refuse, row_of
from punctual.kernel.wording import N_


def _need(state: PlanState, wish: Wish) -> tuple[int, NeedFacts]:
    need_id = row_of(state.needs, wish, "need", N_("This task has no such need any more; load the page again."))
    return need_id, state.needs[need_id]


def name_need(state: PlanState, wish: Wish, resources: Collection[int]) -> None:
    """A name on one unit of a skill that a task asks for; where a name is on it already, the other one."""
    need_id, need = _need(state, wish)
    named = wish.get("resource")
    if isinstance(named, bool) or named not in resources:
        refuse("resource_unknown", N_("There is no such resource."), "resource")
    state.put("need", need_id, None)
    taken = need.units if need.resource is not None else 1
    if need.units > taken:
        state.put("need", state.new_id(), {"task": need.task, "skill": need.skill, "units": need.units - taken})
    asked = need.asked if need.resource is not None else need.skill
    values = {"task": need.task, "resource": named, "units": taken, "asked": asked}
    state.put("need", state.new_id(), values)


def unname_need(state: PlanState, wish: Wish) -> None:
    """The name off again: the task asks for the skill as before."""
    need_id, need = _need(state, wish)
    if need.asked is None:
        refuse("not_named", N_("No skill was asked for here; change the need in the plan instead."), "need")
    state.put("need", need_id, None)
    units = need.units
    for other_id, other in list(state.needs.items()):
        if other.task == need.task and other.skill == need.asked:
            units += other.units
            state.put("need", other_id, None)
    state.put("need", state.new_id(), {"task": need.task, "skill": need.asked, "units": units})
