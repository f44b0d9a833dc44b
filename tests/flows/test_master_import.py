"""Import and export of master data."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable, Sequence
from decimal import Decimal

import pytest
import xlsxwriter

from punctual.domain.catalog.models import Product, ProductFamily
from punctual.domain.catalog.selectors import products_with_details
from punctual.domain.parties.models import Contact, Customer, Supplier
from punctual.domain.parties.selectors import customers_with_contacts
from punctual.domain.resources.models import Resource
from punctual.domain.resources.selectors import resources_with_details
from punctual.flows.demo import build_master_data
from punctual.flows.master_import import SUBJECTS
from punctual.flows.master_import.columns import Outcome, exported
from punctual.flows.master_import.reading import guess, read_rows, read_table, reasons_against_mapping
from punctual.flows.master_import.running import ImportResult, run
from punctual.kernel.refusal import Forbidden, Refusal
from punctual.platform.accounts.models import User
from punctual.platform.sheets.writer import write_csv, write_xlsx

Person = Callable[[str], User]
TODAY = dt.date(2026, 11, 23)


def imported(
    actor: User,
    name: str,
    header: Sequence[str],
    rows: Sequence[Sequence[object]],
    *,
    write: bool = True,
    only_good: bool = False,
) -> ImportResult:
    subject = SUBJECTS[name]
    table = read_table(subject, actor, write_xlsx(name, header, rows), "f.xlsx")
    mapping = guess(subject, actor, table.header)
    assert not reasons_against_mapping(subject, mapping)
    read = read_rows(subject, table, mapping)
    return run(subject, actor=actor, rows=read, today=TODAY, write=write, only_good=only_good)


def codes(result: ImportResult) -> list[set[str]]:
    return [{reason.code for reason in row.reasons} for row in result.rows]


def test_who_may_not_change_customers_may_not_import_them(person: Person) -> None:
    with pytest.raises(Forbidden):
        imported(person("planner"), "customers", ["编号", "名称"], [["C1", "甲"]])
    assert not Customer.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(SUBJECTS))
def test_chinese_and_english_headers_are_both_guessed(person: Person, name: str) -> None:
    from django.utils import translation

    subject, admin = SUBJECTS[name], person("administrator")
    fields = [column.field for column in subject.columns]
    english = [column.label for column in subject.columns]
    with translation.override("zh-hans"):
        chinese = [translation.gettext(column.label) for column in subject.columns]
    assert chinese != english
    for header in (english, chinese, fields):
        assert list(guess(subject, admin, header).values()) == fields


def test_every_wrong_row_is_told_and_nothing_is_written(person: Person) -> None:
    result = imported(
        person("sales"),
        "customers",
        ["客户编号", "客户名称", "等级", "币种", "联系人", "邮箱"],
        [
            ["C1", "甲公司", "A", "CNY", "张三", "z@example.com"],
            ["C2", "", "D", "CNY", "", ""],
            ["C3", "丙公司", "B", "BTC", "李四", "not mail"],
            [None, "丁公司", "B", "", "", ""],
            ["C1", "甲公司", "A", "", "张三", ""],
        ],
    )
    assert not result.written
    assert codes(result) == [
        set(),
        {"customer.name.missing", "customer.grade.unknown"},
        {"customer.currency.unknown"},
        {"import.code.missing"},
        {"import.twice"},
    ]
    assert [row.row.number for row in result.rows] == [2, 3, 4, 5, 6]
    assert not Customer.objects.exists()


def test_a_contacts_mistake_is_told_at_the_contacts_column(person: Person) -> None:
    result = imported(
        person("sales"), "customers", ["编号", "名称", "联系人", "邮箱"], [["C1", "甲", "张三", "not mail"]]
    )
    assert [reason.field for reason in result.rows[0].reasons] == ["contact_email"]
    assert not Customer.objects.exists()


def test_the_good_rows_alone_are_written_when_wished(person: Person) -> None:
    rows = [["C1", "甲公司"], ["", "乙公司"], ["C3", "丙公司"]]
    result = imported(person("sales"), "customers", ["编号", "名称"], rows, only_good=True)
    assert (result.written, result.good, result.refused) == (True, 2, 1)
    assert list(Customer.objects.values_list("code", flat=True)) == ["C1", "C3"]


def test_a_preview_writes_nothing_and_says_what_would_be(person: Person) -> None:
    sales = person("sales")
    imported(sales, "customers", ["编号", "名称"], [["C1", "甲公司"]])
    result = imported(
        sales,
        "customers",
        ["编号", "名称", "等级"],
        [["C1", "甲公司", "A"], ["C2", "乙公司", ""], ["c1", "", ""]],
        write=False,
    )
    assert [row.outcome for row in result.rows] == [Outcome.CHANGED, Outcome.CREATED, Outcome.REFUSED]
    assert Customer.objects.get().grade == "B"


def test_rows_of_one_code_bring_several_contacts(person: Person) -> None:
    imported(
        person("sales"),
        "customers",
        ["编号", "名称", "联系人", "电话", "首要联系人"],
        [["C1", "甲公司", "张三", 13800000000, "是"], ["C1", "", "李四", "139", "否"]],
    )
    assert sorted(Contact.objects.values_list("name", "phone", "is_primary")) == [
        ("张三", "13800000000", True),
        ("李四", "139", False),
    ]


def test_an_empty_cell_leaves_what_is_there(person: Person) -> None:
    buyer = person("supply_chain")
    imported(buyer, "suppliers", ["编号", "名称", "交期"], [["S1", "泵科", 60]])
    result = imported(buyer, "suppliers", ["编号", "名称", "交期"], [["S1", None, None]])
    assert result.rows[0].outcome is Outcome.UNCHANGED
    assert Supplier.objects.get().lead_time_days == 60


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("三百", "import.minimum_order_quantity.form"),
        ("NaN", "import.minimum_order_quantity.form"),
        ("1e308", "import.minimum_order_quantity.form"),
        (1e300, "import.minimum_order_quantity.form"),
        (-5, "product.minimum_order_quantity.range"),
    ],
)
def test_impossible_numbers_are_told_at_the_cell(person: Person, cell: object, code: str) -> None:
    ProductFamily.objects.create(code="LI", name="锂电装备")
    header = ["型号", "名称", "产品族", "单位", "最小起订量"]
    result = imported(person("planner"), "products", header, [["M1", "机", "锂电装备", "台", cell]])
    assert code in codes(result)[0]
    assert result.rows[0].reasons[0].field == "minimum_order_quantity"
    assert not Product.objects.exists()


def test_full_width_digits_and_thousands_separators_are_read(person: Person) -> None:
    ProductFamily.objects.create(code="LI", name="锂电装备")
    header = ["型号", "名称", "产品族", "单位", "最小起订量", "版本", "发布日", "目录价"]
    result = imported(
        person("order_manager"),
        "products",
        header,
        [["M1", "机", "LI", "台", "１２", "A", "2026年3月1日", "1,234.50"]],
    )
    assert result.written, codes(result)
    found = Product.objects.get()
    assert found.minimum_order_quantity == 12
    assert found.revisions.get().released_on == dt.date(2026, 3, 1)
    assert (found.prices.get().amount, found.prices.get().valid_from) == (Decimal("1234.5"), TODAY)


def test_unknown_names_are_told_at_their_column(person: Person) -> None:
    header = ["编号", "名称", "类别", "工作日历", "技能"]
    result = imported(
        person("planner"), "resources", header, [["P1", "甲", "人员", "没有", ""], ["P2", "乙", "精灵", "", ""]]
    )
    assert [[reason.field for reason in row.reasons] for row in result.rows] == [["calendar"], ["kind"]]
    assert not Resource.objects.exists()


def test_merged_cells_are_told(person: Person) -> None:
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["编号", "名称"])
    sheet.write_row(1, 0, ["C1", "甲"])
    sheet.merge_range(2, 0, 3, 0, "C2")
    book.close()
    subject, sales = SUBJECTS["customers"], person("sales")
    table = read_table(subject, sales, buffer.getvalue(), "f.xlsx")
    rows = read_rows(subject, table, guess(subject, sales, table.header))
    assert [bool(row.reasons) for row in rows] == [False, True]


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (b"", "f.xlsx", "sheet.empty_file"),
        (b"not a book", "f.xlsx", "sheet.unreadable"),
        (b"a;b\n1;2\n", "f.csv", "sheet.no_header"),
        (write_csv(["编号", "名称"], []), "f.csv", "import.no_rows"),
        (write_csv(["编号", "名称"], [["C", "n"]] * 2001), "f.csv", "import.too_many_rows"),
        (b"x", "f.pdf", "sheet.pdf_unreadable"),
    ],
)
def test_a_file_that_is_no_table_gets_one_sentence(person: Person, content: bytes, name: str, code: str) -> None:
    with pytest.raises(Refusal) as refusal:
        read_table(SUBJECTS["customers"], person("sales"), content, name)
    assert refusal.value.codes == {code}


def test_what_is_exported_is_read_back_unchanged(person: Person, db: None) -> None:
    build_master_data(TODAY)
    admin = User.objects.get(username="admin")
    for name, rows in (
        ("customers", customers_with_contacts(admin)),
        ("products", products_with_details(admin)),
        ("resources", resources_with_details(admin)),
    ):
        columns, lines = exported(SUBJECTS[name], admin, rows)
        result = imported(admin, name, [column.label for column in columns], list(lines))
        assert not result.refused, codes(result)
        assert result.count(Outcome.UNCHANGED) == len(result.rows)


def test_who_may_not_see_prices_and_costs_gets_no_such_column(person: Person) -> None:
    worker, sales = person("worker"), person("sales")
    assert "list_price" not in [column.field for column in SUBJECTS["products"].columns_for(worker)]
    assert "list_price" in [column.field for column in SUBJECTS["products"].columns_for(sales)]
    assert "hourly_cost" not in [column.field for column in SUBJECTS["resources"].columns_for(sales)]


def test_days_of_a_calendar_come_from_a_sheet(person: Person, db: None) -> None:
    build_master_data(TODAY)
    planner = User.objects.get(username="planner")
    result = imported(
        planner,
        "calendar-days",
        ["日历", "日期", "工作日", "班次", "名称"],
        [
            ["CO5", dt.date(2027, 2, 13), "是", "", "调休"],
            ["", "2027-02-14", "是", "08:00-12:00", "调休"],
            ["CO5", "2027-02-15", "否", "", "春节"],
            ["CO5", "2/16", "否", "", ""],
            ["CO5", "2027-02-17", "也许", "", ""],
        ],
        only_good=True,
    )
    assert [row.outcome.value for row in result.rows] == ["created", "created", "created", "refused", "refused"]
    assert codes(result)[3:] == [{"import.date.form"}, {"import.is_working.form"}]
