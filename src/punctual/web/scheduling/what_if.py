"""Scenarios: a named what-if beside the live plan, applied or discarded."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from punctual.domain.orders.life import RUNNING
from punctual.domain.orders.models import OrderState, Priority
from punctual.domain.orders.selectors import orders_of
from punctual.domain.resources.models import Resource, Skill
from punctual.domain.resources.selectors import resources, skills
from punctual.domain.scheduling.selectors import scenarios
from punctual.flows.scenarios import apply_scenario, discard_scenario, make_scenario, renew_scenario
from punctual.kernel.refusal import Reason
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may, require
from punctual.platform.records import get_or_not_found
from punctual.web.formatting import day_text
from punctual.web.orders.actions import version_of
from punctual.web.scheduling.promise import actor_of
from punctual.web.shell.reading import whole

KINDS = (
    ("absence", gettext_lazy("Somebody is away")),
    ("extra", gettext_lazy("Extra shift or machine")),
    ("priority", gettext_lazy("Another priority")),
    ("date", gettext_lazy("Another promised day")),
    ("drop", gettext_lazy("An order is dropped")),
)

MOST_SKILLS: Final = 8


def page(request: HttpRequest) -> HttpResponse:
    """All scenarios, and a form for the next."""
    actor = actor_of(request)
    require(actor, "scheduling.view")
    running = orders_of(actor).filter(state__in=[*RUNNING, OrderState.QUOTED, OrderState.IN_REVIEW])
    context = {
        "title": _("Scenarios"),
        "rows": [(one, delta_words(one.delta)) for one in scenarios(actor)[:50]],
        "kinds": KINDS,
        "resources": resources(actor).order_by("kind", "name"),
        "skills": skills(actor),
        "orders": running.order_by("number", "pk"),
        "priorities": Priority.choices,
        "may_make": may(actor, "scheduling.scenario"),
    }
    return render(request, "scheduling/scenarios.html", context)


def delta_words(delta: list[dict[str, Any]]) -> list[str]:
    """What a scenario changes, in words."""
    told = []
    for change in delta:
        kind = change["kind"]
        if kind in ("absence", "extra"):
            who = _name(change)
            span = f"{change['first']} – {change['last']}"
            if kind == "absence":
                told.append(_("%(who)s is away %(span)s") % {"who": who, "span": span})
            else:
                told.append(_("%(who)s +%(units)s, %(span)s") % {"who": who, "units": change["units"], "span": span})
        elif kind == "priority":
            words = {"order": change.get("label", ""), "priority": Priority(change["priority"]).label}
            told.append(_("%(order)s: priority %(priority)s") % words)
        elif kind == "date":
            told.append(_("%(order)s: promised %(day)s") % {"order": change.get("label", ""), "day": change["date"]})
        else:
            told.append(_("%(order)s is dropped") % {"order": change.get("label", "")})
    return told


def _name(change: dict[str, Any]) -> str:
    if change.get("resource"):
        return str(Resource.objects.filter(pk=change["resource"]).first() or change["resource"])
    return str(Skill.objects.filter(pk=change.get("skill") or 0).first() or "")


@require_POST
def make(request: HttpRequest) -> HttpResponse:
    """One change out of the form; computed in the background."""
    actor = actor_of(request)
    made = make_scenario(actor=actor, name=request.POST.get("name", ""), delta=[_change(request, actor)])
    return redirect("scenario", pk=made.pk)


def _change(request: HttpRequest, actor: User) -> dict[str, Any]:
    given = request.POST
    kind = given.get("kind", "")
    if kind in ("absence", "extra"):
        head, _sep, tail = given.get("who", "").partition(":")
        key = int(tail) if tail.isdecimal() and len(tail) < 18 else None
        change: dict[str, Any] = {"kind": kind, "first": given.get("first", ""), "last": given.get("last", "")}
        if head == "r" or kind == "absence":
            change["resource"] = key if head == "r" else None
        else:
            change["skill"] = key
        if kind == "extra":
            units = given.get("units", "1")
            change["units"] = int(units) if units.isdecimal() and len(units) < 4 else 0
        return change
    text = given.get("order", "")
    order = orders_of(actor).filter(pk=int(text) if text.isdecimal() and len(text) < 18 else 0).first()
    change = {"kind": kind, "order": order.pk if order else None, "label": order.label if order else ""}
    if kind == "priority":
        change["priority"] = whole(given.get("priority", ""))
    elif kind == "date":
        change["date"] = given.get("date", "")
    return change


def scenario(request: HttpRequest, pk: int) -> HttpResponse:
    """Side by side with the live plan; polls while it is computed."""
    actor = actor_of(request)
    found = get_or_not_found(scenarios(actor), pk=pk)
    context = {
        "title": found.name,
        "found": found,
        "failed": [Reason("", one["text"], one["params"]).worded(_) for one in found.error],
        "words": delta_words(found.delta),
        "skills": _skill_loads(found.result),
        "may_apply": may(actor, "scheduling.scenario") and found.state == "open",
        "made": day_text(found.created_at),
        "outdated": bool(found.result) and found.state == "open" and not (found.run and found.run.is_current),
    }
    template = "scheduling/scenario_body.html" if request.headers.get("HX-Request") else "scheduling/scenario.html"
    return render(request, template, context)


def _skill_loads(result: dict[str, Any]) -> list[tuple[str, int, int]]:
    """Skill, percent used now and then: the fullest, and those that change, first."""
    if not result or "skills" not in result["before"]:  # kept by an earlier release
        return []
    before, then = dict(result["before"]["skills"]), dict(result["then"]["skills"])
    rows = [(name, before.get(name, 0), then.get(name, 0)) for name in dict.fromkeys([*before, *then])]
    return sorted(rows, key=lambda row: (-abs(row[1] - row[2]), -row[1]))[:MOST_SKILLS]


@require_POST
def decide(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Apply, discard, or compute again beside the schedule in force."""
    actor, version = actor_of(request), version_of(request)
    if verb == "apply":
        apply_scenario(actor=actor, scenario_id=pk, today=timezone.localdate(), expected_version=version)
        messages.success(request, _("Applied. Everything is planned again."))
    elif verb == "discard":
        discard_scenario(actor=actor, scenario_id=pk, expected_version=version)
        messages.success(request, _("Discarded. Nothing was changed."))
    elif verb == "renew":
        renew_scenario(actor=actor, scenario_id=pk, expected_version=version)
        return redirect("scenario", pk=pk)
    else:
        raise Http404
    return redirect("scenarios")
