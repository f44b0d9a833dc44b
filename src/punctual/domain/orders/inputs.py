"""What people, files and programs hand in, read into plain values: every cell that can't be read is said at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from punctual.domain.orders.models import Order, OrderLine, Priority
from punctual.domain.orders.rules import Finding, Fix, fingerprint
from punctual.domain.parties.models import Contact, Customer
from punctual.kernel.dates import NotADay, NoYear, coming, parse_day
from punctual.kernel.money import MINOR_UNITS
from punctual.kernel.quantity import NotANumber, parse_decimal
from punctual.kernel.refusal import Reason
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User

MOST_LINES: Final = 20_000


@dataclass(slots=True)
class LineInput:
    """One line as handed in; ``id`` is the line it changes, None for a new one."""

    id: int | None = None
    line_no: int = 0
    customer_line_no: str = ""
    model: str = ""
    revision: str = ""
    description: str = ""
    quantity: Decimal | None = None
    unit: str = ""
    unit_price: Decimal | None = None
    requested_date: dt.date | None = None
    promised_date: dt.date | None = None
    delivery_place: str = ""
    acceptance_criteria: str = ""


@dataclass(slots=True)
class OrderInput:
    """A whole order as handed in. ``customer_text`` is what could not be found."""

    customer: Customer | None = None
    customer_text: str = ""
    contact: Contact | None = None
    customer_po_number: str = ""
    contract_date: dt.date | None = None
    currency: str = "CNY"
    payment_terms: str = ""
    damages_percent_per_day: Decimal | None = None
    damages_cap_percent: Decimal | None = None
    delivery_place: str = ""
    notes: str = ""
    priority: int = Priority.NORMAL
    owner: User | None = None
    stated_total: Decimal | None = None
    custom: dict[str, Any] | None = None
    """The company's own fields, by key, where any are handed in; what is absent stays."""
    lines: list[LineInput] = field(default_factory=list)


HEADER_FIELDS: Final = (
    "customer",
    "contact",
    "customer_po_number",
    "contract_date",
    "currency",
    "payment_terms",
    "damages_percent_per_day",
    "damages_cap_percent",
    "delivery_place",
    "notes",
    "priority",
    "owner",
    "stated_total",
)
LINE_TEXTS: Final = ("customer_line_no", "model", "revision", "description", "unit", "delivery_place")
LINE_FIELDS: Final = (
    "customer_line_no",
    "model",
    "revision",
    "description",
    "quantity",
    "unit",
    "unit_price",
    "requested_date",
    "promised_date",
    "delivery_place",
    "acceptance_criteria",
)
LONGEST: Final[dict[str, int]] = {
    "customer_line_no": 20,
    "model": 80,
    "revision": 40,
    "description": 400,
    "unit": 20,
    "delivery_place": 200,
    "acceptance_criteria": 5000,
    "customer_po_number": 60,
    "payment_terms": 200,
    "notes": 10_000,
}


class Reader:
    """Reads raw values and gathers a reason for each that can't be read."""

    def __init__(self) -> None:
        self.reasons: list[Reason] = []

    def refuse(self, code: str, text: str, at: str, row: int | None, **params: object) -> None:
        self.reasons.append(Reason(code=f"order.{code}", text=text, params=params, field=at, row=row))

    def text(self, value: object, at: str, row: int | None = None) -> str:
        if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
            value = int(value)
        plain = "" if value is None else str(value).replace("\x00", "").strip()
        longest = LONGEST.get(at, 200)
        if len(plain) > longest:
            self.refuse(
                "text_too_long",
                N_("The text has %(length)d characters; at most %(longest)d fit."),
                at,
                row,
                length=len(plain),
                longest=longest,
            )
        return plain[:longest]

    def number(self, value: object, at: str, row: int | None = None, *, places: int = 6) -> Decimal | None:
        if value is None or (isinstance(value, str) and not value.strip()):
            return None
        try:
            return parse_decimal(value, places=places)
        except NotANumber:
            shown = str(value)[:40]
            self.refuse(
                "number_unreadable",
                N_("“%(value)s” is not a number. Write it like 1200 or 12.5."),
                at,
                row,
                value=shown,
            )
            return None

    def percent(self, value: object, at: str) -> Decimal | None:
        number = self.number(value if not isinstance(value, str) else value.strip().rstrip("%％"), at, places=3)
        if number is not None and not 0 <= number <= 100:
            self.refuse("percent_range", N_("A percentage lies between 0 and 100."), at, None)
            return None
        return number

    def day(self, value: object, at: str, row: int | None = None) -> dt.date | None:
        if value is None or (isinstance(value, str) and not value.strip()):
            return None
        shown = str(value)[:40]
        try:
            return parse_day(value)
        except NoYear:
            self.refuse(
                "date_without_year", N_("“%(value)s”: the year can't be read. Write it like 2026-03-19."), at, row,
                value=shown,
            )  # fmt: skip
        except NotADay:
            self.refuse(
                "date_unreadable", N_("“%(value)s” is not a date. Write it like 2026-03-19."), at, row, value=shown
            )
        return None

    def choice(self, value: object, choices: Sequence[str], default: str, at: str) -> str:
        text = str(value or default).strip()
        if text not in choices:
            self.refuse(
                "choice_unknown", N_("“%(value)s” is not possible here; possible are %(choices)s."), at, None,
                value=text[:40], choices=", ".join(choices),
            )  # fmt: skip
            return default
        return text


def read_order(raw: Mapping[str, Any], *, before: OrderInput | None = None) -> tuple[OrderInput, list[Reason]]:
    """The order in ``raw`` (names of ``HEADER_FIELDS`` and ``lines``); what is absent stays as ``before``."""
    reader = Reader()
    data = before or OrderInput()
    if "customer" in raw:
        data.customer, data.customer_text = find_customer(raw["customer"])
    if "contact" in raw:
        data.contact = _related(reader, Contact, raw["contact"], "contact")
    if "owner" in raw:
        data.owner = _related(reader, User, raw["owner"], "owner")
    for name in ("customer_po_number", "payment_terms", "delivery_place", "notes"):
        if name in raw:
            setattr(data, name, reader.text(raw[name], name))
    if "contract_date" in raw:
        data.contract_date = reader.day(raw["contract_date"], "contract_date")
    if "stated_total" in raw:
        data.stated_total = reader.number(raw["stated_total"], "stated_total", places=2)
    for name in ("damages_percent_per_day", "damages_cap_percent"):
        if name in raw:
            setattr(data, name, reader.percent(raw[name], name))
    if "currency" in raw:
        data.currency = reader.choice(raw["currency"], list(MINOR_UNITS), "CNY", "currency")
    if "priority" in raw:
        levels = [str(value) for value in Priority.values]
        data.priority = int(reader.choice(raw["priority"], levels, str(Priority.NORMAL.value), "priority"))
    if isinstance(raw.get("custom"), dict):
        data.custom = dict(raw["custom"])
    if "lines" in raw:
        data.lines = _lines(reader, raw["lines"] or [])
    return data, reader.reasons


def _lines(reader: Reader, raw_lines: Sequence[Mapping[str, Any]]) -> list[LineInput]:
    if len(raw_lines) > MOST_LINES:
        reader.refuse("lines_too_many", N_("An order has at most %(most)d lines."), "lines", None, most=MOST_LINES)
        return []
    lines: list[LineInput] = []
    taken: set[int] = set()
    for raw in raw_lines:
        told = str(raw.get("line_no") or "")
        line_no = int(told) if told.isdecimal() and len(told) < 8 else 0
        if not line_no:
            line_no = (max(taken, default=0) // 10 + 1) * 10
        if line_no in taken:
            reader.refuse(
                "line.number_twice", N_("Line number %(line)d is there twice."), "line_no", line_no, line=line_no
            )
        taken.add(line_no)
        lines.append(read_line(reader, raw, line_no))
    return lines


def read_line(reader: Reader, raw: Mapping[str, Any], line_no: int) -> LineInput:
    """One line; ``raw`` may hold text, numbers and dates as a sheet or a form gives them."""
    identity = str(raw.get("id") or "")
    line = LineInput(id=int(identity) if identity.isdecimal() and len(identity) < 18 else None, line_no=line_no)
    for name in LINE_TEXTS:
        setattr(line, name, reader.text(raw.get(name), name, line_no))
    line.acceptance_criteria = reader.text(raw.get("acceptance_criteria"), "acceptance_criteria", line_no)
    line.quantity = reader.number(raw.get("quantity"), "quantity", line_no)
    line.unit_price = reader.number(raw.get("unit_price"), "unit_price", line_no, places=4)
    line.requested_date = reader.day(raw.get("requested_date"), "requested_date", line_no)
    line.promised_date = reader.day(raw.get("promised_date"), "promised_date", line_no)
    return line


def find_customer(value: object) -> tuple[Customer | None, str]:
    """By id, code or exact name; the text comes back when there is none."""
    text = str(value or "").strip()
    if not text:
        return None, ""
    found = Customer.objects.filter(pk=int(text)).first() if text.isdecimal() and len(text) < 18 else None
    found = found or Customer.objects.filter(code__iexact=text).first()
    found = found or Customer.objects.filter(name=text).first() or Customer.objects.filter(short_name=text).first()
    return found, "" if found else text


def _related(reader: Reader, model: Any, value: object, at: str) -> Any:
    text = str(value or "").strip()
    if not text:
        return None
    found = model.objects.filter(pk=int(text)).first() if text.isdecimal() and len(text) < 18 else None
    if found is None:
        reader.refuse("choice_gone", N_("This choice does not exist any more."), at, None)
    return found


def input_of(order: Order) -> OrderInput:
    """A saved order in the same form, so that one set of checks serves both."""
    data = OrderInput(lines=[input_of_line(line) for line in order.lines.all()])
    for name in HEADER_FIELDS:
        setattr(data, name, getattr(order, name))
    return data


def input_of_line(line: OrderLine) -> LineInput:
    data = LineInput(id=line.pk, line_no=line.line_no, model=line.model_text, revision=line.revision_text)
    plain: Callable[[str], bool] = lambda name: name not in {"model", "revision"}  # noqa: E731
    for name in filter(plain, LINE_FIELDS):
        setattr(data, name, getattr(line, name))
    return data


SHORT: Final[dict[str, str]] = {
    "order.number_unreadable": N_("not a number"),
    "order.date_without_year": N_("the year can't be read"),
    "order.date_unreadable": N_("not a date"),
    "order.text_too_long": N_("too long"),
    "order.line.number_twice": N_("there twice"),
    "order.percent_range": N_("0 to 100"),
}
"""What stands in a cell that could not be read."""


def unreadable(reason: Reason, today: dt.date) -> Finding:
    """A cell that could not be read, as a finding with its ways out."""
    fixes: tuple[Fix, ...] = ()
    if reason.code == "order.date_without_year":
        try:
            parse_day(reason.params["value"])
        except NoYear as missing:
            found = coming(missing.month, missing.day, today)
            if found is not None:
                params = {"to": found.isoformat()}
                fixes = (Fix(reason.field, found.isoformat(), N_("Change to %(to)s"), params),)
    return Finding(
        reason, SHORT.get(reason.code, reason.text), fingerprint(reason.code, *reason.params.values()), fixes
    )
