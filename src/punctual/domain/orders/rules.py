"""Order checks: everything that is wrong with an order, at once, over plain facts.

An error must be put right; a warning may be waived by name with a reason. Each finding knows the value it is about, so
that a waiver stops to count when that value changes, and the ways to put it right.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Final, Protocol

from punctual.kernel.money import rounded
from punctual.kernel.quantity import is_multiple, plain
from punctual.kernel.refusal import Reason, Severity
from punctual.kernel.wording import N_

HUNDRED: Final = Decimal(100)


class Workdays(Protocol):
    """The company calendar, as far as checks need it."""

    def is_working(self, day: dt.date) -> bool: ...

    def after(self, day: dt.date, working_days: int) -> dt.date:
        """The day that is ``working_days`` working days later; 0 gives ``day`` or the next working day."""
        ...


@dataclass(frozen=True, slots=True)
class RevisionFacts:
    code: str
    retired_on: dt.date | None = None
    successor: str = ""


@dataclass(frozen=True, slots=True)
class ProductFacts:
    """``list_price`` for one unit in the order's currency, None where there is none. Lead time in working days."""

    model: str
    unit: str
    minimum: Decimal = Decimal(1)
    multiple: Decimal = Decimal(1)
    lead_time_days: int = 0
    list_price: Decimal | None = None
    archived: bool = False
    revisions: tuple[RevisionFacts, ...] = ()


@dataclass(frozen=True, slots=True)
class LineFacts:
    """One line; ``similar`` are catalogue models close to an unknown one."""

    line_no: int
    model: str = ""
    product: ProductFacts | None = None
    revision: str = ""
    quantity: Decimal | None = None
    unit: str = ""
    unit_price: Decimal | None = None
    requested: dt.date | None = None
    similar: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """``same_po``: labels of the customer's other living orders with this PO number."""

    customer: str = ""
    customer_archived: bool = False
    customer_text: str = ""
    contact_belongs: bool = True
    po_number: str = ""
    same_po: tuple[str, ...] = ()
    currency: str = "CNY"
    stated_total: Decimal | None = None
    lines: tuple[LineFacts, ...] = ()


@dataclass(frozen=True, slots=True)
class Measures:
    """What the company tolerates, and its calendar."""

    today: dt.date
    workdays: Workdays
    price_tolerance_percent: Decimal


@dataclass(frozen=True, slots=True)
class Fix:
    """A way to put it right: ``field`` becomes ``value``; ``text`` is the button."""

    field: str
    value: str
    text: str
    params: Mapping[str, object] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Finding:
    """``reason`` the whole sentence, ``short`` what stands in the cell, ``fingerprint`` the value it is about."""

    reason: Reason
    short: str
    fingerprint: str
    fixes: tuple[Fix, ...] = ()

    @property
    def key(self) -> tuple[str, str, int | None, str]:
        """What a waiver must match."""
        return self.reason.code, self.reason.field, self.reason.row, self.fingerprint


CHECKED: Final[tuple[tuple[str, str], ...]] = (
    ("order.customer", N_("customer")),
    ("order.po", N_("customer PO number")),
    ("order.total", N_("total")),
    ("order.line.product", N_("product")),
    ("order.line.revision", N_("revision")),
    ("order.line.unit", N_("unit")),
    ("order.line.quantity", N_("minimum quantity and multiple")),
    ("order.line.price", N_("list price")),
    ("order.line.requested", N_("requested date and lead time")),
)
"""Prefix of the codes of a check → what it looks at."""


def passed(findings: Sequence[Finding]) -> list[str]:
    """Names of the checks that found nothing."""
    return [name for prefix, name in CHECKED if not any(one.reason.code.startswith(prefix) for one in findings)]


def total(facts: OrderFacts) -> Decimal:
    """Σ quantity × unit price, each line rounded to the currency's minor unit; incomplete lines count nothing."""
    amounts = [
        rounded(line.quantity * line.unit_price, facts.currency)
        for line in facts.lines
        if line.quantity is not None and line.unit_price is not None
    ]
    return sum(amounts, Decimal(0))


def check_order(facts: OrderFacts, measures: Measures) -> list[Finding]:
    """Every finding, the order's own first, then line by line."""
    return [
        *_customer(facts),
        *_po_number(facts),
        *_lines_there(facts),
        *_totals(facts),
        *(finding for line in facts.lines for finding in check_line(line, facts.currency, measures)),
    ]


def check_line(line: LineFacts, currency: str, measures: Measures) -> Iterator[Finding]:
    """Every finding of one line."""
    yield from _product(line)
    yield from _revision(line, measures.today)
    yield from _unit(line)
    yield from _quantity(line)
    yield from _price(line, currency, measures.price_tolerance_percent)
    yield from _requested(line, measures)


def fingerprint(*values: object) -> str:
    """Short hash of the values a waiver is given for."""
    return hashlib.sha256("|".join(map(str, values)).encode()).hexdigest()[:32]


def _found(
    code: str,
    text: str,
    short: str,
    *values: object,
    at: str = "",
    row: int | None = None,
    warning: bool = False,
    fixes: tuple[Fix, ...] = (),
    facts: Mapping[str, object] | None = None,
    **params: object,
) -> Finding:
    severity = Severity.WARNING if warning else Severity.ERROR
    reason = Reason(
        code=f"order.{code}", text=text, params={**(facts or {}), **params}, field=at, row=row, severity=severity
    )
    return Finding(reason, short, fingerprint(code, *values), fixes)


def _customer(facts: OrderFacts) -> Iterator[Finding]:
    if not facts.customer:
        if facts.customer_text:
            yield _found(
                "customer_unknown",
                N_("There is no customer “%(name)s”. Choose one, or enter it under Customers first."),
                N_("unknown customer"),
                at="customer",
                name=facts.customer_text,
            )
        else:
            yield _found("customer_missing", N_("Choose the customer."), N_("missing"), at="customer")
    elif facts.customer_archived:
        yield _found(
            "customer_archived",
            N_("Customer %(name)s is archived and takes no new orders."),
            N_("archived"),
            at="customer",
            name=facts.customer,
        )
    if not facts.contact_belongs:
        yield _found(
            "customer_contact",
            N_("The contact belongs to another customer. Choose one of this customer's."),
            N_("of another customer"),
            at="contact",
        )


def _po_number(facts: OrderFacts) -> Iterator[Finding]:
    if facts.po_number and facts.same_po:
        yield _found(
            "po_duplicate",
            N_("Customer PO %(number)s is already on %(orders)s. Open that order, or correct the number."),
            N_("already used"),
            at="customer_po_number",
            number=facts.po_number,
            orders=", ".join(facts.same_po[:3]),
        )


def _lines_there(facts: OrderFacts) -> Iterator[Finding]:
    if not facts.lines:
        yield _found("lines_missing", N_("The order has no line yet."), N_("missing"), at="lines")


def _totals(facts: OrderFacts) -> Iterator[Finding]:
    if facts.stated_total is None or not facts.lines:
        return
    ours = total(facts)
    if ours != rounded(facts.stated_total, facts.currency):
        yield _found(
            "total_differs",
            N_("The lines add up to %(ours)s, the customer's order says %(theirs)s (difference %(gap)s)."),
            N_("lines add up to %(ours)s"),
            facts.stated_total.normalize(),
            ours.normalize(),
            at="stated_total",
            warning=True,
            fixes=(Fix("stated_total", plain(ours), N_("Take %(ours)s"), {"ours": plain(ours)}),),
            ours=f"{ours:,f}",
            theirs=f"{facts.stated_total:,f}",
            gap=f"{ours - facts.stated_total:+,f}".replace("-", "−"),
        )


def _product(line: LineFacts) -> Iterator[Finding]:
    if line.product is None and not line.model:
        yield _found(
            "line.product_missing", N_("Line %(line)d: enter the model."), N_("missing"), at="model", row=line.line_no,
            line=line.line_no,
        )  # fmt: skip
    elif line.product is None:
        yield _found(
            "line.product_unknown",
            N_("Line %(line)d: the catalogue has no model %(model)s."),
            N_("not in the catalogue"),
            at="model",
            row=line.line_no,
            fixes=tuple(Fix("model", name, N_("Change to %(model)s"), {"model": name}) for name in line.similar[:3]),
            line=line.line_no,
            model=line.model,
        )
    elif line.product.archived:
        yield _found(
            "line.product_archived",
            N_("Line %(line)d: %(model)s is no longer sold."),
            N_("no longer sold"),
            at="model",
            row=line.line_no,
            line=line.line_no,
            model=line.product.model,
        )


def _revision(line: LineFacts, today: dt.date) -> Iterator[Finding]:
    if line.product is None or not line.revision:
        return
    known = {revision.code: revision for revision in line.product.revisions}
    living = [one.code for one in known.values() if one.retired_on is None or one.retired_on > today]
    found = known.get(line.revision)
    if found is None:
        yield _found(
            "line.revision_unknown",
            N_("Line %(line)d: %(model)s has no revision %(revision)s; it has %(known)s."),
            N_("not in the catalogue"),
            at="revision",
            row=line.line_no,
            fixes=tuple(Fix("revision", code, N_("Change to revision %(to)s"), {"to": code}) for code in living[-2:]),
            line=line.line_no,
            model=line.product.model,
            revision=line.revision,
            known=", ".join(known) or "—",
        )
        return
    if found.retired_on is None or found.retired_on > today:
        return
    facts: dict[str, object] = {
        "line": line.line_no,
        "model": line.product.model,
        "revision": found.code,
        "retired": found.retired_on.isoformat(),
    }
    if found.successor:
        yield _found(
            "line.revision_retired",
            N_(
                "Line %(line)d: revision %(revision)s of %(model)s was retired on %(retired)s;"
                " revision %(successor)s replaces it."
            ),
            N_("revision %(revision)s is retired"),
            at="revision",
            row=line.line_no,
            fixes=(Fix("revision", found.successor, N_("Change to revision %(to)s"), {"to": found.successor}),),
            successor=found.successor,
            facts=facts,
        )
    else:
        yield _found(
            "line.revision_retired",
            N_("Line %(line)d: revision %(revision)s of %(model)s was retired on %(retired)s and nothing replaces it."),
            N_("revision %(revision)s is retired"),
            at="revision",
            row=line.line_no,
            facts=facts,
        )


def _unit(line: LineFacts) -> Iterator[Finding]:
    if line.product is not None and line.unit and line.unit != line.product.unit:
        yield _found(
            "line.unit_wrong",
            N_("Line %(line)d: %(model)s is sold by %(right)s, not by %(unit)s. Mind the quantity when you change it."),
            N_("catalogue: %(right)s"),
            at="unit",
            row=line.line_no,
            fixes=(Fix("unit", line.product.unit, N_("Change to %(right)s"), {"right": line.product.unit}),),
            line=line.line_no,
            model=line.product.model,
            right=line.product.unit,
            unit=line.unit,
        )


def _quantity(line: LineFacts) -> Iterator[Finding]:
    if line.quantity is None:
        yield _found(
            "line.quantity_missing", N_("Line %(line)d: enter the quantity."), N_("missing"), at="quantity",
            row=line.line_no, line=line.line_no,
        )  # fmt: skip
        return
    if line.quantity <= 0:
        yield _found(
            "line.quantity_not_positive",
            N_("Line %(line)d: the quantity is %(quantity)s; it must be more than 0."),
            N_("must be more than 0"),
            at="quantity",
            row=line.line_no,
            line=line.line_no,
            quantity=plain(line.quantity),
        )
        return
    product = line.product
    if product is None:
        return
    facts: dict[str, object] = {
        "line": line.line_no,
        "quantity": plain(line.quantity),
        "minimum": plain(product.minimum),
        "multiple": plain(product.multiple),
        "unit": product.unit,
    }
    right = orderable(line.quantity, product)
    fixes = (Fix("quantity", plain(right), N_("Change to %(to)s"), {"to": plain(right)}),)
    if line.quantity < product.minimum:
        yield _found(
            "line.quantity_below_minimum",
            N_("Line %(line)d: %(quantity)s is below the minimum order of %(minimum)s %(unit)s."),
            N_("minimum %(minimum)s, multiple %(multiple)s"),
            at="quantity",
            row=line.line_no,
            fixes=fixes,
            facts=facts,
        )
    if product.multiple > 0 and not is_multiple(line.quantity, product.multiple):
        yield _found(
            "line.quantity_off_multiple",
            N_("Line %(line)d: %(quantity)s is not a multiple of %(multiple)s %(unit)s."),
            N_("multiple of %(multiple)s"),
            at="quantity",
            row=line.line_no,
            fixes=fixes,
            facts=facts,
        )


def orderable(quantity: Decimal, product: ProductFacts) -> Decimal:
    """The smallest quantity not below ``quantity`` that minimum and multiple allow."""
    least = max(quantity, product.minimum)
    if product.multiple <= 0:
        return least
    return (least / product.multiple).to_integral_value(rounding=ROUND_CEILING) * product.multiple


def _price(line: LineFacts, currency: str, tolerance: Decimal) -> Iterator[Finding]:
    if line.unit_price is None:
        listed = line.product.list_price if line.product else None
        yield _found(
            "line.price_missing",
            N_("Line %(line)d: enter the unit price."),
            N_("missing"),
            at="unit_price",
            row=line.line_no,
            fixes=() if listed is None else (
                Fix("unit_price", plain(listed), N_("Take the list price %(price)s"), {"price": plain(listed)}),
            ),
            line=line.line_no,
        )  # fmt: skip
        return
    if line.unit_price < 0:
        yield _found(
            "line.price_negative",
            N_("Line %(line)d: the unit price is negative."),
            N_("must not be negative"),
            at="unit_price",
            row=line.line_no,
            line=line.line_no,
        )
        return
    if line.product is None:
        return
    listed = line.product.list_price
    about = (line.product.model, line.unit_price.normalize(), currency)
    if listed is None:
        yield _found(
            "line.price_unlisted",
            N_("Line %(line)d: %(model)s has no list price in %(currency)s to compare with."),
            N_("no list price in %(currency)s"),
            *about,
            at="unit_price",
            row=line.line_no,
            warning=True,
            line=line.line_no,
            model=line.product.model,
            currency=currency,
        )
    elif abs(line.unit_price - listed) * HUNDRED > listed * tolerance:
        percent = (line.unit_price - listed) * HUNDRED / listed if listed else HUNDRED
        yield _found(
            "line.price_off_list",
            N_(
                "Line %(line)d: %(price)s is %(percent)s %% off the list price of %(listed)s;"
                " %(tolerance)s %% are tolerated."
            ),
            N_("list price %(listed)s"),
            *about,
            at="unit_price",
            row=line.line_no,
            warning=True,
            fixes=(Fix("unit_price", plain(listed), N_("Take the list price %(price)s"), {"price": plain(listed)}),),
            line=line.line_no,
            price=f"{line.unit_price.normalize():,f}",
            percent=f"{percent:+.1f}".replace("-", "−"),
            listed=f"{listed.normalize():,f}",
            tolerance=plain(tolerance),
        )


def _requested(line: LineFacts, measures: Measures) -> Iterator[Finding]:
    day = line.requested
    if day is None:
        yield _found(
            "line.requested_missing", N_("Line %(line)d: enter the requested date."), N_("missing"),
            at="requested_date", row=line.line_no, line=line.line_no,
        )  # fmt: skip
        return
    model = line.product.model if line.product else line.model
    if day < measures.today:
        yield _found(
            "line.requested_in_past",
            N_("Line %(line)d: the requested date %(date)s has passed."),
            N_("has passed"),
            at="requested_date",
            row=line.line_no,
            line=line.line_no,
            date=day.isoformat(),
        )
        return
    if not measures.workdays.is_working(day):
        before = _working_day_before(day, measures)
        yield _found(
            "line.requested_non_working",
            N_("Line %(line)d: %(date)s is not a working day."),
            N_("not a working day"),
            model,
            day,
            at="requested_date",
            row=line.line_no,
            warning=True,
            fixes=(Fix("requested_date", before.isoformat(), N_("Change to %(to)s"), {"to": before.isoformat()}),),
            line=line.line_no,
            date=day.isoformat(),
        )
    if line.product is None or not line.product.lead_time_days:
        return
    earliest = measures.workdays.after(measures.today, line.product.lead_time_days)
    if day < earliest:
        yield _found(
            "line.requested_before_lead_time",
            N_(
                "Line %(line)d: %(date)s is sooner than the standard lead time of %(days)d working days;"
                " from today that is %(earliest)s."
            ),
            N_("lead time ends %(earliest)s"),
            model,
            day,
            at="requested_date",
            row=line.line_no,
            warning=True,
            fixes=(Fix("requested_date", earliest.isoformat(), N_("Change to %(to)s"), {"to": earliest.isoformat()}),),
            line=line.line_no,
            date=day.isoformat(),
            days=line.product.lead_time_days,
            earliest=earliest.isoformat(),
        )


def _working_day_before(day: dt.date, measures: Measures) -> dt.date:
    for back in range(1, 15):
        earlier = day - dt.timedelta(days=back)
        if earlier >= measures.today and measures.workdays.is_working(earlier):
            return earlier
    return measures.workdays.after(day, 0)
