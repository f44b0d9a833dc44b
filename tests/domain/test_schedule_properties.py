"""Random portfolios through the services: whatever plans, people and progress there are, every schedule is sound."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable

import pytest
from django.utils import timezone

import planning
import scheduling
from punctual.domain.plans.models import Task
from punctual.domain.scheduling.models import Absence, ScheduledTask
from punctual.domain.scheduling.selectors import book_of
from punctual.engine.verify import violations_of
from punctual.platform.accounts.models import User

pytestmark = pytest.mark.django_db
TODAY = scheduling.TODAY
SKILLS = ("FIT", "ELA", "COM", "")


@pytest.mark.parametrize("seed", range(6))
def test_every_schedule_of_a_random_portfolio_passes_the_checker(
    seed: int, person: Callable[[str], User], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timezone, "localdate", lambda *args, **kwargs: TODAY)
    draw = random.Random(seed)
    actor = person("planner")
    planning.company_calendar()
    for number in range(draw.randint(2, 5)):
        scheduling.person(f"P{number}", *draw.sample(SKILLS[:3], draw.randint(1, 2)))
    for number in range(1, draw.randint(3, 7)):
        steps = [
            (f"S{step}", draw.randint(1, 6), draw.choice(SKILLS), draw.randint(1, 3))
            for step in range(draw.randint(2, 6))
        ]
        one = scheduling.product(f"M{number}", *steps)
        promised = TODAY + dt.timedelta(days=draw.randint(3, 60))
        scheduling.planned(number, one, actor, promised=promised, priority=draw.randint(1, 4))
    for task in Task.objects.filter(is_summary=False).order_by("pk"):
        if draw.random() < 0.15:
            planning.edit(task.plan, actor, "progress", task=task.pk, percent=draw.choice((30, 70, 100)))
    resource = scheduling.Resource.objects.order_by("pk").first()
    Absence.objects.create(resource=resource, kind="sick", first=TODAY, last=TODAY + dt.timedelta(days=4))
    for _ in range(2):
        run = scheduling.run(actor)
        book = book_of(run)
        assert book is not None
        assert not list(violations_of(book.problem, book.schedule))
        stored = ScheduledTask.objects.filter(run=run)
        assert stored.count() == sum(piece.task is not None for piece in book.pieces)
        assert all(row.start <= row.finish for row in stored)
        Task.objects.filter(pk=draw.choice(list(stored)).task_id).update(notes="x")
        order = scheduling.Order.objects.order_by("pk").last()
        assert order is not None
        scheduling.Order.objects.filter(pk=order.pk).update(priority=1 + order.priority % 4)
