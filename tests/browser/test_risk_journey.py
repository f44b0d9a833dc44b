"""Risk review: what threatens P80 most, what each response buys, choosing one, and the round of reviews."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from browser.conftest import PHONE, WIDE, Open


@pytest.mark.parametrize(("language", "size", "theme", "turn"), [("zh", WIDE, "light", 0), ("en", PHONE, "dark", 1)])
def test_a_risk_review_from_the_register_to_a_chosen_response(
    visit: Open, language: str, size: tuple[int, int], theme: str, turn: int
) -> None:
    one = visit(user="order.manager", language=language, size=size, theme=theme)
    page = one.open("/risks/?state=identified,assessed,responding")
    one.check_page()
    address = page.locator("a[href^='/orders/'][href$='/risks/']").nth(turn).get_attribute("href")
    assert address is not None
    page = one.open(address)
    page.locator("form[action$='/risks/compute/'] button").click()
    expect(page.locator("svg .s-acc")).to_be_visible(timeout=120_000)
    expect(page.locator("section table td b.n").first).to_have_text(re.compile(r"\d+\.\d"))
    one.check_page()
    choose = page.locator("form[action*='/responses/'][action$='/choose/'] button").first
    if choose.count():
        choose.click()
        expect(page.locator("main a[href^='/actions/']").first).to_be_visible()
    page = one.open("/risks/review/")
    one.check_page()
    due = page.locator("ul.ls").first.locator("a.ono")
    before = due.count()
    assert before, "the demo company has risks to review"
    page.locator("form[action$='/review/'] button").click()
    expect(page.locator("ul.ls").first.locator("a.ono") if before > 1 else page.locator(".blank")).to_have_count(
        max(before - 1, 1)
    )
