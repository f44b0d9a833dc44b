"""An order is going to be late: why, in words; ways out that are computed and priced; compare, apply, take back."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from browser.conftest import PHONE, WIDE, Open, Visit


@pytest.mark.parametrize(("language", "size", "theme", "turn"), [("zh", WIDE, "light", 0), ("en", PHONE, "dark", 1)])
def test_a_late_order_is_understood_and_repaired(
    visit: Open, language: str, size: tuple[int, int], theme: str, turn: int
) -> None:
    one = visit(user="order.manager", language=language, size=size, theme=theme)
    page = one.open("/?scope=all")
    page = one.open(page.locator(".act a.bt[href^='/recover/']").nth(turn).get_attribute("href") or "")
    expect(page.locator("ol.chain li").first).to_be_visible()
    one.check_page()
    page.locator("form[method=post] button").locator("visible=true").first.click()
    ways = _ways(page, phone=size == PHONE)
    expect(ways.first).to_be_visible(timeout=150_000)
    assert ways.count() >= 2
    one.check_page()
    (ways.nth(1) if size == PHONE else ways.nth(1).locator("a").first).click()
    page.wait_for_load_state("networkidle")
    expect(page.locator(".mk li").first).to_be_visible()
    page.locator("form[action$='/apply/'] button").locator("visible=true").first.click()
    page.wait_for_load_state("networkidle")
    if page.locator(".note a[href^='/approvals/']").count():
        one.check_page()
        _approve(one, page.url.removeprefix(one.server))
    expect(page.locator("form[action$='/undo/'] button").locator("visible=true").first).to_be_visible()
    expect(page.locator("main a[href^='/notices/']").locator("visible=true").first).to_be_visible()
    one.check_page()
    page.once("dialog", lambda dialog: dialog.accept())
    page.locator("form[action$='/undo/'] button").locator("visible=true").first.click()
    page.wait_for_load_state("networkidle")
    expect(page.locator("#notices")).to_contain_text(re.compile("已撤回|已收回|Taken back"))


def _approve(one: Visit, address: str) -> None:
    """A way out that costs much is applied when those who must agree have agreed; nothing has changed before."""
    page = one.page
    assert page.locator("form[action$='/undo/']").count() == 0
    request = page.locator(".note a[href^='/approvals/']").get_attribute("href") or ""
    for name in ("finance", "manager"):
        one.sign_in(name, then=request)
        yes = page.locator("button[value=approve]")
        if yes.count():
            one.check_page()
            with page.expect_navigation():
                yes.click()
            page.wait_for_load_state("networkidle")
    one.sign_in("order.manager", then=address)


def _ways(page: Page, *, phone: bool) -> Locator:
    return page.locator(".rco > a" if phone else "table.opt tbody tr:not(.now0)").locator("visible=true")
