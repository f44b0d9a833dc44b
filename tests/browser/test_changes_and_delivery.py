"""A change order from the order's page to its next revision with the customer's signature; a delivery with its
acceptance signed on the screen. Both languages, wide and on the phone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from browser.conftest import PHONE, WIDE, Open, Visit

FACES = [("zh", WIDE, "light"), ("en", PHONE, "dark")]


def _order_in_progress(one: Visit, index: int) -> str:
    """The address of a running order without a change order under way."""
    one.open("/orders/?state=in_progress&sort=order")
    links = one.page.locator("table.ol a.ono")
    return str(links.nth(index).get_attribute("href"))


def _press(page: Page, verb: str) -> None:
    page.once("dialog", lambda dialog: dialog.accept())
    with page.expect_navigation():
        page.locator(f"form[action$='/do/{verb}/'] button").first.click()
    page.wait_for_load_state("networkidle")


def _draw(page: Page) -> None:
    canvas = page.locator("[data-pad] canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 30, box["y"] + 80)
    page.mouse.down()
    page.mouse.move(box["x"] + 120, box["y"] + 30, steps=4)
    page.mouse.move(box["x"] + 200, box["y"] + 90, steps=4)
    page.mouse.up()
    assert page.locator("[data-pad] input[name=signature]").input_value().startswith("data:image/png;base64,")


def _approve_until_done(one: Visit, title: str) -> None:
    """Whoever is asked says yes, level by level."""
    for name in ("planner", "finance", "manager"):
        one.sign_in(name)
        page = one.open("/approvals/")
        link = page.locator("tbody tr", has_text=title).locator("a").first
        if not link.count():
            continue
        link.click()
        page.wait_for_load_state("networkidle")
        one.check_page()
        with page.expect_navigation():
            page.locator("button[value=approve]").click()


@pytest.mark.parametrize(("language", "size", "theme"), FACES)
def test_a_change_is_analysed_approved_signed_by_the_customer_and_applied(
    visit: Open, language: str, size: tuple[int, int], theme: str
) -> None:
    one = visit(user="order.manager", language=language, size=size, theme=theme)
    order = _order_in_progress(one, 4 if language == "zh" else 5)
    page = one.open(f"{order}change/")
    title = f"加一天培训 {language}"
    page.fill("#title", title)
    page.fill("input[name='task-0-name']", "加开培训")
    page.fill("input[name='task-0-days']", "1")
    page.fill("input[name='task-0-amount']", "1600")
    with page.expect_navigation():
        page.locator("button[name=analyse]").click()
    expect(page.locator("h1")).to_contain_text(re.compile(r"CO-\d{4}-\d{5}"))
    expect(page.locator(".kfig")).to_be_visible()
    one.check_page()
    address = page.url.removeprefix(one.server)
    _press(page, "submit")
    _approve_until_done(one, title)
    one.sign_in("order.manager")
    page = one.open(address)
    with page.expect_navigation():
        page.locator("form[action$='/link/'] button").click()
    link = page.locator("#the-link").input_value()
    one.context.clear_cookies(name="sessionid")
    page.goto(link)
    one.check_page()
    page.fill("#name", "李工")
    _draw(page)
    with page.expect_navigation():
        page.locator("button[value=agree]").click()
    page.goto(link)
    expect(page.locator(".why")).to_be_visible()
    one.expected.append("422")
    one.sign_in("order.manager")
    page = one.open(address)
    _press(page, "apply")
    expect(page.locator("a[href*='/revisions/']").first).to_be_visible()
    one.check_page()


@pytest.mark.parametrize(("language", "size", "theme"), FACES)
def test_an_acceptance_is_signed_on_the_screen_and_the_gates_say_what_is_missing(
    visit: Open, language: str, size: tuple[int, int], theme: str
) -> None:
    one = visit(user="order.manager", language=language, size=size, theme=theme)
    order = _order_in_progress(one, 6 if language == "zh" else 7)
    page = one.open(f"{order}deliver/")
    with page.expect_navigation():
        page.locator("main form button.pri").click()
    expect(page.locator(".gates li").first).to_be_visible()
    one.check_page()
    page.select_option("select[name=kind]", "fat")
    with page.expect_navigation():
        page.locator("form[action$='/acceptances/'] button").first.click()
    one.check_page()
    for select in page.locator("select[name^=verdict-]").all():
        select.select_option("met")
    if page.locator("select[name^=verdict-]").count():
        with page.expect_navigation():
            page.locator("form[action$='/do/change/'] button").click()
    page.fill("#signer", "周建平")
    _draw(page)
    with page.expect_navigation():
        page.locator("form[action$='/do/pass/'] button.pri").click()
    expect(page.locator("img.sgimg")).to_be_visible()
    one.check_page()
