"""What an assistant suggests to the person whose token it has; that person confirms it in the product, never here."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router, Schema
from ninja.responses import Status
from pydantic import ConfigDict

from punctual.api.authentication import actor_of
from punctual.api.pages import Listing, Paging, listing
from punctual.platform.proposals.models import Proposal
from punctual.platform.proposals.services import VERBS, proposals_of, propose

router = Router()


class ProposalIn(Schema):
    """``verb`` and ``arguments`` as ``/proposal-verbs`` tells; ``why`` is shown to the person."""

    model_config = ConfigDict(extra="forbid")
    verb: str
    arguments: dict[str, str | int | float | None]
    why: str = ""


class ProposalOut(Schema):
    id: int
    version: int
    verb: str
    arguments: dict[str, str]
    why: str
    state: str
    url: str
    created_at: dt.datetime
    decided_at: dt.datetime | None


class ProposalVerbOut(Schema):
    verb: str
    arguments: dict[str, str]
    needed: list[str]


def _proposal(found: Proposal) -> dict[str, Any]:
    return {name: getattr(found, name) for name in ProposalOut.model_fields}


@router.get("/proposal-verbs", response=list[ProposalVerbOut])
def proposal_verbs(request: HttpRequest) -> Any:
    """What can be suggested, and what each takes."""
    return [{"verb": one.key, "arguments": dict(one.arguments), "needed": list(one.needed)} for one in VERBS.values()]


@router.get("/proposals", response=Listing[ProposalOut])
def proposals(request: HttpRequest, paging: Query[Paging]) -> Any:
    """The caller's own, the latest first, with what became of them."""
    return listing(proposals_of(actor_of(request)), paging, sorts=["id", "state"], shape=_proposal)


@router.post("/proposals", response={201: ProposalOut})
def post_proposal(request: HttpRequest, payload: ProposalIn) -> Any:
    """Suggest something. It is tried and taken back, so what can't be done is refused at once; it is done only when
    the person confirms it on the page."""
    made = propose(
        actor=actor_of(request),
        verb=payload.verb,
        arguments=payload.arguments,
        why=payload.why,
        today=timezone.localdate(),
    )
    return Status(201, _proposal(made))
