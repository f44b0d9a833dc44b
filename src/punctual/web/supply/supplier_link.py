"""The supplier's page: no sign-in, one purchase order, one answer."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from punctual.domain.supply.models import PurchaseState
from punctual.domain.supply.services.links import against_answering, answer, is_gone, link_of
from punctual.kernel.dates import NotADay, parse_day
from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform.company.services import company
from punctual.web.shell.middleware import status_of


def supplier_page(request: HttpRequest, token: str) -> HttpResponse:
    """What is ordered, and the days on which it comes; prices of nobody else, no other order."""
    today = timezone.localdate()
    link = link_of(token)
    if is_gone(link, today=today):
        refusal = Refusal(*against_answering(link, today=today))
        return render(request, "changes/link_gone.html", {"reasons": refusal.reasons}, status=status_of(refusal))
    order = link.purchase_order
    reasons: tuple[Reason, ...] = ()
    status, answered = 200, False
    if request.method == "POST":
        try:
            days = {}
            for line in order.lines.all():
                text = request.POST.get(f"day-{line.pk}", "")
                if line.received >= line.quantity and not text:
                    continue
                try:
                    days[line.pk] = parse_day(text)
                except NotADay as error:
                    told = {"value": text}
                    sentence = N_("“%(value)s” is no date; write it as 2026-02-14.")
                    raise Refusal(Reason("supplier_link.day", sentence, told, row=line.line_no)) from error
            order = answer(token=token, days=days, note=request.POST.get("note", "").strip(), today=today)
            answered = True
        except Refusal as refusal:
            reasons, status = refusal.reasons, status_of(refusal)
    closed = [] if answered else against_answering(link_of(token), today=today)
    context = {
        "title": order.number,
        "company": company().name,
        "order": order,
        "lines": order.lines.select_related("material"),
        "closed": closed,
        "reasons": [one for one in reasons if one.code not in {other.code for other in closed}],
        "answered": answered,
        "is_first": order.state == PurchaseState.SENT,
        "expires_on": link.expires_on,
        "button": _("Confirm these days") if order.state == PurchaseState.SENT else _("Change the days"),
    }
    response = render(request, "supply/supplier_link.html", context, status=status)
    response["Referrer-Policy"] = "same-origin"  # with "no-referrer" browsers send no origin and the form is refused
    return response
