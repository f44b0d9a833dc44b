"""Service cases after delivery."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router, Schema
from ninja.responses import Status

from punctual.api.authentication import actor_of
from punctual.api.pages import Listing, Paging, listing
from punctual.api.requests import customer_by_code, order_or_none, person_or_none
from punctual.domain.aftersales import selectors
from punctual.domain.aftersales.models import ServiceCase
from punctual.domain.aftersales.services import cases as services
from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform.accounts.permissions import require
from punctual.platform.records import get_or_not_found

router = Router()


class VisitOut(Schema):
    id: int
    day: dt.date
    engineer: str
    purpose: str
    report: str
    signed_by: str
    done_at: dt.datetime | None


class ReturnOut(Schema):
    """``waybill`` with which it went back to the customer, or the ``credit_note``, once it is settled."""

    number: str
    version: int
    part: str
    serial: str
    quantity: Decimal
    state: str
    finding: str
    outcome: str
    note: str
    waybill: str
    credit_note: str


class CaseOut(Schema):
    id: int
    version: int
    number: str
    title: str
    kind: str
    state: str
    customer: str
    order: str
    under_warranty: bool
    line_no: int | None
    serial: str
    engineer: str
    cause: str
    measure: str
    request: str
    visits: list[VisitOut]
    returns: list[ReturnOut]


class CaseIn(Schema):
    customer: str
    title: str
    kind: str = "fault"
    text: str = ""
    urgency: str = "high"
    order: str = ""
    line_no: int | None = None
    serial: str = ""
    engineer: str = ""


class CaseStep(Schema):
    version: int | None = None
    reason: str = ""
    cause: str = ""
    measure: str = ""


class ReturnIn(Schema):
    version: int | None = None
    part: str
    serial: str = ""
    quantity: Decimal = Decimal(1)


class ReturnStep(Schema):
    version: int | None = None
    finding: str = ""
    outcome: str = ""
    note: str = ""
    waybill: str | None = None
    credit_note: str | None = None


class VisitIn(Schema):
    version: int | None = None
    engineer: str
    day: dt.date
    purpose: str = ""


def _shape(found: ServiceCase) -> dict[str, Any]:
    plain = ("id", "version", "number", "title", "kind", "state", "under_warranty", "serial", "cause", "measure")
    return {
        **{name: getattr(found, name) for name in plain},
        "customer": found.customer.code,
        "order": found.order.number or "" if found.order else "",
        "line_no": found.request.order_line.line_no if found.request.order_line else None,
        "engineer": found.engineer.username if found.engineer else "",
        "request": found.request.number,
        "visits": [
            {
                "id": one.pk,
                "day": one.day,
                "engineer": one.engineer.username,
                "purpose": one.purpose,
                "report": one.report,
                "signed_by": one.signed_by,
                "done_at": one.done_at,
            }
            for one in found.visits.all()
        ],
        "returns": [{name: getattr(one, name) for name in ReturnOut.model_fields} for one in found.rmas.all()],
    }


@router.get("/service-cases", response=Listing[CaseOut])
def service_cases(request: HttpRequest, paging: Query[Paging], state: str = "", customer: str = "") -> Any:
    """Service cases with their visits; an engineer gets the own ones."""
    actor = actor_of(request)
    require(actor, "service.visit")
    rows = selectors.cases_of(actor).prefetch_related("visits__engineer", "rmas")
    if state:
        rows = rows.filter(state__in=state.split(","))
    if customer:
        rows = rows.filter(customer__code=customer.replace("\0", ""))
    return listing(rows, paging, sorts=["number", "state"], shape=_shape)


@router.post("/service-cases", response={201: CaseOut})
def create_case(request: HttpRequest, payload: CaseIn) -> Any:
    """Something is wrong or wanted at a customer; the clocks run."""
    actor = actor_of(request)
    require(actor, "service.change")
    order = order_or_none(actor, payload.order)
    line = order.lines.filter(line_no=payload.line_no).first() if order and payload.line_no else None
    if order and payload.line_no and line is None:
        raise Refusal(Reason("service_case.line", N_("The order has no such line."), field="line_no"))
    data = services.CaseInput(
        customer=customer_by_code(actor, payload.customer),
        title=payload.title,
        kind=payload.kind,
        text=payload.text,
        urgency=payload.urgency,
        channel="api",
        order=order,
        order_line=line,
        serial=payload.serial,
        engineer=person_or_none(payload.engineer),
    )
    found = services.open_case(actor=actor, data=data, today=timezone.localdate())
    return Status(201, _shape(found))


@router.get("/service-cases/{number}", response=CaseOut)
def service_case(request: HttpRequest, number: str) -> Any:
    """One case."""
    return _shape(selectors.case_by_key(actor_of(request), number))


@router.post("/service-cases/{number}/visits", response={201: CaseOut})
def plan_visit(request: HttpRequest, number: str, payload: VisitIn) -> Any:
    """Somebody goes there."""
    actor = actor_of(request)
    found = selectors.case_by_key(actor, number)
    services.plan_visit(
        actor=actor,
        case_id=found.pk,
        engineer=person_or_none(payload.engineer),
        day=payload.day,
        purpose=payload.purpose,
        today=timezone.localdate(),
        expected_version=payload.version,
    )
    return Status(201, _shape(selectors.case_by_key(actor, number)))


@router.post("/service-cases/{number}/returns", response={201: CaseOut})
def authorise_return(request: HttpRequest, number: str, payload: ReturnIn) -> Any:
    """The customer may send a part back."""
    actor = actor_of(request)
    found = selectors.case_by_key(actor, number)
    services.authorise_return(
        actor=actor,
        case_id=found.pk,
        part=payload.part,
        serial=payload.serial,
        quantity=payload.quantity,
        expected_version=payload.version,
    )
    return Status(201, _shape(selectors.case_by_key(actor, number)))


@router.post("/service-cases/{number}/returns/{rma}/{verb}", response=CaseOut)
def return_step(request: HttpRequest, number: str, rma: str, verb: str, payload: ReturnStep) -> Any:
    """``receive``, ``inspect`` (with a finding), ``decide`` (with an outcome), ``settle`` and ``note_papers`` (with a
    waybill or credit note), or ``cancel``."""
    actor = actor_of(request)
    found = selectors.case_by_key(actor, number)
    services.move_return(
        actor=actor,
        rma_id=get_or_not_found(selectors.rmas_of(actor).filter(case=found), number__iexact=rma).pk,
        verb=verb,
        finding=payload.finding,
        outcome=payload.outcome,
        note=payload.note,
        waybill=payload.waybill,
        credit_note=payload.credit_note,
        expected_version=payload.version,
    )
    return _shape(selectors.case_by_key(actor, number))


@router.post("/service-cases/{number}/{verb}", response=CaseOut)
def case_step(request: HttpRequest, number: str, verb: str, payload: CaseStep) -> Any:
    """``solve`` (with a measure), ``work``, ``close``, ``reopen`` or ``cancel`` (with a reason)."""
    actor = actor_of(request)
    found = selectors.case_by_key(actor, number)
    if verb == "solve":
        services.solve_case(
            actor=actor,
            case_id=found.pk,
            cause=payload.cause,
            measure=payload.measure,
            expected_version=payload.version,
        )
    else:
        services.move_case(
            actor=actor, case_id=found.pk, verb=verb, reason=payload.reason, expected_version=payload.version
        )
    return _shape(selectors.case_by_key(actor, number))
