"""The order's page: everything about it at once; and the same at a glance beside the list."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Final, cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from punctual.domain.orders.facts import check_settings
from punctual.domain.orders.life import LIFE
from punctual.domain.orders.models import Order, OrderLine, OrderState, Review, ReviewSign
from punctual.domain.orders.selectors import (
    OPEN_SIGNS,
    Checked,
    check,
    current_review,
    health_of,
    lines_of,
    order_by_key,
)
from punctual.domain.orders.services.review import against_submitting
from punctual.domain.orders.services.states import NEEDS_REASON, PERMISSION, against_confirming
from punctual.domain.orders.services.summary import amount_of
from punctual.kernel.refusal import Reason
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may, reasons_against, require
from punctual.platform.approvals.selectors import standing
from punctual.platform.attachments.services import documents_on
from punctual.web.orders import marks
from punctual.web.orders.story import feed
from punctual.web.shell.panels import later_panels_of, panels_of

LINES_SHOWN: Final = 100
CHECKED_STATES: Final = (OrderState.DRAFT, OrderState.QUOTED, OrderState.IN_REVIEW)
STEPS: Final = (
    (OrderState.DRAFT, gettext_lazy("Draft")),
    (OrderState.IN_REVIEW, gettext_lazy("Review")),
    (OrderState.CONFIRMED, gettext_lazy("Confirmed")),
    (OrderState.IN_PROGRESS, gettext_lazy("In progress")),
    (OrderState.DELIVERED, gettext_lazy("Delivered")),
    (OrderState.ACCEPTED, gettext_lazy("Accepted")),
    (OrderState.CLOSED, gettext_lazy("Closed")),
)
_PLACE: Final = {
    OrderState.QUOTED: OrderState.DRAFT,
    OrderState.LOST: OrderState.DRAFT,
    OrderState.PARTIALLY_DELIVERED: OrderState.IN_PROGRESS,
}


@dataclass(frozen=True, slots=True)
class StepView:
    label: str
    css: str
    at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Action:
    """A button; with ``reasons`` it stays visible, locked, and says why."""

    verb: str
    label: str | Promise
    icon: str
    primary: bool = False
    reasons: tuple[Reason, ...] = ()
    asks_reason: bool = False
    confirm: str = ""


@dataclass(frozen=True, slots=True)
class LineView:
    line: OrderLine
    amount: Any
    marks: list[Any]
    late: bool


def steps(order: Order) -> list[StepView]:
    state = order.state_before_hold if order.state == OrderState.ON_HOLD else order.state
    place = _PLACE.get(cast(OrderState, state), state)
    order_of = [name for name, _words in STEPS]
    now = order_of.index(cast(OrderState, place)) if place in order_of else -1
    moments = {OrderState.IN_REVIEW: order.submitted_at, OrderState.CONFIRMED: order.confirmed_at}
    return [
        StepView(str(words), "dn" if index < now else "now" if index == now else "", moments.get(name))
        for index, (name, words) in enumerate(STEPS)
    ]


def actions(order: Order, actor: User, checked: Checked | None, *, today: dt.date) -> tuple[list[Action], list[Action]]:
    """The buttons of the header, and those behind the dots."""
    main: list[Action] = []
    if order.state in (OrderState.DRAFT, OrderState.QUOTED) and checked is not None:
        refused = [*reasons_against(actor, "orders.submit"), *against_submitting(order, checked)]
        main.append(Action("submit", _("Submit for review"), "writing-sign", not refused, tuple(refused)))
    elif order.state == OrderState.IN_REVIEW and checked is not None:
        refused = [*reasons_against(actor, "orders.confirm"), *against_confirming(order, checked)]
        question = _("Confirm the order? After that it can no longer be edited.")
        main.append(Action("confirm", _("Confirm"), "checks", not refused, tuple(refused), confirm=question))
    elif order.state == OrderState.ON_HOLD:
        refused = reasons_against(actor, "orders.steer")
        main.append(Action("resume", _("Resume"), "player-play", not refused, tuple(refused)))
    following = _NEXT.get(cast(OrderState, order.state), "")
    if following and may(actor, PERMISSION[following]):
        name = next(icon for verb, icon, _question in _REST if verb == following)
        main.append(Action(following, _(LIFE.verbs[following]), name))
    rest = [
        Action(verb, _(LIFE.verbs[verb]), name, asks_reason=verb in NEEDS_REASON, confirm=question)
        for verb, name, question in _REST
        if verb != following and LIFE.allows(order.state, verb) and may(actor, PERMISSION[verb])
    ]
    return main, rest


_NEXT: Final = {
    OrderState.CONFIRMED: "start",
}
"""The step that usually follows; it stands before the dots. Delivering, accepting and closing have their own pages."""

_REST: Final = (
    ("quote", "file-text", ""),
    ("reopen", "arrow-back-up", ""),
    ("lose", "circle-x", ""),
    ("start", "player-play", ""),
    ("hold", "player-pause", ""),
    ("cancel", "ban", ""),
)


def line_views(order: Order, checked: Checked | None) -> tuple[list[LineView], int]:
    """The first lines with what was found on each, and how many more there are."""
    found: dict[int, list[Any]] = {}
    if checked is not None:
        for finding in (*checked.errors, *checked.warnings):
            if finding.reason.row is not None:
                found.setdefault(finding.reason.row, []).append(finding)
    lines = list(lines_of(order)[:LINES_SHOWN])
    views = []
    for line in lines:
        due = line.promised_date or line.requested_date
        late = bool(line.planned_date and due and line.planned_date > due)
        views.append(LineView(line, amount_of(line, order.currency), found.get(line.line_no, []), late))
    return views, max(0, order.line_count - len(lines))


def my_sign(review: Review | None, actor: User) -> ReviewSign | None:
    """The open signature this reader may give."""
    if review is None or review.closed_at is not None or not may(actor, "orders.review"):
        return None
    waiting = [sign for sign in review.signs.all() if sign.state in OPEN_SIGNS]
    if not waiting:
        return None
    stands = standing(actor, timezone.localdate())
    mine = sorted((sign for sign in waiting if sign.role in stands), key=lambda sign: sign.role != actor.role)
    return mine[0] if mine else None


def order_page(request: HttpRequest, key: str) -> HttpResponse:
    """Header, checks, review, lines, plan, files, story; the subjects below them follow (`later_part`)."""
    actor = cast(User, request.user)
    require(actor, "orders.view")
    order = order_by_key(actor, key)
    today = timezone.localdate()
    checked = check(order, today=today) if order.state in CHECKED_STATES else None
    review = current_review(order)
    main, rest = actions(order, actor, checked, today=today)
    views, more_lines = line_views(order, checked)
    show = request.GET.get("feed", "")
    story, has_more = feed(order, show=show, everything="all" in request.GET)
    tolerance = check_settings().at_risk_days
    signs = list(review.signs.all()) if review else []
    context = {
        "title": order.label,
        "order": order,
        "health": health_of(order, today=today, at_risk_days=tolerance),
        "chip": marks.health_chip(order, today=today, at_risk_days=tolerance),
        "state_chip": marks.state_chip(order),
        "rail": marks.rail_of(order, width=390, height=46, labels=True),
        "phone_rail": marks.rail_of(order, width=334, height=46, labels=True),
        "amount": marks.full_amount(order),
        "subject": views[0].line.description or views[0].line.model_text if views else "",
        "steps": steps(order),
        "is_aside": order.state in (OrderState.CANCELLED, OrderState.LOST, OrderState.ON_HOLD),
        "actions": main,
        "rest": rest,
        "may_edit": may(actor, "orders.change") and LIFE.allows(order.state, "change"),
        "may_copy": may(actor, "orders.change"),
        "may_delete": may(actor, "orders.change") and LIFE.allows(order.state, "delete") and not order.number,
        "may_comment": may(actor, "orders.comment"),
        "may_waive": may(actor, "orders.waive") and LIFE.allows(order.state, "waive"),
        "checked": checked,
        "review": review,
        "signs": signs,
        "signed": sum(1 for sign in signs if sign.state == "signed"),
        "my_sign": my_sign(review, actor),
        "lines": views,
        "more_lines": more_lines,
        "gap": _gap(order),
        "panels": panels_of("order", request, order),
        "files": documents_on(order),
        "story": story,
        "story_more": has_more,
        "feed": show,
    }
    return render(request, "orders/order.html", context)


def later_part(request: HttpRequest, key: str) -> HttpResponse:
    """The subjects below the lines, with the counts on their tabs; the page asks for them when it stands."""
    actor = cast(User, request.user)
    require(actor, "orders.view")
    order = order_by_key(actor, key)
    return render(request, "orders/later.html", {"order": order, "panels": later_panels_of("order", request, order)})


def _gap(order: Order) -> int | None:
    """Calendar days the plan ends after (+) or before (−) what the customer asked for."""
    due = order.promised_date or order.requested_date
    end = order.actual_date or order.planned_date
    return (end - due).days if due and end else None


def peek(request: HttpRequest, key: str) -> HttpResponse:
    """The order at a glance, beside the list."""
    actor = cast(User, request.user)
    require(actor, "orders.view")
    order = order_by_key(actor, key)
    today = timezone.localdate()
    story, _more = feed(order)
    review = current_review(order)
    signs = list(review.signs.all()) if review else []
    views, more = line_views(order, None)
    context = {
        "order": order,
        "chip": marks.health_chip(order, today=today, at_risk_days=check_settings().at_risk_days),
        "rail": marks.rail_of(order, width=400, height=46, labels=True),
        "amount": marks.full_amount(order),
        "lines": views[:6],
        "more_lines": more + max(0, len(views) - 6),
        "signs": signs,
        "signed": sum(1 for sign in signs if sign.state == "signed"),
        "story": story[:3],
        "may_comment": may(actor, "orders.comment"),
        "panels": panels_of("peek", request, order),
    }
    return render(request, "orders/peek.html", context)
