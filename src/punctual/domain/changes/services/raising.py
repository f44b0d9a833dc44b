"""Raise a change order, write its items, analyse, submit, withdraw."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from django.db import models, transaction
from django.utils import timezone

from punctual.domain.changes.impact import Scenario, as_data, scenario_of
from punctual.domain.changes.items import read_items, text_of
from punctual.domain.changes.life import LIFE
from punctual.domain.changes.models import (
    ChangeItem,
    ChangeOrder,
    ChangeSource,
    ChangeState,
    CustomerAnswer,
    ItemKind,
)
from punctual.domain.changes.rules import against_order, against_texts
from punctual.domain.changes.selectors import changes_of
from punctual.domain.changes.services.revisions import ensure_first_revision
from punctual.domain.orders.inputs import OrderInput, input_of
from punctual.domain.orders.selectors import families_of, orders_of
from punctual.kernel.refusal import Reason, Refusal, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.approvals.models import ApprovalRequest, ApprovalState
from punctual.platform.approvals.services import request_approval
from punctual.platform.approvals.services import withdraw as withdraw_approval
from punctual.platform.audit.services import Change, differences, record, story_of, target_type
from punctual.platform.links.services import revoke_all
from punctual.platform.numbering.services import next_number
from punctual.platform.outbox.services import emit
from punctual.platform.records import get_or_not_found, lock, save_next
from punctual.platform.search.services import Document, index

SUBJECT: Final = "change_order"
LINK: Final = "change_order"
MOST_ITEMS: Final = 200

Item = Mapping[str, Any]
"""{"kind", "line" (id of an order line), "field", "new", "data"}"""


Look = Callable[[Scenario], Mapping[str, Any]]


def page_of(change: ChangeOrder) -> str:
    return f"/changes/{change.number}/"


def index_change(change: ChangeOrder) -> None:
    index(
        [
            Document(
                target=change,
                label=change.number,
                detail=f"{change.title} · {change.order}",
                texts=[change.number, change.title, change.reason, change.order.label],
            )
        ]
    )


@transaction.atomic
def raise_change(
    *,
    actor: User,
    order_id: int,
    title: str,
    source: str,
    today: dt.date,
    reason: str = "",
    words: str = "",
    items: Sequence[Item] = (),
    needs_customer: bool = True,
    cause: models.Model | None = None,
) -> ChangeOrder:
    """A new draft with its number. ``cause`` is the request or meeting it comes from; the caller has fetched it."""
    require(actor, "changes.raise")
    order = get_or_not_found(orders_of(actor).select_for_update(of=("self",)), pk=order_id)
    reasons = against_order(order.state) + against_texts(title, reason)
    if source not in ChangeSource.values:
        reasons.append(Reason("change.source", N_("Say who wants the change."), field="source"))
    refuse_if(reasons)
    ensure_first_revision(order)
    change = ChangeOrder.objects.create(
        number=next_number(series="CO", year=today.year),
        order=order,
        title=title.strip(),
        reason=reason.strip(),
        words=words.strip(),
        source=source,
        owner=actor,
        customer_answer=CustomerAnswer.OPEN if needs_customer else CustomerAnswer.NOT_NEEDED,
        cause_type=target_type(cause) if cause is not None else "",
        cause_id=cause.pk if cause is not None else None,
    )
    _write_items(change, items, input_of(order))
    record(actor=actor, verb="create", target=change, changes=[Change(field="order", old=None, new=order.label)])
    record(
        actor=actor, verb="raise_change", target=order,
        changes=[Change(field="change_order", old=None, new=change.number)], reason=change.title,
    )  # fmt: skip
    index_change(change)
    emit("change_order.raised", change_id=change.pk, number=change.number, order_id=order.pk)
    return change


def _write_items(change: ChangeOrder, items: Sequence[Item], before: OrderInput) -> None:
    if len(items) > MOST_ITEMS:
        text = N_("A change order has at most %(most)d items.")
        raise Refusal(Reason("change.items_many", text, {"most": MOST_ITEMS}, field="items"))
    lines = {line.id: line for line in before.lines}
    rows = []
    for position, raw in enumerate(items, start=1):
        kind, line_id = str(raw.get("kind", "")), raw.get("line")
        if kind not in ItemKind.values:
            text = N_("Item %(row)d: this kind of change does not exist.")
            raise Refusal(Reason("change.item_kind", text, {"row": position}, field="items", row=position))
        line = lines.get(int(str(line_id))) if str(line_id or "").isdecimal() else None
        field = str(raw.get("field", ""))[:40]
        old = ""
        if kind == ItemKind.LINE and line is not None:
            old = text_of(getattr(line, field, ""))
        elif kind == ItemKind.LINE_REMOVE and line is not None:
            old = f"{line.model} ×{text_of(line.quantity)}"
        elif kind == ItemKind.HEADER:
            old = text_of(getattr(before, field, ""))
        rows.append(
            ChangeItem(
                change=change,
                position=position,
                kind=kind,
                line_ref=line.id if line is not None else None,
                line_no=line.line_no if line is not None else None,
                field=field,
                old=old,
                new=str(raw.get("new", "") if raw.get("new") is not None else "").strip()[:5000],
                data=dict(raw.get("data") or {}),
            )
        )
    _refuse_unreadable(rows, before)
    ChangeItem.objects.filter(change=change).delete()
    ChangeItem.objects.bulk_create(rows)


def _refuse_unreadable(rows: Sequence[ChangeItem], before: OrderInput) -> None:
    """What can't be read or changes nothing is said at once; whether it fits is the analysis' matter."""
    _wish, reasons = read_items(rows, before)
    same = N_("Item %(row)d changes nothing: it is so already.")
    reasons += [
        Reason("change.same", same, {"row": row.position}, field="items", row=row.position)
        for row in rows
        if row.kind in (ItemKind.LINE, ItemKind.HEADER) and row.old == row.new
    ]
    pairs = [(row.line_ref, row.field) for row in rows if row.kind == ItemKind.LINE]
    twice = N_("Item %(row)d: this field of the line is changed twice.")
    reasons += [
        Reason("change.twice", twice, {"row": row.position}, field="items", row=row.position)
        for index, row in enumerate(one for one in rows if one.kind == ItemKind.LINE)
        if (row.line_ref, row.field) in pairs[:index]
    ]
    refuse_if(reasons)


@transaction.atomic
def change_draft(
    *,
    actor: User,
    change_id: int,
    expected_version: int | None,
    title: str,
    source: str,
    reason: str = "",
    words: str = "",
    items: Sequence[Item] = (),
    needs_customer: bool = True,
) -> ChangeOrder:
    """Write it anew; what was analysed before counts no more."""
    require(actor, "changes.raise")
    change = lock(changes_of(actor).select_related("order"), expected_version=expected_version, pk=change_id)
    refuse_if([*LIFE.reasons(change.state, "change"), *against_texts(title, reason)])
    before = {name: getattr(change, name) for name in ("title", "reason", "words", "source", "state")}
    _write_items(change, items, input_of(change.order))
    change.title, change.reason, change.words = title.strip(), reason.strip(), words.strip()
    change.source = source if source in ChangeSource.values else change.source
    change.customer_answer = CustomerAnswer.OPEN if needs_customer else CustomerAnswer.NOT_NEEDED
    change.state, change.impact, change.analysed_at = LIFE.after(change.state, "change"), None, None
    save_next(change)
    changes = differences(before, {name: getattr(change, name) for name in before})
    record(actor=actor, verb="change", target=change, changes=changes)
    index_change(change)
    return change


def items_of(change: ChangeOrder) -> list[ChangeItem]:
    return list(change.items.all())


def against_analysing(change: ChangeOrder, items: Sequence[ChangeItem]) -> list[Reason]:
    reasons = LIFE.reasons(change.state, "analyse") + against_order(change.order.state)
    if not items:
        reasons.append(Reason("change.empty", N_("Say first what changes."), field="items"))
    return reasons


@transaction.atomic
def analyse(
    *,
    actor: User,
    change_id: int,
    today: dt.date,
    expected_version: int | None = None,
    look: Look | None = None,
) -> tuple[ChangeOrder, Scenario]:
    """Compute the impact on a copy in memory and keep it with the change order; order and plan stay as they are.
    ``look`` adds what the schedule over all orders says of the scenario."""
    require(actor, "changes.raise")
    change = lock(changes_of(actor).select_related("order"), expected_version=expected_version, pk=change_id)
    items = items_of(change)
    refuse_if(against_analysing(change, items))
    found = scenario_of(change, items, today=today)
    refuse_if(found.reasons)
    change.impact = as_data(found) | dict(look(found) if look else {})
    change.plan_version = found.plan.version if found.plan else None
    change.order_version = change.order.version
    change.state, change.analysed_at = LIFE.after(change.state, "analyse"), timezone.now()
    save_next(change)
    record(actor=actor, verb="analyse", target=change, changes=_told(change.impact))
    return change, found


def _told(impact: Mapping[str, Any]) -> list[Change]:
    return [
        Change(field="planned_date", old=impact["planned_before"], new=impact["planned"]),
        Change(field="total_amount", old=impact["value_before"], new=impact["value"]),
        Change(field="cost", old=None, new=impact["cost"]),
    ]


@transaction.atomic
def submit(*, actor: User, change_id: int, today: dt.date, expected_version: int | None = None) -> ChangeOrder:
    """Ask the levels that amount, days and product families call for."""
    require(actor, "changes.raise")
    change = lock(changes_of(actor).select_related("order__customer"), expected_version=expected_version, pk=change_id)
    refuse_if([*LIFE.reasons(change.state, "submit"), *against_order(change.order.state)])
    change.state, change.submitted_at = LIFE.after(change.state, "submit"), timezone.now()
    save_next(change, fields=["state", "submitted_at"])
    record(actor=actor, verb="submit", target=change, changes=[_state(ChangeState.ANALYSED, change.state)])
    impact = change.impact or {}
    request_approval(
        actor=actor,
        subject=SUBJECT,
        target=change,
        title=N_("Change %(order)s: %(title)s"),
        params={"order": change.order.label, "title": change.title},
        today=today,
        amount=amount_of_change(impact),
        days=max(0, int(impact["days"])),
        currency=change.order.currency,
        kinds=families_of(change.order),
        facts=facts_of(impact),
        money=[{"label": f"kind:{one['kind']}", "amount": one["amount"]} for one in impact["costs"]],
        detail=change.reason or change.words,
        url=page_of(change),
        authors=_authors(change),
    )
    emit("change_order.submitted", change_id=change.pk, number=change.number)
    return get_or_not_found(changes_of(actor).select_related("order", "owner"), pk=change.pk)


def _authors(change: ChangeOrder) -> list[User]:
    """Who raised it and who wrote it last: they do not approve it, whoever submits it."""
    last = story_of(change).filter(verb__in=("create", "change"), actor__isnull=False).first()
    return [change.owner, *([last.actor] if last is not None and last.actor is not None else [])]


def amount_of_change(impact: Mapping[str, Any]) -> Decimal:
    """What decides about the levels: the larger of cost and change of the contract value."""
    value = Decimal(impact["value"]) - Decimal(impact["value_before"])
    return max(abs(value), abs(Decimal(impact["cost"])))


def facts_of(impact: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Now and then, for who approves."""
    margin_now = Decimal(impact["value"]) - Decimal(impact["value_before"]) - Decimal(impact["cost"])
    late = (impact["promised"] or "9999") < (impact["planned"] or "")
    rows: list[dict[str, Any]] = [
        {
            "label": N_("Planned"),
            "now": impact["planned_before"],
            "then": impact["planned"],
            "kind": "date",
            "tone": "late" if late else "",
        },
        {"label": N_("Promised"), "now": impact["promised_before"], "then": impact["promised"], "kind": "date"},
        {"label": N_("Contract value"), "now": impact["value_before"], "then": impact["value"], "kind": "money"},
        {"label": N_("Cost"), "now": None, "then": impact["cost"], "kind": "money"},
        {
            "label": N_("Margin of the change"),
            "now": None,
            "then": str(margin_now),
            "kind": "money",
            "tone": "ok" if margin_now > 0 else "late" if margin_now < 0 else "",
        },
        {
            "label": N_("Liquidated damages as planned"),
            "now": impact["damages_before"],
            "then": impact["damages"],
            "kind": "money",
        },
    ]
    if impact.get("lost_minutes"):
        hours = f"{impact['lost_minutes'] / 60:.0f} h"
        rows.append({"label": N_("Work lost"), "now": None, "then": hours, "kind": "text", "tone": "late"})
    if impact.get("p80"):
        rows.insert(0, {"label": "P80", "now": impact.get("p80_before"), "then": impact["p80"], "kind": "date"})
    if impact.get("others") is not None:
        rows.append({"label": N_("Other orders hit"), "now": None, "then": str(len(impact["others"])), "kind": "text"})
    return rows


def _state(old: str, new: str) -> Change:
    return Change(field="state", old=str(old), new=str(new))


def decided(request: ApprovalRequest, actor: User, approved: bool, comment: str) -> None:
    """What the approval's end does to the change order; called in the decision's transaction."""
    change = get_or_not_found(ChangeOrder.objects.select_for_update(), pk=request.target_id)
    verb, old = "approve" if approved else "reject", change.state
    change.state, change.decided_at = LIFE.after(change.state, verb), timezone.now()
    save_next(change, fields=["state", "decided_at"])
    record(actor=actor, verb=verb, target=change, changes=[_state(old, change.state)], reason=comment)
    emit(f"change_order.{change.state}", change_id=change.pk, number=change.number, order_id=change.order_id)


@transaction.atomic
def reopen(*, actor: User, change_id: int, expected_version: int | None = None) -> ChangeOrder:
    """Back to draft after a rejection, or where the plan has moved on since the approval."""
    require(actor, "changes.raise")
    change = lock(changes_of(actor).select_related("order"), expected_version=expected_version, pk=change_id)
    refuse_if(LIFE.reasons(change.state, "reopen"))
    old = change.state
    change.state = LIFE.after(change.state, "reopen")
    change.impact, change.analysed_at, change.submitted_at, change.decided_at = None, None, None, None
    _forget_answer(change)
    save_next(change)
    record(actor=actor, verb="reopen", target=change, changes=[_state(old, change.state)])
    return change


def _forget_answer(change: ChangeOrder) -> None:
    revoke_all(change, LINK)
    if change.customer_answer != CustomerAnswer.NOT_NEEDED:
        change.customer_answer = CustomerAnswer.OPEN
        change.customer_name = change.customer_note = change.customer_proof = ""
        change.customer_at = None


@transaction.atomic
def withdraw(*, actor: User, change_id: int, reason: str, expected_version: int | None = None) -> ChangeOrder:
    """It is not wanted any more; its number stays."""
    require(actor, "changes.raise")
    change = lock(changes_of(actor).select_related("order"), expected_version=expected_version, pk=change_id)
    reasons = LIFE.reasons(change.state, "withdraw")
    if not reason.strip():
        reasons.append(Reason("change.withdraw_reason", N_("Say why."), field="reason"))
    refuse_if(reasons)
    old = change.state
    change.state = LIFE.after(change.state, "withdraw")
    revoke_all(change, LINK)
    save_next(change)
    waiting = ApprovalRequest.objects.filter(
        target_type=target_type(change), target_id=change.pk, state=ApprovalState.WAITING
    )
    for request in waiting:
        withdraw_approval(actor=request.requested_by, request_id=request.pk)
    record(actor=actor, verb="withdraw", target=change, changes=[_state(old, change.state)], reason=reason.strip())
    return change
