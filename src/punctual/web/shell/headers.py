"""Headers on every answer that keep other sites out, and where browsers report what the policy stopped."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from prometheus_client import Counter

logger = logging.getLogger(__name__)

LONGEST_REPORT: Final = 16 * 1024
REPORTS: Final = Counter("punctual_csp_reports_total", "Violations of the content policy that browsers reported")

ALWAYS: Final = {
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=(), payment=(), usb=()",
    "X-Permitted-Cross-Domain-Policies": "none",
    "X-Robots-Tag": "noindex, nofollow",
}


class HeadersMiddleware:
    """What is read from the API is kept by no cache; a page may be shown again by Back, but is asked for anew."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        for name, value in ALWAYS.items():
            response.setdefault(name, value)
        if response.get("Content-Disposition", "").startswith("attachment"):
            # What somebody uploaded runs nothing, even in a browser that opens it in spite of all.
            response["Content-Security-Policy"] = "sandbox; default-src 'none'"
        elif "Content-Security-Policy" in response:
            response["Reporting-Endpoints"] = 'csp="/csp-report/"'
        if not request.path.startswith("/static/"):
            private = "no-store" if request.path.startswith("/api/") else "private, no-cache"
            response.setdefault("Cache-Control", private)
        return response


@csrf_exempt
@require_POST
def csp_report(request: HttpRequest) -> HttpResponse:
    """Count and log it: which directive, from which page. Anybody may send one, so it is short and never believed."""
    body = request.read(LONGEST_REPORT + 1)
    if len(body) > LONGEST_REPORT:
        return HttpResponse(status=413)
    try:
        found = json.loads(body)
    except ValueError:
        return HttpResponse(status=400)
    report = found[0].get("body") if isinstance(found, list) and found and isinstance(found[0], dict) else found
    report = report.get("csp-report", report) if isinstance(report, dict) else None
    if not isinstance(report, dict):
        return HttpResponse(status=400)
    REPORTS.inc()
    told = {
        name: str(report.get(name) or report.get(other) or "")[:200]
        for name, other in (
            ("document-uri", "documentURL"),
            ("violated-directive", "effectiveDirective"),
            ("blocked-uri", "blockedURL"),
        )
    }
    logger.warning("content policy: %s", json.dumps(told))
    return HttpResponse(status=204)
