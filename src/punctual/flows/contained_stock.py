"""A nonconformity that was contained holds back the stock of its item until it is settled.

What came with a receipt under inspection is blocked with that receipt already (``incoming_inspection``).
"""

from __future__ import annotations

from decimal import Decimal

from django.db.models import Sum

from punctual.domain.quality.life import STOPPING
from punctual.domain.quality.models import Disposition, NcrState, Nonconformity
from punctual.domain.supply.models import Material
from punctual.domain.supply.services.holding import hold_stock, let_go
from punctual.flows.incoming_inspection import SOURCE
from punctual.platform.outbox.models import OutboxEvent
from punctual.platform.outbox.services import subscribe


def listen() -> None:
    """Hear what was contained and how it ended."""
    subscribe("ncr.contained", on_contained)
    subscribe("ncr.disposed", on_disposed)
    for kind in ("ncr.verified", "ncr.cancelled"):
        subscribe(kind, on_settled)


def _found(event: OutboxEvent) -> Nonconformity | None:
    return Nonconformity.objects.exclude(source_type=SOURCE).filter(pk=event.payload["ncr_id"]).first()


def _reason(ncr: Nonconformity) -> str:
    return f"{ncr.number} {ncr.title}"


def on_contained(event: OutboxEvent) -> None:
    """The quantities of the places that block stock, until something is decided; then ``on_disposed`` sees to it."""
    ncr = _found(event)
    if ncr is not None and ncr.state in (NcrState.OPEN, NcrState.CONTAINED):
        _hold(ncr)


def _hold(ncr: Nonconformity) -> None:
    """As far as they are in stock; doing it again changes nothing."""
    material = Material.objects.filter(code=ncr.item_key).first() if ncr.item_key else None
    if material is None:
        return
    blocking = ncr.containments.filter(blocks_stock=True)
    wanted = Decimal(blocking.aggregate(total=Sum("quantity"))["total"] or 0)
    who = blocking.select_related("who").first()
    hold_stock(cause=ncr, material=material, quantity=wanted, actor=who.who if who else ncr.owner, reason=_reason(ncr))


def on_disposed(event: OutboxEvent) -> None:
    """What goes back or is scrapped leaves the stock, also where it could not be held when it was contained."""
    ncr = _found(event)
    if ncr is None:
        return
    leaves = ncr.disposition in (Disposition.RETURN, Disposition.SCRAP)
    if leaves or ncr.state in STOPPING:
        _hold(ncr)
    if leaves:
        let_go(cause=ncr, actor=ncr.disposed_by, reason=_reason(ncr), taken_out=Decimal(ncr.quantity))


def on_settled(event: OutboxEvent) -> None:
    """Used as it is, sorted or reworked, or it was none: what was sorted out leaves, the rest can be used again."""
    ncr = _found(event)
    if ncr is None:
        return
    bad = ncr.nonconforming if ncr.disposition == Disposition.SORT else 0
    let_go(cause=ncr, actor=ncr.verified_by or ncr.owner, reason=_reason(ncr), taken_out=Decimal(bad))
