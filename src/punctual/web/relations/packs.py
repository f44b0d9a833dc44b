"""A pack and minutes in the reader's language: for the page, the mail and the paper."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.urls import Resolver404, resolve
from django.utils.translation import gettext as _

from punctual.domain.customer_relations.models import LineKind, Meeting, MinuteLine, RequestState
from punctual.domain.customer_relations.selectors import company_zone
from punctual.platform.company.services import company
from punctual.platform.papers import Block, Facts, Grid, Heading, Text, paper
from punctual.web.formatting import listed


def sections(
    pack: Sequence[Mapping[str, Any]], *, internal: bool, decided: Mapping[str, str] | None = None
) -> list[dict[str, Any]]:
    """Worded, without what the customer is not shown unless ``internal``. ``decided``: the key of what was wanted of
    the customer, and what they decided."""
    shown = []
    for part in pack:
        lines = [_line(one) for one in part["lines"] if internal or not one["internal"]]
        if part["name"] == "wanted":
            lines = [_wanted(one, decided or {}) for one in lines]
        shown.append({**part, "label": _(part["label"]), "empty": _(part["empty"]), "lines": lines})
    return shown


def if_there(address: str) -> str:
    """The address, when a page answers to it."""
    try:
        resolve(address)
    except Resolver404:
        return ""
    return address


def _line(one: Mapping[str, Any]) -> dict[str, Any]:
    text = one["text"] if one["is_data"] else _(one["text"]) % one["params"] if one["params"] else _(one["text"])
    words = {"done": _("Done"), "late": _("Overdue"), "open": _("Open"), "waiting": RequestState.WAITING.label}
    words |= {"resolved": RequestState.RESOLVED.label, "closed": RequestState.CLOSED.label}
    icons = {"ok": "circle-check", "warn": "hourglass", "late": "clock-exclamation"}
    return {
        **one,
        "text": text,
        "mark": str(words.get(one["mark"], "")),
        "icon": icons.get(one["tone"], "clock"),
        "url": if_there(one["url"]) if one["url"] else "",
    }


def _wanted(one: dict[str, Any], decided: Mapping[str, str]) -> dict[str, Any]:
    """``words`` is what it is called without its day; ``decision`` what was decided, without the question it answers,
    with which the line of the minutes begins."""
    decision = decided.get(one.get("key", ""), "")
    late = one["tone"] == "late"
    mark = _("Decision made") if decision else _("Overdue") if late else _("To be decided")
    words = one["params"].get("title") or one["text"]
    decision = decision.removeprefix(words).lstrip(":： ") or decision
    tone = {"mark": mark, "tone": "ok", "icon": "circle-check"} if decision else {"mark": mark}
    return {**one, **tone, "key": one.get("key", ""), "words": words, "decision": decision}


def decided_of(meeting: Meeting) -> dict[str, str]:
    """What the meeting's lines settle, and with which words."""
    return dict(meeting.lines.exclude(settles="").values_list("settles", "text"))


def minutes_of(meeting: Meeting, *, internal: bool) -> list[MinuteLine]:
    """The lines; the customer's version is without the internal ones."""
    lines = list(meeting.lines.select_related("by", "order"))
    return lines if internal else [one for one in lines if one.kind not in (LineKind.INTERNAL, LineKind.RISK)]


def from_to(meeting: Meeting) -> tuple[dt.datetime, dt.datetime]:
    """Begin and end on the company's clock."""
    start = meeting.starts_at.astimezone(company_zone())
    return start, start + dt.timedelta(minutes=meeting.minutes)


def when(meeting: Meeting) -> str:
    """For paper, which is read long after."""
    start, end = from_to(meeting)
    return f"{start:%Y-%m-%d %H:%M}–{end:%H:%M}"


def _order_numbers(meeting: Meeting) -> str:
    return meeting.series.order.label if meeting.series.order else ""


def names_shown(meeting: Meeting, *, internal: bool) -> Callable[[MinuteLine], str]:
    """Who does what a line says. The customer reads the names of those invited; a colleague they have not met is us."""
    met = {one.name for one in meeting.attendees.all()} | {meeting.series.owner.name}

    def name(line: MinuteLine) -> str:
        ours = line.target_type != "trackingtask"
        return company().name or _("Us") if line.who and ours and not internal and line.who not in met else line.who

    return name


def order_named(meeting: Meeting, line: MinuteLine) -> str:
    """The order of a line, where the meeting is about several."""
    return line.order.label if line.order is not None and meeting.series.order_id is None else ""


def _said(meeting: Meeting, line: MinuteLine) -> str:
    """The line's words with the order, and what they settle."""
    settled = _("(settles “%(what)s”)") % {"what": line.settles_label} if line.settles else ""
    return " ".join(filter(None, [order_named(meeting, line), line.text, settled]))


def minutes_text(meeting: Meeting, internal: bool) -> str:
    """The minutes as the body of a mail."""
    head = [meeting.series.title, when(meeting), meeting.place]
    there = listed(one.name for one in meeting.attendees.all() if one.present)
    names = names_shown(meeting, internal=internal)
    lines = []
    for at, one in enumerate(minutes_of(meeting, internal=internal), 1):
        said = " ".join([f"{at}. [{one.get_kind_display()}]", _said(meeting, one)])
        agreed = filter(None, [names(one), one.due.isoformat() if one.due else ""])
        lines.append(" → ".join(filter(None, [said, listed(agreed)])))
    return "\n".join([*filter(None, head), _("Present: %(people)s") % {"people": there}, "", *lines])


def minutes_pdf(meeting: Meeting, internal: bool) -> bytes:
    there = listed(one.name for one in meeting.attendees.all() if one.present)
    away = listed(one.name for one in meeting.attendees.all() if not one.present)
    zone = company_zone()
    names = names_shown(meeting, internal=internal)
    rows = [
        (
            f"{one.at.astimezone(zone):%H:%M}",
            one.get_kind_display(),
            _said(meeting, one),
            names(one),
            one.due or "",
        )
        for one in minutes_of(meeting, internal=internal)
    ]
    blocks: list[Block] = [
        Facts(
            [
                (_("Customer"), str(meeting.series.customer)),
                (_("Order"), _order_numbers(meeting)),
                (_("Present"), there),
                (_("Not present"), away),
                (_("Place or link"), meeting.place),
                (_("Chair"), meeting.series.owner.name),
            ]
        ),
        Heading(_("Minutes of the meeting")),
        Grid([_("Time"), _("Kind"), _("What was said"), _("Who"), _("By when")], rows, widths=(0.9, 1.3, 5, 1.4, 1.5)),
    ]
    if internal:
        blocks.append(Text(_("Internal version: not for the customer."), small=True))
    return paper(title=meeting.series.title, subtitle=when(meeting), blocks=blocks, footer=company().name)


def pack_pdf(meeting: Meeting, pack: Sequence[Mapping[str, Any]], *, internal: bool) -> bytes:
    blocks: list[Block] = []
    for part in sections(pack, internal=internal, decided=decided_of(meeting)):
        blocks.append(Heading(str(part["label"])))
        rows = [
            (
                one["order"],
                " ".join(filter(None, [str(one["text"]), one["reason"], one.get("decision", "")])),
                one["mark"],
            )
            for one in part["lines"]
        ]
        if rows:
            blocks.append(Grid([_("Order"), _("What"), _("State")], rows, widths=(1.6, 6, 1.6)))
        else:
            blocks.append(Text(str(part["empty"]), small=True))
    return paper(title=meeting.series.title, subtitle=when(meeting), blocks=blocks, footer=company().name)
