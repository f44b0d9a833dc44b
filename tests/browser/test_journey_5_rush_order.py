"""A rush order: what accepting it does to every other order, who must agree, and the earliest day that hurts nobody."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from browser.conftest import PHONE, WIDE, Open


@pytest.mark.parametrize(("language", "size", "theme", "turn"), [("zh", WIDE, "light", 0), ("en", PHONE, "dark", 1)])
def test_the_harm_is_seen_before_anything_is_promised(
    visit: Open, language: str, size: tuple[int, int], theme: str, turn: int
) -> None:
    one = visit(user="order.manager", language=language, size=size, theme=theme)
    page = one.open("/rush/")
    one.check_page()
    page.locator("a[href*='?order=']").nth(turn).click()
    page.wait_for_load_state("networkidle")
    days = page.locator("nav.sld").first.locator("a")
    expect(days.first).to_be_visible(timeout=60_000)
    one.check_page()
    days.first.click()
    page.wait_for_load_state("networkidle")
    expect(page.locator(".cmp2 b")).to_have_count(5)
    hurt = page.locator("table.tb tbody tr")
    assert hurt.count() >= 1
    counter = page.locator("form", has=page.locator("input[name=counter]"))
    expect(counter.locator("button")).to_be_visible()
    with page.expect_navigation():
        counter.locator("button").click()
    page.wait_for_load_state("networkidle")
    expect(page.locator("h1")).to_be_visible()
    expect(page.locator("#notices")).to_contain_text(re.compile("还价|Counter-offer"))
    one.check_page()
