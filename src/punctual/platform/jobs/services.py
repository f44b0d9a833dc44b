"""Start background work and tell its progress. A job may run twice (its worker was killed), so jobs are idempotent."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.module_loading import import_string
from django_q.exceptions import TimeoutException

from punctual.kernel.queues import PLANNING, WORK, Queue
from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.jobs.models import Job, JobState

logger = logging.getLogger(__name__)

AfterFailure = Callable[[Mapping[str, Any], Sequence[Reason]], None]
"""Called with the arguments of a job that failed or was given up, and why."""

_after_failure: dict[str, AfterFailure] = {}
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
    """Called by the worker. A finished job is not run again, and one whose process was ended as often as allowed, by a
    limit of the system or by a fault, is given up: the queue alone would give it out for ever."""
    job = Job.objects.filter(pk=job_id).exclude(state__in=[JobState.DONE, JobState.FAILED]).first()
    if job is None:
        return
    if job.attempts >= settings.Q_CLUSTER["max_attempts"]:
        return _fail(
            job, Reason("job.lost", N_("Its process was stopped each time before it was done. Start it again."))
        )
    job.state, job.started_at, job.attempts = JobState.RUNNING, timezone.now(), job.attempts + 1
    job.save(update_fields=["state", "started_at", "attempts"])
    function: JobFunction = import_string(job.function)
    try:
        job.result = function(Progress(job), **job.arguments)
    except Refusal as refusal:
        return _fail(job, *refusal.reasons)
    except MemoryError:
        logger.exception("job %s ran out of memory", job.pk)
        text = N_(
            "It needed more memory than its process may take; for planning PUNCTUAL_PLANNING_MB is %(megabytes)s."
        )
        return _fail(job, Reason("job.memory", text, {"megabytes": settings.PLANNING_MB}))
    except TimeoutException:  # of the queue; it is a SystemExit
        text = N_("It took longer than it may; for planning PUNCTUAL_PLANNING_SECONDS is %(seconds)s.")
        _fail(job, Reason("job.time", text, {"seconds": settings.PLANNING_SECONDS}))
        raise
    except Exception as error:
        logger.exception("job %s failed", job.pk)
        return _fail(
            job, Reason("job.fault", N_("A fault stopped it: %(error)s"), {"error": f"{type(error).__name__}: {error}"})
        )
    job.state, job.finished_at = JobState.DONE, timezone.now()
    job.save(update_fields=["state", "result", "finished_at"])


def _fail(job: Job, *reasons: Reason) -> None:
    job.state, job.finished_at = JobState.FAILED, timezone.now()
    job.error, job.result = str(Refusal(*reasons)), {"reasons": [reason.as_data() for reason in reasons]}
    job.save(update_fields=["state", "result", "error", "finished_at"])
    if job.function in _after_failure:
        _after_failure[job.function](job.arguments, reasons)


def on_failure(function: str, tell: AfterFailure) -> None:
    """Let ``tell`` be called whenever a job of ``function`` fails or is given up, so that what waits for it waits no
    longer."""
    _after_failure[function] = tell


def call_soon(function: str, *arguments: Any, queue: Queue = WORK) -> None:
    """Let a worker call ``function`` (dotted path) as soon as one is free; at once where jobs are synchronous."""
    from django_q.tasks import async_task

    if settings.Q_CLUSTER["sync"]:
        import_string(function)(*arguments)
    else:
        async_task(function, *arguments, **({"cluster": queue} if queue == PLANNING else {}))
