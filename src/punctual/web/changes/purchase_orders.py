"""The customer's purchase order beside ours: upload, differences, who settles which."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from punctual.domain.changes.comparing import LINE_FIELDS
from punctual.domain.changes.models import Comparison, ComparisonPoint, PointKind, PointState
from punctual.domain.changes.rules import CHANGEABLE
from punctual.domain.changes.selectors import comparisons_of, first_time_right
from punctual.domain.changes.services.purchase_orders import (
    HEADER_TAKEABLE,
    TAKEABLE,
    change_from,
    compare,
    see_point,
    see_points,
    take_point,
    waive_point,
)
from punctual.domain.orders.life import LIFE
from punctual.domain.orders.models import Order
from punctual.domain.orders.selectors import order_by_key
from punctual.kernel.refusal import Forbidden, NotFound, Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may, require
from punctual.platform.records import get_or_not_found
from punctual.web.changes.words import field_words, value_words
from punctual.web.formatting import UNKNOWN
from punctual.web.master.pages import actor_of
from punctual.web.orders.actions import done
from punctual.web.shell.middleware import status_of

CODES = {
    "never_bought": N_("this customer has never bought this model"),
    "many_times": N_("ten times the usual quantity or more"),
    "price_jump": N_("the price differs from the last one by more than 20 %"),
}


def _words(field: str, *, of_line: bool) -> str:
    if field == "line":
        return _("Whole line")
    return field_words(field, of_line=of_line)


def _point(point: ComparisonPoint, order: Order, actor: User) -> dict[str, Any]:
    allowed = TAKEABLE if point.line_no is not None else HEADER_TAKEABLE
    is_open = point.state == PointState.OPEN
    unusual = point.kind == PointKind.UNUSUAL
    takeable = point.kind == PointKind.DIFFERS and point.field in allowed and LIFE.allows(order.state, "change")
    return {
        "point": point,
        "what": _words(point.field, of_line=point.line_no is not None or unusual),
        "ours": value_words(point.field, point.ours, order.currency),
        "theirs": value_words(point.field, point.theirs, order.currency),
        "why": _(CODES[point.code]) if point.code in CODES else "",
        "may_take": is_open and takeable and may(actor, "orders.change"),
        "may_waive": is_open and not unusual and may(actor, "orders.waive"),
        "may_see": is_open and unusual and may(actor, "orders.review") and point.comparison.made_by_id != actor.pk,
        "own": is_open and unusual and point.comparison.made_by_id == actor.pk,
    }


def _rows(comparison: Comparison, order: Order) -> list[dict[str, Any]]:
    """Our line and theirs beside each other, cell by cell, with what differs marked."""
    marks: dict[tuple[int | None, int | None], dict[str, str]] = {}
    for point in comparison.points.all():
        css = "late" if point.state == PointState.OPEN else "ok"
        marks.setdefault((point.line_no, point.row), {})[point.field] = css
    return [_row(row, marks.get((row["line_no"], row["row"]), {}), order) for row in comparison.lines]


def _row(row: Mapping[str, Any], marks: Mapping[str, str], order: Order) -> dict[str, Any]:
    cells = [
        {
            "ours": value_words(name, row["ours"].get(name, ""), order.currency) if row["ours"] else UNKNOWN,
            "theirs": value_words(name, row["theirs"].get(name, ""), order.currency) if row["theirs"] else UNKNOWN,
            "css": marks.get(name, marks.get("line", "")),
        }
        for name in LINE_FIELDS
    ]
    return {"line_no": row["line_no"], "row": row["row"], "cells": cells}


def po_page(request: HttpRequest, key: str) -> HttpResponse:
    """The last comparison with its open points; earlier ones below."""
    actor = actor_of(request)
    require(actor, "orders.view")
    return _page(request, order_by_key(actor, key), None)


def _page(request: HttpRequest, order: Order, refusal: Refusal | None) -> HttpResponse:
    actor = actor_of(request)
    found = comparisons_of(actor, order)
    last = found[0] if found else None
    points = [_point(one, order, actor) for one in last.points.all()] if last else []
    open_count = sum(1 for one in points if one["point"].state == PointState.OPEN)
    first = first_time_right(actor)
    context = {
        "title": _("Customer's order compared"),
        "order": order,
        "last": last,
        "earlier": found[1:],
        "points": points,
        "open_count": open_count,
        "to_see": sum(1 for one in points if one["may_see"]),
        "heads": [_words(name, of_line=True) for name in LINE_FIELDS],
        "rows": _rows(last, order) if last else [],
        "may_upload": may(actor, "orders.change"),
        "may_change": bool(open_count) and order.state in CHANGEABLE and may(actor, "changes.raise"),
        "first": first,
        "reasons": refusal.reasons if refusal else (),
    }
    return render(request, "changes/purchase_order.html", context, status=status_of(refusal) if refusal else 200)


@require_POST
def upload_po(request: HttpRequest, key: str) -> HttpResponse:
    actor = actor_of(request)
    order = order_by_key(actor, key)
    require(actor, "orders.change")
    file = request.FILES.get("file")
    try:
        if file is None:
            raise Refusal(Reason("attachment.missing", N_("Choose a file."), field="file"))
        compare(actor=actor, order_id=order.pk, content=file.read(), name=file.name or "po", today=timezone.localdate())
    except (Forbidden, NotFound):
        raise
    except Refusal as refusal:
        return _page(request, order, refusal)
    return done(request, reverse("order_po", args=[order.key]), _("Compared."))


@require_POST
def settle(request: HttpRequest, key: str, pk: int) -> HttpResponse:
    """Take theirs, waive, or say that a second person has looked."""
    actor = actor_of(request)
    order = order_by_key(actor, key)
    get_or_not_found(ComparisonPoint.objects.filter(comparison__order=order), pk=pk)
    verb, reason = request.POST.get("verb", ""), request.POST.get("reason", "")
    if verb == "take":
        take_point(actor=actor, point_id=pk, today=timezone.localdate())
    elif verb == "waive":
        waive_point(actor=actor, point_id=pk, reason=reason)
    elif verb == "see":
        see_point(actor=actor, point_id=pk, reason=reason)
    else:
        raise Refusal(Reason("po.verb", N_("Choose: take the customer's value, waive, or seen.")))
    return done(request, reverse("order_po", args=[order.key]), _("Settled."))


@require_POST
def seen(request: HttpRequest, key: str) -> HttpResponse:
    """A second person has looked at every value that was ticked."""
    actor = actor_of(request)
    order = order_by_key(actor, key)
    ticked = [int(one) for one in request.POST.getlist("point") if one.isdecimal() and len(one) < 12]
    count = see_points(actor=actor, order_id=order.pk, points=ticked)
    text = ngettext("%(n)d value has been looked at.", "%(n)d values have been looked at.", count) % {"n": count}
    return done(request, reverse("order_po", args=[order.key]), text)


@require_POST
def to_change(request: HttpRequest, key: str, pk: int) -> HttpResponse:
    """A change order out of the open differences."""
    actor = actor_of(request)
    order = order_by_key(actor, key)
    get_or_not_found(Comparison.objects.filter(order=order), pk=pk)
    made = change_from(actor=actor, comparison_id=pk, today=timezone.localdate())
    return redirect("change_edit", number=made.number)
