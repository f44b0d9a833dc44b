"""Service cases, visits with a signed report, warranties, returned parts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from punctual.domain.aftersales import selectors
from punctual.domain.aftersales.life import CASE_LIFE, RMA_LIFE
from punctual.domain.aftersales.models import Outcome, ServiceCase
from punctual.domain.aftersales.services import cases as services
from punctual.domain.aftersales.services.spares import issue_spare, material_by_code, return_spare, spares_of
from punctual.domain.aftersales.services.warranties import start_warranty
from punctual.domain.customer_relations.selectors import readings_of
from punctual.domain.orders.selectors import order_by_key, orders_of
from punctual.domain.supply.selectors import stock_of
from punctual.flows.recurring_faults import take_up
from punctual.kernel.dates import NotADay, parse_day
from punctual.kernel.quantity import NotANumber, parse_decimal
from punctual.kernel.refusal import NotFound, Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may, require
from punctual.platform.attachments.services import path_of
from punctual.platform.company.services import company
from punctual.platform.papers import Block, Facts, Heading, Picture, Text, paper
from punctual.platform.records import get_or_not_found
from punctual.web.aftersales.forms import CaseForm, engineers
from punctual.web.aftersales.lists import case_url, state_cell
from punctual.web.formatting import day_text
from punctual.web.master.pages import Crumb, actor_of, edit, number
from punctual.web.orders.actions import as_download, done
from punctual.web.relations import clocks
from punctual.web.shell.refusals import worded

STOCKED: Final = 300
"""Codes offered while one is typed."""


def day_of(text: str) -> dt.date | None:
    try:
        return parse_day(text)
    except NotADay:
        return None


def new_case(request: HttpRequest) -> HttpResponse:
    """Something is wrong or wanted at a customer."""
    actor = actor_of(request)
    require(actor, "service.change")

    def save(facts: dict[str, Any], version: int | None) -> ServiceCase:
        order, line = _order_and_line(actor, facts.pop("order"), facts.pop("line_no"))
        name = facts.pop("contact").strip()
        contact = facts["customer"].contacts.filter(archived_at=None, name=name).first() if name else None
        data = services.CaseInput(**facts, order=order, order_line=line, contact=contact, name=name)
        return services.open_case(actor=actor, data=data, today=timezone.localdate())

    key = request.GET.get("order", "")
    order = orders_of(actor).filter(number=key).first() if key else None
    initial: dict[str, Any] = {"customer": request.GET.get("customer")}
    if order is not None:
        initial |= {"order": order.number, "customer": order.customer_id, "line_no": 10}
    return edit(
        request,
        CaseForm(request.POST or None, initial=initial),
        save,
        title=_("New service case"),
        crumbs=[Crumb(reverse("service_cases"), _("After-sales"))],
        back=reverse("service_cases"),
        done=case_url,
        wide={"customer": "w2x", "title": "w4x", "text": "w4x"},
    )


def _order_and_line(actor: User, key: str, line_no: int | None) -> tuple[Any, Any]:
    if not key.strip():
        return None, None
    try:
        order = order_by_key(actor, key.strip())
    except NotFound as error:
        text = N_("There is no order “%(number)s”.")
        raise Refusal(Reason("service_case.order", text, {"number": key.strip()}, field="order")) from error
    line = order.lines.filter(line_no=line_no).first() if line_no else order.lines.order_by("line_no").first()
    if line_no and line is None:
        raise Refusal(Reason("service_case.line", N_("The order has no such line."), field="line_no"))
    return order, line


def case(request: HttpRequest, key: str) -> HttpResponse:
    """One case: clocks, visits, returned parts, what to do next."""
    actor, now = actor_of(request), timezone.now()
    found = selectors.case_by_key(actor, key)
    readings = readings_of(found.request, now=now)
    changing = may(actor, "service.change")
    context = {
        "title": found.number,
        "found": found,
        "chip": state_cell(found),
        "clocks": [
            {
                "name": clocks.NAMES[key],
                "chip": clocks.clock_chip(reading),
                "bar": clocks.bar(reading),
                "limit": clocks.duration(reading.limit),
                "used": clocks.duration(reading.used),
            }
            for key, reading in readings.items()
        ],
        "verbs": set(CASE_LIFE.verbs_from(found.state)) if changing else set(),
        "visits": found.visits.select_related("engineer"),
        "rmas": [(one, RMA_LIFE.verbs_from(one.state)) for one in found.rmas.all()],
        "outcomes": Outcome.choices,
        "said": found.request.messages.first(),
        "engineers": engineers() if changing else [],
        "may_change": changing,
        "sees_request": may(actor, "requests.view"),
        "spares": spares_of(found),
        "may_take_parts": may(actor, "service.parts"),
        "stocked": stock_of(actor).filter(on_hand__gt=0)[:STOCKED] if may(actor, "service.parts") else [],
    }
    return render(request, "aftersales/case.html", context)


@require_POST
def act(request: HttpRequest, key: str, verb: str) -> HttpResponse:
    """One step of the case."""
    actor, version = actor_of(request), number(request, "version")
    found = selectors.case_by_key(actor, key)
    post = request.POST
    verbs: dict[str, Callable[[], object]] = {
        "plan": lambda: services.plan_visit(
            actor=actor,
            case_id=found.pk,
            engineer=_person(number(request, "engineer")),
            day=day_of(post.get("day", "")),
            purpose=post.get("purpose", ""),
            today=timezone.localdate(),
            expected_version=version,
        ),
        "solve": lambda: services.solve_case(
            actor=actor,
            case_id=found.pk,
            cause=post.get("cause", ""),
            measure=post.get("measure", ""),
            expected_version=version,
        ),
        "take_back": lambda: services.authorise_return(
            actor=actor,
            case_id=found.pk,
            part=post.get("part", ""),
            serial=post.get("serial", ""),
            quantity=_number(post.get("quantity", "") or "1"),
            expected_version=version,
        ),
        "rma": lambda: services.move_return(
            actor=actor,
            rma_id=number(request, "rma") or 0,
            verb=post.get("step", ""),
            finding=post.get("finding", ""),
            outcome=post.get("outcome", ""),
            note=post.get("note", ""),
            waybill=post.get("waybill"),
            credit_note=post.get("credit_note"),
        ),
    }
    if verb in verbs:
        verbs[verb]()
    else:
        services.move_case(
            actor=actor, case_id=found.pk, verb=verb, reason=post.get("reason", ""), expected_version=version
        )
    return done(request, case_url(found), _("Done."))


@require_POST
def spare(request: HttpRequest, key: str) -> HttpResponse:
    """A part out of stock for this case, or back."""
    actor = actor_of(request)
    found = selectors.case_by_key(actor, key)
    quantity, version = _number(request.POST.get("quantity", "")), number(request, "version")
    item = number(request, "item")
    if item is not None:
        return_spare(actor=actor, case_id=found.pk, item_id=item, quantity=quantity, expected_version=version)
    else:
        material = material_by_code(actor, request.POST.get("material", ""))
        issue_spare(actor=actor, case_id=found.pk, material=material, quantity=quantity, expected_version=version)
    return done(request, case_url(found), _("Done."))


@require_POST
def recurring_fault(request: HttpRequest) -> HttpResponse:
    """A fault that keeps coming back goes to quality and to whoever keeps the plan template."""
    ncr = take_up(
        actor=actor_of(request),
        model=request.POST.get("model", ""),
        cause=request.POST.get("cause", ""),
        today=timezone.localdate(),
    )
    return done(request, reverse("ncr", args=[ncr.pk]), _("Quality has it; the template has an action item."))


def _person(pk: int | None) -> User | None:
    return get_or_not_found(User.objects.filter(is_active=True), pk=pk) if pk else None


def _number(text: str) -> Decimal:
    try:
        return parse_decimal(text)
    except NotANumber as error:
        reason = Reason("input.number", N_("“%(text)s” is no number."), {"text": text[:40]})
        raise Refusal(reason) from error


# — visits —


def visit(request: HttpRequest, pk: int) -> HttpResponse:
    """On the phone: what is to be done, the report, the customer's signature."""
    actor = actor_of(request)
    found = get_or_not_found(selectors.visits_of(actor), pk=pk)
    refused: list[str] = []
    if request.method == "POST":
        try:
            hours = request.POST.get("hours", "").strip()
            services.report_visit(
                actor=actor,
                visit_id=pk,
                report=request.POST.get("report", ""),
                hours=_number(hours) if hours else None,
                parts=request.POST.get("parts", ""),
                signed_by=request.POST.get("signed_by", ""),
                signature=request.POST.get("signature", ""),
                solved="solved" in request.POST,
                cause=request.POST.get("cause", ""),
                expected_version=number(request, "version"),
            )
        except Refusal as refusal:
            if isinstance(refusal, NotFound):
                raise
            refused = [worded(reason) for reason in refusal.reasons]
        else:
            messages.success(request, _("Reported and signed."))
            return redirect("visit", pk=pk)
    mine = found.engineer_id == actor.pk or may(actor, "service.change")
    context = {
        "title": _("Visit"),
        "found": found,
        "case": found.case,
        "refused": refused,
        "told": request.POST if refused else {},
        "may_report": mine and found.done_at is None and found.cancelled_at is None,
        "may_change": may(actor, "service.change"),
    }
    return render(request, "aftersales/visit.html", context, status=422 if refused else 200)


@require_POST
def change_visit(request: HttpRequest, pk: int) -> HttpResponse:
    """Another day, or not at all."""
    services.change_visit(
        actor=actor_of(request),
        visit_id=pk,
        day=day_of(request.POST.get("day", "")),
        cancel="cancel" in request.POST,
        expected_version=number(request, "version"),
    )
    messages.success(request, _("Saved."))
    return redirect("visit", pk=pk)


def visit_paper(request: HttpRequest, pk: int) -> HttpResponse:
    """The service report with the signature, as PDF; the signature alone for the page."""
    found = get_or_not_found(selectors.visits_of(actor_of(request)).exclude(done_at=None), pk=pk)
    if request.GET.get("part") == "signature":
        return HttpResponse(path_of(found.signature).read_bytes(), content_type="image/png")
    blocks: list[Block] = [
        Facts(
            [
                (_("Customer"), found.customer.name),
                (_("Order"), found.order.label if found.order else ""),
                (_("Service case"), found.case.number if found.case else ""),
                (_("Day"), day_text(found.day)),
                (_("Engineer"), found.engineer.name),
                (_("Hours"), found.hours),
            ]
        ),
        Heading(_("What was done")),
        Text(found.report),
    ]
    if found.case and found.case.cause:
        blocks += [Heading(_("Cause")), Text(found.case.cause)]
    if found.parts:
        blocks += [Heading(_("Parts used")), Text(found.parts)]
    blocks.append(Heading(_("Signed for the customer")))
    blocks.append(Picture(path_of(found.signature).read_bytes(), height=24))
    blocks.append(Text(found.signed_by, small=True))
    title = _("Service report")
    content = paper(title=title, subtitle=str(found), blocks=blocks, footer=company().name)
    return as_download(content, f"service-report-{found.pk}.pdf", "application/pdf")


# — the order's side —


@require_POST
def begin_warranty(request: HttpRequest, key: str) -> HttpResponse:
    actor = actor_of(request)
    order = order_by_key(actor, key)
    start_warranty(
        actor=actor,
        order=order,
        line_no=number(request, "line") or 0,
        begins=day_of(request.POST.get("begins", "")),
        months=number(request, "months"),
        serials=request.POST.get("serials", "").replace("，", ",").replace("\n", ",").split(","),
    )
    messages.success(request, _("The warranty runs."))
    return redirect(f"{reverse('order', args=[order.key])}#aftersales")


@require_POST
def plan_return_visits(request: HttpRequest, key: str) -> HttpResponse:
    actor = actor_of(request)
    order = order_by_key(actor, key)
    engineer = _person(number(request, "engineer"))
    services.plan_return_visits(
        actor=actor,
        order=order,
        engineer=engineer or actor,
        accepted_on=order.actual_date or timezone.localdate(),
    )
    messages.success(request, _("Three return visits are planned."))
    return redirect(f"{reverse('order', args=[order.key])}#aftersales")
