"""Everything wrong with a plan, all at once: :func:`faults_of` returns reasons, nothing is computed on bad input."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from punctual.engine.network import MOST_MINUTES, Link, Plan, Task, Uid
from punctual.kernel.refusal import Reason
from punctual.kernel.wording import N_

MOST_CIRCLES: Final = 50
"""Circles named in one refusal; a tangle of links has more than anybody can read."""


def faults_of(plan: Plan) -> list[Reason]:
    """Every fault of the plan but circles of links (:func:`circle_faults`); empty when there is none."""
    faults = _frame_faults(plan)
    known: dict[Uid, Task] = {}
    for row, task in enumerate(plan.tasks, start=1):
        if task.uid in known:
            faults.append(
                _reason(
                    "plan.duplicate_task",
                    N_("task id %(uid)s is used twice; every task needs its own"),
                    row,
                    "uid",
                    uid=task.uid,
                )
            )
        known[task.uid] = task
        faults += task_faults(plan, task, row)
    for row, task in enumerate(plan.tasks, start=1):
        if task.parent is not None and task.parent not in known:
            faults.append(
                _reason(
                    "plan.unknown_parent",
                    N_("task %(task)s: its summary %(uid)s does not exist"),
                    row,
                    "parent",
                    task=label(task),
                    uid=task.parent,
                )
            )
    for row, link in enumerate(plan.links, start=1):
        faults += _link_faults(link, known, row)
    return faults or list(_family_faults(plan, known))


def label(task: Task) -> str:
    """How a task is named in a sentence."""
    return f"{task.name} ({task.uid})" if task.name else str(task.uid)


def _reason(code: str, text: str, row: int | None, field: str, /, **params: object) -> Reason:
    return Reason(code=code, text=text, params=params, field=field, row=row)


def _frame_faults(plan: Plan) -> list[Reason]:
    faults = []
    if not plan.tasks:
        faults.append(_reason("plan.empty", N_("the plan has no tasks; add at least one"), None, "tasks"))
    if plan.from_finish and plan.finish is None:
        faults.append(
            _reason(
                "plan.no_finish", N_("a plan that is scheduled from its finish needs a finish date"), None, "finish"
            )
        )
    if not plan.from_finish and plan.start is None:
        faults.append(_reason("plan.no_start", N_("the plan needs a start date"), None, "start"))
    return faults


def task_faults(plan: Plan, task: Task, row: int) -> Iterator[Reason]:
    """What is wrong with one task, the others aside; ``row`` is its place in the plan, from 1."""
    name = label(task)
    for field, minutes in (
        ("duration", task.duration),
        ("remaining", task.remaining or 0),
        ("delay", task.delay),
    ):
        if not _is_minutes(minutes) or minutes < 0 or minutes > MOST_MINUTES:
            yield _reason(
                "plan.bad_duration",
                N_("task %(task)s: %(field)s is %(value)s; it has to be a whole number of minutes from 0 to %(most)s"),
                row,
                field,
                task=name,
                field=field,
                value=minutes,
                most=MOST_MINUTES,
            )
    for key in {task.calendar, task.slack_calendar} - {"", *plan.calendars}:
        yield _reason(
            "plan.unknown_calendar",
            N_("task %(task)s: there is no calendar '%(calendar)s'"),
            row,
            "calendar",
            task=name,
            calendar=key,
        )
    if task.constraint is not None and task.constraint.needs_date and task.constraint_date is None:
        yield _reason(
            "plan.constraint_without_date",
            N_("task %(task)s: its constraint needs a date"),
            row,
            "constraint_date",
            task=name,
        )
    if not (math.isfinite(task.percent_complete) and 0 <= task.percent_complete <= 100):
        yield _reason(
            "plan.bad_percent",
            N_("task %(task)s: percent complete is %(value)s; it lies between 0 and 100"),
            row,
            "percent_complete",
            task=name,
            value=task.percent_complete,
        )
    elif task.actual_start is None and not task.summary and (task.percent_complete > 0 or task.actual_finish):
        yield _reason(
            "plan.progress_without_start",
            N_("task %(task)s has progress but no actual start; tell when it began"),
            row,
            "actual_start",
            task=name,
        )
    elif task.actual_start and task.actual_finish and task.actual_finish < task.actual_start:
        yield _reason(
            "plan.finished_before_started",
            N_("task %(task)s: its actual finish lies before its actual start"),
            row,
            "actual_finish",
            task=name,
        )
    if task.manual and task.start and task.finish and task.finish < task.start:
        yield _reason(
            "plan.finish_before_start", N_("task %(task)s: its finish lies before its start"), row, "finish", task=name
        )


def _is_minutes(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _link_faults(link: Link, known: Mapping[Uid, Task], row: int) -> Iterator[Reason]:
    for field, uid in (("predecessor", link.predecessor), ("successor", link.successor)):
        if uid not in known:
            yield _reason(
                "plan.unknown_task",
                N_("link %(row)s: its %(field)s %(uid)s is no task of the plan"),
                row,
                field,
                row=row,
                field=field,
                uid=uid,
            )
            return
    if not math.isfinite(link.lag):
        yield _reason("plan.bad_lag", N_("link %(row)s: its lag is no number"), row, "lag", row=row)
        return
    predecessor = known[link.predecessor]
    minutes = abs(lag_minutes(link, predecessor))
    if minutes > MOST_MINUTES:
        yield _reason(
            "plan.lag_too_long",
            N_("link from %(task)s to %(other)s: a lag of %(minutes)s minutes cannot be planned; at most %(most)s can"),
            row,
            "lag",
            task=label(predecessor),
            other=label(known[link.successor]),
            minutes=minutes,
            most=MOST_MINUTES,
        )


def lag_minutes(link: Link, predecessor: Task) -> int:
    """The lag in minutes; percentages of the predecessor's duration are rounded half away from zero."""
    value = link.lag if link.lag_unit < 2 else link.lag * predecessor.duration / 100
    return int(math.copysign(math.floor(abs(value) + 0.5), value))


def _family_faults(plan: Plan, known: Mapping[Uid, Task]) -> Iterator[Reason]:
    """Circles of parents, links between a summary and its own sub-tasks."""
    summaries = {task.parent for task in plan.tasks if task.parent is not None}
    if not summaries:
        return
    parents = {task.uid: [task.parent] if task.parent is not None else [] for task in plan.tasks}
    circles = list(circles_of(parents))
    for circle in circles:
        yield _reason(
            "plan.circular_summary",
            N_("these tasks are each other's summary: %(circle)s"),
            None,
            "parent",
            circle=_chain(circle[::-1], known),
        )
    if circles:
        return
    family = [
        (row, link)
        for row, link in enumerate(plan.links, start=1)
        if link.predecessor in summaries or link.successor in summaries
    ]
    for row, link in family:
        for above, below in ((link.predecessor, link.successor), (link.successor, link.predecessor)):
            if above != below and above in summaries and _is_above(above, below, known):
                yield _reason(
                    "plan.link_within_family",
                    N_("link %(row)s joins summary %(task)s with its own sub-task %(other)s; remove it"),
                    row,
                    "successor",
                    row=row,
                    task=label(known[above]),
                    other=label(known[below]),
                )
                break


def _is_above(above: Uid, below: Uid, known: Mapping[Uid, Task]) -> bool:
    at = known[below].parent
    while at is not None and at != above:
        at = known[at].parent
    return at is not None


def circle_faults(plan: Plan) -> Iterator[Reason]:
    """Every circle of links with its tasks (at most MOST_CIRCLES).

    A link to or from a summary acts on all tasks in it, so circles through summaries are circles too.
    """
    known = {task.uid: task for task in plan.tasks}
    summaries = {task.parent for task in plan.tasks if task.parent is not None}
    after: dict[object, list[object]] = {task.uid: [] for task in plan.tasks}
    if any(link.predecessor in summaries or link.successor in summaries for link in plan.links):
        for task in plan.tasks:
            if task.uid in summaries:
                after[task.uid] = []
                after[("end", task.uid)] = []
        for task in plan.tasks:
            if task.parent is not None:
                after[task.parent].append(task.uid)
                own_end = ("end", task.uid) if task.uid in summaries else task.uid
                after[own_end].append(("end", task.parent))
    for link in plan.links:
        source = ("end", link.predecessor)
        after[source if source in after else link.predecessor].append(link.successor)
    for circle in circles_of(after):
        names: list[Uid] = []
        for node in circle:
            uid = node[1] if isinstance(node, tuple) else node
            if not names or names[-1] != uid:
                names.append(uid)  # type: ignore[arg-type]
        yield _reason(
            "plan.circular_links",
            N_("these links run in a circle: %(circle)s; remove one of them"),
            None,
            "links",
            circle=_chain(names, known),
        )


def _chain(circle: Sequence[object], known: Mapping[Uid, Task]) -> str:
    names = [label(known[uid]) for uid in circle]  # type: ignore[index]
    return " → ".join([*names, names[0]])


def circles_of(after: Mapping[object, Sequence[object]] | Mapping[Uid, Sequence[Uid | None]]) -> Iterator[list[object]]:
    """Elementary circles of a directed graph, each once, at most MOST_CIRCLES (Johnson 1975), without recursion.

    ``after`` maps every node to its successors. Linear when there is no circle (one sweep of Tarjan 1972).
    """
    graph = {node: list(dict.fromkeys(targets)) for node, targets in after.items()}
    found = 0
    stack = [part for part in _knots(graph, graph) if len(part) > 1 or part[0] in graph[part[0]]]
    while stack and found < MOST_CIRCLES:
        part = stack.pop()
        root, members = part[0], set(part)
        for circle in _circles_through(root, members, graph):
            yield circle
            found += 1
            if found == MOST_CIRCLES:
                return
        rest = [node for node in part if node != root]
        inner = {node: [t for t in graph[node] if t in members and t != root] for node in rest}
        stack += [knot for knot in _knots(inner, inner) if len(knot) > 1 or knot[0] in inner[knot[0]]]


def _circles_through(
    root: object, members: set[object], graph: Mapping[object, list[object]]
) -> Iterator[list[object]]:
    """Johnson's search: circles from ``root`` within one knot, never entering a dead end twice."""
    path = [root]
    blocked = {root}
    closed: set[object] = set()
    waiting: dict[object, set[object]] = {}
    branches = [(root, [t for t in graph[root] if t in members])]
    while branches:
        node, targets = branches[-1]
        if targets:
            target = targets.pop()
            if target == root:
                yield path[:]
                closed.update(path)
            elif target not in blocked:
                path.append(target)
                branches.append((target, [t for t in graph[target] if t in members]))
                closed.discard(target)
                blocked.add(target)
                continue
        if not targets:
            if node in closed:
                _unblock(node, blocked, waiting)
            else:
                for target in graph[node]:
                    if target in members:
                        waiting.setdefault(target, set()).add(node)
            branches.pop()
            path.pop()


def _unblock(node: object, blocked: set[object], waiting: dict[object, set[object]]) -> None:
    stack = [node]
    while stack:
        at = stack.pop()
        if at in blocked:
            blocked.discard(at)
            stack.extend(waiting.pop(at, ()))


def _knots(nodes: Iterable[object], graph: Mapping[object, list[object]]) -> list[list[object]]:
    """Strongly connected parts (Tarjan 1972), without recursion."""
    index: dict[object, int] = {}
    low: dict[object, int] = {}
    on_stack: set[object] = set()
    stack: list[object] = []
    parts: list[list[object]] = []
    for start in nodes:
        if start in index:
            continue
        work: list[tuple[object, Iterator[object]]] = [(start, iter(graph[start]))]
        index[start] = low[start] = len(index)
        stack.append(start)
        on_stack.add(start)
        while work:
            node, targets = work[-1]
            for target in targets:
                if target not in index:
                    index[target] = low[target] = len(index)
                    stack.append(target)
                    on_stack.add(target)
                    work.append((target, iter(graph[target])))
                    break
                if target in on_stack:
                    low[node] = min(low[node], index[target])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    part = []
                    while True:
                        part.append(stack.pop())
                        on_stack.discard(part[-1])
                        if part[-1] == node:
                            break
                    parts.append(part[::-1])
    return parts
