"""A supplier answers without a sign-in: one link, one purchase order, one answer, until its day."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Mapping
from typing import Final

from django.db import transaction
from django.utils import timezone

from punctual.domain.supply.life import LIFE, ON_THE_WAY
from punctual.domain.supply.models import PurchaseOrder, PurchaseState, SupplierLink
from punctual.domain.supply.selectors import purchases_of
from punctual.domain.supply.services.dates import move_date
from punctual.domain.supply.services.purchases import confirm_lines
from punctual.kernel.refusal import NotFound, Reason, Refusal, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.audit.services import record
from punctual.platform.notifications.services import notify
from punctual.platform.records import lock

DAYS: Final = 14


def digest_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


@transaction.atomic
def make_link(*, actor: User, purchase_id: int, today: dt.date, days: int = DAYS) -> tuple[SupplierLink, str]:
    """A new link and its text, which is shown this once; the ones before it end."""
    require(actor, "supply.dates")
    order = lock(purchases_of(actor), expected_version=None, pk=purchase_id)
    reasons = LIFE.reasons(order.state, "link")
    if not 1 <= days <= 90:
        reasons.append(Reason("supplier_link.days", N_("A link is valid for 1 to 90 days."), field="days"))
    refuse_if(reasons)
    order.links.filter(withdrawn_at=None, used_at=None).update(withdrawn_at=timezone.now())
    token = secrets.token_urlsafe(24)
    link = SupplierLink.objects.create(
        purchase_order=order, digest=digest_of(token), expires_on=today + dt.timedelta(days=days), made_by=actor
    )
    record(actor=actor, verb="link", target=order)
    return link, token


@transaction.atomic
def withdraw_link(*, actor: User, link_id: int) -> None:
    """It opens nothing any more."""
    require(actor, "supply.dates")
    visible = SupplierLink.objects.filter(purchase_order__in=purchases_of(actor), withdrawn_at=None)
    if not visible.filter(pk=link_id).update(withdrawn_at=timezone.now()):
        raise NotFound(Reason("supplier_link.not_found", N_("This link has ended already.")))


def link_of(token: str) -> SupplierLink:
    """The link behind a token; raises NotFound for one that never was."""
    rows = SupplierLink.objects.select_related("purchase_order__supplier", "purchase_order__buyer")
    found = rows.filter(digest=digest_of(token)).first()
    if found is None:
        raise NotFound(
            Reason("supplier_link.unknown", N_("This address is not complete. Open the link as it was sent."))
        )
    return found


def is_gone(link: SupplierLink, *, today: dt.date) -> bool:
    """Replaced, withdrawn or past its day: what was ordered is not shown by it any more, since it may have gone to
    somebody else. One that was used still shows its answer until then."""
    return link.withdrawn_at is not None or link.expires_on < today


def against_answering(link: SupplierLink, *, today: dt.date) -> list[Reason]:
    """Why this link takes no answer any more; empty while it does."""
    order = link.purchase_order
    if link.withdrawn_at is not None:
        return [
            Reason("supplier_link.withdrawn", N_("This link was replaced or withdrawn. Ask the buyer for a new one."))
        ]
    if link.used_at is not None:
        text = N_("This link was used on %(day)s; one link takes one answer. Ask the buyer for a new one.")
        return [Reason("supplier_link.used", text, {"day": timezone.localdate(link.used_at).isoformat()})]
    if link.expires_on < today:
        text = N_("This link ended on %(day)s. Ask the buyer for a new one.")
        return [Reason("supplier_link.expired", text, {"day": link.expires_on.isoformat()})]
    if order.state not in ON_THE_WAY:
        text = N_("%(order)s is no longer open; nothing is left to be confirmed.")
        return [Reason("supplier_link.done", text, {"order": order.number})]
    return []


@transaction.atomic
def answer(*, token: str, days: Mapping[int, dt.date], note: str, today: dt.date) -> PurchaseOrder:
    """The supplier's days: line id → day. The first answer confirms the order, a later one changes dates."""
    link = (
        SupplierLink.objects.select_for_update(of=("self",)).select_related("purchase_order").get(pk=link_of(token).pk)
    )
    refuse_if(against_answering(link, today=today))
    order: PurchaseOrder = (
        PurchaseOrder.objects.select_for_update(of=("self",))
        .select_related("supplier", "buyer")
        .get(pk=link.purchase_order_id)
    )
    if len(note) > 200:
        text = N_("The note has %(length)d characters; at most %(longest)d fit.")
        raise Refusal(Reason("supplier_link.note", text, {"length": len(note), "longest": 200}, field="note"))
    own = set(order.lines.values_list("pk", flat=True))
    if set(days) - own:
        raise NotFound(Reason("supplier_link.line", N_("This line belongs to another purchase order.")))
    if order.state == PurchaseState.SENT:
        confirm_lines(order, days, actor=None, today=today)
    else:
        for line_id in sorted(days):
            line = order.lines.get(pk=line_id)
            if line.received < line.quantity:
                move_date(order, line_id, days[line_id], actor=None, today=today, reason=note)
    link.used_at = timezone.now()
    link.save(update_fields=["used_at"])
    if order.buyer is not None:
        notify(
            users=[order.buyer],
            kind="purchase",
            text=N_("%(supplier)s has answered on %(order)s."),
            params={"supplier": str(order.supplier), "order": order.number},
            url=f"/purchase-orders/{order.number}/",
        )
    return order
