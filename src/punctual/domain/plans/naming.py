"""Verbs of a plan: whom a task needs, a name on a skill that it asks for, and off again. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from punctual.domain.plans.state import NeedFacts, PlanState
from punctual.domain.plans.wishes import Wish, open_leaf, refuse, row_of, whole
from punctual.kernel.wording import N_


def assign_needs(state: PlanState, wish: Wish, skills: Collection[int], resources: Collection[int]) -> None:
    """All needs of a task at once; what was there before goes."""
    task_id = open_leaf(state, wish, done_too=True)
    given = wish.get("needs")
    if not isinstance(given, list) or len(given) > 50:
        refuse("needs", N_("Needs are a list of at most 50 skills or resources."), "needs")
    wanted: list[dict[str, Any]] = []
    for one in given:
        if not isinstance(one, Mapping) or (one.get("skill") is None) == (one.get("resource") is None):
            refuse("need_one", N_("A need names either a skill or a resource."), "needs")
        if one.get("skill") is not None and one["skill"] not in skills:
            refuse("skill_unknown", N_("There is no such skill."), "needs")
        if one.get("resource") is not None and one["resource"] not in resources:
            refuse("resource_unknown", N_("There is no such resource."), "needs")
        units = whole(one, "units", least=1, most=1000, default=1)
        asked = one.get("asked")
        if asked is not None and (one.get("resource") is None or asked not in skills):
            refuse("skill_unknown", N_("There is no such skill."), "needs")
        wanted.append({"skill": one.get("skill"), "resource": one.get("resource"), "units": units, "asked": asked})
    for need_id in [key for key, need in state.needs.items() if need.task == task_id]:
        state.put("need", need_id, None)
    for values in wanted:
        state.put("need", state.new_id(), {"task": task_id, **values})


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
