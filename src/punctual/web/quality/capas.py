"""8D reports, step by step; the supplier's own page; the report as PDF."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from punctual.domain.actions.selectors import actions_caused_by
from punctual.domain.actions.services import open_action
from punctual.domain.parties.models import Supplier
from punctual.domain.quality.life import CAPA
from punctual.domain.quality.models import Cause, CorrectiveAction, Nonconformity, Why
from punctual.domain.quality.selectors import capa_by_id, ncrs_of
from punctual.domain.quality.services.capas import (
    BY_SUPPLIER,
    ask_why,
    cancel_capa,
    capa_by_token,
    check_effect,
    end_link,
    finish_capa,
    give_link,
    mark_root,
    open_capa,
    supplier_writes,
    token_of,
    write_step,
)
from punctual.flows.complaints import FINISHED, complaint_of
from punctual.kernel.refusal import NotFound, Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may, require
from punctual.platform.attachments.services import documents_on
from punctual.web.orders.actions import done
from punctual.web.quality import marks, reading
from punctual.web.quality.inspections import actor_of
from punctual.web.quality.ncrs import people
from punctual.web.quality.story import story
from punctual.web.shell.middleware import status_of

NAMES: Final = (
    gettext_lazy("Emergency"),
    gettext_lazy("The team"),
    gettext_lazy("Problem"),
    gettext_lazy("Containment"),
    gettext_lazy("Root cause"),
    gettext_lazy("Permanent actions"),
    gettext_lazy("Put in place and verified"),
    gettext_lazy("Keep it from coming back"),
    gettext_lazy("Close and thank"),
)
GUIDES: Final = (
    gettext_lazy("What was done in the first hours so that nobody is hurt and nothing more goes out?"),
    gettext_lazy("Who works on it: leader, and the people who know process, product and supplier."),
    gettext_lazy("What is wrong with what, since when, where, how often, how big; what is it not?"),
    gettext_lazy(
        "Where may such parts be (stock, work in process, on the way, at customers), and what stops them there?"
    ),
    gettext_lazy("Ask why until the answer can be acted on: why did it happen, and why was it not found?"),
    gettext_lazy("What removes the root cause for good, who does it by when, and how was that chosen?"),
    gettext_lazy("What was put in place, and which figures show that it works?"),
    gettext_lazy("Which instructions, plans, similar products and suppliers were changed too?"),
    gettext_lazy("What was learned, who is thanked, when will the effect be looked at?"),
)


def whys_of(capa: CorrectiveAction) -> list[tuple[int, Why]]:
    """The tree of causes as rows: depth and answer, parents before their children."""
    children: dict[int | None, list[Why]] = {}
    for one in capa.whys.all():
        children.setdefault(one.parent_id, []).append(one)
    rows: list[tuple[int, Why]] = []

    def walk(parent: int | None, depth: int) -> None:
        for one in children.get(parent, []):
            rows.append((depth, one))
            walk(one.pk, depth + 1)

    walk(None, 1)
    return rows


def capa(request: HttpRequest, pk: int) -> HttpResponse:
    """The rail D0 to D8, and the form of the step that is open or asked for."""
    actor, today = actor_of(request), timezone.localdate()
    found = capa_by_id(actor, pk)
    steps = list(found.disciplines.select_related("done_by"))
    first_open = next((one.number for one in steps if one.done_at is None), 8)
    chosen = reading.key(request.GET, "step") if "step" in request.GET else first_open
    chosen = min(chosen, 8)
    token = token_of(found)
    handles = may(actor, "quality.handle")
    context = {
        "title": found.number,
        "found": found,
        "chip": marks.capa_chip(found),
        "rooms": marks.tabs(actor, "capas"),
        "steps": [(one, NAMES[one.number], bool(one.due and not one.done_at and one.due < today)) for one in steps],
        "chosen": steps[chosen],
        "name": NAMES[chosen],
        "guide": GUIDES[chosen],
        "whys": whys_of(found),
        "causes": Cause.choices,
        "actions": list(actions_caused_by(actor, found)),
        "people": people(),
        "may_write": handles and CAPA.allows(found.state, "write"),
        "may_finish": handles and CAPA.allows(found.state, "finish") and all(one.done_at for one in steps),
        "may_check": handles and CAPA.allows(found.state, "confirm"),
        "may_cancel": handles and CAPA.allows(found.state, "cancel"),
        "complaint": complaint_of(actor, found.ncr),
        "finished": found.state in FINISHED,
        "link": request.build_absolute_uri(reverse("supplier_8d", args=[token])) if token and handles else "",
        "files": list(documents_on(found)),
        "story": story(found),
    }
    return render(request, "quality/capa.html", context)


def new(request: HttpRequest) -> HttpResponse:
    """A report that begins without a nonconformity, or with one."""
    actor = actor_of(request)
    require(actor, "quality.handle")
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            made = open_capa(
                actor=actor,
                title=reading.text(request.POST, "title"),
                today=timezone.localdate(),
                ncr=reading.record(ncrs_of(actor), request.POST, "ncr"),
                supplier=reading.record(Supplier.objects.all(), request.POST, "supplier"),
                owner=reading.person(request.POST, "owner"),
            )
            return done(request, _url(made.pk), _("%(number)s is open.") % {"number": made.number})
        except Refusal as caught:
            refusal = caught
    context = {
        "title": _("New 8D report"),
        "rooms": marks.tabs(actor, "capas"),
        "ncrs": _recent(actor),
        "suppliers": Supplier.objects.filter(archived_at=None),
        "people": people(),
        "typed": request.POST,
        "refusal": refusal,
    }
    return render(request, "quality/capa_new.html", context, status=status_of(refusal) if refusal else 200)


def _recent(actor: User) -> list[Nonconformity]:
    return list(ncrs_of(actor).exclude(state="cancelled").order_by("-id")[:50])


def _url(pk: int) -> str:
    return reverse("capa", args=[pk])


# ------------------------------------------------------------------------------------------------------------ verbs


def _write(request: HttpRequest, pk: int) -> str:
    data = request.POST
    write_step(
        actor=actor_of(request),
        capa_id=pk,
        number=reading.key(data, "step"),
        text=reading.text(data, "text"),
        done=bool(data.get("done")),
        due=reading.day(data, "due"),
        cause=data.get("cause", ""),
        expected_version=reading.version(request),
    )
    return _("Saved.")


def _why(request: HttpRequest, pk: int) -> str:
    data = request.POST
    ask_why(
        actor=actor_of(request),
        capa_id=pk,
        text=reading.text(data, "why"),
        parent=reading.key(data, "parent") or None,
        is_root=bool(data.get("root")),
        expected_version=reading.version(request),
    )
    return _("Saved.")


def _root(request: HttpRequest, pk: int) -> str:
    mark_root(
        actor=actor_of(request),
        capa_id=pk,
        why_id=reading.key(request.POST, "why"),
        is_root=bool(request.POST.get("root")),
    )
    return _("Saved.")


def _action(request: HttpRequest, pk: int) -> str:
    actor, data = actor_of(request), request.POST
    found = capa_by_id(actor, pk)
    open_action(
        actor=actor,
        title=reading.text(data, "title"),
        owner=reading.person(data, "owner"),
        due=reading.day(data, "due"),
        order=found.order,
        cause=found,
        check_effect_on=reading.day(data, "check_on"),
    )
    return _("The action item is given.")


def _finish(request: HttpRequest, pk: int) -> str:
    finish_capa(
        actor=actor_of(request),
        capa_id=pk,
        check_on=reading.day(request.POST, "check_on"),
        today=timezone.localdate(),
        expected_version=reading.version(request),
    )
    return _("Finished; the effect will be looked at.")


def _check(request: HttpRequest, pk: int) -> str:
    effective = request.POST.get("effective") == "1"
    check_effect(
        actor=actor_of(request),
        capa_id=pk,
        effective=effective,
        note=reading.text(request.POST, "note"),
        expected_version=reading.version(request),
    )
    return _("It helped; the report is closed.") if effective else _("It did not help; D4 is open again.")


def _link(request: HttpRequest, pk: int) -> str:
    give_link(actor=actor_of(request), capa_id=pk, today=timezone.localdate())
    return _("The supplier's link is ready; copy it into your letter.")


def _end(request: HttpRequest, pk: int) -> str:
    end_link(actor=actor_of(request), capa_id=pk)
    return _("The link opens nothing any more.")


def _cancel(request: HttpRequest, pk: int) -> str:
    reason = reading.text(request.POST, "reason")
    cancel_capa(actor=actor_of(request), capa_id=pk, reason=reason, expected_version=reading.version(request))
    return _("Withdrawn.")


VERBS: Final[dict[str, Callable[[HttpRequest, int], str]]] = {
    "write": _write,
    "why": _why,
    "root": _root,
    "action": _action,
    "finish": _finish,
    "check": _check,
    "link": _link,
    "end_link": _end,
    "cancel": _cancel,
}


@require_POST
def do(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """One step of the report."""
    capa_by_id(actor_of(request), pk)
    if verb not in VERBS:
        raise NotFound(Reason("capa.verb", N_("An 8D report can't “%(verb)s”."), {"verb": verb[:40]}))
    sentence = VERBS[verb](request, pk)
    step = request.POST.get("step", "")
    return done(request, f"{_url(pk)}?step={step}" if step.isdecimal() and verb == "why" else _url(pk), sentence)


# -------------------------------------------------------------------------------------------------- the supplier


def supplier_page(request: HttpRequest, token: str) -> HttpResponse:
    """What the supplier sees: its own report and nothing else; it writes D2 to D7."""
    today = timezone.localdate()
    try:
        found = capa_by_token(token, today=today)
    except Refusal as gone:
        return render(request, "quality/supplier_gone.html", {"title": _("8D report"), "refusal": gone}, status=404)
    refusal: Refusal | None = None
    if request.method == "POST":
        data = request.POST
        try:
            supplier_writes(
                token=token,
                today=today,
                number=reading.key(data, "step"),
                text=reading.text(data, "text"),
                done=bool(data.get("done")),
                why=reading.text(data, "why"),
            )
            return redirect(f"{request.path}?saved=1")
        except Refusal as caught:
            refusal = caught
    context = {
        "title": _("8D report %(number)s") % {"number": found.number},
        "found": found,
        "steps": [
            (one, NAMES[one.number], GUIDES[one.number], one.number in BY_SUPPLIER) for one in found.disciplines.all()
        ],
        "whys": whys_of(found),
        "refusal": refusal,
        "saved": "saved" in request.GET,
        "may_write": CAPA.allows(found.state, "write"),
    }
    response = render(request, "quality/supplier_8d.html", context, status=status_of(refusal) if refusal else 200)
    response["Referrer-Policy"] = "same-origin"  # with "no-referrer" browsers send no origin and the form is refused
    return response
