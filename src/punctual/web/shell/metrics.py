"""``/metrics`` in Prometheus text: requests of all processes of this server, and what waits in the database.

Readable from this machine, by an administrator, or with an administrator's API token; figures tell of the business.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from django.db import connection
from django.db.models import Count, Min, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Histogram,
    Metric,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

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
SLOW: Final = Counter("punctual_slow_queries_total", "Database statements that took longer than a quarter of a second")
SLOW_SECONDS: Final = 0.25
SHARED: Final = "PROMETHEUS_MULTIPROC_DIR"
"""Names the folder in which the processes of one server keep their counts together (cli/commands/serve.py)."""
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


class Standing(Collector):
    """What stands in the database, as of now; the same whichever process is asked."""

    def collect(self) -> Iterator[Metric]:
        waiting = OutboxEvent.objects.filter(handled_at=None)
        oldest = waiting.filter(attempts__lt=MAX_ATTEMPTS).aggregate(at=Min("created_at"))["at"]
        given_up = waiting.filter(attempts__gte=MAX_ATTEMPTS).count()
        messages = Delivery.objects.filter(state=DeliveryState.WAITING).count()
        job = Job.objects.filter(state=JobState.QUEUED).aggregate(at=Min("created_at"))["at"]
        yield _figure("events_waiting", "Events not yet handled", waiting.count())
        yield _figure("event_oldest_seconds", "Age of the oldest event not yet handled", _age(oldest))
        yield _figure("events_given_up", "Events whose handlers failed for good", given_up)
        yield _figure("job_oldest_seconds", "Age of the oldest waiting background job", _age(job))
        yield _figure("messages_waiting", "Mails, robot messages and webhooks not yet delivered", messages)
        yield _by(
            "jobs",
            "Background jobs by state",
            "state",
            dict.fromkeys(JobState.values, 0) | _counts(Job.objects.all(), "state"),
        )
        open_ones = Warning.objects.filter(state=WarningState.OPEN)
        yield _by("open_warnings", "Open early warnings by kind", "kind", _counts(open_ones, "kind"))
        run = ScheduleRun.objects.filter(finished_at__isnull=False).defer("book").order_by("-finished_at").first()
        took, at = (run.seconds, run.finished_at.timestamp()) if run is not None and run.finished_at else (0.0, 0.0)
        yield _figure("last_schedule_run_seconds", "How long the last finished schedule run took", took)
        yield _figure("last_schedule_run_timestamp_seconds", "When the last schedule run finished", at)


def _figure(name: str, words: str, value: float) -> Metric:
    return GaugeMetricFamily(f"punctual_{name}", words, value=value)


def _by(name: str, words: str, label: str, values: Mapping[str, int]) -> Metric:
    family = GaugeMetricFamily(f"punctual_{name}", words, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


def _counts(rows: QuerySet[Any], column: str) -> dict[str, int]:
    return dict(rows.order_by().values_list(column).annotate(n=Count("pk")))


def _registry() -> CollectorRegistry:
    """What all processes of this server counted, where it has several, with what stands in the database."""
    if SHARED not in os.environ:
        return REGISTRY
    together = CollectorRegistry()
    MultiProcessCollector(together)  # type: ignore[no-untyped-call]  # registers itself
    return together


def _may_read(request: HttpRequest) -> bool:
    if request.META.get("REMOTE_ADDR") in LOOPBACK and "X-Forwarded-For" not in request.headers:
        return True
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    user = user_of_token(text.strip()) if scheme.lower() == "bearer" else request.user
    return user is not None and may(user, "settings.manage")


def metrics(request: HttpRequest) -> HttpResponse:
    """The figures of the web processes and of the database."""
    if not _may_read(request):
        raise Forbidden(Reason("metrics.forbidden", N_("Metrics are read from this machine or by an administrator.")))
    standing = CollectorRegistry()
    standing.register(Standing())
    text = generate_latest(_registry()) + generate_latest(standing)
    return HttpResponse(text, content_type=CONTENT_TYPE_LATEST)
