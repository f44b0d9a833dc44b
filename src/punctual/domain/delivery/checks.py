"""The gates of this app, and its word on steps of an order."""

from __future__ import annotations

import datetime as dt

from punctual.domain.delivery.models import (
    AcceptanceKind,
    AcceptanceState,
    Delivery,
    DeliveryState,
    MilestoneKind,
    PayEvent,
    PunchGrade,
)
from punctual.domain.delivery.selectors import all_shipped, delivery_settings, open_punch, photos_of
from punctual.domain.orders.models import Order
from punctual.kernel.money import written
from punctual.kernel.refusal import Reason
from punctual.kernel.wording import N_, Word
from punctual.platform.attachments.models import Approval, DocumentKind
from punctual.platform.attachments.services import attachments_of

_LABELS = {
    DocumentKind.DRAWING: N_("Drawing"),
    DocumentKind.CONTRACT: N_("Contract"),
    DocumentKind.CUSTOMER_PO: N_("Customer PO"),
    DocumentKind.MANUAL: N_("Manual"),
    DocumentKind.CERTIFICATE: N_("Certificate"),
    DocumentKind.AGREEMENT: N_("Agreement"),
    DocumentKind.OTHER: N_("Other"),
}
"""A photo has sentences of its own."""


def documents(delivery: Delivery, today: dt.date) -> list[Reason]:
    """Every kind of document that the company wants is on the order (or the delivery) and none of it waits; a photo,
    where the company or the customer wants one, shows this delivery."""
    files = [*attachments_of(delivery.order), *attachments_of(delivery)]
    wanted = delivery_settings().required_documents
    reasons = []
    if not photos_of(delivery).exists():
        reasons += _without_photo(delivery, by_company=DocumentKind.PHOTO in wanted)
    for kind in wanted:
        if kind == DocumentKind.PHOTO:
            continue
        found = [file for file in files if file.kind == kind]
        good = [file for file in found if file.approval in (Approval.NONE, Approval.APPROVED)]
        if good:
            continue
        word = Word(_LABELS.get(DocumentKind(kind), kind)) if kind in DocumentKind.values else kind
        text = N_("%(kind)s: not approved yet.") if found else N_("%(kind)s: not attached yet.")
        reasons.append(Reason("delivery.document", text, {"kind": word}, field="documents"))
    return reasons


def _without_photo(delivery: Delivery, *, by_company: bool) -> list[Reason]:
    customer = delivery.order.customer
    if customer is not None and customer.wants_photos:
        text = N_("%(customer)s wants a photo of what is packed; there is none of this delivery yet.")
        return [Reason("delivery.no_photo", text, {"customer": str(customer)}, field="photo")]
    if by_company:
        text = N_("A photo of what is packed is needed; there is none of this delivery yet.")
        return [Reason("delivery.no_photo", text, field="photo")]
    return []


BEFORE = (PayEvent.CONFIRMED, PayEvent.TASK, PayEvent.BEFORE_SHIPPING)


def payment(delivery: Delivery, today: dt.date) -> list[Reason]:
    """What is due before shipping has been received."""
    if not delivery_settings().hold_for_payment:
        return []
    rows = delivery.order.payment_milestones.filter(event__in=BEFORE).exclude(kind=MilestoneKind.RETENTION)
    text = N_("%(name)s: %(open)s of %(amount)s are not received.")
    return [
        Reason(
            "delivery.payment",
            text,
            {
                "name": row.label,
                "open": written(row.open_amount, delivery.order.currency),
                "amount": written(row.amount, delivery.order.currency),
            },
            field="payment",
        )
        for row in rows
        if row.open_amount > 0
    ]


def acceptance(delivery: Delivery, today: dt.date) -> list[Reason]:
    """A factory acceptance that was planned for this delivery (or the order) has passed."""
    reasons = []
    rows = delivery.order.acceptances.filter(kind=AcceptanceKind.FAT).exclude(state=AcceptanceState.CANCELLED)
    for row in rows:
        if row.delivery_id not in (None, delivery.pk) or row.state == AcceptanceState.PASSED:
            continue
        later = rows.filter(pk__gt=row.pk, delivery=row.delivery, state=AcceptanceState.PASSED)
        if not later.exists():
            reasons.append(Reason("delivery.fat", N_("The factory acceptance is not signed."), field="acceptance"))
    return reasons[:1]


def punch(delivery: Delivery, today: dt.date) -> list[Reason]:
    """Open items of grade A are done before shipping."""
    count = open_punch(delivery.order, delivery=delivery).get(PunchGrade.A, 0)
    text = N_("Open items of grade A: %(count)d.")
    return [Reason("delivery.punch", text, {"count": count}, field="punch")] if count else []


def register_gates() -> None:
    from punctual.domain.delivery import gates

    gates.register("acceptance", acceptance, label=N_("Factory acceptance"))
    gates.register("punch", punch, label=N_("Open items"))
    gates.register("documents", documents, label=N_("Documents"), releasable=True)
    gates.register("payment", payment, label=N_("Payment"), releasable=True)


# ------------------------------------------------------------------------------------------ steps of an order


def before_deliver(order: Order, today: dt.date) -> list[Reason]:
    if all_shipped(order):
        return []
    text = N_("Not everything is shipped; record it as a delivery, with its lines and quantities.")
    return [Reason("order.deliver.not_shipped", text)]


def before_deliver_part(order: Order, today: dt.date) -> list[Reason]:
    if order.deliveries.filter(state__in=(DeliveryState.SHIPPED, DeliveryState.RECEIVED)).exists():
        return []
    return [Reason("order.deliver.none", N_("Record what was shipped as a delivery, with its lines and quantities."))]


def before_accept(order: Order, today: dt.date) -> list[Reason]:
    if order.acceptances.filter(kind=AcceptanceKind.FINAL, state=AcceptanceState.PASSED).exists():
        return []
    return [Reason("order.accept.unsigned", N_("The final acceptance is not signed; record it with its criteria."))]


def before_close(order: Order, today: dt.date) -> list[Reason]:
    counts = open_punch(order)
    total = sum(counts.values())
    text = N_("Open items of the acceptance: %(count)d. Finish or cancel them first.")
    return [Reason("order.close.punch", text, {"count": total})] if total else []
