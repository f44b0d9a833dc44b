"""What my assistant suggests: read it, let it be done in my name, or not."""

from __future__ import annotations

from collections.abc import Iterable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from punctual.platform.proposals.models import Proposal, ProposalState
from punctual.platform.proposals.services import confirm, decline, proposals_of, waiting_for
from punctual.web.master.pages import actor_of
from punctual.web.orders.actions import done, version_of

SHOWN = 40
CSS = {ProposalState.WAITING: "acc", ProposalState.DONE: "ok", ProposalState.DECLINED: ""}


def words_of(found: Proposal) -> str:
    """The sentence in the reader's language; a word that is not told is a dash."""
    told = dict.fromkeys(("order", "text", "title", "due", "priority", "reason", "request"), "—")
    return _(found.title) % {**told, **found.params}


def proposals(request: HttpRequest) -> HttpResponse:
    """Those that wait first, then the latest that were decided."""
    actor = actor_of(request)
    decided = proposals_of(actor).exclude(state=ProposalState.WAITING).order_by("-decided_at", "-pk")

    def shown(rows: Iterable[Proposal]) -> list[tuple[Proposal, str, str]]:
        return [(one, words_of(one), CSS[ProposalState(one.state)]) for one in rows]

    context = {
        "title": _("Suggestions of my assistant"),
        "waiting": shown(waiting_for(actor)),
        "decided": shown(decided[:SHOWN]),
    }
    return render(request, "proposals/proposals.html", context)


@require_POST
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Confirm or decline."""
    actor, version = actor_of(request), version_of(request)
    if request.POST.get("verb") == "confirm":
        found = confirm(actor=actor, proposal_id=pk, today=timezone.localdate(), expected_version=version)
        return done(request, found.url or reverse("proposals"), _("Done, in your name."))
    decline(actor=actor, proposal_id=pk, expected_version=version)
    return done(request, reverse("proposals"), _("Declined; nothing was done."))
