"""How deliveries, acceptances and payments look."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Final

from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from punctual.domain.delivery.models import (
    Acceptance,
    AcceptanceState,
    Delivery,
    DeliveryState,
    PaymentMilestone,
    Verdict,
)
from punctual.platform.audit.models import AuditEntry
from punctual.web.orders.marks import chip
from punctual.web.orders.story import Step, Told
from punctual.web.shell.latest import register_verbs, verb_of

DELIVERY_MARKS: Final = {
    DeliveryState.PREPARING: ("package", "acc"),
    DeliveryState.SHIPPED: ("truck-delivery", "acc"),
    DeliveryState.RECEIVED: ("circle-check", "ok"),
    DeliveryState.CANCELLED: ("ban", ""),
}
ACCEPTANCE_MARKS: Final = {
    AcceptanceState.OPEN: ("clock", "acc"),
    AcceptanceState.PASSED: ("circle-check", "ok"),
    AcceptanceState.FAILED: ("circle-x", "late"),
    AcceptanceState.CANCELLED: ("ban", ""),
}
VERDICT_MARKS: Final = {
    Verdict.OPEN: ("circle-dashed", ""),
    Verdict.MET: ("circle-check", "ok"),
    Verdict.NOT_MET: ("circle-x", "late"),
    Verdict.WAIVED: ("minus", ""),
}
VERBS: Final[dict[str, Promise]] = {
    "create": gettext_lazy("entered it"),
    "change": gettext_lazy("changed it"),
    "release": gettext_lazy("released it by name"),
    "ship": gettext_lazy("recorded the shipment"),
    "receive": gettext_lazy("recorded the receipt"),
    "cancel": gettext_lazy("cancelled it"),
    "punch": gettext_lazy("entered an open item"),
    "pass": gettext_lazy("recorded the signature of"),
    "fail": gettext_lazy("recorded that it failed"),
    "attach": gettext_lazy("attached a file"),
    "invoice": gettext_lazy("entered an invoice"),
    "receipt": gettext_lazy("entered a receipt"),
    "void_payment": gettext_lazy("voided an entry"),
}
register_verbs(["delivery", "acceptance", "paymentmilestone"], VERBS)


def delivery_chip(delivery: Delivery) -> SafeString:
    name, css = DELIVERY_MARKS[DeliveryState(delivery.state)]
    return chip(name, css, delivery.get_state_display())


def acceptance_chip(acceptance: Acceptance) -> SafeString:
    name, css = ACCEPTANCE_MARKS[AcceptanceState(acceptance.state)]
    return chip(name, css, acceptance.get_state_display())


def verdict_chip(verdict: str) -> SafeString:
    name, css = VERDICT_MARKS[Verdict(verdict)]
    return chip(name, f"pl {css}", Verdict(verdict).label)


def payment_chip(row: PaymentMilestone, *, today: dt.date) -> SafeString:
    """Received, overdue, due, invoiced, or waiting for its event."""
    if row.open_amount <= 0:
        return chip("circle-check", "pl ok", _("Money received"))
    if row.due_on is not None and row.due_on < today:
        return chip("alarm", "pl late", _("Overdue"))
    if row.due_on is not None:
        return chip("clock", "pl warn", _("Due"))
    if row.invoiced > 0:
        return chip("file-text", "pl acc", _("Invoiced"))
    return chip("hourglass", "pl", _("Waits for its event"))


def story(entries: Iterable[AuditEntry]) -> list[Step]:
    """Entries of a delivery, an acceptance or a milestone in words."""
    states = {**dict(DeliveryState.choices), **dict(AcceptanceState.choices)}
    steps = []
    for entry in entries:
        told = [
            Told(
                _("State") if one["field"] == "state" else "" if one["field"] in ("items", "kind") else one["field"],
                str(states.get(one["old"], one["old"] or "")),
                str(states.get(one["new"], one["new"] or "")),
            )
            for one in entry.changes
            if one["field"] not in ("items", "kind", "attachment")
        ]
        steps.append(Step(at=entry.at, who=entry.actor, verb=verb_of(entry), changes=told[:6], reason=entry.reason))
    return steps
