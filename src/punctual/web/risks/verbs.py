"""What the buttons of a risk do."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from punctual.domain.orders.selectors import order_by_key
from punctual.domain.risks.models import Risk
from punctual.domain.risks.services import register, responses
from punctual.domain.risks.services.company import seed_register
from punctual.flows.risk_analysis import ask_for_analysis
from punctual.flows.risk_occurs import record_occurrence
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.web.master.pages import actor_of, number


def _day(request: HttpRequest, name: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(request.POST.get(name, ""))
    except ValueError:
        return None


def _assess(request: HttpRequest, actor: User, pk: int) -> Risk:
    return register.assess_risk(actor=actor, risk_id=pk, expected_version=number(request, "version"))


def _review(request: HttpRequest, actor: User, pk: int) -> Risk:
    return register.review_risk(
        actor=actor,
        risk_id=pk,
        today=timezone.localdate(),
        next_on=_day(request, "review_on"),
        note=request.POST.get("note", ""),
        expected_version=number(request, "version"),
    )


def _occur(request: HttpRequest, actor: User, pk: int) -> Risk:
    return record_occurrence(
        actor=actor,
        risk_id=pk,
        today=timezone.localdate(),
        note=request.POST.get("note", ""),
        expected_version=number(request, "version"),
    )


def _close(request: HttpRequest, actor: User, pk: int) -> Risk:
    note = request.POST.get("note", "")
    return register.close_risk(actor=actor, risk_id=pk, note=note, expected_version=number(request, "version"))


def _reopen(request: HttpRequest, actor: User, pk: int) -> Risk:
    return register.reopen_risk(actor=actor, risk_id=pk, expected_version=number(request, "version"))


VERBS: dict[str, Callable[[HttpRequest, User, int], Risk]] = {
    "assess": _assess,
    "review": _review,
    "occur": _occur,
    "close": _close,
    "reopen": _reopen,
}


def _back(request: HttpRequest, pk: int) -> HttpResponse:
    """To the page that the button stood on."""
    if request.POST.get("from") == "review":
        return redirect("risk_review")
    order_key = request.POST.get("order", "")
    if order_key:
        return redirect(f"{reverse('order_risks', args=[order_key])}?risk={pk}")
    return redirect("risk", pk=pk)


@require_POST
def do(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """One of :data:`VERBS`; a refusal is shown as the house shows it."""
    if verb not in VERBS:
        raise Http404(verb)
    VERBS[verb](request, actor_of(request), pk)
    messages.success(request, _("Saved."))
    return _back(request, pk)


@require_POST
def choose(request: HttpRequest, pk: int, response_pk: int) -> HttpResponse:
    responses.choose_response(
        actor=actor_of(request),
        risk_id=pk,
        response_id=response_pk,
        today=timezone.localdate(),
        expected_version=number(request, "version"),
    )
    messages.success(request, _("Chosen. Its owner has it as an action item."))
    return _back(request, pk)


@require_POST
def remove(request: HttpRequest, pk: int, response_pk: int) -> HttpResponse:
    version = number(request, "version")
    responses.remove_response(actor=actor_of(request), risk_id=pk, response_id=response_pk, expected_version=version)
    messages.success(request, _("Struck."))
    return _back(request, pk)


@require_POST
def seed(request: HttpRequest, key: str) -> HttpResponse:
    """Typical risks of the order's product families that its register lacks."""
    actor = actor_of(request)
    require(actor, "risks.write")
    made = seed_register(actor=actor, order=order_by_key(actor, key), today=timezone.localdate())
    messages.success(request, _("%(count)d typical risks were added.") % {"count": len(made)})
    return redirect("order_risks", key=key)


@require_POST
def compute(request: HttpRequest, key: str) -> HttpResponse:
    """Let a worker simulate; the page shows when it is done."""
    actor = actor_of(request)
    require(actor, "risks.view")
    ask_for_analysis(order_by_key(actor, key), actor=actor)
    return redirect("order_risks", key=key)
