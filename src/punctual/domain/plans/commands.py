"""The verbs by which a plan is edited. Each reads a wish, checks it against the plan, and changes rows with ``put``.

Pure: they know neither database nor engine; circles of links are found when the plan is scheduled afterwards.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

from punctual.domain.plans.insertions import insert
from punctual.domain.plans.models import BudgetKind, Constraint
from punctual.domain.plans.naming import assign_needs, name_need, unname_need
from punctual.domain.plans.state import PLAN_ROW, Dates, PlanState, TaskFacts
from punctual.domain.plans.wishes import (
    Wish,
    amount,
    choice,
    constraint,
    day,
    lag,
    lies_with_others,
    line,
    link_type,
    moment,
    open_leaf,
    refuse,
    row_of,
    task_of,
    tasks_of,
    text,
    whole,
)
from punctual.kernel.refusal import Refusal
from punctual.kernel.wording import N_

MOST_TASKS: Final = 10_000


@dataclass(frozen=True)
class Scene:
    """What a verb may look at: today, the dates before the edit, and what can be assigned.

    ``work_between(task, start, finish)`` counts the task's own minutes between two moments.
    """

    today: dt.date
    dates: Mapping[int, Dates]
    work_between: Callable[[TaskFacts, dt.datetime, dt.datetime], int]
    skills: Collection[int] = field(default_factory=frozenset)
    resources: Collection[int] = field(default_factory=frozenset)
    calendars: Collection[int] = field(default_factory=frozenset)
    day_minutes: int = 480


Verb = Callable[[PlanState, Wish, Scene], None]


def perform(state: PlanState, wish: Wish, scene: Scene) -> None:
    """Do one command. Raises Refusal with what is wrong; the state is then to be thrown away."""
    verb = wish.get("verb")
    if not isinstance(verb, str) or verb not in VERBS:
        refuse(
            "verb",
            N_("There is no command “%(verb)s”; there are %(verbs)s."),
            "verb",
            verb=verb,
            verbs=", ".join(VERBS),
        )
    VERBS[verb](state, wish, scene)
    _tidy(state, scene)


def _tidy(state: PlanState, scene: Scene) -> None:
    """What follows from a change of the outline: summaries need nobody, a task that is left without tasks has a day."""
    for need_id, need in list(state.needs.items()):
        if state.is_summary(need.task):
            state.put("need", need_id, None)
    for task_id, place in state.outline.items():
        task = state.tasks[task_id]
        if place.is_summary:
            state.put("task", task_id, {"is_milestone": False})
        elif not task.duration and not task.is_milestone:
            state.put("task", task_id, {"duration": scene.day_minutes})


def _several(state: PlanState, wish: Wish, scene: Scene) -> None:
    """``commands`` one after another, all or none."""
    commands = wish.get("commands")
    if not isinstance(commands, list) or not 1 <= len(commands) <= 500:
        refuse("commands", N_("“several” needs a list of 1 to 500 commands."), "commands")
    for one in commands:
        if not isinstance(one, Mapping) or one.get("verb") == "several":
            refuse("commands", N_("“several” needs a list of 1 to 500 commands."), "commands")
        perform(state, one, scene)


# ------------------------------------------------------------------------------------------------------- outline


def _renumber(state: PlanState, parent: int | None, order: list[int]) -> None:
    for position, task_id in enumerate(order):
        state.put("task", task_id, {"parent": parent, "position": position})


def _insert(state: PlanState, task_ids: list[int], parent: int | None, index: int) -> None:
    siblings = [one for one in state.children(parent) if one not in task_ids]
    siblings[index:index] = task_ids
    _renumber(state, parent, siblings)


def _add(state: PlanState, wish: Wish, scene: Scene) -> None:
    """A new task after ``after`` (below ``parent`` at its end, or at the end of all)."""
    if len(state.tasks) >= MOST_TASKS:
        refuse("too_many_tasks", N_("A plan holds at most %(most)s tasks."), "", most=MOST_TASKS)
    milestone = bool(wish.get("is_milestone"))
    values = {
        "name": line(wish, "name"),
        "duration": 0 if milestone else whole(wish, "duration", default=scene.day_minutes),
        "is_milestone": milestone,
    }
    parent: int | None
    if wish.get("after") is not None:
        after = task_of(state, wish, "after")
        parent = state.tasks[after].parent
        index = state.children(parent).index(after) + 1
        values["order_line"] = state.tasks[after].order_line
    else:
        parent = task_of(state, wish, "parent") if wish.get("parent") is not None else None
        index = len(state.children(parent))
        if parent is not None:
            _refuse_started(state, parent, N_("“%(task)s” has progress and can't become a summary."))
    task_id = state.new_id()
    state.put("task", task_id, {**values, "parent": parent, "position": index})
    _insert(state, [task_id], parent, index)


def _insert_steps(state: PlanState, wish: Wish, scene: Scene) -> None:
    if len(state.tasks) >= MOST_TASKS:
        refuse("too_many_tasks", N_("A plan holds at most %(most)s tasks."), "", most=MOST_TASKS)
    insert(state, wish)


def _delete(state: PlanState, wish: Wish, scene: Scene) -> None:
    """Tasks with everything below them, their links and needs. What has begun stays: it is on record."""
    wanted = tasks_of(state, wish)
    gone = {one for task_id in wanted for one in (task_id, *state.below(task_id))}
    if len(gone) == len(state.tasks):
        refuse("last_task", N_("The last task stays: a plan without tasks gives no date."), "tasks")
    for task_id in gone:
        _refuse_started(state, task_id, N_("“%(task)s” has progress on record; it can't be deleted."))
    order = [task_id for task_id in state.outline if task_id in gone]
    parents = {state.tasks[task_id].parent for task_id in wanted} - gone
    for need_id in [key for key, need in state.needs.items() if need.task in gone]:
        state.put("need", need_id, None)
    for budget_id in [key for key, budget in state.budget.items() if budget.task in gone]:
        state.put("budget", budget_id, {"task": None})
    for link_id in [key for key, link in state.links.items() if {link.predecessor, link.successor} & gone]:
        state.put("link", link_id, None)
    for task_id in reversed(order):
        state.put("task", task_id, None)
    for parent in parents:
        _renumber(state, parent, state.children(parent))


def _refuse_started(state: PlanState, task_id: int, sentence: str) -> None:
    task = state.tasks[task_id]
    if task.actual_start is not None or task.percent:
        refuse("task_started", sentence, "task", task=state.label(task_id))


def _topmost(state: PlanState, task_ids: list[int]) -> list[int]:
    """Without those whose summary is among them too: they go along."""
    chosen = set(task_ids)
    return [task_id for task_id in task_ids if not chosen & set(state.above(task_id))]


def _indent(state: PlanState, wish: Wish, scene: Scene) -> None:
    """Each task becomes the last child of the task before it."""
    for task_id in _topmost(state, tasks_of(state, wish)):
        siblings = state.children(state.tasks[task_id].parent)
        index = siblings.index(task_id)
        if index == 0:
            refuse(
                "indent",
                N_("“%(task)s” is the first of its group; there is nothing to put it under."),
                "task",
                task=state.label(task_id),
            )
        above = siblings[index - 1]
        if not state.is_summary(above):
            _refuse_started(state, above, N_("“%(task)s” has progress and can't become a summary."))
            if state.tasks[above].is_milestone:
                refuse(
                    "milestone_summary",
                    N_("“%(task)s” is a milestone and can't become a summary."),
                    "task",
                    task=state.label(above),
                )
        old = state.tasks[task_id].parent
        _insert(state, [task_id], above, len(state.children(above)))
        _renumber(state, old, state.children(old))
        _drop_links_to_own_summary(state, task_id)


def _outdent(state: PlanState, wish: Wish, scene: Scene) -> None:
    """Each task moves behind its summary; the siblings after it stay where they are."""
    for task_id in reversed(_topmost(state, tasks_of(state, wish))):
        parent = state.tasks[task_id].parent
        if parent is None:
            refuse("outdent", N_("“%(task)s” is at the outermost level already."), "task", task=state.label(task_id))
        grand = state.tasks[parent].parent
        _insert(state, [task_id], grand, state.children(grand).index(parent) + 1)
        _renumber(state, parent, state.children(parent))


def _reorder(state: PlanState, wish: Wish, scene: Scene) -> None:
    """A task with everything below it goes before or after another one, into the other's group."""
    task_id = task_of(state, wish)
    side = "after" if wish.get("after") is not None else "before"
    other = task_of(state, wish, side)
    if other == task_id or task_id in state.above(other):
        refuse("reorder", N_("“%(task)s” can't be put into itself."), side, task=state.label(task_id))
    old, parent = state.tasks[task_id].parent, state.tasks[other].parent
    siblings = [one for one in state.children(parent) if one != task_id]
    _insert(state, [task_id], parent, siblings.index(other) + (side == "after"))
    if old != parent:
        _renumber(state, old, state.children(old))
        _drop_links_to_own_summary(state, task_id)


def _drop_links_to_own_summary(state: PlanState, task_id: int) -> None:
    """A link between a task and a summary that now holds it has no meaning."""
    above = {one: set(state.above(one)) for one in (task_id, *state.below(task_id))}
    for link_id, link in list(state.links.items()):
        ends = (link.predecessor, link.successor)
        if any(a in above and b in above[a] for a, b in (ends, ends[::-1])):
            state.put("link", link_id, None)


# ---------------------------------------------------------------------------------------------------------- tasks


def _move(state: PlanState, wish: Wish, scene: Scene) -> None:
    """Drag: the task starts no earlier than ``start``."""
    task_id = open_leaf(state, wish)
    _refuse_started(state, task_id, N_("“%(task)s” has begun; its start is on record."))
    start = moment(wish, "start")
    state.put("task", task_id, {"constraint": Constraint.SNET.value, "constraint_date": start})


def _resize(state: PlanState, wish: Wish, scene: Scene) -> None:
    """Another duration, given in minutes or by the moment where the task shall end."""
    task_id = open_leaf(state, wish)
    task = state.tasks[task_id]
    if task.is_milestone:
        refuse(
            "milestone_duration",
            N_("“%(task)s” is a milestone and has no duration."),
            "task",
            task=state.label(task_id),
        )
    if wish.get("finish") is None:
        duration = whole(wish, "duration", least=1)
    else:
        finish = moment(wish, "finish")
        assert finish is not None
        duration = scene.work_between(task, scene.dates[task_id].start, finish)
        if duration < 1:
            refuse("too_short", N_("“%(task)s” would have no working time left."), "finish", task=state.label(task_id))
    state.put("task", task_id, {"duration": duration, "remaining": None})


def _change(state: PlanState, wish: Wish, scene: Scene) -> None:
    """Any facts of one task: name, duration, milestone, calendar, constraint, deadline, notes …"""
    task_id = task_of(state, wish)
    given = wish.get("values")
    if not isinstance(given, Mapping) or not given:
        refuse("values", N_("Say what to change."), "values")
    unknown = [name for name in given if name not in _READERS]
    if unknown:
        refuse(
            "field_unknown",
            N_("“%(name)s” can't be changed; %(names)s can."),
            "values",
            name=unknown[0],
            names=", ".join(_READERS),
        )
    if state.is_summary(task_id) and set(given) - _OF_SUMMARIES:
        raise Refusal(lies_with_others(state.label(task_id)))
    values: dict[str, Any] = {}
    for name in given:
        values |= _READERS[name](given, scene)
    task = state.tasks[task_id]
    if values.get("is_milestone"):
        _refuse_started(state, task_id, N_("“%(task)s” has begun and can't become a milestone."))
        values["duration"] = 0
    elif task.is_milestone and values.get("duration"):
        values["is_milestone"] = False
    if task.actual_finish is not None and values.keys() & {"duration", "constraint", "calendar", "is_elapsed"}:
        refuse("task_done", N_("“%(task)s” is done; its dates are on record."), "task", task=state.label(task_id))
    state.put("task", task_id, values)


def _constraint_values(given: Wish, scene: Scene) -> dict[str, Any]:
    kind = Constraint(constraint(given))
    when = moment(given, "constraint_date") if kind.needs_date else None
    return {"constraint": kind.value, "constraint_date": when}


def _calendar_value(given: Wish, scene: Scene) -> dict[str, Any]:
    value = given.get("calendar") or None
    if value is not None and value not in scene.calendars:
        refuse("calendar_unknown", N_("There is no such calendar."), "calendar")
    return {"calendar": value}


_READERS: Final[Mapping[str, Callable[[Wish, Scene], dict[str, Any]]]] = {
    "name": lambda given, scene: {"name": line(given, "name")},
    "duration": lambda given, scene: {"duration": whole(given, "duration"), "remaining": None},
    "is_milestone": lambda given, scene: {"is_milestone": bool(given["is_milestone"])},
    "is_delivery": lambda given, scene: {"is_delivery": bool(given["is_delivery"])},
    "is_elapsed": lambda given, scene: {"is_elapsed": bool(given["is_elapsed"])},
    "calendar": _calendar_value,
    "constraint": _constraint_values,
    "constraint_date": lambda given, scene: _constraint_values(given, scene),
    "deadline": lambda given, scene: {"deadline": moment(given, "deadline", required=False)},
    "notes": lambda given, scene: {"notes": text(given, "notes")},
}
_OF_SUMMARIES: Final = frozenset({"name", "notes", "is_delivery"})


def _progress(state: PlanState, wish: Wish, scene: Scene) -> None:
    """Percent done, when it began and ended, what remains. As of today at least."""
    task_id = open_leaf(state, wish, done_too=True)
    task, dates = state.tasks[task_id], scene.dates.get(task_id)
    percent = whole(wish, "percent", most=100, default=task.percent)
    begun = moment(wish, "actual_start", required=False) or task.actual_start
    ended = moment(wish, "actual_finish", required=False) if percent == 100 else None
    remaining = None if wish.get("remaining") is None or percent in (0, 100) else whole(wish, "remaining")
    now = dt.datetime.combine(scene.today, dt.time(23, 59))
    if percent == 0 and wish.get("actual_start") is None:
        begun = None
    elif begun is None and dates is not None:
        begun = min(dates.start, now)
    if percent == 100 and ended is None and dates is not None:
        ended = task.actual_finish or max(begun or dates.start, min(dates.finish, now))
    if task.is_milestone and ended is not None:
        begun = ended
    for name, value in (("actual_start", begun), ("actual_finish", ended)):
        if value is not None and value > now:
            refuse(
                "future",
                N_("“%(task)s”: %(day)s has not come yet; only what has happened is reported."),
                name,
                task=state.label(task_id),
                day=value.date(),
            )
    if begun and ended and ended < begun:
        refuse(
            "ends_before_start",
            N_("“%(task)s” can't end before it began (%(start)s)."),
            "actual_finish",
            task=state.label(task_id),
            start=begun.date(),
        )
    state.put(
        "task", task_id, {"percent": percent, "actual_start": begun, "actual_finish": ended, "remaining": remaining}
    )
    if state.plan.status_date is None or state.plan.status_date < scene.today:
        state.put("plan", PLAN_ROW, {"status_date": scene.today})


# ----------------------------------------------------------------------------------------------- links, needs, plan


_NO_LINK: Final = N_("This plan has no such link; it may have been taken away.")


def _link(state: PlanState, wish: Wish, scene: Scene) -> None:
    """Let one task wait for another; ``tasks`` links several in their order."""
    if "tasks" in wish:
        chain = tasks_of(state, wish)
        pairs = list(pairwise(chain))
    else:
        pairs = [(task_of(state, wish, "predecessor"), task_of(state, wish, "successor"))]
    if not pairs:
        refuse("link_two", N_("A link needs two tasks."), "tasks")
    kind = link_type(wish)
    length, unit = lag(wish)
    for before, after in pairs:
        _refuse_bad_pair(state, before, after)
        values = {"predecessor": before, "successor": after, "type": kind, "lag": length, "lag_unit": unit}
        state.put("link", state.new_id(), values)


def _refuse_bad_pair(state: PlanState, before: int, after: int) -> None:
    if before == after:
        refuse("link_self", N_("“%(task)s” can't wait for itself."), "successor", task=state.label(after))
    if before in state.above(after) or after in state.above(before):
        refuse(
            "link_summary",
            N_("“%(one)s” and “%(other)s” hold each other; a summary can't be linked with its own task."),
            "successor",
            one=state.label(before),
            other=state.label(after),
        )
    if any((link.predecessor, link.successor) == (before, after) for link in state.links.values()):
        refuse(
            "link_twice",
            N_("“%(other)s” waits for “%(one)s” already; change that link."),
            "successor",
            one=state.label(before),
            other=state.label(after),
        )


def _relink(state: PlanState, wish: Wish, scene: Scene) -> None:
    """Another type or lag."""
    link_id = row_of(state.links, wish, "link", _NO_LINK)
    have = state.links[link_id]
    length, unit = lag(wish, unit=have.lag_unit, amount=have.lag)
    state.put("link", link_id, {"type": link_type(wish, have.type), "lag": length, "lag_unit": unit})


def _unlink(state: PlanState, wish: Wish, scene: Scene) -> None:
    state.put("link", row_of(state.links, wish, "link", _NO_LINK), None)


def _assign(state: PlanState, wish: Wish, scene: Scene) -> None:
    assign_needs(state, wish, scene.skills, scene.resources)


def _name(state: PlanState, wish: Wish, scene: Scene) -> None:
    name_need(state, wish, scene.resources)


def _unname(state: PlanState, wish: Wish, scene: Scene) -> None:
    unname_need(state, wish)


def _budget(state: PlanState, wish: Wish, scene: Scene) -> None:
    """A budget line: a new one, other values of ``line``, or (``delete``) none."""
    if wish.get("line") is None:
        budget_id = state.new_id()
    else:
        budget_id = row_of(
            state.budget, wish, "line", N_("This plan has no such budget line; it may have been taken away.")
        )
        if wish.get("delete"):
            state.put("budget", budget_id, None)
            return
    task = task_of(state, wish) if wish.get("task") is not None else None
    kind = choice(wish, "kind", BudgetKind.values)
    name = line(wish, "name", required=False)
    state.put("budget", budget_id, {"task": task, "kind": kind, "name": name, "amount": amount(wish, "amount")})


def _plan(state: PlanState, wish: Wish, scene: Scene) -> None:
    """The plan's first possible day, its status date, its goals."""
    values: dict[str, Any] = {}
    if "start" in wish:
        values["start"] = day(wish, "start")
    if "status_date" in wish:
        values["status_date"] = day(wish, "status_date", required=False)
    if "goals" in wish:
        values["goals"] = text(wish, "goals")
    if not values:
        refuse("values", N_("Say what to change."), "values")
    state.put("plan", PLAN_ROW, values)


VERBS: Final[Mapping[str, Verb]] = {
    "add": _add,
    "insert": _insert_steps,
    "delete": _delete,
    "move": _move,
    "resize": _resize,
    "change": _change,
    "progress": _progress,
    "link": _link,
    "relink": _relink,
    "unlink": _unlink,
    "indent": _indent,
    "outdent": _outdent,
    "reorder": _reorder,
    "assign": _assign,
    "name": _name,
    "unname": _unname,
    "budget": _budget,
    "plan": _plan,
    "several": _several,
}
REPORTS: Final = frozenset({"progress"})
"""Verbs that those may use who only report."""
