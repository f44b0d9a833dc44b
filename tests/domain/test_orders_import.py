"""A customer's file on its way to a draft: good files, and every kind of bad one."""

from __future__ import annotations

import datetime as dt
import io
from typing import ClassVar

import pytest

import ordering
from ordering import FAR, GOOD_ROW, TODAY, workbook
from punctual.domain.orders.models import ImportMapping, ImportState, Order, OrderImport
from punctual.domain.orders.services.bulk_import import import_file
from punctual.domain.orders.services.imports import (
    drop_import,
    error_rows,
    evaluated,
    leave_out,
    set_cell,
    set_header,
    set_mapping,
    take_over,
    upload,
)
from punctual.kernel.dates import NotADay, NoYear, coming, parse_day
from punctual.kernel.refusal import Conflict, Forbidden, Refusal
from punctual.platform.attachments.models import Attachment
from punctual.platform.jobs.models import Job

pytestmark = pytest.mark.django_db


@pytest.fixture
def actor(person):
    ordering.catalogue()
    ordering.customer()
    return person("sales")


def load(actor, *rows, **more):
    return upload(actor=actor, content=workbook(rows or [GOOD_ROW], **more), name="po.xlsx", today=TODAY)


def codes(item):
    result = evaluated(item, today=TODAY)
    return {(one.reason.field, one.reason.code) for row in result.rows for one in row.findings}


def row(**changes):
    names = ("line", "model", "revision", "description", "quantity", "unit", "price", "date")
    values = dict(zip(names, GOOD_ROW, strict=True)) | changes
    return tuple(values[name] for name in names)


# — files that can't be used —


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (b"", "po.xlsx", "sheet.empty_file"),
        (b"not a workbook", "po.xlsx", "sheet.unreadable"),
        (b"x", "po.pdf", "sheet.pdf_unreadable"),
        (b"\xff\xfe\x00\x81", "po.csv", "sheet.encoding"),
        (b"a,b\n1,2\n", "po.csv", "sheet.no_header"),
        ("型号,数量\n".encode(), "po.csv", "order.import.no_rows"),
        (b"0" * (21 * 1024 * 1024), "po.xlsx", "sheet.too_large"),
    ],
)
def test_a_file_that_can_not_be_used_is_refused_in_one_sentence_and_not_kept(actor, content, name, code):
    with pytest.raises(Refusal) as refused:
        upload(actor=actor, content=content, name=name, today=TODAY)
    assert refused.value.codes == {code}
    assert len(refused.value.reasons) == 1
    assert not OrderImport.objects.exists()


def test_an_empty_workbook_and_a_wrong_sheet_are_said(actor):
    for header in ((), ("甲", "乙", "丙")):
        with pytest.raises(Refusal) as refused:
            upload(actor=actor, content=workbook([], header=header), name="po.xlsx", today=TODAY)
        assert refused.value.codes <= {"sheet.no_header", "sheet.no_data"}


def test_who_may_not_enter_orders_uploads_nothing(person):
    ordering.catalogue()
    for role in ("finance", "worker", "manager", "planner"):
        with pytest.raises(Forbidden):
            upload(actor=person(role), content=workbook([GOOD_ROW]), name="po.xlsx", today=TODAY)


# — cells that can't be used —


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"quantity": "1e308"}, "quantity", "order.number_unreadable"),
        ({"quantity": 1e308}, "quantity", "order.number_unreadable"),
        ({"quantity": "NaN"}, "quantity", "order.number_unreadable"),
        ({"quantity": float("nan")}, "quantity", "order.line.quantity_missing"),
        ({"quantity": float("inf")}, "quantity", "order.line.quantity_missing"),
        ({"quantity": "两台"}, "quantity", "order.number_unreadable"),
        ({"quantity": None}, "quantity", "order.line.quantity_missing"),
        ({"quantity": -2}, "quantity", "order.line.quantity_not_positive"),
        ({"price": "面议"}, "unit_price", "order.number_unreadable"),
        ({"price": None}, "unit_price", "order.line.price_missing"),
        ({"date": "3/19"}, "requested_date", "order.date_without_year"),
        ({"date": "3月19日"}, "requested_date", "order.date_without_year"),
        ({"date": "19.03.2027"}, "requested_date", "order.date_unreadable"),
        ({"date": "2027-02-30"}, "requested_date", "order.date_unreadable"),
        ({"date": dt.date(2026, 1, 5)}, "requested_date", "order.line.requested_in_past"),
        ({"model": "HC-VI3O"}, "model", "order.line.product_unknown"),
        ({"model": None}, "model", "order.line.product_missing"),
        ({"revision": "A"}, "revision", "order.line.revision_retired"),
        ({"unit": "个"}, "unit", "order.line.unit_wrong"),
        ({"description": "长" * 500}, "description", "order.text_too_long"),
    ],
)
def test_a_bad_cell_is_said_at_the_cell(actor, changes, field, code):
    item = load(actor, row(**changes), row(line=20))
    assert (field, code) in codes(item)
    result = evaluated(item, today=TODAY)
    assert result.rows[0].errors
    assert result.rows[1].is_good


@pytest.mark.parametrize("text", ["２", " 2 ", "2.0", "２．０"])
def test_full_width_digits_and_blanks_are_read(actor, text):
    result = evaluated(load(actor, row(quantity=text)), today=TODAY)
    assert result.error_count == 0
    assert result.data.lines[0].quantity == 2


@pytest.mark.parametrize(
    "text",
    [
        "2027-08-11",
        "2027/8/11",
        "2027.8.11",
        "2027年8月11日",
        "２０２７－０８－１１",
        "20270811",
        46610,
        "2027-08-11 00:00:00",
    ],
)
def test_dates_are_read_in_every_usual_way(actor, text):
    result = evaluated(load(actor, row(date=text)), today=TODAY)
    assert result.error_count == 0
    assert result.data.lines[0].requested_date == FAR


def test_a_formula_gives_its_value_and_an_error_cell_is_said(actor):
    item = load(actor, row(quantity="=1+1"))
    assert evaluated(item, today=TODAY).rows[0].texts["quantity"] in {"0", "=1+1", "2"}


def test_merged_cells_are_said_with_their_range_and_the_value_is_offered(actor):
    import xlsxwriter

    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ordering.HEADER)
        for at in (1, 2):
            sheet.write_row(at, 0, (at * 10, "HC-VI30", "B", "", 2, "台", 710_000))
        sheet.merge_range(1, 7, 2, 7, "2027-08-11")
    item = upload(actor=actor, content=buffer.getvalue(), name="po.xlsx", today=TODAY)
    result = evaluated(item, today=TODAY)
    finding = next(one for one in result.rows[1].findings if one.reason.code == "order.import.merged")
    assert "H2:H3" in finding.reason.worded()
    assert finding.fixes[0].value == "2027-08-11"
    assert result.rows[0].is_good


def test_model_and_revision_in_one_cell_are_taken_apart(actor):
    result = evaluated(load(actor, row(model="HC-VI30 B", revision=None)), today=TODAY)
    assert result.error_count == 0
    assert (result.data.lines[0].model, result.data.lines[0].revision) == ("HC-VI30", "B")


def test_what_stands_above_and_below_the_table_is_read(actor):
    item = load(actor, GOOD_ROW, po="LK-1", total=1_420_001)
    result = evaluated(item, today=TODAY)
    assert item.customer.code == "C001"
    assert result.data.customer_po_number == "LK-1"
    assert len(result.rows) == 1
    assert {one.reason.code for one in result.findings} == {"order.total_differs"}


def test_an_unknown_customer_is_asked_for(actor):
    item = load(actor, buyer="无名氏有限公司")
    assert item.customer is None
    assert [one.reason.code for one in evaluated(item, today=TODAY).header_errors] == ["order.customer_unknown"]
    item = set_header(actor=actor, import_id=item.pk, values={"customer": str(ordering.customer().pk)}, today=TODAY)
    assert evaluated(item, today=TODAY).header_errors == []


# — settling and taking over —


def test_a_fixed_cell_keeps_what_the_file_said(actor):
    item = load(actor, row(revision="A"))
    item = set_cell(actor=actor, import_id=item.pk, index=0, field="revision", value="B", today=TODAY)
    result = evaluated(item, today=TODAY)
    assert (result.rows[0].texts["revision"], result.rows[0].was) == ("B", {"revision": "A"})
    assert item.problem_count == 0


def test_a_remembered_fix_is_applied_to_the_customers_next_file(actor):
    item = load(actor, row(revision="A", unit="set"))
    for field, value in (("revision", "B"), ("unit", "台")):
        set_cell(actor=actor, import_id=item.pk, index=0, field=field, value=value, today=TODAY, remember=True)
    result = evaluated(load(actor, row(revision="A", unit="SET"), po="PO-2"), today=TODAY)
    assert result.error_count == 0
    assert result.rows[0].was == {"revision": "A", "unit": "SET"}


def test_columns_are_remembered_for_the_customer(actor):
    header = ("序", "编号", "版", "东西", "多少", "单位", "单价", "交期")
    header = (*header[:4], "数量", *header[5:])
    content = workbook([GOOD_ROW], header=header)
    item = upload(actor=actor, content=content, name="po.xlsx", today=TODAY)
    assert "model" not in item.mapping.values()
    mapping = {**item.mapping, "1": "model", "2": "revision", "3": "description"}
    item = set_mapping(actor=actor, import_id=item.pk, mapping=mapping, today=TODAY)
    take_over(actor=actor, import_id=item.pk, today=TODAY)
    assert ImportMapping.objects.get().columns["编号"] == "model"
    again = upload(actor=actor, content=workbook([GOOD_ROW], header=header, po="PO-9"), name="po.xlsx", today=TODAY)
    assert again.mapping["1"] == "model"


def test_two_columns_can_not_mean_the_same(actor):
    item = load(actor)
    with pytest.raises(Refusal):
        set_mapping(actor=actor, import_id=item.pk, mapping={"1": "model", "2": "model"}, today=TODAY)


def test_one_error_refuses_all_rows_unless_the_good_ones_are_wanted(actor):
    item = load(actor, GOOD_ROW, row(unit="个"))
    with pytest.raises(Refusal) as refused:
        take_over(actor=actor, import_id=item.pk, today=TODAY)
    assert refused.value.codes == {"order.line.unit_wrong"}
    assert not Order.objects.exists()
    order = take_over(actor=actor, import_id=item.pk, today=TODAY, only_good=True)
    assert isinstance(order, Order)
    assert order.line_count == 1
    assert Attachment.objects.get(target_id=order.pk).name == "po.xlsx"


def test_a_row_left_out_no_longer_stands_in_the_way(actor):
    item = load(actor, GOOD_ROW, row(unit="个"))
    item = leave_out(actor=actor, import_id=item.pk, index=1, skip=True, today=TODAY)
    assert item.problem_count == 0
    order = take_over(actor=actor, import_id=item.pk, today=TODAY)
    assert isinstance(order, Order)
    assert order.line_count == 1


def test_a_file_is_taken_over_once(actor):
    item = load(actor)
    take_over(actor=actor, import_id=item.pk, today=TODAY)
    with pytest.raises(Refusal) as again:
        take_over(actor=actor, import_id=item.pk, today=TODAY)
    assert again.value.codes == {"order.import.closed"}
    assert Order.objects.count() == 1


def test_two_people_on_one_file_get_a_conflict(actor, person):
    item = load(actor)
    set_cell(actor=actor, import_id=item.pk, index=0, field="quantity", value="3", today=TODAY, expected_version=1)
    with pytest.raises(Conflict):
        set_cell(
            actor=person("order_manager"),
            import_id=item.pk,
            index=0,
            field="quantity",
            value="4",
            today=TODAY,
            expected_version=1,
        )


def test_a_file_given_up_leaves_nothing(actor):
    item = load(actor)
    drop_import(actor=actor, import_id=item.pk)
    assert not OrderImport.objects.exists()
    assert not Order.objects.exists()


def test_the_error_list_holds_the_rows_as_they_came(actor):
    item = load(actor, GOOD_ROW, row(line=20, unit="个"))
    header, rows = error_rows(item, evaluated(item, today=TODAY))
    assert len(header) == len(rows[0])
    assert rows[0][0] == 6
    assert rows[0][6] == "个"
    assert len(rows) == 1


def test_a_large_file_is_taken_over_by_a_job_with_progress(actor, monkeypatch):
    from punctual.domain.orders.services import imports
    from punctual.platform.jobs.services import run_job

    monkeypatch.setattr(imports, "LARGE", 3)
    item = load(actor, *(row(line=number) for number in range(5)))
    job = take_over(actor=actor, import_id=item.pk, today=TODAY)
    assert isinstance(job, Job)
    run_job(str(job.pk))
    job.refresh_from_db()
    item.refresh_from_db()
    assert (job.state, job.percent, item.state) == ("done", 100, ImportState.DONE)
    assert item.order.line_count == 5
    run_job(str(job.pk))
    assert Order.objects.count() == 1


def test_the_progress_of_a_large_file_moves_with_its_rows(actor):
    from punctual.domain.orders.services.imports import take_over_job

    class Heard:
        steps: ClassVar[list[tuple[int, int]]] = []

        def tell(self, done, total):
            self.steps.append((done, total))

    item = load(actor, *(row(line=number) for number in range(30)))
    take_over_job(Heard(), import_id=item.pk, actor_id=actor.pk, only_good=False, today=TODAY.isoformat())
    assert [done for done, _total in Heard.steps] == [*range(1, 31), 41]
    assert {total for _done, total in Heard.steps} == {41}


def test_a_script_takes_one_order_for_each_customer_and_po_of_a_file(actor):
    ordering.customer("C002", "苏州恒拓电子股份有限公司")
    header = ("客户", "采购单号", *ordering.HEADER)
    rows = [
        ("C001", "A-1", *GOOD_ROW),
        ("C001", "A-1", *GOOD_ROW),
        ("C002", "B-1", *GOOD_ROW),
        ("C009", "C-1", *GOOD_ROW),
    ]
    content = workbook(rows, header=header)
    tried = import_file(actor=actor, content=content, name="po.xlsx", today=TODAY, dry_run=True)
    assert (tried.created, tried.refused, Order.objects.count()) == (3, 1, 0)
    refused = import_file(actor=actor, content=content, name="po.xlsx", today=TODAY, all_or_nothing=True)
    assert (refused.created, refused.refused, Order.objects.count()) == (0, 4, 0)
    taken = import_file(actor=actor, content=content, name="po.xlsx", today=TODAY)
    assert (taken.created, taken.refused, len(taken.orders)) == (3, 1, 2)
    assert [reason.code for _row, reason in taken.problems] == ["order.customer_unknown"]


# — days —


@pytest.mark.parametrize("text", ["", "bald", "2027-13-01", "1899-01-01", "2200-01-01", True, 3.5e300, "03/04/2027"])
def test_what_is_no_day_is_refused(text):
    with pytest.raises(NotADay):
        parse_day(text)


def test_a_day_without_year_offers_the_next_one():
    with pytest.raises(NoYear) as missing:
        parse_day("3月19日")
    assert coming(missing.value.month, missing.value.day, TODAY) == dt.date(2027, 3, 19)
