"""Eighty orders in every state across twelve months around today: what is past is written as it happened, what is
still being entered or reviewed goes through the same services as on the pages."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from django.utils import timezone

from punctual.domain.catalog.models import Product, ProductFamily
from punctual.domain.orders.facts import current_revision
from punctual.domain.orders.inputs import LineInput, OrderInput
from punctual.domain.orders.models import (
    Order,
    OrderLine,
    OrderState,
    Priority,
    Review,
    ReviewRule,
    ReviewSign,
    SignState,
)
from punctual.domain.orders.selectors import check
from punctual.domain.orders.services.drafts import create_order
from punctual.domain.orders.services.review import ask_in_review, sign_review, submit_for_review
from punctual.domain.orders.services.states import move
from punctual.domain.orders.services.summary import document_of, summarise
from punctual.domain.orders.services.waivers import waive
from punctual.domain.orders.workdays import CompanyWorkdays
from punctual.domain.parties.models import Customer
from punctual.flows.demo.people import demo_user
from punctual.platform.accounts.models import Role, User
from punctual.platform.audit.models import AuditEntry
from punctual.platform.comments.models import Comment
from punctual.platform.numbering.services import next_number
from punctual.platform.search.services import index

S = OrderState
PAST: Final = (
    (S.CLOSED, 12),
    (S.ACCEPTED, 6),
    (S.DELIVERED, 6),
    (S.PARTIALLY_DELIVERED, 3),
    (S.IN_PROGRESS, 20),
    (S.CONFIRMED, 8),
    (S.ON_HOLD, 3),
    (S.CANCELLED, 2),
    (S.LOST, 2),
)
"""State → how many, of those that are written as they happened."""

ENTERED: Final = ((S.DRAFT, 7), (S.QUOTED, 4), (S.IN_REVIEW, 7))
"""State → how many go through the services now."""

SIGNERS: Final = (Role.SALES, Role.PLANNER, Role.SUPPLY_CHAIN, Role.QUALITY, Role.FINANCE)
LATE_BY: Final = (8, 0, 0, 15, -2, 0, 4, 0, -3, 0, 0, -1, 0, 11, 0, 0, 0, 0, -4, 0, 0, 0, 5, 0, 0, 0, -2, 0, 0, 0, 0)
"""Days the plan of a running order ends after its promise; 0 stands for comfortably before."""

WISHES: Final = (
    ("HC-SP21", 1),
    ("SVC-INST", 12),
    ("SVC-TRN", 2),
    ("HC-BC03", 2),
    ("CYL-32", 4),
    ("FKM-62X3", 480),
)
"""What is ordered beside a machine."""

OVERDUE: Final = frozenset({5, 17})
REMARKS: Final = (
    "客户电芯样件晚 4 天到，电话里张工已确认顺延。",
    "泵科说铸件返工，可以空运，加 ¥12,600，11 月底前能到。",
    "备件柜晚几天没关系，主线体能否先发？",
    "图纸会签完成，长周期件今天下单。",
    "客户要求出厂验收前先看一次联机视频。",
    "现场二层吊装，需要多留一天。",
)


@dataclass(slots=True)
class Past:
    """One order as it was: the days of its steps."""

    order: Order
    lines: list[OrderLine]
    entered: dt.date
    steps: list[tuple[str, dt.date, Role]] = field(default_factory=list)


def build_orders(today: dt.date) -> None:
    """Review rules, eighty orders, their reviews, stories and comments."""
    build_review_rules()
    maker = _Maker(today)
    past = [maker.past(state) for state, count in PAST for _ in range(count)]
    _keep(past, today)
    for state, count in ENTERED:
        for _ in range(count):
            maker.entered(state)


def build_review_rules() -> None:
    """Machines are signed by five roles, services and spares by sales and finance."""
    families = ProductFamily.objects.exclude(code="SV")
    office = [role.value for role in SIGNERS]
    rules = [ReviewRule(family=family, roles=office) for family in families]
    rules.append(ReviewRule(family=None, roles=[Role.SALES.value, Role.FINANCE.value]))
    rules.append(ReviewRule(family=None, minimum_amount=Decimal(3_000_000), roles=[Role.ORDER_MANAGER.value]))
    ReviewRule.objects.bulk_create(rules)


class _Maker:
    """Deals customers and products out in a fixed sequence."""

    def __init__(self, today: dt.date) -> None:
        self.today = today
        self.random = random.Random(26_117)  # noqa: S311 made-up data, the same every time
        self.workdays = CompanyWorkdays()
        self.customers = list(Customer.objects.order_by("code").prefetch_related("contacts"))
        products = Product.objects.order_by("pk").select_related("family").prefetch_related("prices", "revisions")
        self.machines = [one for one in products if one.family.code != "SV"]
        self.extras = {one.model: one for one in products if one.family.code == "SV"}
        self.owners = [demo_user(Role.ORDER_MANAGER), demo_user(Role.ORDER_MANAGER), demo_user(Role.SALES)]
        self.count = 0
        self.running = 0

    def workday(self, day: dt.date) -> dt.date:
        return self.workdays.after(day, 0)

    def _customer(self) -> Customer:
        return self.customers[(self.count * 7) % len(self.customers)]

    def _price(self, product: Product, currency: str) -> Decimal | None:
        found = [one for one in product.prices.all() if one.currency == currency and one.valid_from <= self.today]
        return max(found, key=lambda one: one.valid_from).amount if found else None

    def _chosen(self, currency: str) -> list[tuple[Product, Decimal]]:
        """A machine, and mostly a few spares and services with it, in quantities the catalogue allows."""
        able = [one for one in self.machines if self._price(one, currency) is not None]
        machine = able[(self.count * 11 + 3) % len(able)]
        number = 1 if machine.lead_time_days > 60 else self.random.choice((1, 1, 2, 2, 3, 4))
        chosen = [(machine, Decimal(number))]
        if currency == "CNY":
            for model, quantity in self.random.sample(WISHES, self.random.randint(0, 3)):
                chosen.append((self.extras[model], Decimal(quantity)))
        return chosen

    def past(self, state: OrderState) -> Past:
        """An order that went its way before today."""
        customer = self._customer()
        chosen = self._chosen(customer.currency)
        if state == S.PARTIALLY_DELIVERED and sum(quantity for _, quantity in chosen) == 1:
            chosen.append((self.extras["HC-SP21"], Decimal(1)))  # one piece can't be on its way in parts
        lead = max(product.lead_time_days for product, _ in chosen)
        entered, promised, planned, progress, actual = self._dates(state, lead)
        requested = self.workday(promised - dt.timedelta(days=self.random.choice((0, 0, 0, 3, 5))))
        order = self._order(state, customer, entered)
        order.priority = Priority.URGENT if self.count % 19 == 4 else Priority.NORMAL
        is_live = state not in (S.CANCELLED, S.LOST)
        lines = self._lines(order, chosen, requested, promised if is_live else None, planned, actual)
        summarise(order, lines)
        if is_live:
            order.planned_date, order.progress, order.actual_date = planned, progress, actual
            order.planned_start = self.workday(entered + dt.timedelta(days=8))
            order.latest_start = self.workday(promised - dt.timedelta(days=int(lead * 1.4)))
        past = Past(order, lines, entered, self._steps(state, entered, actual))
        self.count += 1
        return past

    def _dates(self, state: OrderState, lead: int) -> tuple[dt.date, dt.date, dt.date | None, int, dt.date | None]:
        """Entered, promised, planned, progress, actual."""
        span = int(lead * 1.45) + 18
        day = dt.timedelta(days=1)
        if state in (S.CLOSED, S.ACCEPTED, S.DELIVERED):
            ago = {S.CLOSED: 75, S.ACCEPTED: 35, S.DELIVERED: 8}[state] + (self.count * 13) % 90 // (
                1 if state is S.CLOSED else 3
            )
            promised = self.workday(self.today - ago * day)
            actual = self.workday(promised + self.random.choice((-4, -2, -1, 0, 0, 1, 3, 9)) * day)
            return promised - span * day, promised, actual, 100, min(actual, self.today - day)
        if state in (S.CANCELLED, S.LOST):
            entered = self.today - (40 + self.count % 30) * day
            return entered, self.workday(entered + span * day), None, 0, None
        at = self.running
        self.running += 1
        begun = 9 + (at * 17) % 22 if state is S.CONFIRMED else int(span * (0.30 + (at * 37 % 62) / 100))
        promised = self.workday(self.today + max(6, span - begun) * day)
        if at in OVERDUE:
            promised = self.workday(self.today - (3 + at % 5) * day)
        late = LATE_BY[at % len(LATE_BY)]
        planned = promised + (late if late else -(7 + at % 9)) * day
        if at in OVERDUE:
            planned = self.today + 6 * day
        entered = min(promised - span * day, self.today - 12 * day)
        total = max(1, (planned - entered).days)
        progress = 0 if state is S.CONFIRMED else max(4, min(96, 100 * (self.today - entered).days // total - 5))
        return entered, promised, self.workday(max(planned, self.today + 2 * day)), progress, None

    def _order(self, state: OrderState, customer: Customer, entered: dt.date) -> Order:
        contact = next(iter(customer.contacts.all()), None)
        order = Order(
            state=state,
            state_before_hold=S.IN_PROGRESS if state is S.ON_HOLD else "",
            customer=customer,
            contact=contact,
            customer_po_number=f"{customer.code}-{entered:%y%m}{self.count + 11:03d}",
            contract_date=entered,
            currency=customer.currency,
            payment_terms=customer.payment_terms,
            delivery_place=customer.delivery_place,
            damages_percent_per_day=Decimal("0.5") if customer.grade == "A" else Decimal("0.3"),
            damages_cap_percent=Decimal(5),
            owner=self.owners[self.count % len(self.owners)],
            created_at=_moment(entered, 9),
        )
        if state is not S.LOST:
            order.submitted_at = _moment(entered + dt.timedelta(days=2), 10)
        if state not in (S.LOST, S.CANCELLED):
            order.confirmed_at = _moment(entered + dt.timedelta(days=6), 16)
        return order

    def _lines(
        self,
        order: Order,
        chosen: Sequence[tuple[Product, Decimal]],
        requested: dt.date,
        promised: dt.date | None,
        planned: dt.date | None,
        actual: dt.date | None,
    ) -> list[OrderLine]:
        lines = []
        for number, (product, quantity) in enumerate(chosen, start=1):
            code = current_revision(product, self.today)
            revision = next((one for one in product.revisions.all() if one.code == code), None)
            line = OrderLine(
                order=order,
                line_no=number * 10,
                product=product,
                model_text=product.model,
                revision=revision,
                revision_text=code,
                description=product.name,
                quantity=quantity,
                unit=product.unit,
                unit_price=self._price(product, order.currency) or Decimal(0),
                requested_date=requested,
                promised_date=promised,
                planned_date=planned,
                actual_date=actual,
            )
            if number == 1:
                line.acceptance_criteria = (
                    "按技术协议出厂验收（FAT）2 天、现场验收（SAT）5 天；节拍与合格率达到协议值。"
                )
            lines.append(line)
        return lines

    @staticmethod
    def _steps(state: OrderState, entered: dt.date, actual: dt.date | None) -> list[tuple[str, dt.date, Role]]:
        day = dt.timedelta(days=1)
        if state is S.LOST:
            return [("quote", entered + day, Role.SALES), ("lose", entered + 31 * day, Role.SALES)]
        steps = [("submit", entered + 2 * day, Role.ORDER_MANAGER)]
        if state is S.CANCELLED:
            return [*steps, ("cancel", entered + 9 * day, Role.ORDER_MANAGER)]
        steps += [("sign", entered + (3 + at // 2) * day, role) for at, role in enumerate(SIGNERS)]
        steps += [("confirm", entered + 6 * day, Role.ORDER_MANAGER)]
        if state is not S.CONFIRMED:
            steps.append(("start", entered + 8 * day, Role.ORDER_MANAGER))
        if state is S.PARTIALLY_DELIVERED:
            steps.append(("deliver_part", entered + 60 * day, Role.ORDER_MANAGER))
        if state is S.ON_HOLD:
            steps.append(("hold", entered + 20 * day, Role.ORDER_MANAGER))
        if actual is not None:
            steps.append(("deliver", actual, Role.ORDER_MANAGER))
        if state in (S.ACCEPTED, S.CLOSED) and actual is not None:
            steps.append(("accept", actual + 14 * day, Role.ORDER_MANAGER))
        if state is S.CLOSED and actual is not None:
            steps.append(("close", actual + 30 * day, Role.FINANCE))
        return steps

    def entered(self, state: OrderState) -> None:
        """An order that is on somebody's desk today, made by the services."""
        customer = self._customer()
        chosen = self._chosen(customer.currency)
        lead = max(product.lead_time_days for product, _ in chosen)
        far = self.workdays.after(self.today, lead + 8 + self.count % 20)
        data = OrderInput(
            customer=customer,
            contact=next(iter(customer.contacts.all()), None),
            customer_po_number=f"{customer.code}-{self.today:%y%m}{self.count + 11:03d}",
            contract_date=self.today - dt.timedelta(days=self.count % 4),
            currency=customer.currency,
            damages_percent_per_day=Decimal("0.3"),
            damages_cap_percent=Decimal(5),
            owner=self.owners[self.count % len(self.owners)],
            lines=[
                LineInput(
                    line_no=number * 10,
                    model=product.model,
                    quantity=quantity,
                    unit_price=self._price(product, customer.currency),
                    requested_date=far,
                )
                for number, (product, quantity) in enumerate(chosen, start=1)
            ],
        )
        self._trouble(data, state)
        actor = demo_user(Role.ORDER_MANAGER)
        order = create_order(actor=actor, data=data, today=self.today)
        if state is S.QUOTED:
            move(actor=actor, order_id=order.pk, verb="quote", today=self.today)
        elif state is S.IN_REVIEW:
            self._review(order, actor)
        self.count += 1

    def _trouble(self, data: OrderInput, state: OrderState) -> None:
        """What the checks find on some of them."""
        first = data.lines[0]
        kind = self.count % 7
        if state is S.DRAFT and kind == 0:
            first.requested_date = self.today + dt.timedelta(days=20)
        elif state is S.DRAFT and kind == 2:
            first.unit = "件"
        elif state is S.DRAFT and kind == 4:
            data.lines.append(LineInput(line_no=90, model="HC-BC03", revision="B", quantity=Decimal(2)))
        elif state is S.IN_REVIEW and kind in (1, 5) and first.unit_price:
            first.unit_price = (first.unit_price * Decimal("0.92")).quantize(Decimal(1))

    def _review(self, order: Order, actor: User) -> None:
        for finding in check(order, today=self.today).warnings:
            waive(
                actor=actor,
                order_id=order.pk,
                code=finding.reason.code,
                line_no=finding.reason.row,
                reason="框架协议价，王建国与客户采购已书面确认。",
                today=self.today,
            )
        order = submit_for_review(actor=actor, order_id=order.pk, today=self.today)
        for role in SIGNERS[: self.count % 5]:
            sign_review(actor=demo_user(role), order_id=order.pk)
        if self.count % 5 == 2:
            text = "最长交期的减速机 45 天，要求交期前到得了吗？请确认。"
            ask_in_review(actor=demo_user(Role.SUPPLY_CHAIN), order_id=order.pk, comment=text)


def _moment(day: dt.date, hour: int) -> dt.datetime:
    return timezone.make_aware(dt.datetime(day.year, day.month, day.day, hour, (day.day * 7) % 60))  # noqa: DTZ001


def _keep(past: list[Past], today: dt.date) -> None:
    """Write them at once, numbered in the order in which they were submitted."""
    past.sort(key=lambda one: (one.entered, one.order.customer_po_number))
    for one in past:
        if one.order.submitted_at is not None:
            year = timezone.localdate(one.order.submitted_at).year
            one.order.number = next_number(series="SO", year=year)
    Order.objects.bulk_create([one.order for one in past])
    OrderLine.objects.bulk_create([line for one in past for line in one.lines])
    users = {role: demo_user(role) for role in Role}
    _keep_reviews(past, users)
    _keep_stories(past, users, today)
    index(document_of(one.order, one.lines) for one in past)


def _keep_reviews(past: list[Past], users: dict[Role, User]) -> None:
    reviewed = [one for one in past if one.order.submitted_at is not None]
    reviews = Review.objects.bulk_create(
        Review(
            order=one.order,
            opened_at=one.order.submitted_at,
            due_at=one.order.submitted_at + dt.timedelta(days=1),
            closed_at=one.order.confirmed_at or one.order.submitted_at + dt.timedelta(days=7),
        )
        for one in reviewed
        if one.order.submitted_at is not None
    )
    signs = []
    for one, review in zip(reviewed, reviews, strict=True):
        signed = {role: day for verb, day, role in one.steps if verb == "sign"}
        for role in SIGNERS:
            sign = ReviewSign(review=review, role=role.value)
            if role in signed:
                sign.state, sign.user, sign.at = SignState.SIGNED, users[role], _moment(signed[role], 14)
            signs.append(sign)
    ReviewSign.objects.bulk_create(signs)


def _keep_stories(past: list[Past], users: dict[Role, User], today: dt.date) -> None:
    entries: list[AuditEntry] = []
    comments: list[Comment] = []
    reasons = {
        "hold": "客户厂房延期，12 月再定进场时间。",
        "cancel": "客户项目取消，预付款已结清。",
        "lose": "客户选择了其他供应商。",
    }
    yesterday = today - dt.timedelta(days=1)  # nothing has happened that is still to come today
    for number, one in enumerate(past):
        told = [("create", one.entered, Role.SALES), *one.steps]
        for verb, day, role in told:
            entries.append(
                AuditEntry(
                    at=_moment(min(day, yesterday), 9 if verb == "create" else 15),
                    actor=users[role],
                    verb=verb,
                    target_type="order",
                    target_id=one.order.pk,
                    target_label=one.order.label,
                    target_version=1,
                    reason=reasons.get(verb, ""),
                )
            )
        if number % 3 == 0:
            text = REMARKS[number // 3 % len(REMARKS)]
            at = _moment(min(one.entered + dt.timedelta(days=12), yesterday), 11)
            author = users[Role.SUPPLY_CHAIN if number % 2 else Role.SALES]
            comments.append(
                Comment(target_type="order", target_id=one.order.pk, author=author, text=text, created_at=at)
            )
    AuditEntry.objects.bulk_create(entries)
    Comment.objects.bulk_create(comments)
