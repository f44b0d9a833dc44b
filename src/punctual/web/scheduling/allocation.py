"""Names on tasks that ask for a skill, and somebody else instead where a task waits for whom it has."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from punctual.domain.plans.models import Task
from punctual.domain.resources.selectors import skills
from punctual.domain.scheduling.selectors import book_of
from punctual.domain.scheduling.services.naming import name_need, unname_need
from punctual.domain.scheduling.swaps import Swap, touching
from punctual.flows.allocation import asked, needs_of_task, unnamed_needs
from punctual.flows.load_picture import loads_of
from punctual.flows.promise_at_entry import names
from punctual.flows.swaps import Proposed, accept_swap, proposed_swaps
from punctual.kernel.refusal import Refusal
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may, require
from punctual.web.orders.actions import done
from punctual.web.scheduling.promise import actor_of
from punctual.web.shell.reading import whole
from punctual.web.shell.views import safe_next

PER_PAGE: Final = 30
WEEKS: Final = (2, 4, 8)


# ------------------------------------------------------------------------------------------------------------ names


def names_page(request: HttpRequest) -> HttpResponse:
    """Work of the next weeks that has a skill but no name yet, each with whom to name."""
    actor, today = actor_of(request), timezone.localdate()
    require(actor, "scheduling.view")
    chosen = request.GET.get("skill", "")
    skill = int(chosen) if chosen.isdecimal() and len(chosen) < 10 else None
    weeks = given if (given := whole(request.GET.get("weeks", ""))) in WEEKS else WEEKS[0]
    rows = unnamed_needs(actor, skill=skill, until=today + dt.timedelta(weeks=weeks))
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "title": _("Names on tasks"),
        "page": page,
        "rows": asked(actor, page),
        "skills": skills(actor),
        "skill": skill,
        "weeks": weeks,
        "spans": WEEKS,
        "may_name": may(actor, "plans.edit"),
        "see_cost": may(actor, "resources.see_cost"),
    }
    return render(request, "scheduling/names.html", context)


def who_does(actor: User, task: Task) -> dict[str, Any]:
    """What the task's page shows of who does it."""
    if not may(actor, "scheduling.view"):
        return {}
    return {
        "who": needs_of_task(actor, task.pk),
        "may_name": may(actor, "plans.edit") and task.percent < 100,
        "may_swap": task.percent == 0 and task.actual_start is None,
    }


@require_POST
def name(request: HttpRequest, pk: int, need: int) -> HttpResponse:
    actor, today = actor_of(request), timezone.localdate()
    chosen = request.POST.get("resource", "")
    resource = int(chosen) if chosen.isdecimal() and len(chosen) < 10 else 0
    task = name_need(actor=actor, task_id=pk, need_id=need, resource_id=resource, today=today)
    named = names().resources[resource]
    return done(request, _back(request, pk), _("%(name)s does “%(task)s”.") % {"name": named, "task": task.name})


@require_POST
def unname(request: HttpRequest, pk: int, need: int) -> HttpResponse:
    task = unname_need(actor=actor_of(request), task_id=pk, need_id=need, today=timezone.localdate())
    words = _("“%(task)s” asks for the skill again, by whomever.") % {"task": task.name}
    return done(request, _back(request, pk), words)


def _back(request: HttpRequest, pk: int) -> str:
    return safe_next(request) if request.POST.get("next") else reverse("task", args=[pk])


# ------------------------------------------------------------------------------------------------------------ swaps


def swaps(request: HttpRequest) -> HttpResponse:
    """Every proposal; with ``for`` only those of a row of the load (``r:12``) or of a task (``task:34``), as a part of
    another page."""
    actor = actor_of(request)
    require(actor, "scheduling.view")
    part = request.GET.get("for", "")
    template = "scheduling/swap_part.html" if part else "scheduling/swaps.html"
    context: dict[str, Any] = {"title": _("Somebody else instead"), "part": part}
    try:
        found = proposed_swaps(actor)
        rows = _for(actor, found.swaps, part) if part else found.swaps
    except Refusal as refusal:
        return render(request, template, {**context, "reasons": refusal.reasons})
    context |= {
        "rows": shown(found, rows),
        "run": found.run,
        "stale": found.is_stale,
        "may_level": may(actor, "scheduling.level"),
        "see_cost": may(actor, "resources.see_cost"),
        "next": request.GET.get("next", ""),
    }
    return render(request, template, context)


def _for(actor: User, rows: list[Swap], part: str) -> list[Swap]:
    head, _sep, tail = part.partition(":")
    if head == "task":
        return touching(rows, task=int(tail)) if tail.isdecimal() and len(tail) < 18 else []
    return touching(rows, resources=loads_of(actor, "planned")[0].members_of(part))


def shown(found: Proposed, rows: list[Swap]) -> list[dict[str, Any]]:
    """Proposals with the names behind them."""
    book = book_of(found.run)
    assert book is not None
    called = names()
    return [
        {
            "swap": one,
            "entry": book.entries[one.order],
            "out": called.resources.get(one.out, ""),
            "into": called.resources.get(one.into, ""),
            "skill": called.skills.get(one.skill or 0, ""),
            "gains": [{"gain": gain, "entry": book.entries[gain.order]} for gain in one.gains],
        }
        for one in rows
    ]


@require_POST
def accept(request: HttpRequest) -> HttpResponse:
    """One proposal, as it was looked at."""
    numbers = {key: request.POST.get(key, "") for key in ("run", "task", "out", "into")}
    run, task, out, into = (int(text) if text.isdecimal() and len(text) < 18 else 0 for text in numbers.values())
    swap = accept_swap(
        actor=actor_of(request), run_id=run, task_id=task, out_id=out, into_id=into, today=timezone.localdate()
    )
    named = names().resources[swap.into]
    messages.success(request, _("%(name)s does “%(task)s” now. Dates follow.") % {"name": named, "task": swap.name})
    return done(request, safe_next(request) if request.POST.get("next") else reverse("swaps"))
