"""Pages of customers, suppliers, products, resources and calendars."""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from punctual.domain.calendars.models import WorkingCalendar
from punctual.domain.catalog.models import Product
from punctual.domain.parties.models import Contact, Customer, Supplier
from punctual.domain.resources.models import Resource
from punctual.flows.demo import build_master_data
from punctual.platform.sheets.reader import read_sheets
from punctual.platform.sheets.writer import write_csv

Enter = Callable[[str], Client]
TODAY = dt.date(2026, 11, 23)
LISTS = ("customers", "suppliers", "products", "resources")
HIDDEN_FROM_WORKERS = {"customers", "suppliers"}
ROLES = (
    "administrator",
    "order_manager",
    "sales",
    "supply_chain",
    "planner",
    "quality",
    "finance",
    "worker",
    "manager",
)


@pytest.fixture
def demo(db: None) -> None:
    build_master_data(TODAY)


def words(response: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize("role", ROLES)
def test_every_role_opens_exactly_the_pages_it_may(signed_in: Enter, role: str) -> None:
    client = signed_in(role)
    for noun in LISTS:
        hidden = role == "worker" and noun in HIDDEN_FROM_WORKERS
        assert client.get(f"/{noun}/").status_code == (403 if hidden else 200), noun
        pk = {"customers": Customer, "suppliers": Supplier, "products": Product, "resources": Resource}[
            noun
        ].objects.first()
        assert pk is not None
        assert client.get(f"/{noun}/{pk.pk}/").status_code == (404 if hidden else 200), noun
    assert client.get("/calendars/").status_code == 200
    writers = {
        "customers": {"order_manager", "sales"},
        "suppliers": {"supply_chain"},
        "products": {"order_manager", "planner"},
        "resources": {"order_manager", "planner", "supply_chain"},
        "calendars": {"order_manager", "planner"},
    }
    for noun, roles in writers.items():
        expected = 200 if role in roles | {"administrator"} else 403
        assert client.get(f"/{noun}/new/").status_code == expected, noun
        assert client.get(f"/{noun}/import/").status_code == expected, noun


@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_lists_and_details_speak_the_readers_language(signed_in: Enter, language: str) -> None:
    client = signed_in("order_manager")
    client.cookies["django_language"] = language
    heads = {"zh-hans": ("客户", "产品", "历史", "工作日历"), "en": ("Customers", "Products", "History", "Calendars")}[
        language
    ]
    customer = Customer.objects.get(code="C001")
    assert f"<h1>{heads[0]}</h1>" in client.get("/customers/").content.decode()
    assert f"<h1>{heads[1]}</h1>" in client.get("/products/").content.decode()
    assert heads[2] in words(client.get(f"/customers/{customer.pk}/"))
    assert f"<h1>{heads[3]}</h1>" in client.get("/calendars/").content.decode()


@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize("noun", LISTS)
def test_a_list_needs_few_queries(signed_in: Enter, noun: str, django_assert_max_num_queries: Any) -> None:
    client = signed_in("manager")
    client.get(f"/{noun}/")
    with django_assert_max_num_queries(18):
        client.get(f"/{noun}/")


@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize("noun", LISTS)
def test_an_export_needs_few_queries_and_names_its_columns(
    signed_in: Enter, noun: str, django_assert_max_num_queries: Any
) -> None:
    client = signed_in("manager")
    with django_assert_max_num_queries(16):
        response = client.get(f"/{noun}/?export=xlsx")
    rows = read_sheets(response.content, "x.xlsx")[0].rows
    assert len(rows) > 10
    assert rows[0][0] in {"编号", "型号"}


@pytest.mark.usefixtures("demo")
def test_hidden_figures_are_on_no_page_and_in_no_file(signed_in: Enter) -> None:
    client = signed_in("worker")
    product = Product.objects.get(model="HC-FS200")
    resource = Resource.objects.get(code="P01")
    for address in ("/products/", f"/products/{product.pk}/", "/resources/", f"/resources/{resource.pk}/"):
        page = client.get(address).content.decode()
        assert "¥" not in page, address
        assert "目录价" not in page, address
    for noun, word in (("products", "目录价"), ("resources", "每小时成本")):
        header = read_sheets(client.get(f"/{noun}/?export=csv").content, "x.csv")[0].rows[0]
        assert word not in header
    by_cost = client.get("/resources/?sort=-hourly_cost").content
    assert by_cost.count(b"data-href") == client.get("/resources/").content.count(b"data-href")


@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("/customers/?q=nhlk", "宁海锂科"),
        ("/customers/?q=张海涛", "宁海锂科"),
        ("/customers/?grade=A", "宁海锂科"),
        ("/products/?q=FS200", "HC-FS200"),
        ("/products/?family=LI", "HC-FS200"),
        ("/suppliers/?q=泵科", "常州泵科"),
        ("/resources/?kind=equipment", "立式加工中心"),
        ("/resources/?skill=VAC", "赵磊"),
    ],
)
def test_lists_are_searched_and_filtered(signed_in: Enter, address: str, found: str) -> None:
    page = signed_in("order_manager").get(address).content.decode()
    assert found in page
    assert page.count("<tr data-href") < 30


@pytest.mark.usefixtures("demo")
def test_a_customer_is_made_changed_archived_and_found_under_archived(signed_in: Enter) -> None:
    client = signed_in("sales")
    body = {"code": "C900", "name": "新客户有限公司", "grade": "C", "currency": "CNY"}
    assert client.post("/customers/new/", body).status_code == 302
    found = Customer.objects.get(code="C900")
    address = f"/customers/{found.pk}/"
    response = client.post(f"{address}edit/", {**body, "grade": "A", "version": 1})
    assert response.headers["Location"] == address
    assert "C → A" in words(client.get(address)).replace("&gt;", ">")
    assert client.post(f"{address}archive/", {"version": 2}).status_code == 302
    assert "C900" not in client.get("/customers/").content.decode()
    assert "C900" in client.get("/customers/?state=archived").content.decode()
    assert client.post(f"{address}archive/", {"version": 3, "restore": "1"}).status_code == 302
    assert "C900" in client.get("/customers/").content.decode()


@pytest.mark.usefixtures("demo")
def test_every_mistake_of_a_form_stands_at_its_field_and_nothing_is_kept(signed_in: Enter) -> None:
    client = signed_in("order_manager")
    family = Product.objects.all()[0].family_id
    body = {
        "model": "A B",
        "name": "机",
        "family": family,
        "unit": "台",
        "minimum_order_quantity": "50",
        "order_multiple": "一",
        "lead_time_days": "0",
        "warranty_months": "12",
    }
    response = client.post("/products/new/", body)
    assert response.status_code == 422
    assert "这不是数字" in response.content.decode()
    response = client.post("/products/new/", {**body, "order_multiple": "２0"})
    assert response.status_code == 422
    assert "不能有空格" in response.content.decode()
    assert Product.objects.count() == 60


@pytest.mark.usefixtures("demo")
def test_the_second_editor_sees_the_difference_and_can_keep_the_own(signed_in: Enter) -> None:
    client = signed_in("sales")
    found = Customer.objects.get(code="C001")
    address = f"/customers/{found.pk}/edit/"
    body = {"code": "C001", "name": found.name, "grade": "B", "currency": "CNY"}
    assert client.post(address, {**body, "version": 1}).status_code == 302
    response = client.post(address, {**body, "grade": "C", "version": 1})
    page = response.content.decode()
    assert response.status_code == 409
    assert "保留我的" in page
    assert 'name="version" value="2"' in page
    found.refresh_from_db()
    assert found.grade == "B"
    assert client.post(address, {**body, "grade": "C", "version": 2}).status_code == 302


@pytest.mark.usefixtures("demo")
def test_contacts_are_kept_on_the_customers_page(signed_in: Enter) -> None:
    client = signed_in("sales")
    found = Customer.objects.get(code="C030")
    address = f"/customers/{found.pk}/"
    assert client.post(f"{address}contacts/new/", {"name": "Lee", "is_primary": "on"}).status_code == 302
    contact = Contact.objects.get(name="Lee")
    assert client.get(reverse("contact", args=[contact.pk])).headers["Location"] == address
    assert client.post(f"/contacts/{contact.pk}/edit/", {"name": "Lee K", "version": 1}).status_code == 302
    assert client.post(f"/contacts/{contact.pk}/archive/", {"version": 2}).status_code == 302
    assert "Lee K" in client.get(address).content.decode()


@pytest.mark.usefixtures("demo")
def test_revisions_and_prices_are_kept_on_the_products_page(signed_in: Enter) -> None:
    client = signed_in("order_manager")
    product = Product.objects.get(model="HC-SP21")
    address = f"/products/{product.pk}/"
    assert client.post(f"{address}revisions/new/", {"code": "B", "version": 1}).status_code == 302
    a, b = product.revisions.order_by("code")
    retire = {"retired_on": "2026-11-01", "successor": b.pk, "version": 2}
    assert client.post(f"{address}revisions/{a.pk}/retire/", retire).status_code == 302
    assert client.post(f"{address}revisions/{a.pk}/back/", {"version": 3}).status_code == 302
    price = {"currency": "EUR", "amount": "1,234.5", "valid_from": "2026-11-01", "version": 4}
    assert client.post(f"{address}prices/new/", price).status_code == 302
    assert "€1,234.50" in client.get(address).content.decode()
    assert client.post(f"{address}prices/remove/", {**price, "version": 5}).status_code == 302
    assert "€1,234.50" not in client.get(address).content.decode().split("feedc")[0]


@pytest.mark.usefixtures("demo")
def test_families_and_skills_are_short_lists_of_their_own(signed_in: Enter) -> None:
    client = signed_in("planner")
    for address in ("/products/families/", "/resources/skills/"):
        assert client.post(address, {"code": "NEW", "name": "新的"}).status_code == 302
        assert "新的" in client.get(address).content.decode()
        assert client.post(address, {"code": "NEW", "name": "又一个"}).status_code == 422
    assert signed_in("worker").post("/resources/skills/", {"code": "X", "name": "x"}).status_code == 403


@pytest.mark.usefixtures("demo")
def test_the_calendar_tells_holidays_make_up_days_and_what_is_not_published(
    signed_in: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("django.utils.timezone.localdate", lambda *_: TODAY)
    client = signed_in("planner")
    page = client.get("/calendars/?year=2026").content.decode()
    assert "2027 年的调休还没公布" in page
    assert 'class="mk2"' in page
    assert "国庆" in page
    assert 'class="gue"' in client.get("/calendars/?year=2027").content.decode()
    for odd in ("?year=abc", "?year=99999", "?year=-1", "?day=2026-13-45", "?day=x", "?year=٣"):
        assert client.get(f"/calendars/{odd}").status_code == 200, odd


@pytest.mark.usefixtures("demo")
def test_a_day_is_changed_and_follows_the_pattern_again(signed_in: Enter) -> None:
    client = signed_in("planner")
    found = WorkingCalendar.objects.get(code="CO5")
    address = f"/calendars/{found.pk}/day/"
    body = {"date": "2026-12-05", "is_working": "1", "shifts": "08:00-12:00", "name": "赶工", "version": found.version}
    assert client.post(address, body).status_code == 302
    assert found.exceptions.get(date="2026-12-05").shifts == [["08:00", "12:00"]]
    assert client.post(address, body).status_code == 409
    again = {**body, "version": found.version + 1, "normal": "1"}
    assert client.post(address, again).status_code == 302
    assert not found.exceptions.filter(date="2026-12-05").exists()
    assert client.post(address, {**body, "version": found.version + 2, "shifts": "8 bis 12"}).status_code == 422
    assert client.post(address, {**body, "date": "x"}).status_code == 302
    assert client.post(address, {"date": "x", "normal": "1"}).status_code == 400


@pytest.mark.usefixtures("demo")
def test_a_calendar_is_made_becomes_the_companys_and_loads_holidays(signed_in: Enter) -> None:
    client = signed_in("planner")
    body = {"code": "NIGHT", "name": "夜班", "region": "CN", "day1": "22:00-06:00"}
    assert client.post("/calendars/new/", body).status_code == 302
    found = WorkingCalendar.objects.get(code="NIGHT")
    assert found.weekly == {"1": [["22:00", "06:00"]]}
    assert client.post(f"/calendars/{found.pk}/default/", {"version": 1}).status_code == 302
    assert client.post(f"/calendars/{found.pk}/holidays/", {"version": 2, "year": 2026}).status_code == 302
    assert client.post(f"/calendars/{found.pk}/archive/", {"version": 3}).status_code == 422
    assert client.get("/calendars/export/").status_code == 200
    refused = client.post(f"/calendars/{found.pk}/edit/", {**body, "day1": "zwölf", "version": 3})
    assert refused.status_code == 422
    assert "不是班次" in refused.content.decode()


# — import —


def upload(client: Client, noun: str, content: bytes, name: str = "f.csv") -> Any:
    return client.post(f"/{noun}/import/", {"file": SimpleUploadedFile(name, content)})


SHEET = write_csv(["编号", "名称", "等级"], [["C901", "甲", "A"], ["C902", "乙", "Q"], ["C903", "丙", "B"]])


@pytest.mark.django_db
def test_an_import_shows_the_errors_commits_the_good_rows_and_gives_the_others_back(signed_in: Enter) -> None:
    client = signed_in("sales")
    address = upload(client, "customers", SHEET).headers["Location"]
    page = client.get(address)
    assert page.status_code == 200
    assert "“等级”不能是“Q”" in page.content.decode()
    assert not Customer.objects.exists()
    refused = client.post(address)
    assert refused.status_code == 422
    assert not Customer.objects.exists()
    errors = read_sheets(client.get(f"{address}?errors=1").content, "e.xlsx")[0].rows
    assert [row[0] for row in errors] == ["编号", "C902"]
    assert "等级" in str(errors[1][-1])
    assert client.post(address, {"only_good": "1"}).headers["Location"] == "/customers/"
    assert Customer.objects.count() == 2
    assert "新增 2" in client.get("/customers/").content.decode()


@pytest.mark.django_db
def test_columns_can_be_matched_otherwise(signed_in: Enter) -> None:
    client = signed_in("sales")
    address = upload(client, "customers", write_csv(["编号", "名称", "谁"], [["C1", "甲", "张三"]])).headers["Location"]
    chosen = f"{address}?c0=code&c1=name&c2=contact_name"
    assert "张三" in client.get(chosen).content.decode()
    assert client.post(chosen).status_code == 302
    assert Contact.objects.get().name == "张三"
    double = client.get(f"{address}?c0=code&c1=code&c2=nonsense")
    assert double.status_code == 200
    assert "两列" in double.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("content", "name"), [(b"", "f.xlsx"), (b"junk", "f.xlsx"), (b"PK\x03\x04junk", "f.xlsx"), (b"a,b\n", "f.csv")]
)
def test_a_file_that_is_no_table_is_refused_in_one_sentence(signed_in: Enter, content: bytes, name: str) -> None:
    response = upload(signed_in("sales"), "customers", content, name)
    assert response.status_code == 422
    assert "ferr" in response.content.decode()


@pytest.mark.django_db
def test_an_upload_opens_only_for_its_owner_and_its_noun(signed_in: Enter) -> None:
    address = upload(signed_in("sales"), "customers", SHEET).headers["Location"]
    token = address.rstrip("/").rpartition("/")[2]
    assert signed_in("order_manager").get(address).status_code == 404
    assert signed_in("administrator").get(f"/suppliers/import/{token}/").status_code == 404
    assert signed_in("administrator").get("/suppliers/import/forged/").status_code == 404
    assert signed_in("planner").get(address).status_code == 403


@pytest.mark.django_db
def test_an_empty_sheet_to_fill_in_has_every_column(signed_in: Enter) -> None:
    content = signed_in("order_manager").get("/products/import/?sample=1").content
    assert "最小起订量" in read_sheets(content, "x.xlsx")[0].rows[0]
    assert io.BytesIO(content).read(2) == b"PK"
