"""Answer for a warning by name, and take that back."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.db import transaction
from django.utils import timezone

from punctual.domain.orders.life import LIFE
from punctual.domain.orders.models import Order, Waiver
from punctual.domain.orders.selectors import check, orders_of
from punctual.kernel.refusal import NotFound, Reason, Refusal, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.audit.services import Change, record
from punctual.platform.records import lock, save_next

LONGEST_REASON: Final = 1000


@transaction.atomic
def waive(
    *,
    actor: User,
    order_id: int,
    code: str,
    reason: str,
    today: dt.date,
    line_no: int | None = None,
    expected_version: int | None = None,
) -> Waiver:
    """Accept one warning of the order as it is now. Errors can't be waived; a reason is required."""
    require(actor, "orders.waive")
    order = lock(orders_of(actor), expected_version=expected_version, pk=order_id)
    refuse_if([*LIFE.reasons(order.state, "waive"), *_reason_reasons(reason)])
    checked = check(order, today=today)
    same = [one for one in (*checked.errors, *checked.warnings) if (one.reason.code, one.reason.row) == (code, line_no)]
    if not same:
        raise Refusal(Reason("order.waive.nothing", N_("There is no such open warning any more. Load the page again.")))
    finding = same[0]
    if finding.reason.is_error:
        raise Refusal(
            Reason(
                "order.waive.error",
                N_("This is an error and can't be waived; it must be put right."),
                row=line_no,
                field=finding.reason.field,
            )
        )
    line = order.lines.filter(line_no=line_no).first() if line_no is not None else None
    waiver = Waiver.objects.create(
        order=order,
        code=code,
        field=finding.reason.field,
        line=line,
        fingerprint=finding.fingerprint,
        value_text=finding.reason.worded()[:200],
        reason=reason.strip(),
        by=actor,
    )
    save_next(order, fields=[])
    record(actor=actor, verb="waive", target=order, changes=[_change(waiver, None, code)], reason=waiver.reason)
    return waiver


def _reason_reasons(reason: str) -> list[Reason]:
    if not reason.strip():
        return [Reason("order.waive.reason", N_("Say why this is accepted."), field="reason")]
    if len(reason) > LONGEST_REASON:
        text = N_("The reason has %(length)d characters; at most %(longest)d fit.")
        return [Reason("order.waive.reason", text, {"length": len(reason), "longest": LONGEST_REASON}, field="reason")]
    return []


def _change(waiver: Waiver, old: str | None, new: str | None) -> Change:
    where = f"{waiver.line.line_no}.{waiver.field}" if waiver.line else waiver.field
    return Change(field=where, old=old, new=new)


@transaction.atomic
def withdraw_waiver(*, actor: User, order_id: int, waiver_id: int, expected_version: int | None = None) -> Order:
    """The warning counts again."""
    require(actor, "orders.waive")
    order = lock(orders_of(actor), expected_version=expected_version, pk=order_id)
    refuse_if(LIFE.reasons(order.state, "waive"))
    waiver = order.waivers.filter(pk=waiver_id, withdrawn_at=None).select_related("line").first()
    if waiver is None:
        raise NotFound(Reason("order.waiver.gone", N_("This waiver was already withdrawn.")))
    waiver.withdrawn_at = timezone.now()
    waiver.save(update_fields=["withdrawn_at"])
    save_next(order, fields=[])
    record(actor=actor, verb="withdraw_waiver", target=order, changes=[_change(waiver, waiver.code, None)])
    return order
