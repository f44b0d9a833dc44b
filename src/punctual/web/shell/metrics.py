"""``/metrics`` in Prometheus text: requests of this process, and what waits in the database.

Readable from this machine, by an administrator, or with an administrator's API token; figures tell of the business.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Callable
from typing import Any, Final

from django.db import connection
from django.db.models import Count, Min
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram, generate_latest

from punctual.domain.monitoring.models import Warning, WarningState
from punctual.domain.scheduling.models import ScheduleRun
from punctual.kernel.refusal import Forbidden, Reason
from punctual.kernel.wording import N_
from punctual.platform.accounts.permissions import may
from punctual.platform.accounts.services import user_of_token
from punctual.platform.jobs.models import Job, JobState
from punctual.platform.notifications.models import Delivery, DeliveryState
from punctual.platform.outbox.models import OutboxEvent
from punctual.platform.outbox.services import MAX_ATTEMPTS

logger = logging.getLogger(__name__)

REQUESTS: Final = Counter("punctual_requests_total", "Requests answered", ["method", "route", "status"])
SECONDS: Final = Histogram(
    "punctual_request_seconds", "Time to answer", ["route"], buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
)
EVENTS: Final = Gauge("punctual_events_waiting", "Events not yet handled")
JOBS: Final = Gauge("punctual_jobs", "Background jobs by state", ["state"])
EVENT_AGE: Final = Gauge("punctual_event_oldest_seconds", "Age of the oldest event not yet handled")
EVENTS_GIVEN_UP: Final = Gauge("punctual_events_given_up", "Events whose handlers failed for good")
JOB_AGE: Final = Gauge("punctual_job_oldest_seconds", "Age of the oldest waiting background job")
WARNINGS: Final = Gauge("punctual_open_warnings", "Open early warnings by kind", ["kind"])
SOLVE: Final = Gauge("punctual_last_schedule_run_seconds", "How long the last finished schedule run took")
SOLVED_AT: Final = Gauge("punctual_last_schedule_run_timestamp_seconds", "When the last schedule run finished")
MESSAGES: Final = Gauge("punctual_messages_waiting", "Mails, robot messages and webhooks not yet delivered")
SLOW: Final = Counter("punctual_slow_queries_total", "Database statements that took longer than a quarter of a second")
SLOW_SECONDS: Final = 0.25
LOOPBACK: Final = frozenset({"127.0.0.1", "::1"})


class MetricsMiddleware:
    """Counts and times; the route is the pattern, never the address, so that there are few."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        with connection.execute_wrapper(_timed):
            response = self.get_response(request)
        route = request.resolver_match.route if request.resolver_match else "none"
        REQUESTS.labels(request.method or "", route, str(response.status_code)).inc()
        SECONDS.labels(route).observe(time.perf_counter() - began)
        return response


def _timed(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
    """Count and log a slow statement: its text with places for values, never the values."""
    began = time.perf_counter()
    try:
        return execute(sql, params, many, context)
    finally:
        took = time.perf_counter() - began
        if took > SLOW_SECONDS:
            SLOW.inc()
            logger.warning("slow query, %.0f ms: %s", took * 1000, sql[:500])


def _age(moment: dt.datetime | None) -> float:
    return max(0.0, (timezone.now() - moment).total_seconds()) if moment else 0.0


def _measure() -> None:
    """What stands in the database, as of now."""
    waiting = OutboxEvent.objects.filter(handled_at=None)
    EVENTS.set(waiting.count())
    EVENT_AGE.set(_age(waiting.filter(attempts__lt=MAX_ATTEMPTS).aggregate(at=Min("created_at"))["at"]))
    EVENTS_GIVEN_UP.set(waiting.filter(attempts__gte=MAX_ATTEMPTS).count())
    by_state = dict(Job.objects.order_by().values_list("state").annotate(n=Count("pk")))
    for state in JobState.values:
        JOBS.labels(state).set(by_state.get(state, 0))
    JOB_AGE.set(_age(Job.objects.filter(state=JobState.QUEUED).aggregate(at=Min("created_at"))["at"]))
    WARNINGS.clear()
    open_ones = Warning.objects.filter(state=WarningState.OPEN).order_by().values_list("kind").annotate(n=Count("pk"))
    for kind, count in open_ones:
        WARNINGS.labels(kind).set(count)
    run = ScheduleRun.objects.filter(finished_at__isnull=False).defer("book").order_by("-finished_at").first()
    if run is not None and run.finished_at is not None:
        SOLVE.set(run.seconds)
        SOLVED_AT.set(run.finished_at.timestamp())
    MESSAGES.set(Delivery.objects.filter(state=DeliveryState.WAITING).count())


def _may_read(request: HttpRequest) -> bool:
    if request.META.get("REMOTE_ADDR") in LOOPBACK and "X-Forwarded-For" not in request.headers:
        return True
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    user = user_of_token(text.strip()) if scheme.lower() == "bearer" else request.user
    return user is not None and may(user, "settings.manage")


def metrics(request: HttpRequest) -> HttpResponse:
    """The figures of this process and of the database."""
    if not _may_read(request):
        raise Forbidden(Reason("metrics.forbidden", N_("Metrics are read from this machine or by an administrator.")))
    _measure()
    return HttpResponse(generate_latest(), content_type=CONTENT_TYPE_LATEST)
