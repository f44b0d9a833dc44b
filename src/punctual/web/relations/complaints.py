"""A complaint on the request's page: what it has opened in quality, and the answer made of a finished report."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from punctual.domain.customer_relations import selectors
from punctual.domain.customer_relations.models import CustomerRequest
from punctual.domain.quality.models import DefectClass
from punctual.flows.complaints import FINISHED, ComplaintIn, draft_answer, open_report, reasons_against, reported_for
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may
from punctual.web.master.pages import actor_of, number
from punctual.web.orders.actions import done
from punctual.web.quality import reading
from punctual.web.quality.marks import capa_chip, ncr_chip
from punctual.web.relations.links import shown_link


def of_request(request: HttpRequest, actor: User, found: CustomerRequest) -> dict[str, Any]:
    """What a complaint has opened, whether it may open it, and the answer drafted from a report that was asked for."""
    reported = reported_for(actor, found)
    against = reasons_against(found.kind, found.state, reported[0].ncr.number if reported else "")
    capas = [capa for one in reported for capa in one.capas]
    wish = request.GET.get("draft", "")
    chosen = next((capa for capa in capas if str(capa.pk) == wish), None)
    shown = {("nonconformity", one.ncr.pk) for one in reported} | {("correctiveaction", one.pk) for one in capas}
    return {
        "reported": [
            (one.ncr, ncr_chip(one.ncr), [(capa, capa_chip(capa), capa.state in FINISHED) for capa in one.capas])
            for one in reported
        ],
        "links": [shown_link(one) for one in found.links.all() if (one.target_type, one.target_id) not in shown],
        "may_report": may(actor, "requests.change") and not against,
        "classes": DefectClass.choices,
        "draft": draft_answer(chosen, found) if chosen else "",
    }


@require_POST
def report(request: HttpRequest, key: str) -> HttpResponse:
    """A complaint becomes a nonconformity with its 8D report."""
    actor = actor_of(request)
    found = selectors.request_by_key(actor, key)
    made = open_report(
        actor=actor,
        request_id=found.pk,
        given=ComplaintIn(
            defect_class=request.POST.get("defect_class", ""),
            quantity=reading.whole(request.POST, "quantity", default=0) or 0,
            nonconforming=reading.whole(request.POST, "nonconforming", default=0) or 0,
        ),
        today=timezone.localdate(),
        expected_version=number(request, "version"),
    )
    words = {"capa": made.number, "ncr": str(made.ncr)}
    return done(
        request, reverse("request", args=[found.number]), _("%(ncr)s and %(capa)s are open; quality has them.") % words
    )
