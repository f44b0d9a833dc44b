"""``/metrics`` in Prometheus text: requests of this process, and what waits in the database.

Readable from this machine, by an administrator, or with an administrator's API token; figures tell of the business.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram, generate_latest

from punctual.kernel.refusal import Forbidden, Reason
from punctual.kernel.wording import N_
from punctual.platform.accounts.permissions import may
from punctual.platform.accounts.services import user_of_token
from punctual.platform.jobs.models import Job, JobState
from punctual.platform.outbox.models import OutboxEvent

REQUESTS: Final = Counter("punctual_requests_total", "Requests answered", ["method", "route", "status"])
SECONDS: Final = Histogram(
    "punctual_request_seconds", "Time to answer", ["route"], buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
)
EVENTS: Final = Gauge("punctual_events_waiting", "Events not yet handled")
JOBS: Final = Gauge("punctual_jobs", "Background jobs by state", ["state"])
LOOPBACK: Final = frozenset({"127.0.0.1", "::1"})


class MetricsMiddleware:
    """Counts and times; the route is the pattern, never the address, so that there are few."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        response = self.get_response(request)
        route = request.resolver_match.route if request.resolver_match else "none"
        REQUESTS.labels(request.method or "", route, str(response.status_code)).inc()
        SECONDS.labels(route).observe(time.perf_counter() - began)
        return response


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
    EVENTS.set(OutboxEvent.objects.filter(handled_at=None).count())
    for state in JobState.values:
        JOBS.labels(state).set(Job.objects.filter(state=state).count())
    return HttpResponse(generate_latest(), content_type=CONTENT_TYPE_LATEST)
