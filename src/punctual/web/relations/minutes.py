"""The minutes while they are typed: lines that several people write at once, and who else has them open."""

from __future__ import annotations

import time
import uuid
from hashlib import sha256
from typing import Any, Final

from django.contrib import messages
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from punctual.domain.customer_relations import pack, selectors
from punctual.domain.customer_relations.life import MEETING_LIFE
from punctual.domain.customer_relations.models import LineKind, Meeting, MinuteLine
from punctual.domain.customer_relations.rules import against_turning
from punctual.domain.customer_relations.services import meetings, minutes
from punctual.domain.customer_relations.services.decisions import is_open, may_settle, name_of
from punctual.domain.customer_relations.services.decisions import wanted_of as found_wanted
from punctual.domain.customer_relations.services.minutes import Line
from punctual.domain.orders.selectors import orders_of
from punctual.domain.parties.selectors import get_contact
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may
from punctual.platform.records import get_or_not_found
from punctual.platform.targets import TARGETS
from punctual.web.master.pages import actor_of, number
from punctual.web.relations import packs
from punctual.web.supply.posted import posted_day

KINDS: Final[dict[str, tuple[str, str, str]]] = {
    LineKind.ACTION: ("checkbox", "acc", "a"),
    LineKind.REQUEST: ("message-circle", "acc", "r"),
    LineKind.CHANGE: ("git-pull-request", "what", "c"),
    LineKind.RISK: ("target-arrow", "warn", "k"),
    LineKind.DECISION: ("checks", "ok", "d"),
    LineKind.INTERNAL: ("lock", "", "i"),
    LineKind.NOTE: ("notebook", "", ""),
}
"""Icon, tint, and the letter that with Alt makes a line of this kind."""
HERE: Final = 20
"""Seconds after which somebody who has not asked for the lines again has left."""


def lines_of(actor: User, found: Meeting, *, outside: bool, seen: int) -> dict[str, Any]:
    """What the part with the lines needs. ``seen`` is the version under which the reader opened the page."""
    live = not outside and may(actor, "meetings.change") and MEETING_LIFE.allows(found.state, "write")
    rows = packs.minutes_of(found, internal=not outside)
    names = packs.names_shown(found, internal=not outside)
    others = _others(actor, found) if live else []
    kept = [(one.pk, one.kind, one.target_id, one.settles) for one in rows]
    return {
        "found": found,
        "mark": sha256(repr((found.version, kept, others, live)).encode()).hexdigest()[:12],
        "lines": [
            {
                "line": one,
                "icon": KINDS[one.kind][0],
                "css": KINDS[one.kind][1],
                "url": _target_url(one),
                "who": names(one),
                "order": packs.order_named(found, one),
                "turns": _turns(one) if live else [],
            }
            for one in rows
        ],
        "several": not outside and len({one.by_id for one in rows}) > 1,
        "live": live,
        "outside": outside,
        "seen": seen,
        "moved_on": seen != found.version,
        "others": others,
        "key": uuid.uuid4(),
    }


def _turns(one: MinuteLine) -> list[dict[str, str]]:
    """What a kept line can still become: kind, words, icon."""
    kinds = [LineKind(kind) for kind in minutes.offered_work()]
    return [
        {"kind": kind.value, "label": str(kind.label), "icon": KINDS[kind][0]}
        for kind in kinds
        if not against_turning(before=one.kind, into=kind, is_done=bool(one.target_type), work=kinds)
    ]


def _others(actor: User, found: Meeting) -> list[str]:
    """Who else has these minutes open to write; the actor is noted too. Two who come in the same moment see each other
    some seconds later."""
    now, key, me = time.time(), f"minutes-{found.pk}", str(actor.pk)
    here: dict[str, tuple[str, float]] = cache.get(key) or {}
    here = {pk: (name, at) for pk, (name, at) in here.items() if now - at < HERE} | {me: (actor.name, now)}
    cache.set(key, here, HERE)
    return sorted(name for pk, (name, _at) in here.items() if pk != me)


def _target_url(one: MinuteLine) -> str:
    """The page of what the line became; empty where there is none."""
    if one.target_type == "trackingtask":
        return f"{reverse('order', args=[one.order.key])}#tracking" if one.order else ""
    target = TARGETS.get(one.target_type)
    if target is not None:
        key = one.target_label.split(" ")[0] if target.url_key in ("key", "number") else one.target_id
        return reverse(target.url_name, args=[key])
    address = {"actionitem": "/actions/{}/", "risk": "/risks/{}/"}.get(one.target_type, "").format(one.target_id)
    return packs.if_there(address)


def pack_of(actor: User, found: Meeting) -> list[dict[str, Any]]:
    """As it was when the meeting began; before that as things stand now."""
    kept: list[dict[str, Any]] | None = found.pack
    return kept if kept is not None else pack.build(actor, found, today=timezone.localdate())


def wanted_of(actor: User, found: Meeting, parts: list[dict[str, Any]], *, live: bool) -> dict[str, Any]:
    """What the customer is to decide. While minutes are written each line says whether it ``asks`` for a decision that
    the actor may note; what was settled elsewhere since the meeting began does not."""
    part = next((part for part in parts if part["name"] == "wanted"), None)
    if part is None or not live:
        return {"wanted": part}
    wanted = pack.still_wanted(actor, found, today=timezone.localdate())
    lines = []
    for one in part["lines"]:
        asks = one["key"] in wanted and not one["decision"] and may_settle(actor, one["key"])
        gone = bool(one["key"]) and one["key"] not in wanted and not one["decision"]
        settled = {"mark": _("Settled meanwhile"), "tone": "ok", "icon": "circle-check"} if gone else {}
        lines.append({**one, "asks": asks, **settled})
    return {"wanted": {**part, "lines": lines}}


def settling(actor: User, found: Meeting, key: str) -> dict[str, str] | None:
    """What the next line decides, where the page was asked for it without script."""
    wanted = found_wanted(actor, found, key) if key and may_settle(actor, key) else None
    return {"key": key, "words": name_of(wanted)} if wanted is not None and is_open(wanted) else None


def lines_part(request: HttpRequest, actor: User, found: Meeting, seen: int) -> HttpResponse:
    """The lines alone, as an open page asks for them every few seconds and after each line; nothing where the page has
    them (``had``), so that nothing that is open on it closes."""
    context = lines_of(actor, found, outside=False, seen=seen)
    if request.GET.get("had") == context["mark"]:
        return HttpResponse(status=204)
    parts = packs.sections(pack_of(actor, found), internal=True, decided=packs.decided_of(found))
    context |= wanted_of(actor, found, parts, live=context["live"])
    return render(request, "relations/minute_lines.html", {**context, "anew": True})


@require_POST
def write(request: HttpRequest, pk: int) -> HttpResponse:
    """A line, or who is there; comes back to the same place."""
    actor = actor_of(request)
    found = selectors.meeting_by_id(actor, pk)
    back = f"{reverse('meeting', args=[pk])}#minutes"
    if "attendance" in request.POST:
        there, was = (
            [int(one) for one in request.POST.getlist(name) if one.isdecimal() and len(one) < 18]
            for name in ("present", "was")
        )
        meetings.set_present(actor=actor, meeting_id=pk, present=there, was=was)
        return redirect("meeting", pk=pk)
    if request.POST.get("remove"):
        minutes.remove_line(actor=actor, meeting_id=pk, line_id=number(request, "remove") or 0)
    elif request.POST.get("turn"):
        into = _line(request, actor)
        turned = number(request, "turn") or 0
        minutes.turn_line(actor=actor, meeting_id=pk, line_id=turned, into=into, today=timezone.localdate())
    else:
        made = minutes.write_line(actor=actor, meeting_id=pk, line=_line(request, actor), today=timezone.localdate())
        if made.target_label and not request.headers.get("HX-Request"):
            messages.success(request, _("→ %(what)s") % {"what": made.target_label})
    if request.headers.get("HX-Request"):
        return lines_part(request, actor, found, number(request, "seen") or found.version)
    return redirect(back)


def _chosen(request: HttpRequest, letter: str) -> int | None:
    """Who does it: ``u`` and the number of a colleague, or ``c`` and that of one of the customer's people."""
    who = request.POST.get("who", "")
    return int(who[1:]) if who[:1] == letter and who[1:].isdecimal() and len(who) < 18 else None


def _line(request: HttpRequest, actor: User) -> Line:
    owner, contact, order = _chosen(request, "u"), _chosen(request, "c"), number(request, "order")
    kind, settles = request.POST.get("kind", LineKind.NOTE), request.POST.get("settles", "")
    return Line(
        text=request.POST.get("text", ""),
        kind=LineKind.DECISION if settles and kind == LineKind.NOTE else kind,
        settles=settles,
        owner=get_or_not_found(User.objects.filter(is_active=True), pk=owner) if owner else None,
        due=posted_day(request, "due") if request.POST.get("due") else None,
        order=get_or_not_found(orders_of(actor), pk=order) if order else None,
        contact=get_contact(actor, contact) if contact else None,
    )
