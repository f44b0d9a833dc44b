"""Plan an acceptance, enter what was found, open items, sign it or record that it failed."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import IO, Final

from django.db import transaction

from punctual.domain.actions.models import ActionState
from punctual.domain.actions.services import open_action
from punctual.domain.delivery.life import ACCEPTANCE
from punctual.domain.delivery.models import (
    Acceptance,
    AcceptanceKind,
    AcceptanceResult,
    AcceptanceState,
    Delivery,
    PunchGrade,
    PunchItem,
    Verdict,
)
from punctual.domain.delivery.rules import AcceptanceFacts, against_day, against_holding, against_passing
from punctual.domain.delivery.selectors import acceptances_of, is_shipped, open_punch
from punctual.domain.delivery.services.payments import note_event
from punctual.domain.orders.life import LIFE
from punctual.domain.orders.models import Order, OrderState
from punctual.domain.orders.selectors import orders_of
from punctual.domain.orders.services.states import take_step
from punctual.domain.plans.models import DeliveryStandard
from punctual.kernel.refusal import Reason, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.attachments.services import attach
from punctual.platform.audit.services import Change, record
from punctual.platform.notifications.services import notify
from punctual.platform.outbox.services import emit
from punctual.platform.records import lock, save_next

AFTER_DELIVERY = (OrderState.CONFIRMED, OrderState.IN_PROGRESS, OrderState.PARTIALLY_DELIVERED, OrderState.DELIVERED)


Results = Mapping[int, tuple[str, str]]
"""Result id → (what was found, verdict)."""
NOTHING: Final[Results] = MappingProxyType({})


def criteria_of(order: Order, delivery: Delivery | None) -> list[DeliveryStandard]:
    """The standards of the plan; with a delivery only those of its lines and of the whole."""
    rows = DeliveryStandard.objects.filter(plan__order=order)
    if delivery is not None:
        lines = delivery.items.values("line")
        rows = rows.filter(order_line__in=lines) | rows.filter(order_line=None)
    return list(rows.order_by("position", "pk"))


@transaction.atomic
def plan_acceptance(
    *,
    actor: User,
    order_id: int,
    kind: str,
    delivery: Delivery | None = None,
    planned_on: dt.date | None = None,
) -> Acceptance:
    """A new acceptance with the order's criteria. The caller has fetched ``delivery`` for the actor."""
    require(actor, "delivery.accept")
    order = lock(orders_of(actor), expected_version=None, pk=order_id)
    reasons = []
    if kind not in AcceptanceKind.values:
        reasons.append(Reason("acceptance.kind", N_("Choose which acceptance it is."), field="kind"))
    if order.state not in AFTER_DELIVERY:
        text = N_("Only an order that is being worked on or delivered is accepted.")
        reasons.append(Reason("acceptance.order_state", text, field="order"))
    if delivery is not None and delivery.order_id != order.pk:
        reasons.append(Reason("acceptance.delivery", N_("This delivery belongs to another order."), field="delivery"))
    refuse_if(reasons)
    acceptance = Acceptance.objects.create(
        order=order, delivery=delivery, kind=kind, planned_on=planned_on, created_by=actor
    )
    AcceptanceResult.objects.bulk_create(
        [
            AcceptanceResult(
                acceptance=acceptance,
                position=position,
                standard=one,
                criterion=one.criterion,
                method=one.method,
            )
            for position, one in enumerate(criteria_of(order, delivery), start=1)
        ]
    )
    record(actor=actor, verb="create", target=acceptance, changes=[Change(field="kind", old=None, new=kind)])
    return acceptance


def _locked(actor: User, acceptance_id: int, expected_version: int | None) -> Acceptance:
    require(actor, "delivery.accept")
    rows = acceptances_of(actor).select_related("order", "delivery")
    return lock(rows, expected_version=expected_version, pk=acceptance_id)


@transaction.atomic
def enter_results(
    *,
    actor: User,
    acceptance_id: int,
    results: Results,
    note: str = "",
    expected_version: int | None = None,
) -> Acceptance:
    """Result id → (what was found, verdict)."""
    acceptance = _locked(actor, acceptance_id, expected_version)
    changes = _enter(acceptance, results, note)
    save_next(acceptance, fields=["note"])
    record(actor=actor, verb="change", target=acceptance, changes=changes)
    return acceptance


def _enter(acceptance: Acceptance, results: Results, note: str | None) -> list[Change]:
    reasons = ACCEPTANCE.reasons(acceptance.state, "change")
    if any(verdict not in Verdict.values for _value, verdict in results.values()):
        reasons.append(Reason("acceptance.verdict", N_("Choose a verdict for each criterion."), field="results"))
    refuse_if(reasons)
    changes = []
    for row in acceptance.results.all():
        value, verdict = results.get(row.pk, (row.value, row.verdict))
        if (value.strip()[:80], verdict) != (row.value, row.verdict):
            changes.append(Change(field=row.criterion[:60], old=f"{row.value} {row.verdict}", new=f"{value} {verdict}"))
            row.value, row.verdict = value.strip()[:80], verdict
            row.save(update_fields=["value", "verdict"])
    if note is not None:
        acceptance.note = note.strip()[:2000]
    return changes


def _enter_last(acceptance: Acceptance, actor: User, results: Results, note: str | None) -> None:
    """What stands on the page when it is signed or fails, entered with it."""
    changes = _enter(acceptance, results, note) if results or note is not None else []
    if changes:
        record(actor=actor, verb="change", target=acceptance, changes=changes)


@transaction.atomic
def add_punch(
    *,
    actor: User,
    acceptance_id: int,
    title: str,
    grade: str,
    owner: User | None,
    due: dt.date | None,
    expected_version: int | None = None,
) -> PunchItem:
    """An open item becomes somebody's action item."""
    acceptance = _locked(actor, acceptance_id, expected_version)
    reasons = ACCEPTANCE.reasons(acceptance.state, "punch")
    if grade not in PunchGrade.values:
        reasons.append(Reason("acceptance.grade", N_("Choose the grade A, B or C."), field="grade"))
    refuse_if(reasons)
    action = open_action(actor=actor, title=title, owner=owner, due=due, order=acceptance.order, cause=acceptance)
    item = PunchItem.objects.create(acceptance=acceptance, action=action, grade=grade)
    save_next(acceptance, fields=[])
    record(
        actor=actor, verb="punch", target=acceptance,
        changes=[Change(field="punch", old=None, new=f"{grade} {action.title}")],
    )  # fmt: skip
    return item


def facts_of(acceptance: Acceptance) -> AcceptanceFacts:
    """What the rules judge. An open item of a final acceptance counts wherever it was found."""
    if acceptance.kind == AcceptanceKind.FINAL:
        punch = open_punch(acceptance.order)
    else:
        punch = {}
        for one in acceptance.punch.filter(action__state=ActionState.OPEN):
            punch[one.grade] = punch.get(one.grade, 0) + 1
    verdicts: Sequence[str] = [one.verdict for one in acceptance.results.all()]
    return AcceptanceFacts(acceptance.kind, is_shipped(acceptance), verdicts, punch)


@transaction.atomic
def sign_acceptance(
    *,
    actor: User,
    acceptance_id: int,
    signer: str,
    held_on: dt.date | None,
    today: dt.date,
    drawn: bytes = b"",
    file: IO[bytes] | None = None,
    file_name: str = "",
    with_punch: bool = False,
    results: Results = NOTHING,
    note: str | None = None,
    expected_version: int | None = None,
) -> Acceptance:
    """The customer has signed, in the field or on paper. The final one accepts the order and starts its warranty."""
    acceptance = _locked(actor, acceptance_id, expected_version)
    _enter_last(acceptance, actor, results, note)
    order = lock(orders_of(actor).select_related("owner"), expected_version=None, pk=acceptance.order_id)
    acceptance.order = order
    shipped_on = acceptance.delivery.shipped_on if acceptance.delivery and acceptance.kind != "fat" else None
    refuse_if(
        [
            *ACCEPTANCE.reasons(acceptance.state, "pass"),
            *against_passing(
                facts_of(acceptance),
                signer=signer,
                has_signature=bool(drawn) or file is not None,
                with_punch=with_punch,
            ),
            *against_day(held_on, today=today, after=shipped_on, field="held_on"),
        ]
    )
    assert held_on is not None
    acceptance.state, acceptance.held_on = ACCEPTANCE.after(acceptance.state, "pass"), held_on
    acceptance.signer, acceptance.with_punch = signer.strip(), with_punch
    save_next(acceptance)
    _keep_signature(acceptance, actor, drawn, file, file_name)
    changes = [Change(field="state", old=AcceptanceState.OPEN.value, new=acceptance.state)]
    record(actor=actor, verb="pass", target=acceptance, changes=changes, reason=acceptance.signer)
    note_event(order, acceptance.kind, held_on)
    if acceptance.kind == AcceptanceKind.FINAL and LIFE.allows(order.state, "accept"):
        take_step(order, "accept", actor=actor, today=held_on)
    emit("acceptance.passed", acceptance_id=acceptance.pk, occasion=acceptance.kind, order_id=order.pk)
    _tell(order, acceptance, actor, N_("%(kind)s of %(order)s has passed."))
    return acceptance


def _keep_signature(acceptance: Acceptance, actor: User, drawn: bytes, file: IO[bytes] | None, file_name: str) -> None:
    if drawn:
        name = f"{acceptance.order.label}-{acceptance.kind}-signature.png"
        attach(actor=actor, target=acceptance, file=io.BytesIO(drawn), name=name, kind="signature")
    if file is not None:
        attach(actor=actor, target=acceptance, file=file, name=file_name or "acceptance", kind="agreement")


def _tell(order: Order, acceptance: Acceptance, actor: User, text: str) -> None:
    if order.owner is not None and order.owner != actor:
        notify(
            users=[order.owner],
            kind="delivery",
            text=text,
            params={"kind": str(acceptance.get_kind_display()), "order": order.label},
            url=f"/acceptances/{acceptance.pk}/",
        )


@transaction.atomic
def fail_acceptance(
    *,
    actor: User,
    acceptance_id: int,
    held_on: dt.date | None,
    reason: str,
    today: dt.date,
    results: Results = NOTHING,
    note: str | None = None,
    expected_version: int | None = None,
) -> Acceptance:
    """It was not accepted; the next one is planned anew."""
    acceptance = _locked(actor, acceptance_id, expected_version)
    _enter_last(acceptance, actor, results, note)
    reasons = ACCEPTANCE.reasons(acceptance.state, "fail") + against_holding(facts_of(acceptance))
    reasons += against_day(held_on, today=today, field="held_on")
    if not reason.strip():
        reasons.append(Reason("acceptance.fail_reason", N_("Say what was not accepted."), field="reason"))
    refuse_if(reasons)
    acceptance.state, acceptance.held_on = ACCEPTANCE.after(acceptance.state, "fail"), held_on
    save_next(acceptance)
    changes = [Change(field="state", old=AcceptanceState.OPEN.value, new=acceptance.state)]
    record(actor=actor, verb="fail", target=acceptance, changes=changes, reason=reason.strip())
    emit("acceptance.failed", acceptance_id=acceptance.pk, occasion=acceptance.kind, order_id=acceptance.order_id)
    _tell(acceptance.order, acceptance, actor, N_("%(kind)s of %(order)s has failed."))
    return acceptance


@transaction.atomic
def cancel_acceptance(
    *, actor: User, acceptance_id: int, reason: str, expected_version: int | None = None
) -> Acceptance:
    """It is not held."""
    acceptance = _locked(actor, acceptance_id, expected_version)
    reasons = ACCEPTANCE.reasons(acceptance.state, "cancel")
    if not reason.strip():
        reasons.append(Reason("acceptance.cancel_reason", N_("Say why."), field="reason"))
    refuse_if(reasons)
    acceptance.state = ACCEPTANCE.after(acceptance.state, "cancel")
    save_next(acceptance, fields=["state"])
    changes = [Change(field="state", old=AcceptanceState.OPEN.value, new=acceptance.state)]
    record(actor=actor, verb="cancel", target=acceptance, changes=changes, reason=reason.strip())
    return acceptance
