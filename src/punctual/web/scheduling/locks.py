"""Locking a task where the schedule has it, from the task's page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from punctual.domain.scheduling.services.locks import lock_task, unlock_task
from punctual.web.orders.actions import done
from punctual.web.scheduling.promise import actor_of


@require_POST
def lock(request: HttpRequest, pk: int) -> HttpResponse:
    made = lock_task(actor=actor_of(request), task_id=pk)
    words = _("Locked: schedules leave “%(task)s” where it is.") % {"task": made.task.name}
    return done(request, reverse("task", args=[pk]), words)


@require_POST
def unlock(request: HttpRequest, pk: int) -> HttpResponse:
    unlock_task(actor=actor_of(request), task_id=pk)
    return done(request, reverse("task", args=[pk]), _("Unlocked: the next schedule may move it."))
