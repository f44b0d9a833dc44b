"""The main journey as people walk it: the customer's workbook → put right → review → confirmation → plan → baseline."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from browser.conftest import PHONE, WIDE, Open, Visit

WORKBOOK = next((Path(__file__).resolve().parents[2] / "demo").glob("LK-PO-*.xlsx"))
FACES = [
    ("zh", WIDE, "light", "LK-J1"),
    ("en", WIDE, "dark", "LK-J2"),
    ("zh", PHONE, "dark", "LK-J3"),
    ("en", PHONE, "light", "LK-J4"),
]
SIGNING = {
    "order_manager": "order.manager",
    "sales": "sales",
    "supply_chain": "supply.chain",
    "planner": "planner",
    "quality": "quality",
    "finance": "finance",
    "manager": "manager",
}


@pytest.mark.parametrize(("language", "size", "theme", "po"), FACES)
def test_from_the_customers_workbook_to_the_plan_with_its_baseline(
    visit: Open, language: str, size: tuple[int, int], theme: str, po: str
) -> None:
    one = visit(user="sales", language=language, size=size, theme=theme)
    _upload(one, po)
    _put_right(one.page)
    one.check_page()
    address = _take_over(one.page)
    one.check_page()
    _waive(one.page)
    _second_eyes(one, address.removeprefix(one.server))
    _press_action(one.page, "submit")
    expect(one.page.locator("h1")).to_contain_text(re.compile(r"SO-\d{4}-\d{5}"))
    address = one.page.url.removeprefix(one.server)
    one.check_page()
    _sign_everywhere(one, address)
    one.sign_in("order.manager", then=address)
    _press_action(one.page, "confirm")
    expect(one.page.locator("#plan svg").first).to_be_visible()
    expect(one.page.locator("#review .st.ok")).to_be_visible()
    one.check_page()
    _look_at_the_plan(one, phone=size == PHONE)


def _upload(one: Visit, po: str) -> None:
    page = one.open("/imports/")
    one.check_page()
    page.set_input_files("input[type=file]", WORKBOOK)
    page.wait_for_url(re.compile(r"/imports/\d+/"))
    page.wait_for_load_state("networkidle")
    one.check_page()
    expect(page.locator("td.er")).to_have_count(5)
    page.fill("input[name=customer_po_number]", po)
    with page.expect_response(lambda answer: "/header/" in answer.url):
        page.locator("form[action$='/header/'] button").locator("visible=true").first.click()


def _put_right(page: Page) -> None:
    """Take the offered fix at each cell with an error; the date without a year is typed."""
    for _ in range(8):
        page.wait_for_load_state("networkidle")
        if page.locator("td.er").count() == 0:
            break
        problem = page.locator("#problem")
        offered = problem.locator("input[type=radio][value^='fix:']")
        if offered.count():
            offered.first.check()
        else:
            problem.locator("input[name=value]").fill("2027-08-11")
            problem.locator("input[type=radio][value=value]").check()
        before = page.locator("#imp").get_attribute("data-version")
        with page.expect_response(lambda answer: "/cell/" in answer.url):
            problem.locator("button.pri").click()
        expect(page.locator("#imp")).not_to_have_attribute("data-version", before or "")
    expect(page.locator("td.er")).to_have_count(0)


def _take_over(page: Page) -> str:
    page.locator(".commit button.pri").click()
    page.wait_for_url(re.compile(r"/orders/"))
    page.wait_for_load_state("networkidle")
    return page.url


def _waive(page: Page) -> None:
    """Every open warning, by name and with a reason."""
    while page.locator("[data-waive]").count():
        left = page.locator("[data-waive]").count()
        page.locator("[data-waive]").first.click()
        page.fill("#waive-reason", "张工电话确认 / agreed by phone")
        with page.expect_navigation():
            page.locator("#waive-dialog button.pri").click()
        expect(page.locator("[data-waive]")).to_have_count(left - 1)
        page.wait_for_load_state("networkidle")


def _second_eyes(one: Visit, address: str) -> None:
    """What is unusual for this customer is looked at by somebody else than who took the file over."""
    page = one.page
    if not page.locator("a[href$='/po/']").locator("visible=true").count():
        return
    one.sign_in("order.manager", then=f"{address.rstrip('/')}/po/")
    one.check_page()
    if page.locator("input[form=seen-form]").count():
        for box in page.locator("input[form=seen-form]").all():
            box.check()
        with page.expect_navigation():
            page.locator("form[action$='/po/seen/'] button").click()
    one.sign_in("sales", then=address)


def _press_action(page: Page, verb: str) -> None:
    page.once("dialog", lambda dialog: dialog.accept())
    with page.expect_navigation():
        page.locator(f"form[action$='/do/{verb}/'] button").locator("visible=true").first.click()
    page.wait_for_load_state("networkidle")


def _sign_everywhere(one: Visit, address: str) -> None:
    """Each asked role signs in and signs; the order can't be confirmed before the last has."""
    for name in SIGNING.values():
        page = one.sign_in(name, then=address)
        form = page.locator("#sign button[value=sign]")
        while form.count():
            with page.expect_navigation():
                form.first.click()
            page.wait_for_load_state("networkidle")


def _look_at_the_plan(one: Visit, *, phone: bool) -> None:
    number = one.page.url.rstrip("/").rsplit("/", 1)[-1]
    page = one.open(f"/plans/{number}/")
    one.check_page()
    if not phone:
        expect(page.locator("#gantt [data-part=rows] [role=row]").first).to_be_visible()
        expect(page.locator("#gantt [data-part=chart] rect").first).to_be_attached()
    page = one.open(f"/plans/{number}/baselines/")
    expect(page.locator("table").first).to_be_visible()
    one.check_page()
