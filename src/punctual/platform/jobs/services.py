"""Start background work and tell its progress. A job may run twice (its worker was killed), so jobs are idempotent."""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Mapping
from typing import Any, Final, Protocol

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext

from punctual.kernel.queues import PLANNING, WORK, Queue
from punctual.kernel.refusal import Refusal
from punctual.platform.accounts.models import User
from punctual.platform.jobs.models import Job, JobState

logger = logging.getLogger(__name__)

RUN: Final = "punctual.platform.jobs.services.run_job"


class JobFunction(Protocol):
    """What a job calls: it gets its :class:`Progress` and its arguments, and returns what JSON holds."""

    def __call__(self, progress: Progress, **arguments: Any) -> Mapping[str, Any] | None: ...


class Progress:
    """Tells how far a job is, at most four times a second, outside the job's own transaction where the database can."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self._told = 0.0

    def tell(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now - self._told >= 0.25 or done >= total:
            self._told = now
            Job.objects.filter(pk=self.job.pk).update(done=done, total=total)


def start_job(
    *, function: str, label: str, actor: User | None, arguments: Mapping[str, Any], queue: Queue = WORK
) -> Job:
    """Queue ``function`` after the caller's transaction commits; the returned job can be watched. What computes for
    seconds belongs on the ``planning`` queue."""
    job = Job.objects.create(function=function, arguments=dict(arguments), label=label, created_by=actor)
    transaction.on_commit(lambda: call_soon(RUN, str(job.pk), queue=queue))
    return job


def run_job(job_id: str) -> None:
    """Called by the worker. A finished job is not run again."""
    job = Job.objects.filter(pk=job_id).exclude(state__in=[JobState.DONE, JobState.FAILED]).first()
    if job is None:
        return
    job.state, job.started_at = JobState.RUNNING, timezone.now()
    job.save(update_fields=["state", "started_at"])
    function: JobFunction = import_string(job.function)
    try:
        job.result = function(Progress(job), **job.arguments)
        job.state = JobState.DONE
    except Refusal as refusal:
        job.state, job.error = JobState.FAILED, str(refusal)
        job.result = {"reasons": [reason.as_data() for reason in refusal.reasons]}
    except MemoryError:
        logger.exception("job %s ran out of memory", job.pk)
        job.state = JobState.FAILED
        job.error = gettext(
            "It needed more memory than the %(megabytes)s MB a planning process may take (PUNCTUAL_PLANNING_MB)."
        ) % {"megabytes": settings.PLANNING_MB}
    except Exception as error:
        logger.exception("job %s failed", job.pk)
        job.state, job.error = JobState.FAILED, f"{type(error).__name__}: {error}"
    job.finished_at = timezone.now()
    job.save(update_fields=["state", "result", "error", "finished_at"])


def give_up_lost() -> int:
    """Jobs that were given out and will not come back: their process was ended each time, by a limit or by a fault.
    Whoever waits for one is told so. Returns how many."""
    longest = max(settings.Q_CLUSTER["retry"], settings.Q_CLUSTER["ALT_CLUSTERS"][PLANNING]["retry"])
    lost = Job.objects.filter(state=JobState.RUNNING, started_at__lt=timezone.now() - dt.timedelta(seconds=2 * longest))
    error = gettext("Its process was stopped before it was done, by a limit or a fault. Start it again.")
    count = lost.update(state=JobState.FAILED, error=error, finished_at=timezone.now())
    if count:
        logger.error("%s jobs were lost", count)
    return count


def call_soon(function: str, *arguments: Any, queue: Queue = WORK) -> None:
    """Let a worker call ``function`` (dotted path) as soon as one is free; at once where jobs are synchronous."""
    from django_q.tasks import async_task

    if settings.Q_CLUSTER["sync"]:
        import_string(function)(*arguments)
    else:
        async_task(function, *arguments, **({"cluster": queue} if queue == PLANNING else {}))
