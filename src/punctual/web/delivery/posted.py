"""What the forms of this subject bring back, read into plain values with a reason for each that can't be read."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from django.http import QueryDict

from punctual.domain.delivery.models import PaymentMilestone
from punctual.domain.orders.inputs import Reader
from punctual.domain.orders.models import Order
from punctual.domain.plans.models import Task
from punctual.kernel.refusal import refuse_if
from punctual.web.shell.reading import whole

MOST_ROWS: Final = 200
APART: Final = re.compile(r"[\n,;，；、]")


class Posted:
    """Reads fields; :meth:`done` refuses with every reason at once."""

    def __init__(self, post: QueryDict) -> None:
        self.post = post
        self.reader = Reader()

    def text(self, name: str) -> str:
        return self.post.get(name, "").strip()

    def day(self, name: str) -> dt.date | None:
        return self.reader.day(self.text(name), name)

    def number(self, name: str, places: int = 6) -> Decimal | None:
        return self.reader.number(self.text(name), name, places=places)

    def whole(self, name: str) -> int:
        text = self.text(name)
        return int(text) if text.isdecimal() and len(text) < 6 else 0

    def done(self) -> None:
        refuse_if(self.reader.reasons)

    def quantities(self, order: Order) -> dict[int, Decimal]:
        """``item-<line id>`` fields."""
        found: dict[int, Decimal] = {}
        for line in order.lines.all():
            number = self.reader.number(self.text(f"item-{line.pk}"), "items", line.line_no)
            if number:
                found[line.pk] = number
        return found

    def serials(self, order: Order) -> dict[int, list[str]]:
        """``serials-<line id>`` fields: numbers apart by line, comma or semicolon."""
        return {line.pk: APART.split(self.text(f"serials-{line.pk}")) for line in order.lines.all()}

    def boxes(self) -> list[dict[str, Any]]:
        rows = []
        for at in range(MOST_ROWS):
            if f"box-{at}-name" not in self.post:
                break
            row = {name: self.text(f"box-{at}-{name}") for name in ("name", "size", "contents")}
            weight = self.number(f"box-{at}-weight", 2)
            if any(row.values()) or weight is not None:
                rows.append({**row, "name": row["name"] or str(at + 1), "weight": weight})
        return rows

    def results(self) -> dict[int, tuple[str, str]]:
        """``verdict-<id>`` and ``value-<id>`` fields."""
        return {
            number: (self.text(f"value-{name.removeprefix('verdict-')}"), str(value))
            for name, value in self.post.items()
            if name.startswith("verdict-") and (number := whole(name.removeprefix("verdict-")))
        }

    def milestones(self, order: Order) -> list[Mapping[str, Any]]:
        """``ms-<n>-…`` rows; rows without a share are left out."""
        tasks = {str(task.pk): task for task in Task.objects.filter(plan__order=order).select_related("plan")}
        ids = set(PaymentMilestone.objects.filter(order=order).values_list("pk", flat=True))
        rows: list[Mapping[str, Any]] = []
        for at in range(MOST_ROWS):
            if f"ms-{at}-percent" not in self.post:
                break
            percent = self.reader.number(self.text(f"ms-{at}-percent"), "percent", at + 1, places=3)
            if percent is None:
                continue
            identity = self.text(f"ms-{at}-id")
            rows.append(
                {
                    "id": found if (found := whole(identity)) in ids else None,
                    "kind": self.text(f"ms-{at}-kind"),
                    "name": self.text(f"ms-{at}-name")[:80],
                    "percent": percent,
                    "event": self.text(f"ms-{at}-event"),
                    "task": tasks.get(self.text(f"ms-{at}-task")),
                    "fixed_on": self.reader.day(self.text(f"ms-{at}-fixed_on"), "fixed_on", at + 1),
                    "days": self.whole(f"ms-{at}-days"),
                    "months": self.whole(f"ms-{at}-months"),
                }
            )
        return rows
