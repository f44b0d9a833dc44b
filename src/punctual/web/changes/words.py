"""How a change order's state, items and impact are said and shown."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from punctual.domain.changes.models import ChangeItem, ChangeOrder, ChangeState, CustomerAnswer, ItemKind
from punctual.domain.orders.models import Order, OrderLine
from punctual.domain.plans.models import BudgetKind
from punctual.kernel.quantity import plain
from punctual.platform.accounts.models import Role
from punctual.platform.approvals.models import StepState
from punctual.platform.audit.models import AuditEntry
from punctual.web.formatting import UNKNOWN, day_text, money_text, quantity_text
from punctual.web.orders.marks import chip
from punctual.web.orders.story import Step, Told
from punctual.web.shell.latest import register_verbs, verb_of

STATE_MARKS: Final[dict[str, tuple[str, str]]] = {
    ChangeState.DRAFT: ("pencil", ""),
    ChangeState.ANALYSED: ("flask", "what"),
    ChangeState.SUBMITTED: ("writing-sign", "acc"),
    ChangeState.APPROVED: ("checks", "ok"),
    ChangeState.REJECTED: ("circle-x", "late"),
    ChangeState.APPLIED: ("circle-check", "ok"),
    ChangeState.REVERSED: ("arrow-back-up", ""),
    ChangeState.WITHDRAWN: ("ban", ""),
}
CHANGES: Final = {
    "added": ("plus", "acc", gettext_lazy("Added")),
    "changed": ("arrows-diff", "warn", gettext_lazy("Changed")),
    "removed": ("trash", "late", gettext_lazy("Dropped")),
    "lost": ("trash", "late", gettext_lazy("Work lost")),
    "moved": ("arrow-right", "", gettext_lazy("Moved")),
}


def state_chip(change: ChangeOrder) -> SafeString:
    name, css = STATE_MARKS[change.state]
    return chip(name, css, change.get_state_display())


def signed_money(amount: Decimal, currency: str) -> str:
    """``+¥54,000`` / ``−¥900`` / ``¥0``."""
    sign = "+" if amount > 0 else ""
    return f"{sign}{money_text(amount, currency)}"


def signed_hours(minutes: int) -> str:
    if not minutes:
        return UNKNOWN
    sign = "+" if minutes > 0 else "−"
    return f"{sign}{abs(minutes) / 60:.0f} h"


def kind_words(kind: str) -> str:
    return str(BudgetKind(kind).label) if kind in BudgetKind.values else kind


def field_words(field: str, *, of_line: bool) -> str:
    if field == "model":
        return _("Model")
    if field == "revision":
        return _("Revision")
    model = OrderLine if of_line else Order
    known = {one.name: one for one in model._meta.get_fields() if hasattr(one, "verbose_name")}
    return str(known[field].verbose_name) if field in known else field


def value_words(field: str, text: str, currency: str) -> str:
    """A kept text as people read it."""
    if not text:
        return UNKNOWN
    if field.endswith("_date"):
        try:
            return day_text(dt.date.fromisoformat(text))
        except ValueError:
            return text
    if field in ("unit_price", "quantity"):
        number = _number(text)
        if number is None:
            return text
        return money_text(number, currency) if field == "unit_price" else quantity_text(number)
    return text


def item_rows(change: ChangeOrder, products: Mapping[int, str]) -> list[dict[str, Any]]:
    """Each item as a row: line, product, what, from, to, which mark. ``products`` line id → its product's words."""
    return [item_row(item, change.order, products) for item in change.items.all()]


def item_row(item: ChangeItem, order: Order, products: Mapping[int, str]) -> dict[str, Any]:
    currency = order.currency
    row: dict[str, Any] = {"line": item.line_no, "product": products.get(item.line_ref or 0, ""), "old": "", "new": ""}
    data = item.data
    match item.kind:
        case ItemKind.LINE | ItemKind.HEADER:
            of_line = item.kind == ItemKind.LINE
            row |= {
                "what": field_words(item.field, of_line=of_line),
                "old": value_words(item.field, item.old, currency),
                "new": value_words(item.field, item.new, currency),
                "mark": "changed",
                "delta": _delta(item, order),
            }
        case ItemKind.LINE_ADD:
            words = quantity_text(_number(data.get("quantity")), str(data.get("unit") or ""))
            words += f" × {money_text(_number(data.get('unit_price')), currency)}"
            if data.get("promised_date"):
                words += f" · {value_words('promised_date', str(data['promised_date']), currency)}"
            row |= {"what": _("New line"), "product": data.get("model", ""), "new": words, "mark": "added"}
            row["delta"] = _product_of(data.get("quantity"), data.get("unit_price"))
        case ItemKind.LINE_REMOVE:
            row |= {"what": _("Line removed"), "old": item.old, "mark": "removed"}
            line = order.lines.filter(pk=item.line_ref or 0).first()
            row["delta"] = -(line.quantity or 0) * (line.unit_price or 0) if line else None
        case ItemKind.TASK_ADD:
            words = _("%(days)s d") % {"days": data.get("days", "")}
            row |= {"what": _("New task"), "product": data.get("name", ""), "new": words, "mark": "added"}
        case ItemKind.TASK_REDO:
            row |= {
                "what": _("Done again"),
                "product": data.get("name", ""),
                "new": f"{data.get('percent', 100)} %",
                "mark": "lost",
            }
        case _:
            words = f"{kind_words(str(data.get('kind', '')))} {money_text(_number(data.get('amount')), 'CNY')}"
            row |= {"what": _("Other cost"), "product": data.get("name", ""), "new": words, "mark": "added"}
    row["icon"], row["css"], row["mark_words"] = CHANGES[row["mark"]]
    delta = row.get("delta")
    row["delta"] = signed_money(delta, currency) if delta else ""
    return row


def _number(value: object) -> Decimal | None:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


def _product_of(quantity: object, price: object) -> Decimal | None:
    first, second = _number(quantity), _number(price)
    return first * second if first is not None and second is not None else None


def _delta(item: ChangeItem, order: Order) -> Decimal | None:
    """What one changed cell alone does to the value; applied changes are told by their total only."""
    if item.field not in ("quantity", "unit_price"):
        return None
    line = order.lines.filter(pk=item.line_ref or 0).first()
    old, new = _number(item.old or "0"), _number(item.new)
    if line is None or old is None or new is None:
        return None
    other = line.unit_price if item.field == "quantity" else line.quantity
    return (new - old) * other if other is not None else None


def product_words(order: Order) -> dict[int, str]:
    """Line id → model, name and quantity."""
    return {
        line.pk: f"{line.model_text} {line.description}".strip()
        + (f" ×{plain(line.quantity)}" if line.quantity and line.quantity != 1 else "")
        for line in order.lines.all()
    }


VERBS: Final = {
    "create": gettext_lazy("raised it"),
    "change": gettext_lazy("edited it"),
    "analyse": gettext_lazy("computed the impact"),
    "submit": gettext_lazy("submitted it for approval"),
    "approve": gettext_lazy("approved it"),
    "reject": gettext_lazy("rejected it"),
    "reopen": gettext_lazy("took it back to draft"),
    "withdraw": gettext_lazy("withdrew it"),
    "issue_link": gettext_lazy("made a link for the customer"),
    "customer_answer": gettext_lazy("recorded the customer's answer"),
    "apply": gettext_lazy("applied it"),
    "reverse": gettext_lazy("took the applied change back"),
    "attach": gettext_lazy("attached a file"),
    "ask_approval": gettext_lazy("asked for it"),
    "remind": gettext_lazy("reminded those who decide"),
}
"""What stands in the story of a change order or an approval."""
register_verbs(["changeorder", "approvalrequest"], VERBS)
MONEY: Final = frozenset({"cost", "total_amount"})
FIELDS: Final = {
    "cost": gettext_lazy("Cost"),
    "order": gettext_lazy("Order"),
    "customer_answer": gettext_lazy("Customer's answer"),
    "planned_date": gettext_lazy("Planned"),
    "total_amount": gettext_lazy("Contract value"),
    "title": gettext_lazy("What changes"),
    "reason": gettext_lazy("Why"),
    "words": gettext_lazy("The customer's words"),
    "attachment": gettext_lazy("File"),
    "seal": gettext_lazy("Seal of what was signed"),
}


def story(entries: Iterable[AuditEntry]) -> list[Step]:
    """Entries of a change order or an approval in words."""
    steps = []
    for entry in entries:
        told = [
            Told(_label(str(one["field"])), _told(str(one["field"]), one["old"]), _told(str(one["field"]), one["new"]))
            for one in entry.changes
        ]
        reason = "" if entry.verb == "issue_link" else entry.reason
        steps.append(Step(at=entry.at, who=entry.actor, verb=verb_of(entry), changes=told[:6], reason=reason))
    return steps


def _told(field: str, value: object) -> str:
    """A kept value in words: an approved change is not called what an approver's yes is called."""
    states = {**dict(ChangeState.choices), **dict(CustomerAnswer.choices), **dict(StepState.choices)}
    if field == "state":
        states |= dict(ChangeState.choices)
    number = _number(value) if field in MONEY else None
    return f"{number:,f}" if number is not None else str(states.get(str(value), value or ""))


def _label(field: str) -> str:
    head, _dot, tail = field.partition(".")
    if head == "role" and tail in Role.values:
        return str(Role(tail).label)
    if field == "state":
        return _("State")
    return str(FIELDS.get(field, field))
