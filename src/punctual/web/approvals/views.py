"""What waits for my yes, and saying it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from punctual.domain.orders.selectors import signs_waiting_for
from punctual.kernel.dates import NotADay, parse_day
from punctual.kernel.quantity import NotANumber, parse_decimal, plain
from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import Role, User
from punctual.platform.accounts.permissions import OFFICE, require
from punctual.platform.approvals.models import ApprovalRequest, ApprovalRule, ApprovalState
from punctual.platform.approvals.selectors import delegations_in_force, request_by_id, requests_of, waiting_for
from punctual.platform.approvals.services import decide, delegate, end_delegation, remind, set_rules
from punctual.platform.approvals.subjects import SUBJECTS
from punctual.platform.audit.services import story_of
from punctual.web.changes.words import kind_words, story
from punctual.web.formatting import UNKNOWN, day_text, days_text, listed, money_text
from punctual.web.master.pages import actor_of
from punctual.web.orders.actions import done, version_of
from punctual.web.shell.middleware import status_of
from punctual.web.shell.reading import whole

SHOWN = 100
CSS = {
    ApprovalState.WAITING: "acc",
    ApprovalState.APPROVED: "ok",
    ApprovalState.REJECTED: "late",
    ApprovalState.WITHDRAWN: "",
}
BLANK_ROWS = 3


def title_of(item: ApprovalRequest) -> str:
    """The sentence in the reader's language."""
    sentence = _(item.title)
    return sentence % item.params if item.params else sentence


def _row(item: ApprovalRequest) -> dict[str, Any]:
    subject = SUBJECTS[item.subject]
    return {
        "url": reverse("approval", args=[item.pk]),
        "title": title_of(item),
        "kind": _(subject.label),
        "icon": subject.icon,
        "by": item.requested_by,
        "amount": item.amount,
        "currency": item.currency,
        "days": item.days or None,
        "due": item.due_at if item.state == ApprovalState.WAITING else None,
        "overdue": item.state == ApprovalState.WAITING and bool(item.due_at and item.due_at < timezone.now()),
        "state": item.get_state_display(),
        "css": CSS[ApprovalState(item.state)],
    }


def _review_rows(actor: User) -> list[dict[str, Any]]:
    """Order reviews stand in the same list; they are signed on the order's page."""
    now = timezone.now()
    return [
        {
            "url": f"{reverse('order', args=[sign.review.order.key])}#sign",
            "title": f"{sign.review.order.label} · {sign.review.order.customer}",
            "kind": _("Order review"),
            "icon": "writing-sign",
            "by": sign.review.order.owner,
            "amount": sign.review.order.total_amount,
            "currency": sign.review.order.currency,
            "days": None,
            "due": sign.review.due_at,
            "overdue": bool(sign.review.due_at and sign.review.due_at < now),
            "state": sign.get_state_display(),
            "css": "acc",
        }
        for sign in signs_waiting_for(actor)[:SHOWN]
    ]


def inbox(request: HttpRequest) -> HttpResponse:
    """What waits for me, what I asked for, everything."""
    actor, today = actor_of(request), timezone.localdate()
    require(actor, "approvals.view")
    view = request.GET.get("view", "mine")
    waiting = waiting_for(actor, today)
    reviews = _review_rows(actor)
    if view == "asked":
        found = [_row(one) for one in requests_of(actor).filter(requested_by=actor)[:SHOWN]]
    elif view == "all":
        found = [_row(one) for one in requests_of(actor)[:SHOWN]]
    else:
        view = "mine"
        found = [_row(one) for one in waiting[:SHOWN]] + reviews
    asked = requests_of(actor).filter(requested_by=actor, state=ApprovalState.WAITING).count()
    context = {
        "title": _("Approvals"),
        "view": view,
        "rows": found,
        "tabs": [
            ("mine", _("Waits for me"), waiting.count() + len(reviews)),
            ("asked", _("I asked for"), asked),
            ("all", _("History"), None),
        ],
        "standing_for": [(one.person, one) for one in delegations_in_force(today).filter(delegate=actor)],
    }
    return render(request, "approvals/inbox.html", context)


def _shown_value(value: object, kind: str, currency: str) -> str:
    if value in (None, ""):
        return UNKNOWN
    if isinstance(value, list):
        return listed(value)
    text = str(value)
    try:
        if kind == "date":
            return day_text(dt.date.fromisoformat(text))
        if kind == "money":
            return money_text(Decimal(text), currency)
        if kind == "days":
            return days_text(int(text))
    except (ValueError, InvalidOperation):
        return text
    return f"{text} %" if kind == "percent" else text


def _fact(fact: Mapping[str, Any], currency: str) -> dict[str, str]:
    kind = str(fact.get("kind", "text"))
    return {
        "label": _(str(fact["label"])),
        "now": _shown_value(fact.get("now"), kind, currency),
        "then": _shown_value(fact.get("then"), kind, currency),
        "tone": str(fact.get("tone", "")),
        "css": "" if kind in ("text", "list") else "n",  # a figure is never broken, a list of orders has to be
    }


def _money_label(label: str) -> str:
    head, _colon, tail = label.partition(":")
    return kind_words(tail) if head == "kind" else _(label)


def approval(request: HttpRequest, pk: int) -> HttpResponse:
    """One approval: now and then, the money, who agreed, two buttons."""
    actor, today = actor_of(request), timezone.localdate()
    require(actor, "approvals.view")
    item = request_by_id(actor, pk)
    waits = item.state == ApprovalState.WAITING
    mine = waits and waiting_for(actor, today).filter(pk=item.pk).exists()
    context = {
        "title": title_of(item),
        "item": item,
        "kind": _(SUBJECTS[item.subject].label),
        "css": CSS[ApprovalState(item.state)],
        "mine": mine,
        "own": waits and actor.pk in item.behind,
        "overdue": waits and bool(item.due_at and item.due_at < timezone.now()),
        "facts": [_fact(one, item.currency) for one in item.facts],
        "money": [
            {"label": _money_label(one["label"]), "amount": money_text(Decimal(one["amount"]), item.currency)}
            for one in item.money
        ],
        "story": story(story_of(item)[:20]),
    }
    return render(request, "approvals/approval.html", context)


@require_POST
def decide_one(request: HttpRequest, pk: int) -> HttpResponse:
    decision = request.POST.get("decision", "")
    if decision not in ("approve", "reject"):
        raise Refusal(Reason("approval.decision", N_("Choose: approve or reject.")))
    decide(
        actor=actor_of(request),
        request_id=pk,
        approve=decision == "approve",
        comment=request.POST.get("comment", ""),
        today=timezone.localdate(),
        expected_version=version_of(request),
    )
    return done(request, reverse("approvals"), _("Approved.") if decision == "approve" else _("Rejected."))


@require_POST
def remind_one(request: HttpRequest, pk: int) -> HttpResponse:
    remind(actor=actor_of(request), request_id=pk, today=timezone.localdate())
    return done(request, reverse("approval", args=[pk]), _("Reminded."))


def _day(text: str | None) -> dt.date | None:
    try:
        return parse_day(text) if text else None
    except NotADay:
        return None


def delegation(request: HttpRequest) -> HttpResponse:
    """Who decides for me while I am away."""
    actor, today = actor_of(request), timezone.localdate()
    require(actor, "approvals.decide")
    people = User.objects.filter(is_active=True, role__in=OFFICE).exclude(pk=actor.pk).order_by("role", "username")
    refusal: Refusal | None = None
    if request.method == "POST":
        wish = request.POST.get("delegate", "")
        try:
            delegate(
                actor=actor,
                delegate=User.objects.filter(is_active=True, pk=whole(wish)).first(),
                first=_day(request.POST.get("first")),
                last=_day(request.POST.get("last")),
                reason=request.POST.get("reason", ""),
                today=today,
            )
            return redirect("approval_delegation")
        except Refusal as refused:
            refusal = refused
    context = {
        "title": _("Stand-in"),
        "people": people,
        "today": today,
        "rows": actor.delegations.select_related("delegate")[:20],
        "reasons": refusal.reasons if refusal else (),
    }
    return render(request, "approvals/delegation.html", context, status=status_of(refusal) if refusal else 200)


@require_POST
def end(request: HttpRequest, pk: int) -> HttpResponse:
    end_delegation(actor=actor_of(request), delegation_id=pk)
    return done(request, reverse("approval_delegation"), _("You decide yourself again."))


MOST_ROWS: Final = 40


def rules(request: HttpRequest) -> HttpResponse:
    """The chains of every subject."""
    actor = actor_of(request)
    require(actor, "approvals.rules")
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            set_rules(actor=actor, subject=request.POST.get("subject", ""), levels=_levels(request.POST))
            return done(request, reverse("approval_rules"), _("Saved."))
        except Refusal as refused:
            refusal = refused
    context = {
        "title": _("Approval chains"),
        "subjects": [_subject(name, request.POST if refusal else {}) for name in SUBJECTS],
        "roles": Role.choices,
        "reasons": refusal.reasons if refusal else (),
    }
    return render(request, "approvals/rules.html", context, status=status_of(refusal) if refusal else 200)


def _subject(name: str, typed: Mapping[str, Any]) -> dict[str, Any]:
    """The chain of a subject; of the one that was refused what was typed."""
    subject = SUBJECTS[name]
    kept = list(ApprovalRule.objects.filter(subject=name))
    if typed.get("subject") == name:
        columns = ("level", "role", "kind", "amount", "days")
        again = [
            {one: typed.get(f"{one}-{at}", "") for one in columns} for at in range(MOST_ROWS) if f"role-{at}" in typed
        ]
        return {"name": name, "label": _(subject.label), "icon": subject.icon, "rows": again, "standard": not kept}
    rows = [
        {
            "level": one.level,
            "role": one.role,
            "kind": one.kind,
            "amount": plain(one.minimum_amount),
            "days": one.minimum_days,
        }
        for one in kept or subject.standard
    ]
    rows += [{"level": "", "role": "", "kind": "", "amount": "", "days": ""} for _index in range(BLANK_ROWS)]
    return {"name": name, "label": _(subject.label), "icon": subject.icon, "rows": rows, "standard": not kept}


def _levels(post: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The filled rows; what can't be read becomes a value that the service refuses."""
    levels = []
    for at in range(MOST_ROWS):
        role = post.get(f"role-{at}")
        if not role:
            continue
        levels.append(
            {
                "level": int(_number(post.get(f"level-{at}") or "1")),
                "role": role,
                "kind": str(post.get(f"kind-{at}", "")).strip()[:40],
                "minimum_amount": _number(post.get(f"amount-{at}") or "0"),
                "minimum_days": int(_number(post.get(f"days-{at}") or "0")),
            }
        )
    return levels


def _number(text: object) -> Decimal:
    try:
        return parse_decimal(text, places=2)
    except NotANumber:
        return Decimal(-1)
