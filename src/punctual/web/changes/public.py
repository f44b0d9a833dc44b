"""The customer reads the change and answers, without a sign-in: the link is the key, once."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from punctual.domain.changes.models import ChangeOrder
from punctual.domain.changes.services.customer import answer_by_link
from punctual.domain.changes.services.raising import LINK
from punctual.kernel.refusal import Refusal
from punctual.platform.company.services import company
from punctual.platform.links.services import opened
from punctual.web.changes.for_customer import change_shown
from punctual.web.shell.answers import agreed, way_back
from punctual.web.shell.middleware import status_of


def _context(change: ChangeOrder) -> dict[str, Any]:
    return {
        "title": _("Change %(number)s") % {"number": change.number},
        "change": change,
        "order": change.order,
        "seller": company().name,
        "shown": change_shown(change),
    }


def sign_change(request: HttpRequest, token: str) -> HttpResponse:
    """The page behind the link, and its one answer."""
    try:
        link = opened(purpose=LINK, token=token)
    except Refusal as refusal:
        return render(
            request,
            "changes/link_gone.html",
            {"reasons": refusal.reasons, "back": way_back(request)},
            status=status_of(refusal),
        )
    change = ChangeOrder.objects.select_related("order__customer").get(pk=link.target_id)
    context = _context(change) | {"expires": link.expires_at, "back": way_back(request)}
    if request.method != "POST":
        return render(request, "changes/sign.html", context)
    post = request.POST
    try:
        answer_by_link(
            token=token,
            agree=agreed(request),
            seal=post.get("seal", ""),
            name=post.get("name", ""),
            note=post.get("note", ""),
            signature=post.get("signature", ""),
        )
    except Refusal as refusal:
        typed = {name: post.get(name, "") for name in ("name", "note", "signature")}
        more = {"reasons": refusal.reasons, **typed}
        return render(request, "changes/sign.html", context | more, status=status_of(refusal))
    return render(request, "changes/signed.html", context | {"agreed": post.get("answer") == "agree"})
