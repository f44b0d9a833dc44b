"""A customer's complaint opens a nonconformity and an 8D report in one step, tied to it both ways; when the report is
finished, whoever looks after the request is offered an answer made of it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from punctual.domain.customer_relations.models import CustomerRequest, RequestKind, RequestState
from punctual.domain.customer_relations.selectors import requests_of
from punctual.domain.customer_relations.services.requests import link_to
from punctual.domain.quality.models import CapaState, CorrectiveAction, DefectClass, Nonconformity, Origin
from punctual.domain.quality.selectors import capas_of, ncrs_of
from punctual.domain.quality.services.capas import begin_capa
from punctual.domain.quality.services.ncrs import NcrIn, open_ncr
from punctual.kernel.refusal import Reason, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.audit.services import Change, record
from punctual.platform.notifications.services import notify
from punctual.platform.outbox.models import OutboxEvent
from punctual.platform.outbox.services import subscribe
from punctual.platform.records import lock

SOURCE: Final = "customerrequest"
"""What a nonconformity that began with a request names as its source."""
FINISHED: Final = (CapaState.CHECKING, CapaState.CLOSED)
TITLE: Final = 160


def listen() -> None:
    """Hear when a report is finished or closed."""
    for state in FINISHED:
        subscribe(f"capa.{state.value}", offer_answer)


@dataclass(frozen=True, slots=True)
class ComplaintIn:
    """What is known when it is opened; the title of the request unless another is given."""

    title: str = ""
    defect_class: str = DefectClass.MAJOR.value
    quantity: int = 0
    nonconforming: int = 0


def reasons_against(kind: str, state: str, open_number: str) -> list[Reason]:
    """Why this request opens none. ``open_number``: the nonconformity that it has opened already."""
    reasons = []
    if kind != RequestKind.COMPLAINT:
        text = N_("Only a complaint opens an 8D report; change the kind of the request to complaint first.")
        reasons.append(Reason("complaint.kind", text, field="kind"))
    if state == RequestState.MERGED:
        text = N_("This request was merged into another one; open the 8D report there.")
        reasons.append(Reason("complaint.merged", text))
    if open_number:
        text = N_("%(number)s stands for this complaint already; go on there.")
        reasons.append(Reason("complaint.open", text, {"number": open_number}))
    return reasons


def _of(request: CustomerRequest) -> Q:
    """What this request opened, and those that were merged into it."""
    return Q(source_type=SOURCE, source_id__in=[request.pk, *request.merged.values_list("pk", flat=True)])


@transaction.atomic
def open_report(
    *, actor: User, request_id: int, given: ComplaintIn, today: dt.date, expected_version: int | None = None
) -> CorrectiveAction:
    """The nonconformity and its 8D report, owned by quality; the request keeps its own owner and clock."""
    require(actor, "requests.change")
    visible = requests_of(actor).select_related("customer", "order", "order_line__product")
    found = lock(visible, expected_version=expected_version, pk=request_id)
    there = Nonconformity.objects.filter(_of(found)).exclude(state="cancelled").first()
    refuse_if(reasons_against(found.kind, found.state, there.number if there else ""))
    product = found.order_line.product if found.order_line else None
    said = found.messages.filter(author="customer").order_by("at", "pk").first()
    ncr = open_ncr(
        actor=actor,
        given=NcrIn(
            title=(given.title.strip() or found.title)[:TITLE],
            detail=said.text if said else "",
            origin=Origin.COMPLAINT.value,
            defect_class=given.defect_class,
            order=found.order,
            product_id=product.pk if product else None,
            source=(SOURCE, found.pk, found.number),
            item_key=product.model if product else "",
            item_name=product.name if product else "",
            quantity=given.quantity,
            nonconforming=given.nonconforming,
            unit=found.order_line.unit if found.order_line else "",
        ),
        today=today,
    )
    capa = begin_capa(actor=actor, title=ncr.title, today=today, ncr=ncr, owner=ncr.owner)
    link_to(found=found, target=ncr)
    link_to(found=found, target=capa)
    changes = [Change(field="link", old=None, new=one.number) for one in (ncr, capa)]
    record(actor=actor, verb="link", target=found, changes=changes)
    return capa


# ------------------------------------------------------------------------------------------------------- both ways


@dataclass(frozen=True, slots=True)
class Reported:
    """What a complaint has opened; ``capas`` are its reports, the oldest first."""

    ncr: Nonconformity
    capas: list[CorrectiveAction]


def reported_for(actor: User, request: CustomerRequest) -> list[Reported]:
    """Nonconformities and reports of a request, as far as the actor may see them."""
    capas = capas_of(actor).prefetch_related("disciplines").order_by("pk")
    found = ncrs_of(actor).filter(_of(request)).order_by("-pk")
    return [Reported(ncr, list(capas.filter(ncr=ncr))) for ncr in found]


def complaint_of(actor: User, ncr: Nonconformity | None) -> CustomerRequest | None:
    """The request that a nonconformity began with, or the one that took it up, if the actor may see it."""
    if ncr is None or ncr.source_type != SOURCE or ncr.source_id is None:
        return None
    rows = requests_of(actor).select_related("customer", "merged_into__customer")
    found = rows.filter(pk=ncr.source_id).first()
    return found.merged_into or found if found else None


# -------------------------------------------------------------------------------------------------------- the answer


def draft_answer(capa: CorrectiveAction, request: CustomerRequest) -> str:
    """What may be told to the customer of a report, in the reader's language; somebody reads it before it goes."""
    steps = {one.number: one.text.strip() for one in capa.disciplines.all()}
    roots = "; ".join(one.text for one in capa.whys.all() if one.is_root)
    parts = (
        (_("What we did at once: %(text)s"), steps.get(3, "")),
        (_("The root cause: %(text)s"), roots),
        (_("What we changed for good: %(text)s"), steps.get(5, "")),
        (_("How we know that it works: %(text)s"), steps.get(6, "")),
        (_("So that it does not come back: %(text)s"), steps.get(7, "")),
    )
    head = _("About your complaint %(number)s “%(title)s”:") % {"number": request.number, "title": request.title}
    return "\n\n".join([head, *(words % {"text": text} for words, text in parts if text)])


def offer_answer(event: OutboxEvent) -> None:
    """Tell whoever looks after the request that there is something to answer with."""
    capa = CorrectiveAction.objects.select_related("ncr").filter(pk=event.payload["capa_id"]).first()
    if capa is None or capa.ncr is None or capa.ncr.source_type != SOURCE or capa.ncr.source_id is None:
        return
    rows = CustomerRequest.objects.select_related("customer", "owner", "merged_into__customer", "merged_into__owner")
    request = rows.filter(pk=capa.ncr.source_id).first()
    request = request.merged_into or request if request else None
    if request is None or request.owner is None:
        return
    notify(
        users=[request.owner],
        kind="request",
        text=N_("%(capa)s on the complaint of %(customer)s is finished: answer %(number)s with it."),
        params={"capa": capa.number, "customer": str(request.customer), "number": request.number},
        url=f"/requests/{request.number}/?draft={capa.pk}#say",
    )
