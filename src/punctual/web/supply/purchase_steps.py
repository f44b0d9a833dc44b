"""Every step of a purchase order's life: send, confirm, revise, receive, inspect, its link and its paper."""

from __future__ import annotations

from decimal import Decimal

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from punctual.domain.supply.models import PurchaseState
from punctual.domain.supply.selectors import (
    purchase_by_key,
)
from punctual.domain.supply.services import dates, links, purchases, receiving
from punctual.flows.supplier_late import change_date, preview
from punctual.kernel.refusal import NotFound, Reason
from punctual.kernel.wording import N_
from punctual.platform.accounts.permissions import may, require
from punctual.web import formatting
from punctual.web.master.pages import actor_of
from punctual.web.orders.actions import done, version_of
from punctual.web.shell.reading import whole
from punctual.web.supply import marks
from punctual.web.supply.papers import purchase_paper
from punctual.web.supply.posted import posted_day, posted_id, posted_number
from punctual.web.supply.purchases import page


@require_POST
def do(request: HttpRequest, number: str, verb: str) -> HttpResponse:
    """Send, close or cancel."""
    actor, today, version = actor_of(request), timezone.localdate(), version_of(request)
    order = purchase_by_key(actor, number)
    reason = request.POST.get("reason", "")
    if verb == "send":
        order = purchases.send(actor=actor, purchase_id=order.pk, today=today, expected_version=version)
        if order.state == PurchaseState.DRAFT:
            sentence = _("%(number)s is over the limit; approval is asked for. It goes out when it is given.")
            return done(request, marks.purchase_url(order), sentence % {"number": order.number})
    elif verb == "close":
        order = purchases.close(actor=actor, purchase_id=order.pk, reason=reason, expected_version=version)
    elif verb == "cancel":
        order = purchases.cancel(actor=actor, purchase_id=order.pk, reason=reason, expected_version=version)
    else:
        raise NotFound(Reason("purchase_order.verb", N_("A purchase order can't “%(verb)s”."), {"verb": verb[:40]}))
    words = {"number": order.number, "state": order.get_state_display()}
    return done(request, marks.purchase_url(order), _("%(number)s: %(state)s.") % words)


@require_POST
def confirm(request: HttpRequest, number: str) -> HttpResponse:
    """The supplier's days, as told by telephone or mail."""
    actor = actor_of(request)
    order = purchase_by_key(actor, number)
    days = {line.pk: posted_day(request, f"day-{line.pk}") for line in order.lines.all()}
    order = dates.confirm(
        actor=actor, purchase_id=order.pk, days=days, today=timezone.localdate(), expected_version=version_of(request)
    )
    return done(request, marks.purchase_url(order), _("%(number)s is confirmed.") % {"number": order.number})


@require_POST
def revise(request: HttpRequest, number: str) -> HttpResponse:
    """Another day for one line: first what it would do, then, with ``commit``, it is done."""
    actor, today = actor_of(request), timezone.localdate()
    order = purchase_by_key(actor, number)
    line_id, day = posted_id(request, "line"), posted_day(request, "day")
    if not order.lines.filter(pk=line_id).exists():
        raise NotFound(Reason("purchase_line.not_found", N_("This line is not on the purchase order any more.")))
    if "commit" not in request.POST:
        effect = preview(actor=actor, line_id=line_id, day=day, today=today)
        context = {
            "effect": effect,
            "order": order,
            "reason": request.POST.get("reason", ""),
            "version": request.POST.get("version", ""),
            "title": order.number,
        }
        template = "supply/effect.html" if request.headers.get("HX-Request") else "supply/effect_page.html"
        return render(request, template, context)
    effect = change_date(
        actor=actor,
        line_id=line_id,
        day=day,
        today=today,
        reason=request.POST.get("reason", ""),
        expected_version=version_of(request),
        notices="notices" in request.POST,
    )
    words = {"number": order.number, "day": formatting.day_text(day), "orders": len(effect.hits)}
    sentence = _("%(number)s now comes on %(day)s; %(orders)d orders moved.") % words
    url = marks.purchase_url(order)
    if effect.hits and may(actor, "supply.decide"):
        url = f"{reverse('shortages')}?order={effect.hits[0].order.key}"
    return done(request, url, sentence)


@require_POST
def note_offer(request: HttpRequest, number: str) -> HttpResponse:
    """The supplier would come earlier for a price."""
    actor = actor_of(request)
    order = purchase_by_key(actor, number)
    dates.note_offer(
        actor=actor,
        line_id=posted_id(request, "line"),
        day=posted_day(request, "day"),
        cost=posted_number(request, "cost"),
        today=timezone.localdate(),
        expected_version=version_of(request),
    )
    return done(request, marks.purchase_url(order), _("Noted. It stands among the ways out of the shortage."))


@require_POST
def receive(request: HttpRequest, number: str) -> HttpResponse:
    """Some of a line has come."""
    actor = actor_of(request)
    order = purchase_by_key(actor, number)
    place = request.POST.get("place", "")
    receipt = receiving.receive(
        actor=actor,
        line_id=posted_id(request, "line"),
        quantity=posted_number(request, "quantity"),
        today=timezone.localdate(),
        received_on=posted_day(request, "received_on") if request.POST.get("received_on") else None,
        place_id=whole(place) if place else None,
        delivery_note=request.POST.get("delivery_note", ""),
        expected_version=version_of(request),
    )
    if receipt.waits_for_inspection:
        sentence = _("Received; it is blocked until it has been inspected.")
    else:
        sentence = _("Received; it is reserved for those who wait for it.")
    return done(request, marks.purchase_url(order), sentence)


@require_POST
def make_link(request: HttpRequest, number: str) -> HttpResponse:
    """A link for the supplier; its address is shown this once."""
    actor = actor_of(request)
    order = purchase_by_key(actor, number)
    _link, token = links.make_link(actor=actor, purchase_id=order.pk, today=timezone.localdate())
    url = request.build_absolute_uri(reverse("supplier_link", args=[token]))
    return page(request, number, token_url=url)


@require_POST
def inspect(request: HttpRequest, number: str) -> HttpResponse:
    """What waits for inspection is good, or goes back."""
    actor = actor_of(request)
    require(actor, "supply.change")
    order = purchase_by_key(actor, number)
    zero = Decimal(0)
    receiving.inspected(
        actor=actor,
        receipt_id=posted_id(request, "receipt"),
        released=posted_number(request, "released") if request.POST.get("released") else zero,
        rejected=posted_number(request, "rejected") if request.POST.get("rejected") else zero,
        reason=request.POST.get("reason", ""),
    )
    return done(request, marks.purchase_url(order), _("Saved."))


def pdf(request: HttpRequest, number: str) -> HttpResponse:
    """The order as it goes to the supplier."""
    actor = actor_of(request)
    require(actor, "supply.see_costs")
    order = purchase_by_key(actor, number)
    response = HttpResponse(purchase_paper(order), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{order.number}.pdf"'
    return response
