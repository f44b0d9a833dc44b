"""A book's network for simulated runs: fixed work may start later than it does, and purchases are tasks of their own.

It knows no starts, so it is made once a book; what a new order or a lever adds is put to it, and what a question does
not need is left out, without making it anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from punctual.domain.scheduling.book import Group, Piece, Units, Wait, engine_resources, engine_task
from punctual.engine.capacity.arrays import Ints, Network, appended, network, with_capacity
from punctual.engine.capacity.model import Link, Mode, Order, Problem, Task

WAIT: Final = "supply:"


@dataclass(frozen=True)
class Loose:
    """``row``: the task of each piece in the network. ``waits`` with ``wait_row``: of each purchase that a task waits
    for a task of no length, which a run makes as long as the purchase is late."""

    net: Network
    row: Ints
    waits: tuple[Wait, ...]
    wait_row: Ints

    def with_order(self, group: Group, pieces: Sequence[Piece], resources: Units) -> Loose:
        """With one more order, whose pieces know nothing of the others."""
        tasks = tuple(_loosened(engine_task(piece)) for piece in pieces)
        new, _ = network(Problem(engine_resources(resources), (Order(group.id, group.release),), tasks), exact=True)
        behind = self.net.fixed.size + np.arange(len(tasks), dtype=np.int32)
        return replace(self, net=appended(self.net, new), row=np.concatenate([self.row, behind]))

    def with_resources(self, resources: Units) -> Loose:
        """With other units of the same resources."""
        return replace(self, net=with_capacity(self.net, engine_resources(resources)))


def loosened(groups: Sequence[Group], pieces: Sequence[Piece], resources: Units, waits: Sequence[Wait]) -> Loose:
    """What runs already waits for no purchase."""
    place = {piece.task: row for row, piece in enumerate(pieces) if piece.task is not None and not piece.running}
    tasks = [_loosened(engine_task(piece)) for piece in pieces]
    asked = tuple(wait for wait in waits if wait.task in place)
    for number, wait in enumerate(asked):
        row, name = place[wait.task], f"{WAIT}{number}"
        tasks[row] = replace(tasks[row], predecessors=(*tasks[row].predecessors, Link(name, 0)))
        tasks.append(Task(name, (Mode(0, {}),), order=tasks[row].order, release=wait.release))
    orders = tuple(Order(group.id, group.release) for group in groups)
    net, _ = network(Problem(engine_resources(resources), orders, tuple(tasks)), exact=True)
    rows = np.arange(len(tasks), dtype=np.int32)
    return Loose(net, rows[: len(pieces)], asked, rows[len(pieces) :])


def _loosened(task: Task) -> Task:
    """Fixed work may start later when what is before it comes out longer, never earlier."""
    return replace(task, start=None, release=max(task.release, task.start)) if task.start is not None else task
