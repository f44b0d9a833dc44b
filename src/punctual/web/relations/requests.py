"""Customers' requests: sorted by their clock, with what was said, what is agreed and what they hang on."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any, Final

from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from punctual.domain.changes.rules import against_order
from punctual.domain.customer_relations import selectors
from punctual.domain.customer_relations.clock import by_day
from punctual.domain.customer_relations.life import REQUEST_LIFE, RUNNING
from punctual.domain.customer_relations.models import (
    Author,
    Channel,
    CustomerRequest,
    ReplyTemplate,
    RequestState,
)
from punctual.domain.customer_relations.services import requests as services
from punctual.domain.orders.models import Order
from punctual.domain.orders.selectors import order_by_key, orders_of
from punctual.domain.parties.models import Contact, Customer
from punctual.domain.plans.selectors import plan_by_order
from punctual.engine.calendars import WorkCalendar
from punctual.flows.asked_change import reasons_against
from punctual.kernel.refusal import NotFound, Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may, require
from punctual.platform.attachments.services import attach, attachments_of, documents_on, path_of
from punctual.platform.records import get_or_not_found
from punctual.platform.search.services import by_label
from punctual.platform.targets import TARGETS
from punctual.web.formatting import day_text, listed, moment_text
from punctual.web.master.pages import Crumb, actor_of, edit, number
from punctual.web.orders.actions import as_download, done
from punctual.web.relations import clocks, complaints
from punctual.web.relations.forms import RequestChangeForm, RequestForm, colleagues
from punctual.web.shell.mentions import untold

SHOWN: Final = 60
WIDE: Final = {"title": "w4x", "text": "w4x", "customer": "w2x"}


def _url(found: CustomerRequest) -> str:
    return reverse("request", args=[found.number])


def _scoped(actor: User, scope: str) -> QuerySet[CustomerRequest]:
    rows = selectors.listed_requests(actor)
    if scope == "settled":
        return rows.exclude(state__in=RUNNING).order_by("-received_at")
    rows = rows.filter(state__in=RUNNING)
    return rows if scope == "all" else rows.filter(owner=actor)


def _head(actor: User, now: dt.datetime) -> dict[str, Any]:
    """The figures above; each leads to its rows."""
    running = selectors.running_requests(actor)
    end_of_day = timezone.localtime(now).replace(hour=23, minute=59)
    month = timezone.localtime(now).replace(day=1, hour=0, minute=0)
    answered = selectors.requests_of(actor).filter(responded_at__gte=month, response_used__isnull=False)
    in_time = [(used or 0) <= limit for used, limit in answered.values_list("response_used", "response_minutes")]
    counts = running.aggregate(all=Count("pk"), waiting=Count("pk", filter=Q(state=RequestState.WAITING)))
    due = Q(response_due__range=(now, end_of_day)) | Q(resolution_due__range=(now, end_of_day))
    return {
        "running": counts["all"],
        "waiting": counts["waiting"],
        "breached": selectors.breached(running, now).count(),
        "today": running.filter(due, state=RequestState.OPEN).count(),
        "in_time": round(100 * sum(in_time) / len(in_time)) if in_time else None,
        "mine": running.filter(owner=actor).count(),
        "inbox": selectors.inbox_messages(actor).count(),
    }


def workbench(request: HttpRequest, key: str = "") -> HttpResponse:
    """The list by clock at the left, one request in the middle, its clocks and links at the right."""
    actor, now = actor_of(request), timezone.now()
    require(actor, "requests.view")
    found = selectors.request_by_key(actor, key) if key else None
    scope = request.GET.get("scope", "")
    if scope not in ("mine", "all", "settled"):
        default = "all" if found is not None and found.owner_id != actor.pk else "mine"
        if found is not None and found.state not in RUNNING:
            default = "settled"
        scope = default
    rows = list(_scoped(actor, scope)[:SHOWN])
    if not rows and scope == "mine" and not key:
        scope, rows = "all", list(_scoped(actor, "all")[:SHOWN])
    if found is None and rows and not key:
        found = selectors.request_by_key(actor, rows[0].number)
    calendar = selectors.shared_calendar(now)
    context: dict[str, Any] = {
        "title": _("Customer requests"),
        "scope": scope,
        "rows": [_row(one, now, calendar) for one in rows],
        "found": found,
        "opened": bool(key),
        "may_change": may(actor, "requests.change"),
        **_head(actor, now),
    }
    if found is not None:
        context |= _detail(actor, found, now) | complaints.of_request(request, actor, found)
        context["may_raise"] = (
            may(actor, "changes.raise")
            and found.order is not None
            and not reasons_against(found, found.order)
            and not against_order(found.order.state)
        )
    return render(request, "relations/requests.html", context)


def _row(one: CustomerRequest, now: dt.datetime, calendar: WorkCalendar) -> dict[str, Any]:
    waits = one.state == RequestState.WAITING
    clock = "" if one.state not in RUNNING else str(clocks.NAMES["resolution" if one.responded_at else "response"])
    return {
        "request": one,
        "chip": clocks.chip_of(one, now=now, calendar=calendar),
        "short": one.number.replace("REQ-", ""),
        "clock": _("waits for the customer") if waits else clock,
    }


def _detail(actor: User, found: CustomerRequest, now: dt.datetime) -> dict[str, Any]:
    readings = selectors.readings_of(found, now=now)
    since = next((pause.since for pause in found.pauses.all() if pause.until is None), None)
    calendar, zone = selectors.calendar_for(found, now), selectors.company_zone()
    both = selectors.clocks_of(found)
    changing = may(actor, "requests.change")
    shown = []
    for name, reading in readings.items():
        days = by_day(calendar, both[name], now=now, zone=zone)
        shown.append(
            {
                "name": clocks.NAMES[name],
                "chip": clocks.clock_chip(reading, paused_since=since, now=now),
                "bar": clocks.bar(reading),
                "limit": clocks.duration(reading.limit),
                "used": clocks.duration(reading.used),
                "due": reading.due if reading.running else None,
                "days": [(day_text(day), clocks.duration(minutes)) for day, minutes in days] if reading.used else [],
            }
        )
    return {
        "thread": _thread(found),
        "clocks": shown,
        "week": _week_words(calendar),
        "verbs": set(REQUEST_LIFE.verbs_from(found.state)) if changing else set(),
        "templates": _templates(found, readings["resolution"].due) if changing else [],
        "linkable": [(name, _(target.label)) for name, target in TARGETS.items() if name != "customerrequest"],
        "files": documents_on(found),
        "colleagues": colleagues() if changing else [],
        "others": selectors.running_requests(actor).filter(customer=found.customer).exclude(pk=found.pk)[:20],
        "customer_mail": bool(found.contact and found.contact.email),
    }


def _templates(found: CustomerRequest, due: dt.datetime | None) -> list[tuple[str, str]]:
    """Name and text of each, in the contact's language and with what this request fills in."""
    language = (found.contact.language if found.contact else "") or get_language() or ""
    with override(language):
        words = {
            "order": found.order.label if found.order else "",
            "contact": found.contact.name if found.contact else str(found.customer),
            "due": moment_text(due) if due else "",
        }
    return [(one.name, _filled(one.text_in(language), words)) for one in ReplyTemplate.objects.all()[:8]]


def _filled(text: str, words: dict[str, str]) -> str:
    """What a word brings in is not filled again."""
    return re.sub(r"\{(\w+)\}", lambda found: words.get(found[1], found[0]), text)


def _week_words(calendar: Any) -> str:
    """``Mon 08:00–12:00, 13:00–17:00`` of a usual day."""
    shifts = next((shifts for shifts in calendar.week if shifts), ())
    return listed(f"{a // 60:02d}:{a % 60:02d}–{b // 60:02d}:{b % 60:02d}" for a, b in shifts)


def _thread(found: CustomerRequest) -> list[dict[str, Any]]:
    """Messages, and between them what the clocks did."""
    steps: list[tuple[dt.datetime, dict[str, Any]]] = []
    for one in found.messages.select_related("user"):
        css = {Author.REPLY: "out", Author.INTERNAL: "int"}.get(Author(one.author), "")
        steps.append((one.at, {"message": one, "css": css}))
    for pause in found.pauses.all():
        steps.append((pause.since, {"event": _("The clock stands: we wait for the customer."), "at": pause.since}))
        if pause.until is not None:
            steps.append((pause.until, {"event": _("The clock runs again."), "at": pause.until}))
    levels = {
        "warned": _("%(clock)s: due soon; told %(people)s"),
        "breached": _("%(clock)s: overdue; told %(people)s"),
        "escalated": _("%(clock)s: long overdue; told %(people)s"),
    }
    for notice in found.notices.all():
        words = levels[notice.level] % {"clock": clocks.NAMES[notice.clock], "people": notice.told}
        steps.append((notice.at, {"event": words, "at": notice.at}))
    steps.sort(key=lambda step: step[0])
    return [step for _at, step in steps]


# — writing —


def _order(actor: User, text: str) -> Order | None:
    if not text.strip():
        return None
    try:
        return order_by_key(actor, text.strip())
    except NotFound as error:
        reason = Reason(
            "request.order_unknown", N_("There is no order “%(number)s”."), {"number": text.strip()}, field="order"
        )
        raise Refusal(reason) from error


def _contact(customer: Customer, name: str) -> Contact | None:
    name = name.strip()
    return customer.contacts.filter(archived_at=None, name=name).first() if name else None


def new_request(request: HttpRequest) -> HttpResponse:
    """Record what a customer wants."""
    actor = actor_of(request)
    require(actor, "requests.change")

    def save(facts: dict[str, Any], version: int | None) -> CustomerRequest:
        order = _order(actor, facts.pop("order"))
        name = facts.pop("contact")
        contact = _contact(facts["customer"], name)
        data = services.RequestInput(**facts, order=order, contact=contact, name=name)
        return services.record_request(actor=actor, data=data)

    key = request.GET.get("order", "")
    order = orders_of(actor).filter(number=key).select_related("contact").first() if key else None
    initial: dict[str, Any] = {"owner": actor.pk, "channel": Channel.PHONE, "customer": request.GET.get("customer")}
    if order is not None:
        initial |= {"order": order.number, "customer": order.customer_id, "contact": order.contact or ""}
    return edit(
        request,
        RequestForm(request.POST or None, initial=initial),
        save,
        title=_("Record a request"),
        crumbs=[Crumb(reverse("requests"), _("Customer requests"))],
        back=reverse("requests"),
        done=_url,
        wide=WIDE,
    )


def change_request(request: HttpRequest, key: str) -> HttpResponse:
    """Put right what was recorded."""
    actor = actor_of(request)
    found = selectors.request_by_key(actor, key)
    require(actor, "requests.change")

    def save(facts: dict[str, Any], version: int | None) -> CustomerRequest:
        order, contact = _order(actor, facts.pop("order")), _contact(found.customer, facts.pop("contact"))
        return services.change_request(
            actor=actor, request_id=found.pk, expected_version=version, order=order, contact=contact, **facts
        )

    initial = {
        "version": found.version,
        "title": found.title,
        "kind": found.kind,
        "urgency": found.urgency,
        "owner": found.owner_id,
        "order": found.order.label if found.order else "",
        "contact": found.contact.name if found.contact else "",
    }
    return edit(
        request,
        RequestChangeForm(request.POST or None, initial=initial),
        save,
        title=_("Change the request"),
        crumbs=[
            Crumb(reverse("requests"), _("Customer requests")),
            Crumb(_url(found), found.number, is_data=True),
        ],
        back=_url(found),
        done=_url,
        wide=WIDE,
    )


@require_POST
def say(request: HttpRequest, key: str) -> HttpResponse:
    """Reply, note, or what the customer said on the phone; with files."""
    actor = actor_of(request)
    found = selectors.request_by_key(actor, key)
    text, verb = request.POST.get("text", ""), request.POST.get("verb", "")
    version = number(request, "version")
    if verb == "note":
        services.add_note(actor=actor, request_id=found.pk, text=text)
        sentence = f"{_('Noted; only colleagues read it.')} {untold(actor, found, text)}".strip()
    elif verb == "hear":
        require(actor, "requests.change")
        services.hear(found=found, text=text, channel=Channel.PHONE, actor=actor)
        sentence = _("Recorded; the clock runs.")
    else:
        services.reply(
            actor=actor,
            request_id=found.pk,
            text=text,
            expected_version=version,
            and_wait=verb == "reply_wait",
            and_resolve=verb == "reply_resolve",
        )
        sentence = _("Sent to the customer.")
    for file in request.FILES.getlist("file"):
        attach(actor=actor, target=found, file=file, name=file.name or "file")
    return done(request, _url(found), sentence)


@require_POST
def act(request: HttpRequest, key: str, verb: str) -> HttpResponse:
    """One step of its life."""
    actor, version = actor_of(request), number(request, "version")
    found = selectors.request_by_key(actor, key)
    reason = request.POST.get("reason", "")
    verbs: dict[str, Callable[[], object]] = {
        "wait": lambda: services.wait_for_customer(
            actor=actor, request_id=found.pk, reason=reason, expected_version=version
        ),
        "resume": lambda: services.resume(actor=actor, request_id=found.pk, expected_version=version),
        "resolve": lambda: services.resolve(actor=actor, request_id=found.pk, note=reason, expected_version=version),
        "close": lambda: services.close(actor=actor, request_id=found.pk, expected_version=version),
        "reopen": lambda: services.reopen(actor=actor, request_id=found.pk, reason=reason, expected_version=version),
        "merge": lambda: services.merge(
            actor=actor,
            request_id=found.pk,
            into=selectors.request_by_key(actor, request.POST.get("into", "")),
            expected_version=version,
        ),
        "link": lambda: _link(request, actor, found),
    }
    if verb not in verbs:
        raise NotFound(Reason("request.verb", N_("A request can't “%(verb)s”."), {"verb": verb[:40]}))
    verbs[verb]()
    return done(request, _url(found), _("Done."))


def _link(request: HttpRequest, actor: User, found: CustomerRequest) -> None:
    kind, key = request.POST.get("target_type", ""), request.POST.get("target", "").strip()
    if kind == "order" and not key.isdecimal():
        target_id = order_by_key(actor, key).pk
    elif kind == "task":
        target_id = _task_named(actor, found, key)
    else:
        target_id = by_label(kind, key) or (int(key) if key.isdecimal() and len(key) < 18 else 0)
    services.link(actor=actor, request_id=found.pk, target_type=kind, target_id=target_id)


def _task_named(actor: User, found: CustomerRequest, key: str) -> int:
    """A task by its place in the outline of the request's order, or of the order named before it; 0 where none is."""
    order, _space, wbs = key.rpartition(" ")
    plan = plan_by_order(actor, order.strip() or (found.order.key if found.order else ""))
    return plan.tasks.filter(wbs=wbs).values_list("pk", flat=True).first() or 0


def download(request: HttpRequest, key: str, pk: int) -> HttpResponse:
    """A file as it came; browsers only ever save it."""
    found = selectors.request_by_key(actor_of(request), key)
    file = get_or_not_found(attachments_of(found), pk=pk)
    return as_download(path_of(file.sha256).read_bytes(), file.name)
