"""What speaks against delivering, accepting, paying and closing: pure, over plain facts."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from punctual.kernel.money import Money, written
from punctual.kernel.quantity import plain
from punctual.kernel.refusal import Reason
from punctual.kernel.wording import N_

HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class LineFacts:
    """What is ordered of a line and what other deliveries, shipped or being prepared, already take."""

    line_no: int
    ordered: Decimal
    elsewhere: Decimal


def against_items(wanted: Mapping[int, Decimal], lines: Mapping[int, LineFacts]) -> list[Reason]:
    """Something must go, of lines of this order, and never more than is ordered."""
    reasons = []
    if not any(quantity > 0 for quantity in wanted.values()):
        reasons.append(Reason("delivery.empty", N_("Say how much of which line is delivered."), field="items"))
    for line, quantity in wanted.items():
        facts = lines.get(line)
        if facts is None:
            reasons.append(Reason("delivery.line_unknown", N_("The order has no such line."), field="items"))
        elif quantity < 0:
            text = N_("Line %(line)d: a quantity is 0 or more.")
            reasons.append(Reason("delivery.negative", text, {"line": facts.line_no}, "items", facts.line_no))
        elif quantity > facts.ordered - facts.elsewhere:
            text = N_("Line %(line)d: %(wanted)s can't be delivered; %(left)s of %(ordered)s are left.")
            params = {
                "line": facts.line_no,
                "wanted": plain(quantity),
                "left": plain(facts.ordered - facts.elsewhere),
                "ordered": plain(facts.ordered),
            }
            reasons.append(Reason("delivery.too_much", text, params, "items", facts.line_no))
    return reasons


LONGEST_SERIAL: Final = 80


def against_serials(
    serials: Mapping[int, Sequence[str]],
    items: Mapping[int, Decimal],
    lines: Mapping[int, LineFacts],
    elsewhere: Mapping[int, Collection[str]],
) -> list[Reason]:
    """No more numbers than pieces go, and none that stands twice or went with another delivery of its line."""
    reasons: list[Reason] = []
    for line, numbers in serials.items():
        if not numbers or line not in lines:
            continue
        going, at = items.get(line, Decimal(0)), lines[line].line_no

        def against(code: str, text: str, at: int = at, **params: object) -> Reason:
            return Reason(f"delivery.{code}", text, {"line": at, **params}, "serials", at)

        if len(numbers) > going:
            text = N_("Line %(line)d: %(given)d serial numbers for %(quantity)s pieces that go.")
            reasons.append(against("serials", text, given=len(numbers), quantity=plain(going)))
        if any(len(one) > LONGEST_SERIAL for one in numbers):
            text = N_("Line %(line)d: a serial number has at most %(longest)d characters.")
            reasons.append(against("serial_long", text, longest=LONGEST_SERIAL))
        for one in sorted({one for one in numbers if numbers.count(one) > 1}):
            text = N_("Line %(line)d: serial number “%(serial)s” stands twice.")
            reasons.append(against("serial_twice", text, serial=one[:LONGEST_SERIAL]))
        for one in sorted(set(numbers) & set(elsewhere.get(line, ()))):
            text = N_("Line %(line)d: serial number “%(serial)s” is in another delivery of it already.")
            reasons.append(against("serial_gone", text, serial=one))
    return reasons


def against_day(day: dt.date | None, *, today: dt.date, after: dt.date | None = None, field: str) -> list[Reason]:
    """A day on which something happened: given, not in the future, not before what came first."""
    if day is None:
        return [Reason("delivery.day", N_("Say on which day."), field=field)]
    if day > today:
        return [Reason("delivery.day_future", N_("This day has not come yet."), field=field)]
    if after is not None and day < after:
        text = N_("That was not before %(day)s.")
        return [Reason("delivery.day_before", text, {"day": after.isoformat()}, field=field)]
    return []


# ------------------------------------------------------------------------------------------------------ acceptance


@dataclass(frozen=True, slots=True)
class AcceptanceFacts:
    """``all_shipped``: what it is about has left the house; ``open_punch`` grade → open items."""

    kind: str
    all_shipped: bool
    verdicts: Sequence[str]
    open_punch: Mapping[str, int]


def against_holding(facts: AcceptanceFacts) -> list[Reason]:
    """Site and final acceptance need the thing at the customer's."""
    if facts.kind == "fat" or facts.all_shipped:
        return []
    return [Reason("acceptance.undelivered", N_("What is not delivered can't be accepted; record the shipment first."))]


def against_passing(facts: AcceptanceFacts, *, signer: str, has_signature: bool, with_punch: bool) -> list[Reason]:
    """Every reason why it can't be signed as passed."""
    reasons = against_holding(facts)
    open_ = sum(1 for one in facts.verdicts if one == "open")
    bad = sum(1 for one in facts.verdicts if one == "not_met")
    if open_:
        text = N_("Criteria without a verdict: %(count)d.")
        reasons.append(Reason("acceptance.open", text, {"count": open_}, field="results"))
    if bad:
        text = N_("Criteria not met: %(count)d. Record that it failed, or enter an open item and mark them.")
        reasons.append(Reason("acceptance.not_met", text, {"count": bad}, field="results"))
    if facts.kind == "final" and facts.open_punch.get("A", 0) + facts.open_punch.get("B", 0):
        text = N_("Open items of grade A or B: %(count)d. They are done before the final acceptance.")
        count = facts.open_punch.get("A", 0) + facts.open_punch.get("B", 0)
        reasons.append(Reason("acceptance.punch", text, {"count": count}, field="punch"))
    elif sum(facts.open_punch.values()) and not with_punch:
        text = N_("There are %(count)d open items; tick that it is signed with them.")
        reasons.append(
            Reason("acceptance.with_punch", text, {"count": sum(facts.open_punch.values())}, field="with_punch")
        )
    return reasons + against_signature(signer, has_signature=has_signature)


def against_signature(signer: str, *, has_signature: bool) -> list[Reason]:
    reasons = []
    if not signer.strip() or len(signer) > 80:
        reasons.append(Reason("acceptance.signer", N_("Write who signs for the customer."), field="signer"))
    if not has_signature:
        text = N_("Let the customer sign in the field, or attach the signed paper.")
        reasons.append(Reason("acceptance.signature", text, field="signature"))
    return reasons


# ------------------------------------------------------------------------------------------------------ payments


def against_shares(shares: Sequence[Decimal]) -> list[Reason]:
    """The shares of the milestones make 100 percent."""
    if not shares:
        return [Reason("payment.none", N_("Enter at least one milestone."), field="percent")]
    if any(share <= 0 for share in shares):
        return [Reason("payment.share", N_("A share is above 0 %."), field="percent")]
    total = sum(shares, Decimal(0))
    if total != HUNDRED:
        text = N_("The shares make %(total)s %%; they must make 100 %%.")
        return [Reason("payment.shares", text, {"total": plain(total)}, field="percent")]
    return []


def allocated(total: Decimal, currency: str, shares: Sequence[Decimal]) -> list[Decimal]:
    """The amounts, exact to the cent: they add up to ``total``."""
    return [part.amount for part in Money(total, currency).allocate(list(shares))]


@dataclass(frozen=True, slots=True)
class Share:
    """A milestone for a new value: ``fixed`` when something was invoiced or received on it."""

    percent: Decimal
    amount: Decimal
    fixed: bool


def reallocated(total: Decimal, currency: str, shares: Sequence[Share]) -> list[Decimal]:
    """Amounts for a new total: fixed ones stay, the others take their share and what the fixed ones are off by."""
    ideal = allocated(total, currency, [share.percent for share in shares])
    free = [index for index, share in enumerate(shares) if not share.fixed]
    if not free:
        return [share.amount for share in shares]
    off = sum((ideal[i] - shares[i].amount for i, share in enumerate(shares) if share.fixed), Decimal(0))
    parts = allocated(off, currency, [shares[i].percent for i in free])
    result = [share.amount for share in shares]
    for index, part in zip(free, parts, strict=True):
        result[index] = ideal[index] + part
    return result


def against_entry(
    *, kind: str, amount: Decimal | None, invoiced: Decimal, received: Decimal, due: Decimal, currency: str
) -> list[Reason]:
    """An invoice or receipt never goes beyond the milestone."""
    if amount is None or amount <= 0:
        return [Reason("payment.amount", N_("Enter an amount above 0."), field="amount")]
    if amount != amount.quantize(Decimal("0.01")):
        return [Reason("payment.cents", N_("An amount has at most two decimals."), field="amount")]
    done = invoiced if kind == "invoice" else received
    if done + amount > due:
        text = N_("Only %(left)s are left on this milestone.")
        return [Reason("payment.too_much", text, {"left": written(due - done, currency)}, field="amount")]
    return []


LONGEST_DAYS, LONGEST_MONTHS = 3650, 240
"""After its event. Beyond that it is a typing error, and soon a day that no calendar has."""


def against_delay(days: int, months: int, *, row: int) -> list[Reason]:
    """Money is due within a time that people live to see."""
    if days <= LONGEST_DAYS and months <= LONGEST_MONTHS:
        return []
    text = N_("Row %(row)d: at most %(days)d days and %(months)d months after the event.")
    params = {"row": row, "days": LONGEST_DAYS, "months": LONGEST_MONTHS}
    return [Reason("payment.delay", text, params, field="days", row=row)]


def due_day(happened: dt.date, *, days: int, months: int) -> dt.date:
    """The event's day + months + days; the 31st falls on the last day of a shorter month."""
    month = happened.month - 1 + months
    year, month = happened.year + month // 12, month % 12 + 1
    day = min(happened.day, calendar.monthrange(year, month)[1])
    return dt.date(year, month, day) + dt.timedelta(days=days)


# ------------------------------------------------------------------------------------------------------ punctuality


@dataclass(frozen=True, slots=True)
class Delivered:
    """A delivered line: when, how much of it, and the three dates it can be measured by."""

    actual: dt.date
    complete: bool
    requested: dt.date | None
    first_promise: dt.date | None
    last_promise: dt.date | None


def on_time(rows: Sequence[Delivered], measure: str) -> tuple[int, int, int]:
    """(in time, in time and in full, counted) by ``requested``, ``first_promise`` or ``last_promise``; lines without
    that date don't count."""
    counted = [(row, day) for row in rows if (day := getattr(row, measure)) is not None]
    kept = [row for row, day in counted if row.actual <= day]
    return len(kept), sum(1 for row in kept if row.complete), len(counted)
