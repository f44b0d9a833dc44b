"""The change order's page: what changes, what it does, who agrees; and two revisions of an order side by side."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from punctual.domain.changes.life import LIFE
from punctual.domain.changes.models import ChangeOrder, ChangeState, CustomerAnswer
from punctual.domain.changes.selectors import change_by_number, compared, revisions_of
from punctual.domain.changes.services.applying import against_applying, against_reversing
from punctual.domain.changes.services.raising import LINK, against_analysing, items_of
from punctual.domain.orders.selectors import order_by_key
from punctual.kernel.refusal import Reason
from punctual.platform import targets
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may, reasons_against, require
from punctual.platform.approvals.selectors import requests_on
from punctual.platform.attachments.services import attachments_of, documents_on, path_of
from punctual.platform.audit.services import story_of
from punctual.platform.links.services import links_on
from punctual.platform.records import get_or_not_found
from punctual.web.changes import words
from punctual.web.formatting import days_text
from punctual.web.master.pages import actor_of
from punctual.web.orders.actions import as_download
from punctual.web.plans.pictures import Picture, Span, picture

STEPS: Final = (
    (ChangeState.DRAFT, gettext_lazy("Draft")),
    (ChangeState.ANALYSED, gettext_lazy("Analysed")),
    (ChangeState.SUBMITTED, gettext_lazy("To be approved")),
    (ChangeState.APPROVED, gettext_lazy("Approved")),
    (ChangeState.APPLIED, gettext_lazy("Applied")),
)
MOST_BARS: Final = 14
MOST_MOVED: Final = 3


@dataclass(frozen=True, slots=True)
class Button:
    """A verb of the page; with ``reasons`` it stays visible and says why not."""

    verb: str
    label: str
    icon: str
    primary: bool = False
    asks_reason: bool = False
    reasons: tuple[Reason, ...] = ()
    confirm: str = ""


def buttons(change: ChangeOrder, actor: User) -> tuple[list[Button], list[Button]]:
    """What can be done now: in the header, and behind the dots."""
    main: list[Button] = []
    state = change.state
    if state == ChangeState.DRAFT:
        refused = [*reasons_against(actor, "changes.raise"), *against_analysing(change, items_of(change))]
        main.append(Button("analyse", _("Analyse the impact"), "flask", True, reasons=tuple(refused)))
    if state == ChangeState.ANALYSED and may(actor, "changes.raise"):
        main.append(Button("analyse", _("Analyse again"), "refresh"))
        main.append(Button("submit", _("Submit for approval"), "send", True))
    if state == ChangeState.APPROVED:
        refused = [*reasons_against(actor, "changes.apply"), *against_applying(change)]
        question = _("Apply the change? The order gets its next revision, the plan a new baseline.")
        main.append(
            Button("apply", _("Apply the change"), "checks", not refused, reasons=tuple(refused), confirm=question)
        )
    rest: list[Button] = []
    if state in (ChangeState.REJECTED, ChangeState.APPROVED) and may(actor, "changes.raise"):
        rest.append(Button("reopen", _("Back to draft"), "arrow-back-up"))
    if LIFE.allows(state, "withdraw") and may(actor, "changes.raise"):
        rest.append(Button("withdraw", _("Withdraw"), "ban", asks_reason=True))
    if state == ChangeState.APPLIED and may(actor, "changes.apply") and not against_reversing(change):
        rest.append(Button("reverse", _("Take the change back"), "arrow-back-up", asks_reason=True))
    return main, rest


def _steps(change: ChangeOrder) -> list[dict[str, Any]]:
    names = [name for name, _words in STEPS]
    place = names.index(ChangeState(change.state)) if change.state in names else -1
    moments = {
        ChangeState.DRAFT: change.created_at,
        ChangeState.ANALYSED: change.analysed_at,
        ChangeState.SUBMITTED: change.submitted_at,
        ChangeState.APPROVED: change.decided_at,
        ChangeState.APPLIED: change.applied_at,
    }
    return [
        {"label": label, "css": "dn" if index < place else "now" if index == place else "", "at": moments[name]}
        for index, (name, label) in enumerate(STEPS)
    ]


def _day(text: object) -> dt.date | None:
    return dt.date.fromisoformat(str(text)[:10]) if text else None


def _figures(change: ChangeOrder) -> dict[str, Any]:
    impact = change.impact or {}
    value, before, cost = (Decimal(impact[name]) for name in ("value", "value_before", "cost"))
    planned, promised = _day(impact["planned"]), _day(impact["promised"])
    costs: list[dict[str, Any]] = [
        {"kind": words.kind_words(one["kind"]), "amount": Decimal(one["amount"])} for one in impact["costs"]
    ]
    most = max((abs(one["amount"]) for one in costs), default=Decimal(1))
    margin = value - before - cost
    return {
        "planned_before": _day(impact["planned_before"]),
        "planned": planned,
        "promised_before": _day(impact["promised_before"]),
        "promised": promised,
        "days": impact["days"],
        "late": bool(planned and promised and planned > promised),
        "gap": (planned - promised).days if planned and promised else None,
        "p50": (_day(impact.get("p50_before")), _day(impact.get("p50"))),
        "p80": (_day(impact.get("p80_before")), _day(impact.get("p80"))),
        "confidence": (impact.get("confidence_before"), impact.get("confidence")),
        "others": _others(impact),
        "supply": [
            {
                **one,
                "arrives": _day(one["arrives"]),
                "more": Decimal(one["more"]),
                "buy": Decimal(one["buy"]),
                "amount": Decimal(one["amount"]),
            }
            for one in impact.get("supply") or ()
        ],
        "breaks": sum(1 for one in impact.get("others") or () if one["breaks"]),
        "value_before": before,
        "value": value,
        "value_delta": words.signed_money(value - before, change.order.currency),
        "cost": words.signed_money(cost, "CNY"),
        "costs": [{**one, "width": round(150 * abs(one["amount"]) / most)} for one in costs],
        "margin": margin,
        "margin_percent": round(100 * margin / (value - before)) if value > before else None,
        "damages_before": Decimal(impact["damages_before"]),
        "damages": Decimal(impact["damages"]),
        "lost_hours": words.signed_hours(impact["lost_minutes"]).lstrip("+") if impact["lost_minutes"] else "",
        "counts": impact["counts"],
        "critical": impact["critical"],
    }


def _others(impact: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """The orders that end on another day by it; None where no schedule could say."""
    if impact.get("others") is None:
        return None
    return [{**one, "ends": _day(one["ends"]), "promised": _day(one["promised"])} for one in impact["others"]]


def _task_rows(impact: Mapping[str, Any]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows of the table; what only moved comes apart, since it is long and says little."""
    rows = []
    for one in impact["tasks"]:
        icon, css, label = words.CHANGES[one["change"]]
        why = " · ".join(_(note["text"]) % note["params"] if note["params"] else _(note["text"]) for note in one["why"])
        rows.append(
            {
                **one,
                "icon": icon,
                "css": css,
                "label": label,
                "hours": words.signed_hours(-one["lost"] if one["change"] == "lost" else one["minutes"]),
                "from": _day(one["start"] or one["old_start"]),
                "to": _day(one["finish"] or one["old_finish"]),
                "why": why,
            }
        )
    moved = [row for row in rows if row["change"] == "moved"]
    return [row for row in rows if row["change"] != "moved"], moved


def change_picture(impact: Mapping[str, Any], *, promised: dt.date | None, today: dt.date) -> dict[str, Any] | None:
    """Bars after the change with where they are now below; what falls away is drawn with a dashed line."""
    rows = [one for one in impact["tasks"] if one["start"] or one["old_start"]]
    shown = [one for one in rows if one["change"] != "moved"][:MOST_BARS]
    shown += [one for one in rows if one["change"] == "moved"][: max(0, MOST_BARS - len(shown))]
    if not shown:
        return None
    shown.sort(key=lambda one: str(one["start"] or one["old_start"]))
    spans = [_span(one) for one in shown]
    marks = [(promised, _("Promised"), "promised")] if promised else []
    found: Picture = picture(spans, left=180, row_height=28, marks=[*marks, (today, _("today"), "today")])
    bars = []
    for row, one in zip(found.rows, shown, strict=True):
        right = max(row.bar.x + row.bar.w, row.kept.x + row.kept.w if row.kept else 0)
        fits = right < found.width - 90
        x = right + 5 if fits else row.bar.x - 5
        bars.append({"row": row, "change": one["change"], "words": _bar_words(one), "x": x, "end": not fits})
    return {"picture": found, "bars": bars}


def _span(one: Mapping[str, Any]) -> Span:
    old = (one["old_start"], one["old_finish"])
    start, finish = one["start"] or old[0], one["finish"] or old[1]
    kept = tuple(dt.datetime.fromisoformat(text) for text in old) if all(old) and one["start"] else None
    return Span(
        str(one["name"]),
        dt.datetime.fromisoformat(str(start)),
        dt.datetime.fromisoformat(str(finish)),
        is_critical=bool(one["critical"]),
        kept=kept,  # type: ignore[arg-type]
    )


def _bar_words(one: Mapping[str, Any]) -> str:
    label = str(words.CHANGES[one["change"]][2])
    if one["change"] in ("changed", "moved") and one["days"]:
        return days_text(one["days"])
    return f"{label} · {_('critical')}" if one["critical"] else label


def change_page(request: HttpRequest, number: str) -> HttpResponse:
    """Everything about one change order."""
    actor, today = actor_of(request), timezone.localdate()
    require(actor, "changes.view")
    change = change_by_number(actor, number)
    order = change.order
    main, rest = buttons(change, actor)
    approvals = list(requests_on(actor, change)[:3])
    context: dict[str, Any] = {
        "title": change.number,
        "change": change,
        "order": order,
        "chip": words.state_chip(change),
        "steps": _steps(change),
        "aside": change.state in (ChangeState.REJECTED, ChangeState.WITHDRAWN, ChangeState.REVERSED),
        "buttons": main,
        "rest": rest,
        "may_edit": may(actor, "changes.raise") and LIFE.allows(change.state, "change"),
        "may_ask": may(actor, "changes.raise") and LIFE.allows(change.state, "ask_customer"),
        "rows": words.item_rows(change, words.product_words(order)),
        "approval": approvals[0] if approvals else None,
        "approvals": approvals,
        "link": request.session.pop(f"link-{change.pk}", ""),
        "open_link": links_on(change, LINK).filter(used_at=None, revoked_at=None).first(),
        "needs_customer": change.customer_answer != CustomerAnswer.NOT_NEEDED,
        "files": documents_on(change),
        "story": words.story(story_of(change)[:12]),
        "cause": _cause(change, actor),
        "cost_shown": may(actor, "changes.cost"),
    }
    if change.impact:
        rows, moved = _task_rows(change.impact)
        context |= {"figures": _figures(change), "tasks": rows, "moved": moved}
        promised = _day(change.impact["promised"])
        context["drawing"] = change_picture(change.impact, promised=promised, today=today)
    return render(request, "changes/change.html", context)


def _cause(change: ChangeOrder, actor: User) -> dict[str, str] | None:
    """What it comes from, where the reader may open that."""
    target = targets.TARGETS.get(change.cause_type)
    if target is None or change.cause_id is None:
        return None
    found = target.fetch(actor, change.cause_id)
    return {"label": str(found), "url": reverse(target.url_name, args=[getattr(found, target.url_key)])}


def download(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """A file of the change order, the signature too."""
    actor = actor_of(request)
    require(actor, "changes.view")
    change = change_by_number(actor, number)
    found = get_or_not_found(attachments_of(change), pk=pk)
    return as_download(path_of(found.sha256).read_bytes(), found.name)


def revisions(request: HttpRequest, key: str) -> HttpResponse:
    """Any two revisions of an order, compared."""
    actor = actor_of(request)
    require(actor, "changes.view")
    order = order_by_key(actor, key)
    every = list(revisions_of(order))
    by_number = {one.number: one for one in every}
    first = by_number.get(_number(request.GET.get("from")), every[-2] if len(every) > 1 else None)
    second = by_number.get(_number(request.GET.get("to")), every[-1] if every else None)
    rows: Sequence[Mapping[str, Any]] = compared(first, second) if first and second else ()
    context = {
        "title": _("Revisions"),
        "order": order,
        "revisions": every,
        "first": first,
        "second": second,
        "rows": [
            {
                "line": row["line"],
                "what": _("Line")
                if row["field"] == "line"
                else words.field_words(row["field"], of_line=bool(row["line"])),
                "old": words.value_words(row["field"], row["old"], order.currency),
                "new": words.value_words(row["field"], row["new"], order.currency),
            }
            for row in rows
        ],
    }
    return render(request, "changes/revisions.html", context)


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 6 else 0
