"""Service cases, their visits and what comes back; warranty clocks are beside, in ``warranties``."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import io
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from punctual.domain.aftersales.life import CASE_LIFE, RMA_LIFE
from punctual.domain.aftersales.models import (
    CaseKind,
    Outcome,
    Rma,
    RmaState,
    ServiceCase,
    Visit,
    VisitKind,
)
from punctual.domain.aftersales.selectors import cases_of, covering, has_return_visits, rmas_of, visits_of
from punctual.domain.customer_relations.life import RUNNING
from punctual.domain.customer_relations.models import Channel, RequestKind, Urgency
from punctual.domain.customer_relations.selectors import company_zone
from punctual.domain.customer_relations.services import requests
from punctual.domain.customer_relations.services.requests import RequestInput
from punctual.domain.orders.models import Order, OrderLine, OrderState
from punctual.domain.orders.selectors import orders_of
from punctual.domain.orders.workdays import CompanyWorkdays
from punctual.domain.parties.models import Contact, Customer
from punctual.kernel.refusal import Forbidden, Reason, Refusal, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may, require
from punctual.platform.attachments.services import store
from punctual.platform.audit.services import Change, differences, record
from punctual.platform.notifications.services import notify
from punctual.platform.numbering.services import next_number
from punctual.platform.outbox.services import emit
from punctual.platform.records import get_or_not_found, lock, save_next
from punctual.platform.search.services import Document, index

RETURN_VISITS: Final = (30, 180, 360)
"""Days after acceptance on which we ask how it runs."""

LARGEST_SIGNATURE: Final = 400_000


@dataclass(slots=True)
class CaseInput:
    """What is told of a case. ``serial`` finds the warranty together with the line; ``name`` is who asked, where it is
    none of the contacts."""

    customer: Customer
    title: str
    kind: str = CaseKind.FAULT
    text: str = ""
    urgency: str = Urgency.HIGH
    channel: str = Channel.PHONE
    order: Order | None = None
    order_line: OrderLine | None = None
    serial: str = ""
    contact: Contact | None = None
    name: str = ""
    engineer: User | None = None


@transaction.atomic
def open_case(*, actor: User, data: CaseInput, today: dt.date, at: dt.datetime | None = None) -> ServiceCase:
    """Something is wrong or wanted; the same clocks run as for a request."""
    require(actor, "service.change")
    reasons = []
    if data.kind not in CaseKind.values:
        reasons.append(Reason("service_case.kind", N_("Choose one of the kinds offered."), field="kind"))
    refuse_if(reasons)
    asked = RequestInput(
        customer=data.customer,
        title=data.title,
        text=data.text,
        kind=RequestKind.SERVICE,
        urgency=data.urgency,
        channel=data.channel,
        contact=data.contact,
        name=data.name,
        order=data.order,
        order_line=data.order_line,
        owner=data.engineer if data.engineer and may(data.engineer, "requests.change") else actor,
    )
    request = requests.take_in(actor=actor, data=asked, at=at)
    warranty = covering(data.order_line, data.serial.strip(), day=today) if data.order_line else None
    found = ServiceCase.objects.create(
        number=next_number(series="SV", year=request.received_at.astimezone(company_zone()).year),
        title=request.title,
        kind=data.kind,
        customer=data.customer,
        order=data.order,
        warranty=warranty,
        under_warranty=warranty is not None,
        serial=data.serial.strip()[:80],
        request=request,
        engineer=data.engineer,
    )
    requests.link_to(found=request, target=found)
    record(actor=actor, verb="create", target=found, at=at)
    texts = [found.number, found.title, str(found.customer), data.serial, data.text[:1000]]
    index([Document(found, f"{found.number} {found.title}", str(found.customer), texts)])
    emit("service_case.opened", case=found.number, customer=data.customer.code)
    return found


def _locked(actor: User, case_id: int, expected_version: int | None, verb: str) -> ServiceCase:
    require(actor, "service.change")
    found = lock(cases_of(actor), expected_version=expected_version, pk=case_id)
    refuse_if(CASE_LIFE.reasons(found.state, verb))
    return found


def _move(actor: User | None, found: ServiceCase, verb: str, *, reason: str = "", fields: Sequence[str] = ()) -> None:
    old, found.state = found.state, CASE_LIFE.after(found.state, verb)
    save_next(found, fields=["state", *fields])
    changes = [Change(field="state", old=old, new=found.state)] if old != found.state else []
    record(actor=actor, verb=verb, target=found, changes=changes, reason=reason)


@transaction.atomic
def plan_visit(
    *,
    actor: User,
    case_id: int,
    engineer: User | None,
    day: dt.date | None,
    purpose: str = "",
    today: dt.date,
    expected_version: int | None = None,
) -> Visit:
    """Somebody goes there; the engineer is told."""
    found = _locked(actor, case_id, expected_version, "plan")
    reasons = []
    if engineer is None:
        reasons.append(Reason("visit.engineer", N_("Name who goes there."), field="engineer"))
    if day is None or day < today:
        reasons.append(Reason("visit.day", N_("Choose a day from today on."), field="day"))
    refuse_if(reasons)
    assert engineer is not None
    assert day is not None
    visit = Visit.objects.create(
        case=found,
        order=found.order,
        customer=found.customer,
        engineer=engineer,
        day=day,
        purpose=purpose.strip()[:200] or found.title,
    )
    found.engineer = engineer
    _move(actor, found, "plan", reason=f"{engineer} {day}", fields=["engineer"])
    _tell_engineer(visit, actor)
    return visit


def _tell_engineer(visit: Visit, actor: User | None) -> None:
    if visit.engineer != actor:
        notify(
            users=[visit.engineer],
            kind="service",
            text=N_("Visit on %(day)s at %(customer)s: %(purpose)s"),
            params={"day": visit.day.isoformat(), "customer": str(visit.customer), "purpose": visit.purpose},
            url=f"/visits/{visit.pk}/",
        )


def _signature(text: str) -> str:
    """The hash of the picture that was drawn; a PNG of bounded size."""
    head, _comma, data = text.partition(",")
    try:
        picture = base64.b64decode(data, validate=True) if head == "data:image/png;base64" else b""
    except (binascii.Error, ValueError):
        picture = b""
    if not picture.startswith(b"\x89PNG\r\n\x1a\n") or len(picture) > LARGEST_SIGNATURE:
        raise Refusal(Reason("visit.signature", N_("Let the customer sign in the field."), field="signature"))
    return store(io.BytesIO(picture))[0]


@transaction.atomic
def report_visit(
    *,
    actor: User,
    visit_id: int,
    report: str,
    hours: Decimal | None = None,
    parts: str = "",
    signed_by: str = "",
    signature: str = "",
    solved: bool = False,
    cause: str = "",
    expected_version: int | None = None,
) -> Visit:
    """What was done there, signed by the customer; ``solved`` ends the case."""
    require(actor, "service.visit")
    visit = lock(visits_of(actor), expected_version=expected_version, pk=visit_id)
    if visit.engineer_id != actor.pk and not may(actor, "service.change"):
        raise Forbidden(Reason("visit.not_yours", N_("Only the engineer who was there reports this visit.")))
    reasons = []
    if visit.done_at is not None or visit.cancelled_at is not None:
        reasons.append(Reason("visit.done", N_("This visit is reported already, or was cancelled.")))
    if not report.strip():
        reasons.append(Reason("visit.report", N_("Say what was done."), field="report"))
    if not signed_by.strip():
        reasons.append(Reason("visit.signed_by", N_("Say who signs for the customer."), field="signed_by"))
    if hours is not None and not 0 <= hours <= 1000:
        reasons.append(Reason("visit.hours", N_("The hours lie between 0 and 1,000."), field="hours"))
    refuse_if(reasons)
    visit.signature = _signature(signature)
    visit.report, visit.hours, visit.parts = report.strip(), hours, parts.strip()
    visit.signed_by, visit.done_at = signed_by.strip()[:80], timezone.now()
    save_next(visit)
    record(actor=actor, verb="report", target=visit, reason=visit.signed_by)
    if visit.case is not None:
        _after_visit(actor, visit.case, report=visit.report, solved=solved, cause=cause)
    return visit


def _after_visit(actor: User, case: ServiceCase, *, report: str, solved: bool, cause: str) -> None:
    found = lock(ServiceCase.objects.select_related("request"), expected_version=None, pk=case.pk)
    if solved and CASE_LIFE.allows(found.state, "solve"):
        _solve(actor, found, cause=cause, measure=report)
    elif CASE_LIFE.allows(found.state, "work"):
        _move(actor, found, "work")


def _solve(actor: User, found: ServiceCase, *, cause: str, measure: str) -> None:
    found.cause, found.measure = cause.strip()[:200], measure.strip()
    _move(actor, found, "solve", reason=found.cause, fields=["cause", "measure"])
    if found.request.state in RUNNING:
        requests.settle(actor=actor, request_id=found.request_id, text=found.measure)
    emit("service_case.solved", case=found.number, customer=found.customer.code)


@transaction.atomic
def solve_case(
    *, actor: User, case_id: int, cause: str = "", measure: str, expected_version: int | None = None
) -> ServiceCase:
    """It is solved, with or without a visit; the customer is answered and the clocks stop."""
    found = _locked(actor, case_id, expected_version, "solve")
    if not measure.strip():
        raise Refusal(Reason("service_case.measure", N_("Say what was done."), field="measure"))
    _solve(actor, found, cause=cause, measure=measure)
    return found


def _loose_ends(found: ServiceCase) -> list[Reason]:
    """What would go on without the case."""
    visit_text = N_("The visit on %(day)s is still ahead; report, or cancel it first.")
    return_text = N_("%(number)s has not come to its end; settle or cancel the return first.")
    ahead = found.visits.filter(done_at=None, cancelled_at=None)
    under_way = found.rmas.exclude(state__in=[RmaState.RETURNED, RmaState.CANCELLED])
    return [
        *(Reason("service_case.visit", visit_text, {"day": one.day.isoformat()}) for one in ahead),
        *(Reason("service_case.return", return_text, {"number": one.number}) for one in under_way),
    ]


@transaction.atomic
def move_case(
    *, actor: User, case_id: int, verb: str, reason: str = "", expected_version: int | None = None
) -> ServiceCase:
    """Begin, close, reopen or cancel."""
    if verb not in ("work", "close", "reopen", "cancel"):
        raise Refusal(Reason("service_case.verb", N_("A service case can't “%(verb)s”."), {"verb": verb[:40]}))
    found = _locked(actor, case_id, expected_version, verb)
    if verb in ("reopen", "cancel") and not reason.strip():
        raise Refusal(Reason("service_case.reason", N_("Say why."), field="reason"))
    if verb in ("close", "cancel"):
        refuse_if(_loose_ends(found))
    _move(actor, found, verb, reason=reason.strip())
    if verb == "cancel" and found.request.state in RUNNING:
        requests.settle(actor=actor, request_id=found.request_id, text=reason)
    if verb == "reopen" and found.request.state not in RUNNING:
        requests.reopen(actor=actor, request_id=found.request_id, reason=reason)
    return found


# — parts that come back —


@transaction.atomic
def authorise_return(
    *,
    actor: User,
    case_id: int,
    part: str,
    serial: str = "",
    quantity: Decimal = Decimal(1),
    expected_version: int | None = None,
) -> Rma:
    """The customer may send a part back under this number."""
    found = _locked(actor, case_id, expected_version, "take_back")
    reasons = []
    if not part.strip():
        reasons.append(Reason("rma.part", N_("Say which part comes back."), field="part"))
    if quantity <= 0:
        reasons.append(Reason("rma.quantity", N_("The quantity is more than zero."), field="quantity"))
    refuse_if(reasons)
    made = Rma.objects.create(
        number=next_number(series="RMA", year=timezone.localdate().year),
        case=found,
        part=part.strip()[:160],
        serial=serial.strip()[:80],
        quantity=quantity,
    )
    record(actor=actor, verb="create", target=made)
    return made


@transaction.atomic
def move_return(
    *,
    actor: User,
    rma_id: int,
    verb: str,
    finding: str = "",
    outcome: str = "",
    note: str = "",
    waybill: str | None = None,
    credit_note: str | None = None,
    expected_version: int | None = None,
) -> Rma:
    """Receive, inspect with a finding, decide the outcome, send back or credit. ``waybill`` and ``credit_note`` belong
    to a return that is settled, and may be known later only; None leaves them as they are."""
    require(actor, "service.change")
    found = lock(rmas_of(actor), expected_version=expected_version, pk=rma_id)
    if verb not in RMA_LIFE.verbs:
        raise Refusal(Reason("rma.verb", N_("A return can't “%(verb)s”."), {"verb": verb[:40]}))
    reasons = RMA_LIFE.reasons(found.state, verb)
    if verb == "inspect" and not finding.strip():
        reasons.append(Reason("rma.finding", N_("Say what the inspection found."), field="finding"))
    if verb == "decide" and outcome not in Outcome.values:
        reasons.append(Reason("rma.outcome", N_("Choose: repair, replace, credit or send back."), field="outcome"))
    if verb == "note_papers" and waybill is None and credit_note is None:
        reasons.append(Reason("rma.papers", N_("Enter the waybill or the credit note."), field="waybill"))
    refuse_if(reasons)
    before = {name: getattr(found, name) for name in ("state", "waybill", "credit_note")}
    found.state = RMA_LIFE.after(found.state, verb)
    found.finding = finding.strip() or found.finding
    found.outcome = outcome if verb == "decide" else found.outcome
    found.note = note.strip()[:200] or found.note
    if found.state == RmaState.RETURNED:
        found.waybill = found.waybill if waybill is None else waybill.strip()[:80]
        found.credit_note = found.credit_note if credit_note is None else credit_note.strip()[:80]
    changes = differences(before, {name: getattr(found, name) for name in before})
    if not changes:
        return found
    save_next(found)
    record(actor=actor, verb=verb, target=found, changes=changes, reason=finding.strip() or note.strip())
    return found


# — return visits —


@transaction.atomic
def plan_return_visits(*, actor: User, order: Order, engineer: User, accepted_on: dt.date) -> list[Visit]:
    """After one, six and twelve months somebody asks how it runs; days that are free move to the next worked one."""
    require(actor, "service.change")
    found = get_or_not_found(orders_of(actor).select_related("customer"), pk=order.pk)
    if found.state not in (OrderState.ACCEPTED, OrderState.CLOSED) or found.customer is None:
        raise Refusal(Reason("visit.not_accepted", N_("Return visits begin with the acceptance.")))
    if has_return_visits(found):
        raise Refusal(Reason("visit.planned", N_("The return visits of this order are planned already.")))
    workdays = CompanyWorkdays()
    visits = [
        Visit.objects.create(
            kind=VisitKind.RETURN,
            order=found,
            customer=found.customer,
            engineer=engineer,
            day=workdays.after(accepted_on + dt.timedelta(days=days), 0),
            purpose=_("Return visit after %(days)d days") % {"days": days},
        )
        for days in RETURN_VISITS
    ]
    record(actor=actor, verb="plan_return_visits", target=found)
    return visits


@transaction.atomic
def change_visit(
    *, actor: User, visit_id: int, day: dt.date | None = None, cancel: bool = False, expected_version: int | None = None
) -> Visit:
    """Another day, or it does not take place."""
    require(actor, "service.change")
    visit = lock(visits_of(actor), expected_version=expected_version, pk=visit_id)
    if visit.done_at is not None or visit.cancelled_at is not None:
        raise Refusal(Reason("visit.done", N_("This visit is reported already, or was cancelled.")))
    old = visit.day
    if cancel:
        visit.cancelled_at = timezone.now()
    elif day is not None:
        visit.day = day
    save_next(visit)
    changes = [Change(field="day", old=old.isoformat(), new=visit.day.isoformat())] if visit.day != old else []
    record(actor=actor, verb="cancel" if cancel else "change", target=visit, changes=changes)
    return visit


def remind_of_visits(*, now: dt.datetime | None = None) -> int:
    """Tell engineers of visits within a week, once a day they were planned for."""
    today = (now or timezone.now()).astimezone(company_zone()).date()
    ahead = Visit.objects.filter(
        done_at=None, cancelled_at=None, day__gte=today, day__lte=today + dt.timedelta(days=7)
    ).select_related("engineer", "customer")
    for visit in ahead:
        notify(
            users=[visit.engineer],
            kind="service",
            text=N_("Visit on %(day)s at %(customer)s: %(purpose)s"),
            params={"day": visit.day.isoformat(), "customer": str(visit.customer), "purpose": visit.purpose},
            url=f"/visits/{visit.pk}/",
            dedupe_key=f"visit:{visit.pk}:{visit.day}",
        )
    return len(ahead)
