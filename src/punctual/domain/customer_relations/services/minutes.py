"""Write down what was said in a meeting; by its kind a line becomes somebody's work at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from django.db import models, transaction
from django.utils import timezone

from punctual.domain.actions.services import open_action
from punctual.domain.customer_relations.models import Channel, LineKind, Meeting, MinuteLine, RequestKind
from punctual.domain.customer_relations.rules import against_line, against_settling, against_turning
from punctual.domain.customer_relations.selectors import orders_of_meeting
from punctual.domain.customer_relations.services import decisions
from punctual.domain.customer_relations.services.meetings import locked_meeting
from punctual.domain.customer_relations.services.requests import RequestInput, record_request
from punctual.domain.customer_relations.services.tracking import want
from punctual.domain.orders.models import Order
from punctual.domain.orders.workdays import CompanyWorkdays
from punctual.domain.parties.models import Contact
from punctual.kernel.refusal import Reason, Refusal, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.records import get_or_not_found


@dataclass(frozen=True, slots=True)
class Line:
    """What was said and what it becomes. ``owner`` and ``due`` for an action; by default the chair, in a week. With
    ``contact`` it is the customer who does it; ``settles`` is the key of what the customer decides with it."""

    text: str
    kind: str = LineKind.NOTE
    owner: User | None = None
    due: dt.date | None = None
    order: Order | None = None
    contact: Contact | None = None
    settles: str = ""


Maker = Callable[[User, Meeting, Line], models.Model]
_MAKERS: Final[dict[str, Maker]] = {}


def register_maker(kind: str, maker: Maker) -> None:
    """Let a line of this kind become something of another app: a change order, a risk."""
    _MAKERS[kind] = maker


def offered_kinds() -> list[str]:
    """What a line can become here: what needs another app is offered once that app has registered."""
    always = [LineKind.NOTE, LineKind.DECISION, LineKind.ACTION, LineKind.REQUEST, LineKind.INTERNAL]
    return [kind for kind in LineKind.values if kind in always or kind in _MAKERS]


def offered_work() -> list[str]:
    """The kinds of them that are somebody's work."""
    kept = (LineKind.NOTE, LineKind.DECISION, LineKind.INTERNAL)
    return [kind for kind in offered_kinds() if kind not in kept]


def order_of_line(actor: User, meeting: Meeting, line: Line) -> Order | None:
    """The one chosen, else the one that the meeting is about, else the only one that runs."""
    if line.order is not None or meeting.series.order is not None:
        return line.order or meeting.series.order
    running = orders_of_meeting(actor, meeting)
    return running[0] if len(running) == 1 else None


def needed_order(actor: User, meeting: Meeting, line: Line) -> Order:
    """The same where nothing can be made without one."""
    order = order_of_line(actor, meeting, line)
    if order is None:
        text = N_("Say which order this is about; several run here, or none.")
        raise Refusal(Reason("meeting.which_order", text, field="order"))
    return order


def _action(actor: User, meeting: Meeting, line: Line) -> models.Model:
    assert line.due is not None
    if line.contact is not None:
        order = needed_order(actor, meeting, line)
        return want(actor=actor, order=order, title=line.text[:160], due=line.due)
    return open_action(
        actor=actor,
        title=line.text[:200],
        owner=line.owner or meeting.series.owner,
        due=line.due,
        order=order_of_line(actor, meeting, line),
        cause=meeting,
    )


def _request(actor: User, meeting: Meeting, line: Line) -> models.Model:
    data = RequestInput(
        customer=meeting.series.customer,
        title=line.text[:200],
        text=line.text,
        kind=RequestKind.QUESTION,
        channel=Channel.MEETING,
        order=order_of_line(actor, meeting, line),
        owner=line.owner,
        links=[meeting],
    )
    return record_request(actor=actor, data=data)


def _against(meeting: Meeting, line: Line) -> list[Reason]:
    return against_line(
        text=line.text,
        kind=line.kind,
        offered=offered_kinds(),
        customer=meeting.series.customer_id,
        order_of=line.order.customer_id if line.order is not None else None,
        contact_of=line.contact.customer_id if line.contact is not None else None,
    )


def _made(actor: User, meeting: Meeting, line: Line, today: dt.date) -> dict[str, Any]:
    """Makes what the line's kind says; what the minutes keep of it."""
    target: models.Model | None = None
    who = ""
    if line.kind == LineKind.ACTION:
        line = replace(line, due=line.due or CompanyWorkdays().after(today, 5))
        target = _action(actor, meeting, line)
        who = line.contact.name if line.contact is not None else (line.owner or meeting.series.owner).name
    elif line.kind == LineKind.REQUEST:
        target = _request(actor, meeting, line)
    elif line.kind in _MAKERS:
        target = _MAKERS[line.kind](actor, meeting, line)
    return {
        "kind": line.kind,
        "order": order_of_line(actor, meeting, line),
        "who": who[:80],
        "due": line.due if line.kind == LineKind.ACTION else None,
        "target_type": (target._meta.model_name or "") if target is not None else "",
        "target_id": target.pk if target is not None else None,
        "target_label": str(target)[:200] if target is not None else "",
    }


@transaction.atomic
def write_line(
    *, actor: User, meeting_id: int, line: Line, today: dt.date, at: dt.datetime | None = None
) -> MinuteLine:
    """One thing that was said; by its kind it becomes an action, a request, a change order or a risk at once."""
    meeting = locked_meeting(actor, meeting_id, None, "write")
    wanted = decisions.wanted_of(actor, meeting, line.settles) if line.settles else None
    reasons = _against(meeting, line)
    if line.settles:
        is_open = wanted is not None and decisions.is_open(wanted)
        reasons += against_settling(kind=line.kind, is_wanted=wanted is not None, is_open=is_open)
    refuse_if(reasons)
    if wanted is not None:
        decisions.settle(actor, meeting, wanted, line.text.strip())
        line = replace(line, order=line.order or wanted.order)
    return MinuteLine.objects.create(
        meeting=meeting,
        text=line.text.strip(),
        by=actor,
        at=at or timezone.now(),
        settles=line.settles,
        settles_label=decisions.name_of(wanted)[:200] if wanted is not None else "",
        **_made(actor, meeting, line, today),
    )


@transaction.atomic
def turn_line(*, actor: User, meeting_id: int, line_id: int, into: Line, today: dt.date) -> MinuteLine:
    """A line that was only kept becomes work after all: ``into`` says which; its text, writer and time stay."""
    meeting = locked_meeting(actor, meeting_id, None, "write")
    kept = get_or_not_found(meeting.lines.all(), pk=line_id)
    line = replace(into, text=kept.text, order=into.order or kept.order)
    refuse_if(
        against_turning(before=kept.kind, into=line.kind, is_done=bool(kept.target_type), work=offered_work())
        or _against(meeting, line)
    )
    for name, value in _made(actor, meeting, line, today).items():
        setattr(kept, name, value)
    kept.save()
    return kept


@transaction.atomic
def remove_line(*, actor: User, meeting_id: int, line_id: int) -> None:
    """Take a line out; what it became stays, what it settled is open again."""
    meeting = locked_meeting(actor, meeting_id, None, "write")
    for line in meeting.lines.filter(pk=line_id):
        if line.settles:
            decisions.take_back(actor, line)
        line.delete()
