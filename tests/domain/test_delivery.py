"""Deliveries, acceptances and closing: refusals first, then that quantities and dates are exact."""

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

import planning
from delivering import met, prepared, running, shipped, signed, with_criteria
from ordering import TODAY
from punctual.domain.actions.services import complete_action
from punctual.domain.aftersales.models import Warranty
from punctual.domain.delivery.life import ACCEPTANCE, DELIVERY
from punctual.domain.delivery.models import (
    Acceptance,
    ClosingReview,
    Delivery,
    DeliveryItem,
    DeliveryState,
)
from punctual.domain.delivery.rules import Delivered, on_time
from punctual.domain.delivery.services.acceptance import (
    add_punch,
    cancel_acceptance,
    enter_results,
    fail_acceptance,
    plan_acceptance,
)
from punctual.domain.delivery.services.closing import close_order, proposals_of, tasks_of
from punctual.domain.delivery.services.shipping import (
    cancel_delivery,
    change_delivery,
    prepare,
    receive,
    release,
    ship,
)
from punctual.domain.orders.models import Order, OrderState
from punctual.domain.orders.services.states import move
from punctual.domain.plans.models import BaselineTask, Task
from punctual.domain.scheduling.models import DurationRatio
from punctual.domain.scheduling.services.calibration import learn_durations
from punctual.flows import replan
from punctual.kernel.refusal import Forbidden, Refusal
from punctual.platform.outbox.services import deliver_pending

pytestmark = pytest.mark.django_db

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


def test_serial_numbers_that_can_not_be_are_refused_with_their_line(person):
    order = running(person, lines=1)  # two machines
    first, second = prepared(person, order, 1), prepared(person, order, 1)
    line = order.lines.get().pk
    wish = {"actor": person("supply_chain"), "expected_version": None, "items": {line: Decimal(1)}}
    change_delivery(**wish, delivery_id=first.pk, serials={line: ["HC-1"]})
    with pytest.raises(Refusal) as refused:
        change_delivery(**wish, delivery_id=second.pk, serials={line: ["HC-1", "HC-2", "HC-2", "H" * 81]})
    assert refused.value.codes == {
        "delivery.serials", "delivery.serial_long", "delivery.serial_twice", "delivery.serial_gone"
    }  # fmt: skip
    assert second.items.get().serials == []


def test_the_warranty_of_each_delivered_serial_number_begins_with_the_acceptance(person, signed_in):
    order = with_criteria(running(person, lines=1))
    delivery = prepared(person, order, 2)
    line = order.lines.get()
    page = signed_in("supply_chain")
    form = {f"item-{line.pk}": "2", f"serials-{line.pk}": "HC-1\r\n HC-2 ", "version": delivery.version}
    assert page.post(f"/deliveries/{delivery.number}/do/change/", form).status_code == 302
    assert delivery.items.get().serials == ["HC-1", "HC-2"]
    for paper in ("note", "packing"):
        with pdfplumber.open(io.BytesIO(page.get(f"/deliveries/{delivery.number}/{paper}.pdf").content)) as read:
            assert "HC-2" in "".join(one.extract_text() for one in read.pages), paper
    delivery.refresh_from_db()
    change_delivery(
        actor=person("supply_chain"), delivery_id=delivery.pk, expected_version=None, items={line.pk: Decimal(2)}
    )
    assert delivery.items.get().serials == ["HC-1", "HC-2"], "not spoken of, they stay"
    ship(actor=person("supply_chain"), delivery_id=delivery.pk, shipped_on=TODAY, today=TODAY)
    acceptance = plan_acceptance(actor=person("quality"), order_id=order.pk, kind="final")
    met(person, acceptance)
    signed(person, acceptance)
    deliver_pending()
    assert list(Warranty.objects.values_list("serial", flat=True).order_by("serial")) == ["HC-1", "HC-2"]


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
    unpaid = next(reason for reason in refused.value.reasons if reason.code == "delivery.payment")
    assert str(unpaid.params["amount"]).startswith("¥"), "money is written as money"
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


def test_nothing_leaves_a_year_before_its_order_was_entered_or_signed(person):
    order = running(person)
    Order.objects.filter(pk=order.pk).update(created_at=dt.datetime(2026, 11, 20, 9, tzinfo=dt.UTC))
    delivery = prepared(person, order, 1)
    wish = {"actor": person("supply_chain"), "delivery_id": delivery.pk, "today": TODAY}
    for day, codes in (
        (dt.date(1990, 1, 1), {"delivery.day_before"}),
        (dt.date(2025, 11, 18), {"delivery.day_before"}),
    ):
        with pytest.raises(Refusal) as refused:
            ship(**wish, shipped_on=day)
        assert refused.value.codes == codes
        assert refused.value.reasons[0].params == {"day": "2025-11-19"}
    delivery.refresh_from_db()
    assert (delivery.state, delivery.shipped_on) == (DeliveryState.PREPARING, None)
    Order.objects.filter(pk=order.pk).update(contract_date=dt.date(2026, 11, 19))
    assert ship(**wish, shipped_on=dt.date(2025, 11, 18)).shipped_on == dt.date(2025, 11, 18)


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
    deliver_pending()
    (warranty,) = Warranty.objects.filter(order_line__order=order)
    assert warranty.begins == TODAY


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


def test_a_task_that_runs_on_days_off_is_measured_by_the_clock(person):
    plan = planning.plan(person("planner"))
    here = timezone.get_current_timezone()
    begun, ended = (dt.datetime(2026, 11, day, tzinfo=here) for day in (20, 27))
    done = {"actual_start": begun, "actual_finish": ended, "percent": 100}
    week = 7 * 24 * 60
    Task.objects.filter(pk=planning.task(plan, "图纸").pk).update(is_elapsed=True, duration=week, **done)
    Task.objects.filter(pk=planning.task(plan, "方案").pk).update(duration=5 * planning.DAY, **done)
    BaselineTask.objects.all().delete()
    rows = {row["name"].split()[-1]: (row["planned"], row["actual"]) for row in tasks_of(plan.order)}
    assert rows == {"图纸": (week, week), "方案": (5 * planning.DAY, 5 * planning.DAY)}
    assert proposals_of(tasks_of(plan.order)) == []


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
