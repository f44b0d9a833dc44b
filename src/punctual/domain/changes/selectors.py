"""What an actor may see of change orders and revisions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from punctual.domain.changes.life import OPEN
from punctual.domain.changes.models import ChangeOrder, Comparison, OrderRevision
from punctual.domain.orders.models import Order
from punctual.domain.orders.selectors import orders_of
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may
from punctual.platform.records import get_or_not_found


def changes_of(actor: User) -> QuerySet[ChangeOrder]:
    """Change orders of the orders that the actor may see."""
    if not may(actor, "changes.view"):
        return ChangeOrder.objects.none()
    return ChangeOrder.objects.filter(order__in=orders_of(actor))


def listed_changes(actor: User) -> QuerySet[ChangeOrder]:
    """The same with what a list shows."""
    return changes_of(actor).select_related("order__customer", "owner").defer("journal")


def change_by_id(actor: User, pk: int) -> ChangeOrder:
    return get_or_not_found(changes_of(actor).select_related("order__customer", "owner", "revision"), pk=pk)


def change_by_number(actor: User, number: str) -> ChangeOrder:
    visible = changes_of(actor).select_related("order__customer", "order__owner", "owner", "revision")
    return get_or_not_found(visible, number__iexact=number)


def changes_on(actor: User, order: Order) -> QuerySet[ChangeOrder]:
    """The change orders of an order that the actor has fetched, newest first."""
    return listed_changes(actor).filter(order=order)


def open_changes(actor: User) -> QuerySet[ChangeOrder]:
    return changes_of(actor).filter(state__in=OPEN)


def revisions_of(order: Order) -> QuerySet[OrderRevision]:
    """The revisions of an order that the actor has fetched, 1 first."""
    return order.revisions.select_related("made_by").order_by("number")


def compared(first: OrderRevision, second: OrderRevision) -> list[dict[str, Any]]:
    """What differs between two revisions: {"line", "field", "old", "new"}; ``line`` None for the header. A line that
    came or went is told whole under the field ``line``."""
    found = [
        {"line": None, "field": name, "old": first.content["header"].get(name, ""), "new": value}
        for name, value in second.content["header"].items()
        if first.content["header"].get(name, "") != value
    ]
    old = {line["id"]: line for line in first.content["lines"]}
    new = {line["id"]: line for line in second.content["lines"]}
    for key in sorted({*old, *new}, key=lambda key: (new.get(key) or old[key])["line_no"]):
        found += _line_difference(old.get(key), new.get(key))
    return found


def _line_difference(old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    if old is None or new is None:
        line = new or old
        assert line is not None
        words = " ".join(filter(None, (line["model"], line["revision"], f"×{line['quantity']}")))
        return [{"line": line["line_no"], "field": "line", "old": words if old else "", "new": words if new else ""}]
    return [
        {"line": new["line_no"], "field": name, "old": old.get(name, ""), "new": value}
        for name, value in new.items()
        if name not in ("id",) and old.get(name, "") != value
    ]


# ------------------------------------------------------------------------------------------- the customer's own order


def comparisons_of(actor: User, order: Order) -> list[Comparison]:
    """The comparisons of an order that the actor has fetched, newest first."""
    rows = Comparison.objects.filter(order=order).select_related("made_by", "order").prefetch_related("points__by")
    return list(rows) if may(actor, "orders.view") else []


def first_comparisons(orders: QuerySet[Order]) -> QuerySet[Comparison]:
    """The first comparison of each of the orders: what it found is what was entered wrong."""
    earlier = Comparison.objects.filter(order=OuterRef("order"), pk__lt=OuterRef("pk"))
    return Comparison.objects.filter(~Exists(earlier), order__in=orders.order_by()).order_by()


@dataclass(frozen=True, slots=True)
class FirstTimeRight:
    """Orders whose customer's PO matched at once, of those that were compared."""

    right: int
    compared: int

    @property
    def percent(self) -> float | None:
        return 100 * self.right / self.compared if self.compared else None


def first_time_right(actor: User) -> FirstTimeRight:
    """How often orders are entered as the customer wrote them."""
    counts = first_comparisons(orders_of(actor)).aggregate(
        right=Count("pk", filter=Q(first_count=0)), compared=Count("pk")
    )
    return FirstTimeRight(counts["right"], counts["compared"])
