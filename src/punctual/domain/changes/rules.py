"""What speaks against a change: pure, over plain facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from punctual.domain.orders.inputs import OrderInput
from punctual.kernel.quantity import plain
from punctual.kernel.refusal import Reason
from punctual.kernel.wording import N_, Word

CHANGEABLE: Final = frozenset({"confirmed", "in_progress", "partially_delivered"})
"""States of an order that a change order may change; before, the order itself is edited."""


def against_order(state: str) -> list[Reason]:
    if state in CHANGEABLE:
        return []
    if state in ("draft", "quoted", "in_review"):
        text = N_("The order is not confirmed yet; edit the order itself.")
    else:
        text = N_("The order is delivered, on hold or ended; nothing of it can be changed any more.")
    return [Reason("change.order_state", text, field="order")]


def against_texts(title: str, reason: str) -> list[Reason]:
    reasons = []
    if not title.strip() or len(title.strip()) > 120:
        reasons.append(Reason("change.title", N_("Say in 1 to 120 characters what changes."), field="title"))
    if len(reason) > 5000:
        reasons.append(Reason("change.reason", N_("The reason has at most 5000 characters."), field="reason"))
    return reasons


def against_content(before: OrderInput, after: OrderInput, delivered: Mapping[int, Decimal]) -> list[Reason]:
    """Less than was delivered can't be ordered, and a line of which something was delivered stays."""
    reasons = []
    left = {line.id: line for line in after.lines}
    for line in before.lines:
        gone = delivered.get(line.id or 0, Decimal(0))
        if gone <= 0:
            continue
        now = left.get(line.id)
        if now is None:
            text = N_("%(quantity)s of line %(line)d are delivered; the line stays. Reduce its quantity instead.")
            params = {"quantity": plain(gone), "line": line.line_no}
            reasons.append(Reason("change.line_delivered", text, params, field="items", row=line.line_no))
        elif now.quantity is not None and now.quantity < gone:
            text = N_("Line %(line)d: %(quantity)s are delivered already; the new quantity must not be less.")
            params = {"quantity": plain(gone), "line": line.line_no}
            reasons.append(Reason("change.below_delivered", text, params, field="quantity", row=line.line_no))
        elif now.model != line.model:
            text = N_("Line %(line)d is delivered in part; another model needs a line of its own.")
            reasons.append(
                Reason("change.model_delivered", text, {"line": line.line_no}, field="model", row=line.line_no)
            )
    return reasons


def against_work(tasks: Sequence[int | None], known: frozenset[int]) -> list[Reason]:
    """Every task that an item names must be in the plan."""
    if all(task is None or task in known for task in tasks):
        return []
    return [Reason("change.task_gone", N_("The plan has no such task any more; choose it again."), field="task")]


def against_redo(done: Mapping[int, int]) -> list[Reason]:
    """``done`` task → percent of the tasks that are to be done again."""
    text = N_("No work is done yet on a task that is to be done again; take that item out.")
    return [Reason("change.nothing_to_redo", text, field="task") for percent in done.values() if percent <= 0]


def against_growth(approved: Mapping[str, object], now: Mapping[str, object]) -> list[Reason]:
    """What was approved must still hold when it is applied: not later, not dearer, the same contract value."""
    worse = []
    if str(now["planned"] or "") > str(approved["planned"] or ""):
        worse.append(N_("the planned date is later"))
    if Decimal(str(now["cost"])) > Decimal(str(approved["cost"])):
        worse.append(N_("it costs more"))
    if Decimal(str(now["value"])) != Decimal(str(approved["value"])):
        worse.append(N_("the contract value differs"))
    text = N_("Since it was analysed the plan has moved on: %(what)s. Take it back to draft and analyse it again.")
    return [Reason("change.impact_grew", text, {"what": Word(one)}) for one in worse]


def against_answer(answer: str, *, needs: bool) -> list[Reason]:
    """The customer's yes, where it is needed."""
    if not needs or answer == "agreed":
        return []
    if answer == "refused":
        return [Reason("change.customer_refused", N_("The customer has refused the change."))]
    return [Reason("change.customer_open", N_("The customer has not agreed yet; send the link or attach the paper."))]


def against_quantities(after: OrderInput) -> list[Reason]:
    """Every line has something to deliver."""
    return [
        Reason(
            "change.quantity",
            N_("Line %(line)d needs a quantity above zero."),
            {"line": line.line_no},
            field="quantity",
            row=line.line_no,
        )
        for line in after.lines
        if line.quantity is None or line.quantity <= 0
    ]
