"""The administrator's page: doctor, jobs, events, the clock, backups."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import cast

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django_q.models import Schedule, Task

from punctual.domain.scheduling.models import ScheduleRun
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.backup import kept_backups
from punctual.platform.clock import clock_words
from punctual.platform.doctor import Finding, examine
from punctual.platform.jobs.models import Job
from punctual.platform.jobs.services import start_job
from punctual.platform.outbox.models import OutboxEvent
from punctual.platform.outbox.services import MAX_ATTEMPTS, try_again
from punctual.web.system.words import check_words

SHOWN = 20
LATE = dt.timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class ClockLine:
    """One thing that runs by the clock: when next, when last, and whether that worked."""

    name: str
    next_run: dt.datetime
    last_run: dt.datetime | None
    worked: bool | None
    late: bool


def _clock() -> list[ClockLine]:
    schedules = list(Schedule.objects.order_by("next_run"))
    due = timezone.now() - LATE
    last = Task.objects.in_bulk([one.task for one in schedules if one.task])
    return [
        ClockLine(
            clock_words(one.name),
            one.next_run,
            last[one.task].stopped if one.task in last else None,
            last[one.task].success if one.task in last else None,
            late=one.next_run < due,
        )
        for one in schedules
    ]


def _worded(findings: list[Finding]) -> list[tuple[bool, str, str]]:
    return [(one["ok"], check_words(one["check"]), one["finding"]) for one in findings]


def system(request: HttpRequest) -> HttpResponse:
    """What an administrator looks at first when somebody says that something is wrong."""
    require(cast(User, request.user), "settings.manage")
    waiting = OutboxEvent.objects.filter(handled_at=None)
    context = {
        "title": _("System"),
        "findings": _worded(examine(thorough=False)),
        "jobs": Job.objects.select_related("created_by")[:SHOWN],
        "given_up": waiting.filter(attempts__gte=MAX_ATTEMPTS).order_by("created_at")[:SHOWN],
        "waiting": waiting.count(),
        "clock": _clock(),
        "run": ScheduleRun.objects.defer("book").order_by("-asked_at").first(),
        "backups": kept_backups()[:SHOWN],
        "backup_folder": settings.BACKUP_DIR,
    }
    return render(request, "system/system.html", context)


@require_POST
def back_up_now(request: HttpRequest) -> HttpResponse:
    """The nightly backup, now, by a worker."""
    actor = cast(User, request.user)
    require(actor, "settings.manage")
    if settings.BACKUP_DIR:
        start_job(function="punctual.platform.backup.backup_job", label=_("Backup"), actor=actor, arguments={})
        messages.success(request, _("The backup is being made; it appears here when it has been read again."))
    return redirect("system")


@require_POST
def try_events_again(request: HttpRequest) -> HttpResponse:
    """Give the events that were given up to their handlers once more."""
    require(cast(User, request.user), "settings.manage")
    count = try_again()
    messages.success(request, _("Events that are tried again: %(count)d") % {"count": count})
    return redirect("system")
