"""Take an order and promise a date: the customer's workbook, its differences settled, three dates with their chances,
what holds them and who would move; the chosen date saved as a quotation that holds capacity."""

from __future__ import annotations

import os
import re

from playwright.sync_api import Page, expect

from browser.conftest import PHONE, WIDE, Open
from browser.test_journey import _press_action, _put_right, _take_over, _upload, _waive


def test_a_workbook_becomes_a_quotation_with_a_date_that_can_be_kept(visit: Open) -> None:
    one = visit(user="sales", language="zh", size=WIDE)
    _upload(one, f"LK-{os.getpid()}")
    _put_right(one.page)
    _three_dates(one.page)  # before it is an order
    one.check_page()
    _take_over(one.page)
    _waive(one.page)
    page = one.page
    _three_dates(page)
    expect(page.locator("[data-promise-url] .chain li").first).to_be_visible()
    page.locator("[data-offer=nobody]").click()
    expect(page.locator("[data-offer=nobody]")).to_have_attribute("aria-checked", "true")
    expect(page.locator("[data-promise-url]")).not_to_have_attribute("aria-busy", "true", timeout=30_000)
    one.check_page()
    with page.expect_navigation():
        page.locator("[data-promise-form] button.pri").click()
    page.wait_for_load_state("networkidle")
    expect(page.locator("#notices")).to_contain_text("已承诺")
    page.locator(".oh1 details.menu > summary.icb").click()
    _press_action(page, "quote")
    expect(page.locator(".oh1")).to_contain_text("已报价")
    one.check_page()
    label = page.locator("h1").inner_text()
    page = one.open("/promises/")
    expect(page.locator("tbody tr", has_text=label).first).to_be_visible()


def test_a_typed_order_answers_while_it_is_typed_and_is_saved_as_a_quotation(visit: Open) -> None:
    one = visit(user="sales", language="en", size=PHONE, theme="dark")
    page = one.open("/orders/new/")
    page.locator("#f-customer").select_option(index=2)
    page.locator("#f-po").fill(f"T-{os.getpid()}")
    for column, text in ((2, "HC-VI30"), (5, "1"), (7, "490000"), (9, "2027-06-30")):
        page.locator(f"table.ent tbody tr:first-child td:nth-child({column})").click()
        page.keyboard.type(text)
        page.keyboard.press("Enter")
    _three_dates(page)
    one.check_page()
    expect(page.locator("[data-promise]")).to_contain_text(re.compile(r"P80"))
    page.locator("[data-quote-order]").click()
    page.wait_for_url(re.compile(r"/orders/(?!new)[^/]+/$"))
    page.wait_for_load_state("networkidle")
    expect(page.locator(".oh1")).to_contain_text("Quoted")
    one.check_page()


def _three_dates(page: Page) -> None:
    """Nobody moves, negotiated, with levers: each with its three quantiles; the last is told to bring nothing, too."""
    for kind in ("nobody", "negotiated"):
        expect(page.locator(f"[data-offer={kind}]")).to_be_visible(timeout=30_000)
    expect(page.locator(".pdl > li")).to_have_count(3)
    offers = page.locator("[data-offer]").count()
    expect(page.locator(".pdl .q3 b")).to_have_count(3 * offers)
