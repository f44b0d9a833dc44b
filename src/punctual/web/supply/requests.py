"""Purchase requests: what was asked for, and purchase orders made of it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from punctual.domain.parties.selectors import suppliers
from punctual.domain.plans.models import Task
from punctual.domain.supply.models import Material, PurchaseRequest, RequestState
from punctual.domain.supply.selectors import requests_of, sees_costs
from punctual.domain.supply.services import requests as services
from punctual.kernel.quantity import NotANumber, parse_decimal
from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform.accounts.permissions import may, require
from punctual.web.formatting import listed
from punctual.web.master.pages import actor_of
from punctual.web.orders.actions import done, version_of
from punctual.web.shell.middleware import status_of
from punctual.web.shell.reading import whole, wholes
from punctual.web.supply import marks
from punctual.web.supply.posted import posted_day, posted_id, posted_number

SHOWN = 200


def purchase_requests(request: HttpRequest) -> HttpResponse:
    """Open ones to be ordered, by supplier; with ``state`` those that are done."""
    actor = actor_of(request)
    require(actor, "supply.view")
    state = request.GET.get("state", RequestState.OPEN)
    rows: QuerySet[PurchaseRequest] = requests_of(actor)
    if state in RequestState.values:
        rows = rows.filter(state=state)
    context: dict[str, Any] = {
        "title": _("Purchase requests"),
        "rows": rows.order_by("supplier__code", "needed_by", "pk")[:SHOWN],
        "state": state,
        "states": RequestState.choices,
        "suppliers": suppliers(actor),
        "sees_costs": sees_costs(actor),
        "may_change": may(actor, "supply.change"),
        "may_ask": may(actor, "supply.decide"),
        "today": timezone.localdate(),
    }
    return render(request, "supply/requests.html", context)


@require_POST
def order_requests(request: HttpRequest) -> HttpResponse:
    """Draft purchase orders of the ticked ones."""
    actor = actor_of(request)
    chosen = wholes(request.POST.getlist("request"))
    if not chosen:
        raise Refusal(Reason("purchase_request.none", N_("Tick at least one request."), field="request"))
    made = services.order_requests(actor=actor, request_ids=chosen, today=timezone.localdate())
    numbers = listed(one.number for one in made)
    sentence = _("Made: %(numbers)s. Look at them and send them.") % {"numbers": numbers}
    if len(made) == 1:
        return done(request, marks.purchase_url(made[0]), sentence)
    messages.success(request, sentence)
    return redirect("purchase_orders")


@require_POST
def cancel_request(request: HttpRequest, pk: int) -> HttpResponse:
    services.cancel_request(actor=actor_of(request), request_id=pk, expected_version=version_of(request))
    messages.success(request, _("Saved."))
    return redirect("purchase_requests")


@require_POST
def set_supplier(request: HttpRequest, pk: int) -> HttpResponse:
    """From whom it is to be bought, and for how much."""
    price = posted_number(request, "unit_price") if request.POST.get("unit_price") else None
    services.set_request_supplier(
        actor=actor_of(request),
        request_id=pk,
        supplier_id=posted_id(request, "supplier"),
        unit_price=price,
        expected_version=version_of(request),
    )
    messages.success(request, _("Saved."))
    return redirect("purchase_requests")


def ask(request: HttpRequest) -> HttpResponse:
    """Ask for a material, or for work on a task (``?task=``) that a supplier does."""
    actor = actor_of(request)
    require(actor, "supply.decide")
    reasons: Sequence[Reason] = ()
    status = 200
    names = ("material", "description", "quantity", "unit", "needed_by", "supplier", "unit_price", "reason", "task")
    values = {name: request.POST.get(name, request.GET.get(name, "")).strip() for name in names}
    task = None
    if values["task"].isdecimal() and len(values["task"]) < 18:
        task = Task.objects.filter(pk=int(values["task"])).select_related("plan__order").first()
    if request.method == "POST":
        try:
            _ask(request, values, task)
        except Refusal as refusal:
            reasons, status = refusal.reasons, status_of(refusal)
        else:
            messages.success(request, _("Saved."))
            return redirect("purchase_requests")
    context = {
        "title": _("New purchase request"),
        "values": values,
        "task": task,
        "suppliers": suppliers(actor),
        "materials": Material.objects.filter(archived_at=None).exclude(kind="made").order_by("code"),
        "reasons": reasons,
    }
    return render(request, "supply/request_form.html", context, status=status)


def _ask(request: HttpRequest, values: dict[str, str], task: Task | None) -> None:
    code = values["material"].split(" ")[0]
    material = Material.objects.filter(code__iexact=code).first() if code else None
    if code and material is None:
        text = N_("There is no material with the code “%(code)s”.")
        raise Refusal(Reason("purchase_request.material", text, {"code": code}, field="material"))
    price: Decimal | None = None
    if values["unit_price"]:
        try:
            price = parse_decimal(values["unit_price"])
        except NotANumber as error:
            sentence = N_("“%(value)s” is no number; write it as 1234.5.")
            raise Refusal(Reason("number", sentence, {"value": values["unit_price"]}, field="unit_price")) from error
    services.ask(
        actor=actor_of(request),
        material_id=material.pk if material else None,
        quantity=posted_number(request, "quantity"),
        needed_by=posted_day(request, "needed_by") if values["needed_by"] else None,
        task_id=task.pk if task else None,
        description=values["description"],
        unit=values["unit"],
        supplier_id=whole(values["supplier"]) if values["supplier"] else None,
        unit_price=price,
        reason=values["reason"],
    )
