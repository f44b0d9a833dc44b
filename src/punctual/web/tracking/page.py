"""What a customer's page shows of an order, and nothing else: plain words, no cost, no colleague's name that is not
released, no internal note, no other order."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from punctual.domain.aftersales.models import Outcome, Rma, RmaState
from punctual.domain.aftersales.selectors import returns_of_requests
from punctual.domain.customer_relations.models import Author, CustomerRequest, TrackingRule
from punctual.domain.customer_relations.selectors import files_from_customer, readings_of, shared_calendar
from punctual.domain.customer_relations.services.tracking import Reader, rule_of, wants_of
from punctual.domain.orders.models import Order, OrderState
from punctual.domain.plans.models import Task
from punctual.domain.scheduling.models import OrderForecast, TaskForecast
from punctual.flows.customer_signs import waiting_for_customer
from punctual.web.changes.for_customer import change_shown
from punctual.web.formatting import day_text, quantity_text
from punctual.web.relations.clocks import duration
from punctual.web.tracking.drawing import Days, draw

MOST_MILESTONES: Final = 14
DONE: Final = (OrderState.DELIVERED, OrderState.ACCEPTED, OrderState.CLOSED)


@dataclass(frozen=True, slots=True)
class Expected:
    """When it comes, in plain words. ``half`` and ``eight`` of ten are the same day where nothing was simulated."""

    half: dt.date
    eight: dt.date
    few: dt.date
    is_range: bool


def expected_of(order: Order) -> Expected | None:
    """What the simulation says; where there is none the plan's end, as one day."""
    return expected_from(order, OrderForecast.objects.filter(run__is_current=True, order=order).first())


def expected_from(order: Order, found: OrderForecast | None) -> Expected | None:
    """The same where the forecast is known already."""
    if order.state in DONE:
        return None
    if found is not None:
        return Expected(found.p50, found.p80, found.p95, is_range=found.p50 != found.p80)
    if order.planned_date is None:
        return None
    return Expected(order.planned_date, order.planned_date, order.planned_date, is_range=False)


def picture_of(order: Order, expected: Expected | None) -> dict[str, SafeString] | None:
    """Asked, agreed and expected on one line, for the desk and for a phone; where a date is missing there is nothing
    to compare."""
    if order.promised_date is None or not (expected or order.actual_date):
        return None
    days = Days(
        agreed=order.promised_date,
        asked=order.requested_date,
        half=expected.half if expected else None,
        eight=expected.eight if expected else None,
        few=expected.few if expected and expected.is_range else None,
        delivered=order.actual_date,
    )
    return {"desk": draw(days, width=470), "phone": draw(days, width=358)}


@dataclass(frozen=True, slots=True)
class Colleague:
    """What of one of us is told to a customer; the page gets nothing else of them."""

    name: str
    initial: str
    shade: int
    phone: str
    email: str


def contact_of(order: Order, rule: TrackingRule) -> Colleague | None:
    """Whom to ask about the order: its owner, where the customer's rule releases our names and they still work here."""
    owner = order.owner
    if owner is None or not rule.show_contact or not owner.is_active:
        return None
    return Colleague(owner.name, owner.initial, owner.shade, owner.phone, owner.email)


def page_of(reader: Reader) -> dict[str, Any]:
    """The context of the page."""
    order = reader.order
    assert order.customer is not None
    rule = rule_of(order.customer)
    lines = list(order.lines.select_related("product").order_by("line_no")[:30])
    first = lines[0] if lines else None
    wants = list(wants_of(order).filter(done_at=None))
    expected = expected_of(order)
    return {
        "title": order.number,
        "reader": reader,
        "order": order,
        "rule": rule,
        "subject": (first.description or first.model_text) if first else "",
        "count": quantity_text(first.quantity, first.unit) if first and first.quantity else "",
        "more_lines": max(0, order.line_count - 1),
        "state": state_of(order),
        "expected": expected if rule.show_range else None,
        "picture": picture_of(order, expected) if rule.show_range else None,
        "verdict": verdict_of(order, expected) if rule.show_range else None,
        "delivered": order.actual_date,
        "wants": wants,
        **_signs(order),
        "wants_done": list(wants_of(order).exclude(done_at=None)[:5]),
        "milestones": _milestones(order, rule) if rule.show_milestones else [],
        "deliveries": _deliveries(lines) if rule.show_deliveries else [],
        "requests": _requests(order, rule) if rule.show_requests else [],
        "contact": contact_of(order, rule),
        "updated": order.updated_at,
    }


def _signs(order: Order) -> dict[str, Any]:
    """What waits for the customer's yes, with all that they sign."""
    waiting = waiting_for_customer(order)
    return {"sign_changes": [change_shown(one) for one in waiting.changes], "sign_documents": waiting.documents}


def state_of(order: Order) -> str:
    """Our states in the customer's words; what is only ours is not said."""
    words = {
        OrderState.IN_REVIEW: _("Being checked by us"),
        OrderState.CONFIRMED: _("Confirmed"),
        OrderState.IN_PROGRESS: _("In production"),
        OrderState.PARTIALLY_DELIVERED: _("Partly delivered"),
        OrderState.DELIVERED: _("Delivered"),
        OrderState.ACCEPTED: _("Accepted"),
        OrderState.CLOSED: _("Completed"),
        OrderState.ON_HOLD: _("Paused"),
        OrderState.CANCELLED: _("Cancelled"),
    }
    return words.get(OrderState(order.state), _("In preparation"))


def verdict_of(order: Order, expected: Expected | None) -> dict[str, Any] | None:
    """Whether the agreed date is kept, said openly."""
    if order.promised_date is None or order.state in DONE:
        return None
    agreed = {"day": day_text(order.promised_date)}
    if expected is None:
        return {"css": "", "icon": "clock", "text": _("Agreed for %(day)s") % agreed}
    if expected.eight <= order.promised_date:
        return {"css": "ok", "icon": "circle-check", "text": _("Keeps the agreed %(day)s") % agreed}
    if expected.half <= order.promised_date:
        return {"css": "warn", "icon": "alert-triangle", "text": _("The agreed %(day)s is close") % agreed}
    least, most = ((day - order.promised_date).days for day in (expected.half, expected.eight))
    if least == most:
        text = _("About %(days)d days after the agreed %(day)s; we are working on it") % {"days": least, **agreed}
    else:
        text = _("%(least)d to %(most)d days after the agreed %(day)s; we are working on it")
        text %= {"least": least, "most": most, **agreed}
    return {"css": "late", "icon": "clock-exclamation", "text": text}


def _milestones(order: Order, rule: TrackingRule) -> list[dict[str, Any]]:
    """What is behind and ahead: with the days of the forecast where the rule shows what is expected, so that they agree
    with the expected delivery; else with the plan's."""
    rows = Task.objects.filter(plan__order=order).select_related("order_line")
    found = list(rows.filter(is_milestone=True).order_by("finish", "sequence")[:MOST_MILESTONES])
    if not found:
        found = list(rows.filter(parent=None, is_summary=True).order_by("sequence")[:MOST_MILESTONES])
    ahead = {}
    if rule.show_range:
        ahead = {one.task_id: one for one in TaskForecast.objects.filter(run__is_current=True, task__in=found)}
    often = Counter(task.name for task in found)
    shown = []
    current = True
    for task in found:
        done = task.actual_finish is not None or task.percent >= 100
        day = task.actual_finish or task.finish
        first = last = timezone.localtime(day).date() if day else None
        if not done and task.pk in ahead:
            first, last = ahead[task.pk].p50, ahead[task.pk].p80
        shown.append(
            {
                "name": _of_which(task) if often[task.name] > 1 else task.name,
                "day": first,
                "until": last if last != first else None,
                "done": done,
                "now": not done and current,
            }
        )
        current = current and done
    return shown


def _of_which(task: Task) -> str:
    """With what it belongs to, where several lines have a milestone of the same name."""
    line = task.order_line
    return f"{task.name} · {line.description or line.model_text}" if line is not None else task.name


def _deliveries(lines: list[Any]) -> list[dict[str, Any]]:
    return [
        {
            "name": line.description or line.model_text,
            "quantity": quantity_text(line.quantity, line.unit),
            "promised": line.promised_date or line.requested_date,
            "actual": line.actual_date,
        }
        for line in lines
    ]


def _requests(order: Order, rule: TrackingRule) -> list[dict[str, Any]]:
    """This order's requests."""
    rows = CustomerRequest.objects.filter(order=order, customer=order.customer).exclude(state="merged")
    return requests_shown(rows, rule)


def requests_shown(rows: QuerySet[CustomerRequest], rule: TrackingRule, *, most: int = 15) -> list[dict[str, Any]]:
    """Requests as the customer may read them: their words, the names of what they sent, and our replies."""
    now = timezone.now()
    calendar = shared_calendar(now)
    shown = []
    found = list(rows.prefetch_related("messages__user", "pauses").order_by("-received_at")[:most])
    files, returns = files_from_customer(found), _returns(found)
    for one in found:
        reading = readings_of(one, now=now, calendar=calendar)["response"]
        promise = ""
        if reading.running and not reading.breached:
            promise = _("answer within %(time)s of working time") % {"time": duration(reading.left)}
        shown.append(
            {
                "request": one,
                "messages": [
                    _said(message, rule) for message in one.messages.all() if message.author != Author.INTERNAL
                ],
                "files": files.get(one.pk, ()),
                "returns": returns.get(one.pk, ()),
                "state": _request_state(one.state),
                "promise": promise,
                "open": one.state in ("open", "waiting", "resolved"),
            }
        )
    return shown


def _returns(asked: Sequence[CustomerRequest]) -> dict[int, list[dict[str, Any]]]:
    """The parts that came back with each request, as far as the customer is told: what became of them, not why."""
    shown: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for one in returns_of_requests([request.pk for request in asked]):
        shown[one.case.request_id].append({"part": one, "state": _return_state(one)})
    return shown


def _return_state(found: Rma) -> str:
    settled = {
        Outcome.REPAIR: _("Repaired and sent back"),
        Outcome.REPLACE: _("Replaced"),
        Outcome.CREDIT: _("Credited"),
        Outcome.REFUSE: _("Sent back as it is"),
    }
    if found.state == RmaState.RETURNED:
        return settled[Outcome(found.outcome)]
    return _("We wait for the part") if found.state == RmaState.AUTHORISED else _("Being examined by us")


def _said(message: Any, rule: TrackingRule) -> dict[str, Any]:
    ours = message.author == Author.REPLY
    who = (message.name if rule.show_contact else _("Us")) if ours else message.name
    return {"ours": ours, "who": who, "text": message.text, "at": message.at}


def _request_state(state: str) -> dict[str, str]:
    return {
        "open": {"css": "acc", "icon": "progress", "text": _("Being worked on")},
        "waiting": {"css": "warn", "icon": "hourglass", "text": _("Waits for your answer")},
        "resolved": {"css": "ok", "icon": "circle-check", "text": _("Answered")},
        "closed": {"css": "", "icon": "check", "text": _("Closed")},
    }[state]
