"""Deliveries, acceptances and payments: refusals first, then that quantities, dates and cents are exact."""

from __future__ import annotations

import base64
import datetime as dt
import io
from decimal import Decimal

import pdfplumber
import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import ordering
import planning
from ordering import TODAY
from punctual.domain.actions.services import complete_action
from punctual.domain.delivery.life import ACCEPTANCE, DELIVERY
from punctual.domain.delivery.models import (
    Acceptance,
    ClosingReview,
    Delivery,
    DeliveryItem,
    DeliveryState,
    PaymentMilestone,
)
from punctual.domain.delivery.rules import Delivered, Share, allocated, due_day, on_time, reallocated
from punctual.domain.delivery.services.acceptance import (
    add_punch,
    cancel_acceptance,
    enter_results,
    fail_acceptance,
    plan_acceptance,
    sign_acceptance,
)
from punctual.domain.delivery.services.closing import close_order
from punctual.domain.delivery.services.payments import enter, remind_due, set_milestones, void
from punctual.domain.delivery.services.shipping import (
    cancel_delivery,
    change_delivery,
    prepare,
    receive,
    release,
    ship,
)
from punctual.domain.delivery.terms import read_terms
from punctual.domain.orders.models import Order, OrderState
from punctual.domain.orders.services.states import move
from punctual.domain.plans.models import DeliveryStandard, Plan, Task
from punctual.domain.scheduling.models import DurationRatio
from punctual.domain.scheduling.services.calibration import learn_durations
from punctual.flows import replan
from punctual.kernel.refusal import Forbidden, NotFound, Refusal
from punctual.platform.attachments.services import attach
from punctual.platform.notifications.models import Notification
from punctual.platform.outbox.services import deliver_pending

pytestmark = pytest.mark.django_db

PNG = b"\x89PNG\r\n"


def running(person, *, terms: str = "", lines: int = 1) -> Order:
    """A confirmed order of two machines (a line), with its certificate attached."""
    actor = person("order_manager")
    rows = [ordering.line() for _index in range(lines)]
    data = {"payment_terms": terms} if terms else {}
    from punctual.domain.orders.services.review import submit_for_review
    from punctual.flows.confirm_order import confirm_order

    order = submit_for_review(actor=actor, order_id=ordering.draft(actor, *rows, **data).pk, today=TODAY)
    ordering.sign_all(order)
    order = confirm_order(order_id=order.pk, actor=actor, today=TODAY)
    attach(actor=actor, target=order, file=io.BytesIO(b"%PDF"), name="合格证.pdf", kind="certificate")
    PaymentMilestone.objects.filter(order=order).delete() if not terms else None
    return order


def prepared(person, order: Order, *quantities: int) -> Delivery:
    lines = order.lines.order_by("line_no")
    items = {line.pk: Decimal(n) for line, n in zip(lines, quantities, strict=False)}
    return prepare(actor=person("supply_chain"), order_id=order.pk, items=items, today=TODAY)


def shipped(person, order: Order, *quantities: int, on: dt.date = TODAY) -> Delivery:
    delivery = prepared(person, order, *quantities)
    return ship(actor=person("supply_chain"), delivery_id=delivery.pk, shipped_on=on, today=TODAY)


# ------------------------------------------------------------------------------------------------------ refusals


@pytest.mark.parametrize("role", ["planner", "quality", "finance", "manager", "worker"])
def test_only_those_who_deliver_prepare_a_delivery(person, role):
    order = running(person)
    with pytest.raises(Forbidden):
        prepare(actor=person(role), order_id=order.pk, items={}, today=TODAY)


def test_quantities_that_can_not_be_delivered_are_refused_line_by_line(person):
    order = running(person)
    line = order.lines.get()
    for items, code in (
        ({}, "delivery.empty"),
        ({line.pk: Decimal(3)}, "delivery.too_much"),
        ({line.pk: Decimal(-1)}, "delivery.negative"),
        ({999_999: Decimal(1)}, "delivery.line_unknown"),
    ):
        with pytest.raises(Refusal) as refused:
            prepare(actor=person("sales"), order_id=order.pk, items=items, today=TODAY)
        assert code in refused.value.codes
    prepared(person, order, 1)
    with pytest.raises(Refusal) as refused:
        prepared(person, order, 2)
    assert refused.value.codes == {"delivery.too_much"}
    assert Delivery.objects.count() == 1


@pytest.mark.parametrize("state", ["draft", "in_review", "delivered", "accepted", "closed", "on_hold", "cancelled"])
def test_an_order_that_is_not_being_worked_on_is_not_delivered(person, state):
    order = running(person)
    Order.objects.filter(pk=order.pk).update(state=state)
    with pytest.raises(Refusal) as refused:
        prepared(person, order, 1)
    assert refused.value.codes == {"delivery.order_state"}


def test_every_shut_gate_is_named_and_only_documents_and_payment_can_be_released(person):
    order = running(person, terms="30/60/10")
    order.attachments = None
    from punctual.platform.attachments.models import Attachment

    Attachment.objects.all().delete()
    delivery = prepared(person, order, 2)
    fat = plan_acceptance(actor=person("quality"), order_id=order.pk, kind="fat", delivery=delivery)
    add_punch(
        actor=person("quality"), acceptance_id=fat.pk, title="护板松动", grade="A", owner=person("worker"), due=TODAY
    )
    wish = {"actor": person("supply_chain"), "delivery_id": delivery.pk, "shipped_on": TODAY, "today": TODAY}
    with pytest.raises(Refusal) as refused:
        ship(**wish)
    assert refused.value.codes == {"delivery.document", "delivery.payment", "delivery.fat", "delivery.punch"}
    with pytest.raises(Forbidden):
        release(actor=person("supply_chain"), delivery_id=delivery.pk, reason="急")
    release(actor=person("manager"), delivery_id=delivery.pk, reason="客户书面同意后补")
    with pytest.raises(Refusal) as refused:
        ship(**wish)
    assert refused.value.codes == {"delivery.fat", "delivery.punch"}
    assert Order.objects.get(pk=order.pk).state == OrderState.CONFIRMED


def test_a_shipment_does_not_lie_in_the_future(person):
    delivery = prepared(person, running(person), 1)
    with pytest.raises(Refusal) as refused:
        ship(
            actor=person("supply_chain"), delivery_id=delivery.pk, shipped_on=TODAY + dt.timedelta(days=1), today=TODAY
        )
    assert refused.value.codes == {"delivery.day_future"}


def test_the_order_itself_can_not_be_set_to_delivered_accepted_or_closed_behind_the_deliveries(person):
    order = running(person)
    actor = person("order_manager")
    move(actor=actor, order_id=order.pk, verb="start", today=TODAY)
    for verb, state, code in (
        ("deliver", "in_progress", "order.deliver.not_shipped"),
        ("deliver_part", "in_progress", "order.deliver.none"),
        ("accept", "delivered", "order.accept.unsigned"),
    ):
        Order.objects.filter(pk=order.pk).update(state=state)
        with pytest.raises(Refusal) as refused:
            move(actor=actor, order_id=order.pk, verb=verb, today=TODAY)
        assert refused.value.codes == {code}


VERBS = {
    "change": lambda who, one: change_delivery(
        actor=who, delivery_id=one.pk, expected_version=None, items={one.order.lines.first().pk: Decimal(1)}
    ),
    "release": lambda who, one: release(actor=who, delivery_id=one.pk, reason="x"),
    "ship": lambda who, one: ship(actor=who, delivery_id=one.pk, shipped_on=TODAY, today=TODAY),
    "receive": lambda who, one: receive(
        actor=who, delivery_id=one.pk, received_on=TODAY, received_by="李工", today=TODAY
    ),
    "cancel": lambda who, one: cancel_delivery(actor=who, delivery_id=one.pk, reason="x"),
}


@pytest.mark.parametrize("state", DeliveryState.values)
@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_of_a_delivery_is_done_or_refused_as_the_table_says(person, state, verb):
    delivery = prepared(person, running(person), 1)
    Delivery.objects.filter(pk=delivery.pk).update(state=state)
    if DELIVERY.allows(state, verb):
        VERBS[verb](person("order_manager"), delivery)
        assert Delivery.objects.get(pk=delivery.pk).state == DELIVERY.after(state, verb)
    else:
        with pytest.raises(Refusal) as refused:
            VERBS[verb](person("order_manager"), delivery)
        assert f"delivery.state.{verb}" in refused.value.codes


# ------------------------------------------------------------------------------------------------------ deliveries


def test_partial_deliveries_move_the_order_and_date_each_line_when_it_is_complete(person):
    order = running(person, lines=2)
    first = shipped(person, order, 2, 1, on=TODAY - dt.timedelta(days=3))
    order.refresh_from_db()
    assert (first.batch, order.state, order.actual_date) == (1, OrderState.PARTIALLY_DELIVERED, None)
    assert [line.actual_date for line in order.lines.order_by("line_no")] == [TODAY - dt.timedelta(days=3), None]
    second = shipped(person, order, 0, 1)
    order.refresh_from_db()
    assert (second.batch, order.state, order.actual_date) == (2, OrderState.DELIVERED, TODAY)
    received = receive(
        actor=person("order_manager"), delivery_id=second.pk, received_on=TODAY, received_by="李工", today=TODAY
    )
    assert received.state == DeliveryState.RECEIVED


@given(parts=st.lists(st.integers(1, 4), min_size=1, max_size=6))
def test_what_is_shipped_never_passes_what_is_ordered(parts):
    """Pure: the rule counts what other deliveries take."""
    from punctual.domain.delivery.rules import LineFacts, against_items

    taken = Decimal(0)
    for part in parts:
        facts = {1: LineFacts(10, Decimal(7), taken)}
        if not against_items({1: Decimal(part)}, facts):
            taken += part
        assert taken <= 7


# ------------------------------------------------------------------------------------------------------ acceptance


def with_criteria(order: Order) -> Order:
    plan = Plan.objects.get(order=order)
    for position, (criterion, method) in enumerate((("节拍 ≤ 12 s", "计时"), ("合格率 ≥ 99.5%", "100 件"))):
        DeliveryStandard.objects.create(plan=plan, position=position, criterion=criterion, method=method)
    return order


def met(person, acceptance: Acceptance, verdict: str = "met") -> None:
    results = {row.pk: ("合格", verdict) for row in acceptance.results.all()}
    enter_results(actor=person("quality"), acceptance_id=acceptance.pk, results=results)


def signed(person, acceptance: Acceptance, **more) -> Acceptance:
    wish = {"signer": "周建平", "held_on": TODAY, "today": TODAY, "drawn": PNG, **more}
    return sign_acceptance(actor=person("order_manager"), acceptance_id=acceptance.pk, **wish)


def test_an_undelivered_line_is_not_accepted_at_site(person):
    order = with_criteria(running(person))
    for kind in ("sat", "final"):
        acceptance = plan_acceptance(actor=person("quality"), order_id=order.pk, kind=kind)
        met(person, acceptance)
        with pytest.raises(Refusal) as refused:
            signed(person, acceptance)
        assert "acceptance.undelivered" in refused.value.codes
        with pytest.raises(Refusal):
            fail_acceptance(
                actor=person("quality"), acceptance_id=acceptance.pk, held_on=TODAY, reason="x", today=TODAY
            )


def test_every_reason_against_signing_is_said_at_once(person):
    order = with_criteria(running(person))
    acceptance = plan_acceptance(actor=person("quality"), order_id=order.pk, kind="fat")
    first = acceptance.results.first()
    enter_results(actor=person("quality"), acceptance_id=acceptance.pk, results={first.pk: ("15 s", "not_met")})
    add_punch(
        actor=person("quality"), acceptance_id=acceptance.pk, title="标签", grade="C", owner=person("worker"), due=TODAY
    )
    with pytest.raises(Refusal) as refused:
        signed(person, acceptance, signer="", drawn=b"")
    assert refused.value.codes == {
        "acceptance.open", "acceptance.not_met", "acceptance.with_punch", "acceptance.signer", "acceptance.signature",
    }  # fmt: skip


def test_the_final_acceptance_waits_for_open_items_of_grade_a_and_b_and_accepts_the_order(person):
    order = with_criteria(running(person))
    shipped(person, order, 2)
    sat = plan_acceptance(actor=person("sales"), order_id=order.pk, kind="sat")
    met(person, sat)
    item = add_punch(
        actor=person("sales"), acceptance_id=sat.pk, title="急停标牌", grade="B", owner=person("worker"), due=TODAY
    )
    signed(person, sat, with_punch=True)
    final = plan_acceptance(actor=person("sales"), order_id=order.pk, kind="final")
    met(person, final)
    with pytest.raises(Refusal) as refused:
        signed(person, final, with_punch=True)
    assert refused.value.codes == {"acceptance.punch"}
    complete_action(actor=person("worker"), action_id=item.action_id)
    signed(person, final)
    assert Order.objects.get(pk=order.pk).state == OrderState.ACCEPTED


@pytest.mark.parametrize("state", ["open", "passed", "failed", "cancelled"])
def test_every_verb_of_an_acceptance_is_done_or_refused_as_the_table_says(person, state):
    order = running(person)
    verbs = {
        "change": lambda pk: enter_results(actor=person("quality"), acceptance_id=pk, results={}),
        "punch": lambda pk: add_punch(
            actor=person("quality"), acceptance_id=pk, title="x", grade="C", owner=person("worker"), due=TODAY
        ),
        "pass": lambda pk: signed(person, Acceptance.objects.get(pk=pk), with_punch=True),
        "fail": lambda pk: fail_acceptance(
            actor=person("quality"), acceptance_id=pk, held_on=TODAY, reason="x", today=TODAY
        ),
        "cancel": lambda pk: cancel_acceptance(actor=person("quality"), acceptance_id=pk, reason="x"),
    }
    for verb, do in verbs.items():
        acceptance = plan_acceptance(actor=person("quality"), order_id=order.pk, kind="fat")
        Acceptance.objects.filter(pk=acceptance.pk).update(state=state)
        if ACCEPTANCE.allows(state, verb):
            do(acceptance.pk)
            assert Acceptance.objects.get(pk=acceptance.pk).state == ACCEPTANCE.after(state, verb)
        else:
            with pytest.raises(Refusal) as refused:
                do(acceptance.pk)
            assert f"acceptance.state.{verb}" in refused.value.codes


# ------------------------------------------------------------------------------------------------------ payments


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30/30/30/10", [("advance", 30), ("progress", 30), ("acceptance", 30), ("retention", 10)]),
        ("30/60/10", [("advance", 30), ("shipment", 60), ("retention", 10)]),
        ("３０％预付，６０％发货前，１０％质保金", [("advance", 30), ("shipment", 60), ("retention", 10)]),
        (
            "预付 40%，发货前 50%，质保金 10%（12 个月）",
            [("advance", 40), ("shipment", 50), ("retention", 10)],
        ),
        ("预付款30%，进度款30%，验收款30%，质保金10%", [
            ("advance", 30), ("progress", 30), ("acceptance", 30), ("retention", 10),
        ]),
        ("30% deposit, 60% before shipment, 10% retention", [("advance", 30), ("shipment", 60), ("retention", 10)]),
        ("月结 60 天", [("shipment", 100)]),
        ("30/60", []),
        ("预付 50%，其余再说", []),
        ("面议", []),
        ("", []),
    ],
)  # fmt: skip
def test_payment_terms_are_read_or_left_alone(text, expected):
    assert [(one.kind, int(one.percent)) for one in read_terms(text)] == expected


def test_terms_tell_days_and_months_after_their_event():
    assert read_terms("货到 30 天付清")[0].days == 30
    retention = read_terms("预付 40%，发货前 50%，质保金 10%（18 个月）")[2]
    assert (retention.event, retention.months) == ("final", 18)


MONEY = st.decimals(Decimal("0.01"), Decimal("99999999.99"), places=2)
PERCENTS = st.lists(st.integers(1, 60), min_size=1, max_size=6)


@given(total=MONEY, weights=PERCENTS)
def test_amounts_add_up_to_the_last_cent(total, weights):
    shares = [Decimal(weight) for weight in weights]
    parts = allocated(total, "CNY", shares)
    assert sum(parts) == total
    assert all(
        abs(part - total * share / sum(shares)) < Decimal("0.01") for part, share in zip(parts, shares, strict=True)
    )


@given(first=MONEY, second=MONEY, weights=PERCENTS, fixed=st.lists(st.booleans(), min_size=6, max_size=6))
def test_a_new_value_leaves_fixed_amounts_and_the_old_value_gives_back_the_old_amounts(first, second, weights, fixed):
    shares = [Decimal(weight) for weight in weights]
    flags = fixed[: len(shares)]
    before = allocated(first, "CNY", shares)
    rows = [Share(share, amount, flag) for share, amount, flag in zip(shares, before, flags, strict=True)]
    after = reallocated(second, "CNY", rows)
    assert all(new == old for new, old, flag in zip(after, before, flags, strict=True) if flag)
    if not all(flags):
        assert sum(after) == second
        again = [Share(s, a, f) for s, a, f in zip(shares, after, flags, strict=True)]
        assert reallocated(first, "CNY", again) == before


def test_months_after_the_31st_fall_on_the_last_day():
    assert due_day(dt.date(2026, 8, 31), days=0, months=6) == dt.date(2027, 2, 28)
    assert due_day(dt.date(2026, 12, 31), days=30, months=0) == dt.date(2027, 1, 30)


def test_confirming_makes_the_milestones_of_the_terms_and_the_advance_is_due(person):
    order = running(person, terms="30/30/30/10")
    rows = list(order.payment_milestones.all())
    assert sum(row.amount for row in rows) == order.total_amount
    assert [row.due_on is not None for row in rows] == [True, False, False, False]


def test_no_invoice_or_receipt_goes_beyond_the_milestone(person):
    order = running(person, terms="30/60/10")
    row = order.payment_milestones.first()
    wish = {"actor": person("finance"), "milestone_id": row.pk, "on": TODAY, "today": TODAY}
    with pytest.raises(Forbidden):
        enter(**{**wish, "actor": person("sales")}, kind="receipt", amount=Decimal(1))
    with pytest.raises(NotFound):
        enter(**{**wish, "milestone_id": 999_999}, kind="receipt", amount=Decimal(1))
    for amount, code in ((row.amount + 1, "payment.too_much"), (Decimal(0), "payment.amount")):
        with pytest.raises(Refusal) as refused:
            enter(**wish, kind="receipt", amount=amount)
        assert refused.value.codes == {code}
    enter(**wish, kind="invoice", amount=row.amount)
    row = enter(**wish, kind="receipt", amount=Decimal("100000.01"))
    assert (row.invoiced, row.received) == (row.amount, Decimal("100000.01"))
    entry = row.entries.get(kind="receipt")
    with pytest.raises(Refusal):
        void(actor=person("finance"), entry_id=entry.pk, reason="")
    assert void(actor=person("finance"), entry_id=entry.pk, reason="记错行").received == 0
    with pytest.raises(Refusal) as refused:
        void(actor=person("finance"), entry_id=entry.pk, reason="再来")
    assert refused.value.codes == {"payment.voided"}


def by_hand(*rows):
    return [
        {
            "id": None, "kind": kind, "name": "", "percent": Decimal(percent), "event": event, "task": None,
            "fixed_on": None, "days": 0, "months": 0,
        }
        for kind, percent, event in rows
    ]  # fmt: skip


def test_shares_must_make_a_hundred(person):
    order = running(person)
    with pytest.raises(Refusal) as refused:
        set_milestones(
            actor=person("finance"), order_id=order.pk, today=TODAY,
            rows=by_hand(("advance", 30, "confirmed"), ("shipment", 60, "delivered")),
        )  # fmt: skip
    assert refused.value.codes == {"payment.shares"}
    made = set_milestones(
        actor=person("finance"), order_id=order.pk, today=TODAY,
        rows=by_hand(("advance", "33.333", "confirmed"), ("shipment", "66.667", "delivered")),
    )  # fmt: skip
    assert sum(one.amount for one in made) == order.total_amount


def test_the_final_acceptance_starts_the_retention(person):
    order = with_criteria(running(person, terms="30/60/10"))
    for row in order.payment_milestones.filter(kind__in=("advance", "shipment")):
        enter(actor=person("finance"), milestone_id=row.pk, kind="receipt", amount=row.amount, on=TODAY, today=TODAY)
    shipped(person, order, 2)
    final = plan_acceptance(actor=person("sales"), order_id=order.pk, kind="final")
    met(person, final)
    signed(person, final)
    retention = order.payment_milestones.get(kind="retention")
    assert (retention.happened_on, retention.due_on) == (TODAY, dt.date(2027, 11, 23))


def test_finance_and_the_owner_are_reminded_once_a_week(person):
    person("finance")
    running(person, terms="30/60/10")
    PaymentMilestone.objects.filter(kind="advance").update(due_on=TODAY - dt.timedelta(days=2))
    assert remind_due(TODAY) == 1
    assert remind_due(TODAY + dt.timedelta(days=3)) == 0
    assert remind_due(TODAY + dt.timedelta(days=8)) == 1
    assert Notification.objects.filter(kind="payment").count() == 4


# ------------------------------------------------------------------------------------------------------ closing


def test_an_order_closes_with_a_lesson_and_without_open_items(person):
    order = running(person)
    Order.objects.filter(pk=order.pk).update(state=OrderState.ACCEPTED)
    wish = {"actor": person("order_manager"), "order_id": order.pk, "chosen": [], "today": TODAY}
    with pytest.raises(Refusal) as refused:
        close_order(**wish, lessons=" ")
    assert refused.value.codes == {"close.lessons"}
    close_order(**wish, lessons="客户样件要早一周到。")
    assert Order.objects.get(pk=order.pk).state == OrderState.CLOSED
    assert ClosingReview.objects.get().figures["value"] == "1420000.00"


def test_what_the_tasks_of_a_closed_order_took_is_learned_at_once(person):
    replan.listen()
    plan = planning.plan(person("planner"))
    task = planning.task(plan, "图纸")
    here = timezone.get_current_timezone()
    monday, friday = (dt.datetime(2026, 11, day, tzinfo=here) for day in (23, 28))
    Task.objects.filter(pk=task.pk).update(actual_start=monday, actual_finish=friday, percent=100)
    Order.objects.filter(pk=plan.order_id).update(state=OrderState.ACCEPTED)
    close_order(actor=person("order_manager"), order_id=plan.order_id, chosen=[], today=TODAY, lessons="图纸要早开始。")
    deliver_pending()
    found = DurationRatio.objects.get()
    assert (found.task, found.type_key, found.estimated) == (task, f"t{task.template_task_id}", task.duration)
    assert (found.actual * 3, found.finished_on) == (task.duration * 5, dt.date(2026, 11, 28))
    Task.objects.filter(pk=task.pk).update(actual_finish=None)
    learn_durations()
    assert not DurationRatio.objects.exists()


def test_punctuality_counts_lines_by_the_date_they_are_measured_by():
    day = dt.date(2026, 11, 20)
    rows = [
        Delivered(day, True, day, day - dt.timedelta(days=1), day),
        Delivered(day, False, day - dt.timedelta(days=5), day, day),
        Delivered(day, True, None, None, day - dt.timedelta(days=1)),
    ]
    assert on_time(rows, "requested") == (1, 1, 2)
    assert on_time(rows, "first_promise") == (1, 0, 2)
    assert on_time(rows, "last_promise") == (2, 1, 3)


def test_items_of_a_cancelled_delivery_are_free_again(person):
    order = running(person)
    delivery = prepared(person, order, 2)
    cancel_delivery(actor=person("sales"), delivery_id=delivery.pk, reason="改期")
    prepared(person, order, 2)
    assert DeliveryItem.objects.count() == 2


def test_the_certificate_of_an_acceptance_is_a_pdf_even_where_the_signature_is_no_picture(person, signed_in):
    order = with_criteria(running(person))
    acceptance = plan_acceptance(actor=person("quality"), order_id=order.pk, kind="fat")
    met(person, acceptance)
    signed(person, acceptance)
    answer = signed_in("order_manager").get(f"/acceptances/{acceptance.pk}/certificate.pdf")
    assert (answer.status_code, answer.content[:5]) == (200, b"%PDF-")
    with pdfplumber.open(io.BytesIO(answer.content)) as paper:
        words = paper.pages[0].extract_text()
    assert "周建平" in words
    assert "节拍" in words


def test_the_signature_drawn_on_receipt_stands_in_the_delivery_note(person, signed_in):
    delivery = shipped(person, running(person), 1)
    client, url = signed_in("supply_chain"), f"/deliveries/{delivery.number}/"

    def pictures() -> int:
        with pdfplumber.open(io.BytesIO(client.get(f"{url}note.pdf").content)) as paper:
            return len(paper.pages[0].images)

    assert pictures() == 0
    drawn = io.BytesIO()
    Image.new("RGBA", (40, 12)).save(drawn, "PNG")
    data = {"received_on": TODAY.isoformat(), "received_by": "李工", "version": delivery.version}
    data["signature"] = f"data:image/png;base64,{base64.b64encode(drawn.getvalue()).decode()}"
    client.post(f"{url}do/receive/", data)
    delivery.refresh_from_db()
    assert (delivery.state, pictures()) == (DeliveryState.RECEIVED, 1)
