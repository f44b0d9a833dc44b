"""What is asked and what is answered when a new order wants a date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from punctual.engine.capacity.model import Order, Problem, Schedule, Task, faults_of, order_ends
from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_

FREE = 2**28
"""Stands for the latest end of an order to which nothing was promised."""


@dataclass(frozen=True, slots=True)
class Shop:
    """Everything confirmed: the problem, the schedule in force, the time ``now`` (what starts before it stays), and the
    promises: order id → latest end. An order that already ends after its promise may not end later than it does."""

    problem: Problem
    schedule: Schedule
    now: int
    promises: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Candidate:
    """An order that asks for a date; its tasks carry its id and know no other order's tasks."""

    order: Order
    tasks: tuple[Task, ...]


@dataclass(frozen=True, slots=True)
class Offer:
    """One date for the new order.

    ``finish``  its end. ``start``, ``mode``  of its tasks. ``plan``  the starts and modes of all confirmed tasks then.
    ``moved``   ids of the confirmed tasks that start elsewhere than in force. ``ends``  end of each confirmed order
    then.
    """

    finish: int
    start: tuple[int, ...]
    mode: tuple[int, ...]
    plan: Schedule
    moved: tuple[str, ...]
    ends: Mapping[str, int]


def standing(shop: Shop) -> tuple[Task, ...]:
    """The confirmed tasks: what runs is fixed, nothing else starts before now."""
    return tuple(
        replace(task, start=start, mode=mode)
        if start < shop.now
        else replace(task, planned=start, release=max(task.release, shop.now))
        for task, start, mode in zip(shop.problem.tasks, shop.schedule.start, shop.schedule.mode, strict=True)
    )


def joined(shop: Shop, candidate: Candidate, confirmed: tuple[Task, ...] | None = None) -> Problem:
    """Confirmed tasks (:func:`standing` of the shop, where it is known already) and new ones as one problem; refuses
    faulty orders.
    """
    _refuse_faults(shop, candidate)
    new = tuple(replace(task, release=max(task.release, shop.now)) for task in candidate.tasks)
    tasks = (standing(shop) if confirmed is None else confirmed) + new
    return Problem(shop.problem.resources, (*shop.problem.orders, candidate.order), tasks)


def _refuse_faults(shop: Shop, candidate: Candidate) -> None:
    known = {task.id for task in shop.problem.tasks}
    twice = [task.id for task in candidate.tasks if task.id in known]
    text = N_("The new order %(order)s uses the task id %(id)s, which a confirmed task has.")
    faults = [Reason("promise.task_id", text, {"order": candidate.order.id, "id": name}, "tasks") for name in twice]
    if any(order.id == candidate.order.id for order in shop.problem.orders):
        text = N_("The new order %(order)s has the id of a confirmed order.")
        faults.append(Reason("promise.order_id", text, {"order": candidate.order.id}, "id"))
    faults += faults_of(Problem(shop.problem.resources, (candidate.order,), candidate.tasks))
    if faults:
        raise Refusal(*faults)


def latest_ends(shop: Shop, ends: Mapping[str, int]) -> dict[str, int]:
    """Order id → latest end allowed: the promise, or the present end where that is later already."""
    return {
        order.id: max(shop.promises[order.id], ends[order.id])
        for order in shop.problem.orders
        if order.id in shop.promises
    }


def moved_tasks(shop: Shop, starts: Sequence[int], modes: Sequence[int]) -> tuple[str, ...]:
    """Ids of confirmed tasks that start elsewhere, or are done in another way, than in force."""
    rows = zip(shop.problem.tasks, shop.schedule.start, shop.schedule.mode, starts, modes, strict=True)
    return tuple(task.id for task, start, mode, now, way in rows if (start, mode) != (now, way))


@dataclass(frozen=True, slots=True)
class Consequence:
    """What an offer does to one other order: its end in force and then, and what its lateness costs more (weight times
    slots after its due date; less than 0: it costs less). ``breaks``: slots beyond its promise, 0 when kept."""

    order: str
    before: int
    after: int
    cost: int
    breaks: int


def consequences(shop: Shop, offer: Offer) -> list[Consequence]:
    """Every confirmed order whose end the offer changes, the worst hit first."""
    before = order_ends(shop.problem, shop.schedule)
    rows = []
    for order in shop.problem.orders:
        old, new = before[order.id], offer.ends[order.id]
        if old == new:
            continue
        due = order.due if order.due is not None else max(old, new)
        cost = order.weight * (max(0, new - due) - max(0, old - due))
        breaks = max(0, new - max(shop.promises.get(order.id, FREE), old))
        rows.append(Consequence(order.id, old, new, cost, breaks))
    return sorted(rows, key=lambda row: (-row.breaks, -row.cost, row.before - row.after, row.order))
