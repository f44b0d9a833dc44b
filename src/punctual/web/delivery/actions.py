"""Buttons of the delivery and acceptance pages."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from punctual.domain.changes.services.customer import signature_of
from punctual.domain.delivery.models import Acceptance, Delivery
from punctual.domain.delivery.selectors import acceptance_by_id, delivery_by_number
from punctual.domain.delivery.services.acceptance import (
    add_punch,
    cancel_acceptance,
    enter_results,
    fail_acceptance,
    plan_acceptance,
    sign_acceptance,
)
from punctual.domain.delivery.services.shipping import (
    add_photos,
    cancel_delivery,
    change_delivery,
    receive,
    release,
    remove_photo,
    ship,
)
from punctual.domain.orders.selectors import order_by_key
from punctual.kernel.refusal import Conflict, Forbidden, NotFound, Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.web.delivery.pages import show_acceptance
from punctual.web.delivery.posted import Posted
from punctual.web.master.pages import actor_of
from punctual.web.orders.actions import done, version_of
from punctual.web.shell.reading import whole


def _page(delivery: Delivery) -> str:
    return reverse("delivery", args=[delivery.number])


@require_POST
def do_delivery(request: HttpRequest, number: str, verb: str) -> HttpResponse:
    """One step of a delivery: change, ship, receive, release, cancel."""
    actor, today = actor_of(request), timezone.localdate()
    delivery = delivery_by_number(actor, number)
    posted = Posted(request.POST)
    wish: dict[str, Any] = {"actor": actor, "delivery_id": delivery.pk, "expected_version": version_of(request)}
    sentence = ""
    if verb == "change":
        items, boxes, planned = posted.quantities(delivery.order), posted.boxes(), posted.day("planned_on")
        posted.done()
        change_delivery(
            **wish,
            items=items,
            serials=posted.serials(delivery.order),
            boxes=boxes,
            planned_on=planned,
            place=posted.text("place"),
            notes=posted.text("notes"),
        )
        sentence = _("Saved.")
    elif verb == "ship":
        day, freight = posted.day("shipped_on"), posted.number("freight", 2)
        posted.done()
        ship(
            **wish,
            shipped_on=day,
            today=today,
            freight=freight,
            carrier=posted.text("carrier"),
            waybill=posted.text("waybill"),
            vehicle=posted.text("vehicle"),
        )
        sentence = _("Shipped; the order and its dates follow.")
    elif verb == "receive":
        day, drawn = posted.day("received_on"), signature_of(posted.text("signature"))
        posted.done()
        file = request.FILES.get("file")
        receive(
            **wish,
            received_on=day,
            received_by=posted.text("received_by"),
            note=posted.text("note"),
            drawn=drawn,
            file=file,
            file_name=(file.name or "") if file else "",
            today=today,
        )
        sentence = _("The receipt is recorded.")
    elif verb == "release":
        release(**wish, reason=posted.text("reason"))
        sentence = _("Released in your name.")
    elif verb == "cancel":
        cancel_delivery(**wish, reason=posted.text("reason"))
        sentence = _("Cancelled.")
    else:
        raise NotFound(Reason("delivery.verb", N_("A delivery can't “%(verb)s”."), {"verb": verb[:40]}))
    return done(request, _page(delivery), sentence)


@require_POST
def photograph(request: HttpRequest, number: str) -> HttpResponse:
    """Pictures of the packed boxes, from the phone's camera too: all of them or none."""
    actor = actor_of(request)
    delivery = delivery_by_number(actor, number)
    box = request.POST.get("box", "")
    add_photos(
        actor=actor,
        delivery_id=delivery.pk,
        photos=[(file, file.name or "photo") for file in request.FILES.getlist("photo")],
        box_number=int(box) if box.isdecimal() and len(box) < 6 else None,
    )
    return done(request, f"{_page(delivery)}#photos", _("The photos are kept with the delivery."))


@require_POST
def unphotograph(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """Take one picture off again."""
    actor = actor_of(request)
    delivery = delivery_by_number(actor, number)
    remove_photo(actor=actor, delivery_id=delivery.pk, photo_id=pk)
    return done(request, f"{_page(delivery)}#photos", _("The photo is taken off; the history names it."))


@require_POST
def new_acceptance(request: HttpRequest, key: str) -> HttpResponse:
    """Plan an acceptance of an order, or of one of its deliveries."""
    actor = actor_of(request)
    order = order_by_key(actor, key)
    posted = Posted(request.POST)
    wish = posted.text("delivery")
    delivery = delivery_by_number(actor, wish) if wish else None
    planned = posted.day("planned_on")
    posted.done()
    made = plan_acceptance(
        actor=actor, order_id=order.pk, kind=posted.text("kind"), delivery=delivery, planned_on=planned
    )
    return redirect("acceptance", pk=made.pk)


@require_POST
def do_acceptance(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Results, open item, signature, failure, cancelling; a refusal is shown on the page with what was entered."""
    actor = actor_of(request)
    acceptance = acceptance_by_id(actor, pk)
    try:
        sentence = _do_acceptance(request, acceptance, verb)
    except (Conflict, Forbidden, NotFound):
        raise
    except Refusal as refusal:
        return show_acceptance(request, acceptance_by_id(actor, pk), refusal)
    return done(request, reverse("acceptance", args=[pk]), sentence)


def _do_acceptance(request: HttpRequest, acceptance: Acceptance, verb: str) -> str:
    actor, today, posted = actor_of(request), timezone.localdate(), Posted(request.POST)
    wish: dict[str, Any] = {"actor": actor, "acceptance_id": acceptance.pk}
    version = version_of(request)
    if verb == "change":
        enter_results(**wish, results=posted.results(), note=posted.text("note"), expected_version=version)
        return _("Saved.")
    if verb == "punch":
        owner, due = posted.text("owner"), posted.day("due")
        posted.done()
        add_punch(
            **wish,
            title=posted.text("title"),
            grade=posted.text("grade"),
            owner=User.objects.filter(is_active=True, pk=whole(owner)).first(),
            due=due,
            expected_version=version,
        )
        return _("Entered as an action item.")
    if verb == "pass":
        day, drawn = posted.day("held_on"), signature_of(posted.text("signature"))
        posted.done()
        file = request.FILES.get("file")
        sign_acceptance(
            **wish,
            signer=posted.text("signer"),
            held_on=day,
            today=today,
            drawn=drawn,
            file=file,
            file_name=(file.name or "") if file else "",
            with_punch="with_punch" in request.POST,
            **_entered(posted),
            expected_version=version,
        )
        return _("Signed; the result is fixed.")
    if verb == "fail":
        day = posted.day("failed_on")
        posted.done()
        reason = posted.text("reason")
        fail_acceptance(**wish, held_on=day, reason=reason, today=today, **_entered(posted), expected_version=version)
        return _("Recorded as failed.")
    if verb == "cancel":
        cancel_acceptance(**wish, reason=posted.text("reason"), expected_version=version)
        return _("Cancelled.")
    raise NotFound(Reason("acceptance.verb", N_("An acceptance can't “%(verb)s”."), {"verb": verb[:40]}))


def _entered(posted: Posted) -> dict[str, Any]:
    """What stands in the table of criteria: it belongs to the signature, saved before or not."""
    return {"results": posted.results(), "note": posted.text("note") if "note" in posted.post else None}
