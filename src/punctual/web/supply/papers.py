"""The purchase order on paper."""

from __future__ import annotations

from decimal import Decimal

from django.utils.translation import gettext as _

from punctual.domain.supply.models import PurchaseOrder
from punctual.kernel.money import rounded
from punctual.platform.company.services import company
from punctual.platform.papers import Facts, Grid, Text, paper
from punctual.web.formatting import money_text, quantity_text


def purchase_paper(order: PurchaseOrder) -> bytes:
    """A4: who orders from whom, the lines, the sum, where to sign."""
    lines = list(order.lines.select_related("material"))
    rows = [
        [
            line.line_no,
            line.material.code if line.material else "",
            line.description,
            quantity_text(line.quantity, line.unit),
            money_text(line.unit_price, order.currency),
            money_text(rounded(line.quantity * line.unit_price, order.currency), order.currency),
            (line.expected_date or line.asked_date or "—"),
        ]
        for line in lines
    ]
    extra = sum((line.expedite_cost for line in lines), Decimal(0))
    facts: list[tuple[str, object]] = [
        (_("Supplier"), order.supplier.name),
        (_("Date"), order.sent_on or order.created_at.date()),
        (_("Contact"), order.supplier.contact_name),
        (_("Buyer"), str(order.buyer or "")),
        (_("Payment terms"), order.payment_terms),
        (_("Currency"), order.currency),
    ]
    sums = [(_("Amount"), money_text(order.total_amount, order.currency, whole=False))]
    if extra:
        sums.insert(0, (_("Expediting"), money_text(extra, order.currency, whole=False)))
    head = [_("Line"), _("Code"), _("Description"), _("Quantity"), _("Unit price"), _("Amount"), _("Arrives")]
    name = company().name
    return paper(
        title=_("Purchase order %(number)s") % {"number": order.number},
        subtitle=name,
        blocks=[
            Facts(facts),
            Grid(head, rows, widths=(0.6, 1.2, 3, 1.1, 1.2, 1.3, 1.2), right=(3, 4, 5)),
            Facts(sums),
            *([Text(order.notes)] if order.notes else []),
            Text(_("Please confirm the dates within two working days.")),
            Facts([(_("Ordered by"), ""), (_("Confirmed by the supplier"), "")]),
        ],
        footer=f"{name} · {order.number}",
    )
