"""Faults to Sentry and traces to an OpenTelemetry collector, where the administrator names them; nothing without.

Both are told what the logs are told and no more: ``without_secrets`` goes over every text, and neither bodies, cookies,
local variables nor people leave the house. The packages come with ``pip install 'punctual[telemetry]'``.
"""

from __future__ import annotations

import os
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from punctual import __version__
from punctual.platform.logs import without_secrets

COLLECTOR = "OTEL_EXPORTER_OTLP_ENDPOINT"
"""OpenTelemetry's own name for the collector's address; its other OTEL_* variables count as well."""


def begin_telemetry(part: str) -> None:
    """Start what is configured in this process; ``part`` is ``web`` or ``worker``.

    Raises ImproperlyConfigured where it is asked for and its packages are not installed.
    """
    try:
        if settings.SENTRY_DSN:
            _report_faults(settings.SENTRY_DSN, part)
        if os.environ.get(COLLECTOR):
            _trace(part)
    except ImportError as error:
        raise ImproperlyConfigured(
            f"PUNCTUAL_SENTRY_DSN or {COLLECTOR} is set, but {error.name} is not installed: "
            "pip install 'punctual[telemetry]', or take the variable out."
        ) from error


def _report_faults(dsn: str, part: str) -> None:
    import sentry_sdk

    sentry_sdk.init(
        dsn=dsn,
        release=f"punctual@{__version__}",
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        before_send=lambda event, hint: _cleaned(event),
    )
    sentry_sdk.set_tag("part", part)


def _trace(part: str) -> None:
    from opentelemetry import trace
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.instrumentation.django import DjangoInstrumentor
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(
        resource=Resource.create({"service.name": f"punctual-{part}", "service.version": __version__})
    )
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    DjangoInstrumentor().instrument(tracer_provider=provider, request_hook=_without_keys)


def _without_keys(span: Any, request: object) -> None:
    """Links that open without sign-in carry their key in the address."""
    for name, value in dict(span.attributes or {}).items():
        if isinstance(value, str) and value != (clean := without_secrets(value)):
            span.set_attribute(name, clean)


def _cleaned(value: Any) -> Any:
    """The same event with every text in it cleaned."""
    if isinstance(value, str):
        return without_secrets(value)
    if isinstance(value, dict):
        return {name: _cleaned(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_cleaned(one) for one in value]
    return value
