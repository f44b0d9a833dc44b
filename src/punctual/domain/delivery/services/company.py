"""What the company wants before something is shipped, and when it asks its customers how it did."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from punctual.domain.customer_relations.models import AskedAfter
from punctual.domain.delivery.models import DeliverySettings
from punctual.domain.delivery.selectors import delivery_settings
from punctual.kernel.refusal import Reason, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.attachments.models import DocumentKind
from punctual.platform.audit.services import differences, record
from punctual.platform.records import lock, save_next


@transaction.atomic
def change_settings(
    *,
    actor: User,
    required_documents: Sequence[str],
    hold_for_payment: bool,
    remind_days: int,
    ask_after: Sequence[str],
    expected_version: int | None = None,
) -> DeliverySettings:
    """Documents needed to ship, whether payment holds a shipment, when reminders begin, when customers are asked."""
    require(actor, "delivery.settings")
    delivery_settings()
    found = lock(DeliverySettings.objects.all(), expected_version=expected_version, pk=1)
    unknown = [kind for kind in required_documents if kind not in DocumentKind.values]
    text = N_("There is no kind of document “%(kind)s”.")
    reasons = [Reason("delivery.document_kind", text, {"kind": kind}, field="documents") for kind in unknown]
    if not 0 <= remind_days <= 90:
        reasons.append(Reason("delivery.remind_days", N_("Between 0 and 90 days."), field="remind_days"))
    if any(after not in AskedAfter.values for after in ask_after):
        text = N_("Choose after what customers are asked out of the list.")
        reasons.append(Reason("delivery.ask_after", text, field="ask_after"))
    refuse_if(reasons)
    wish = {
        "required_documents": list(required_documents),
        "hold_for_payment": hold_for_payment,
        "remind_days": remind_days,
        "ask_after": list(ask_after),
    }
    before = {name: getattr(found, name) for name in wish}
    for name, value in wish.items():
        setattr(found, name, value)
    save_next(found)
    record(actor=actor, verb="change", target=found, changes=differences(before, wish))
    return found
