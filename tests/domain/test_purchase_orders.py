"""The customer's purchase order beside ours: refusals, differences, unusual values, who settles what."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal

import pytest

import ordering
from ordering import FAR, TODAY, workbook
from punctual.domain.changes.models import ChangeOrder, Comparison, ComparisonPoint
from punctual.domain.changes.selectors import FirstTimeRight, first_time_right
from punctual.domain.changes.services.purchase_orders import (
    before_submit,
    change_from,
    compare,
    see_point,
    see_points,
    take_point,
    waive_point,
)
from punctual.domain.orders.models import ImportMapping, Order
from punctual.domain.orders.services.imports import take_over, upload
from punctual.domain.orders.services.review import submit_for_review
from punctual.kernel.refusal import Forbidden, Refusal
from punctual.platform.attachments.services import attachments_of
from punctual.platform.notifications.models import Notification
from punctual.platform.papers import Grid, Text, paper

pytestmark = pytest.mark.django_db

OURS = {"customer_po_number": "PO-1"}
SAME = (None, "HC-VI30", "B", "视觉检测机", 2, "台", 710_000, FAR)


def compared(person, order: Order, *rows, name: str = "po.xlsx", actor: str = "sales", **more) -> Comparison:
    content = workbook(rows or [SAME], **more)
    return compare(actor=person(actor), order_id=order.pk, content=content, name=name, today=TODAY)


def points(comparison: Comparison) -> list[tuple[str, int | None, str, str, str]]:
    return [(one.kind, one.line_no, one.field, one.ours, one.theirs) for one in comparison.points.all()]


def test_a_po_of_another_customer_is_refused_and_nothing_is_kept(person):
    order = ordering.draft(person("sales"), **OURS)
    ordering.customer("C002", "武汉康泽制药有限公司")
    with pytest.raises(Refusal) as refused:
        compared(person, order, buyer="武汉康泽制药有限公司")
    assert refused.value.codes == {"po.other_customer"}
    assert not Comparison.objects.exists()
    assert not attachments_of(order).exists()


@pytest.mark.parametrize("role", ["planner", "quality", "finance", "worker"])
def test_only_those_who_enter_orders_compare(person, role):
    order = ordering.draft(person("sales"), **OURS)
    with pytest.raises(Forbidden):
        compared(person, order, actor=role)


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (b"not a pdf", "po.pdf", "sheet.pdf_unreadable"),
        (b"\x00", "po.doc", "sheet.unknown_format"),
        ("型号,数量\n".encode(), "po.csv", "po.no_rows"),
    ],
)
def test_what_can_not_be_read_is_refused_with_one_sentence(person, content, name, code):
    order = ordering.draft(person("sales"), **OURS)
    with pytest.raises(Refusal) as refused:
        compare(actor=person("sales"), order_id=order.pk, content=content, name=name, today=TODAY)
    assert refused.value.codes == {code}


def test_the_same_order_has_no_difference_and_the_original_stays_with_its_hash(person):
    order = ordering.draft(person("sales"), **OURS)
    comparison = compared(person, order)
    assert points(comparison) == []
    kept = attachments_of(order).get()
    assert (kept.kind, kept.sha256) == ("customer_po", comparison.sha256)
    assert first_time_right(person("manager")) == FirstTimeRight(right=1, compared=1)
    assert "型号" in ImportMapping.objects.get(customer=order.customer).columns


def test_every_difference_is_found_and_holds_the_order_until_it_is_settled_by_name(person):
    order = ordering.draft(person("sales"), ordering.line(), ordering.line(quantity="1"), **OURS)
    later = FAR + dt.timedelta(days=7)
    comparison = compared(person, order, (None, "HC-VI30", "B", "视觉检测机", 3, "套", 700_000, later), po="PO-9")
    assert points(comparison) == [
        ("differs", None, "customer_po_number", "PO-1", "PO-9"),
        ("differs", 10, "quantity", "2", "3"),
        ("differs", 10, "unit", "台", "套"),
        ("differs", 10, "unit_price", "710000", "700000"),
        ("differs", 10, "requested_date", FAR.isoformat(), later.isoformat()),
        ("missing", 20, "line", "HC-VI30 B ×1", ""),
    ]
    with pytest.raises(Refusal) as refused:
        submit_for_review(actor=person("sales"), order_id=order.pk, today=TODAY)
    assert "order.po_open" in refused.value.codes
    by_field = {one.field: one for one in comparison.points.all()}
    with pytest.raises(Refusal) as refused:
        waive_point(actor=person("sales"), point_id=by_field["unit"].pk, reason="")
    assert refused.value.codes == {"po.reason"}
    take_point(actor=person("sales"), point_id=by_field["quantity"].pk, today=TODAY)
    take_point(actor=person("sales"), point_id=by_field["customer_po_number"].pk, today=TODAY)
    with pytest.raises(Refusal):
        take_point(actor=person("sales"), point_id=by_field["line"].pk, today=TODAY)
    for field in ("unit", "unit_price", "requested_date", "line"):
        waive_point(actor=person("sales"), point_id=by_field[field].pk, reason="电话确认按报价")
    order.refresh_from_db()
    assert (order.customer_po_number, order.lines.first().quantity) == ("PO-9", Decimal(3))
    submit_for_review(actor=person("sales"), order_id=order.pk, today=TODAY)
    assert first_time_right(person("manager")) == FirstTimeRight(right=0, compared=1)


def test_unusual_values_wait_for_somebody_elses_eyes(person):
    for _index in range(2):
        ordering.confirmed(person("order_manager"))
    order = ordering.draft(person("sales"), ordering.line(quantity="20", unit_price="710000"), **OURS)
    comparison = compared(person, order, (None, "HC-VI30", "B", "视觉检测机", 20, "台", 710_000, FAR))
    point = comparison.points.get()
    assert (point.kind, point.code, point.field) == ("unusual", "many_times", "quantity")
    with pytest.raises(Refusal) as refused:
        submit_for_review(actor=person("sales"), order_id=order.pk, today=TODAY)
    assert refused.value.codes == {"order.po_unusual"}
    with pytest.raises(Forbidden):
        see_point(actor=person("sales"), point_id=point.pk)
    with pytest.raises(Refusal):
        waive_point(actor=person("order_manager"), point_id=point.pk, reason="x")
    see_point(actor=person("order_manager"), point_id=point.pk)
    submit_for_review(actor=person("sales"), order_id=order.pk, today=TODAY)


def test_what_was_ticked_is_seen_at_once_or_not_at_all(person):
    for _index in range(2):
        ordering.confirmed(person("order_manager"))
    order = ordering.draft(person("sales"), ordering.line(quantity="20", unit_price="900000"), **OURS)
    comparison = compared(person, order, (None, "HC-VI30", "B", "视觉检测机", 20, "台", 900_000, FAR))
    ticked = [one.pk for one in comparison.points.all()]
    assert len(ticked) == 2
    with pytest.raises(Forbidden):
        see_points(actor=person("sales"), order_id=order.pk, points=ticked)
    other = ordering.draft(person("sales"), ordering.line())
    for wrong in ([], [*ticked, 999_999]):
        with pytest.raises(Refusal) as refused:
            see_points(actor=person("order_manager"), order_id=order.pk, points=wrong)
        assert refused.value.codes == {"po.none_seen"}
    with pytest.raises(Refusal):
        see_points(actor=person("order_manager"), order_id=other.pk, points=ticked)
    assert {one.state for one in comparison.points.all()} == {"open"}
    assert see_points(actor=person("order_manager"), order_id=order.pk, points=ticked) == 2
    assert {(one.state, one.by) for one in comparison.points.all()} == {("seen", person("order_manager"))}


def test_an_order_made_out_of_the_customers_file_waits_for_them_too(person):
    before = [ordering.confirmed(person("order_manager")) for _index in range(2)]
    row = ("20", "HC-VI30", "B", "视觉检测机", 20, "台", 710_000, FAR)
    item = upload(
        actor=person("sales"), content=workbook([row], po="PO-20"), name="po.xlsx", today=TODAY,
        customer_id=before[0].customer_id,
    )  # fmt: skip
    order = take_over(actor=person("sales"), import_id=item.pk, today=TODAY, only_good=True)
    point = order.comparisons.get().points.get()
    assert (point.code, order.comparisons.get().first_count) == ("many_times", 0)
    assert {reason.code for reason in before_submit(order, TODAY)} == {"order.po_unusual"}
    with pytest.raises(Forbidden):
        see_point(actor=person("sales"), point_id=point.pk)
    assert Notification.objects.filter(user=person("order_manager"), url__endswith="/po/").exists()
    see_point(actor=person("order_manager"), point_id=point.pk)
    assert not before_submit(order, TODAY)


def test_a_model_never_bought_and_a_price_that_jumps_are_unusual(person):
    for _index in range(2):
        ordering.confirmed(person("order_manager"))
    order = ordering.draft(
        person("sales"), ordering.line(unit_price="900000"), ordering.line(model="FKM-62X3", quantity="100",
        unit_price="12.5"), **OURS,
    )  # fmt: skip
    comparison = compared(
        person, order, (None, "HC-VI30", "B", "视觉检测机", 2, "台", 900_000, FAR),
        (None, "FKM-62X3", None, "密封圈", 100, "个", 12.5, FAR),
    )  # fmt: skip
    assert {(one.code, one.line_no) for one in comparison.points.all()} == {("price_jump", 10), ("never_bought", 20)}


def test_differences_to_a_confirmed_order_become_a_change_order(person):
    order = ordering.confirmed(person("order_manager"))
    comparison = compared(
        person, order, (None, "HC-VI30", "B", "视觉检测机", 5, "台", 710_000, FAR), po="", actor="order_manager"
    )
    point = ComparisonPoint.objects.get(comparison=comparison, field="quantity")
    with pytest.raises(Refusal):
        take_point(actor=person("order_manager"), point_id=point.pk, today=TODAY)
    made = change_from(actor=person("order_manager"), comparison_id=comparison.pk, today=TODAY)
    assert [(one.field, one.new) for one in made.items.all()] == [("quantity", "5")]
    assert ChangeOrder.objects.count() == 1
    point.refresh_from_db()
    assert (point.state, point.reason) == ("taken", made.number)


def test_a_pdf_with_text_is_read_like_a_sheet(person):
    order = ordering.draft(person("sales"), **OURS)
    content = paper(
        title="采购订单",
        blocks=[
            Text("采购订单号：PO-1"),
            Grid(
                ("型号", "版本", "数量", "单位", "单价", "要求到货"),
                [("HC-VI30", "B", "4", "台", "710000", FAR.isoformat())],
            ),
        ],
    )
    comparison = compare(
        actor=person("sales"), order_id=order.pk, content=io.BytesIO(content).getvalue(), name="po.pdf", today=TODAY
    )
    assert points(comparison) == [("differs", 10, "quantity", "2", "4")]
