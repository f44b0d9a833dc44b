"""Morning triage: what changed, ranked by expected damage, with its cause and the next step; put off or dealt with."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from browser.conftest import PHONE, WIDE, Open


@pytest.mark.parametrize(("language", "size", "theme"), [("zh", WIDE, "light"), ("en", PHONE, "dark")])
def test_the_list_is_ranked_by_damage_and_gets_shorter(
    visit: Open, language: str, size: tuple[int, int], theme: str
) -> None:
    one = visit(user="order.manager", language=language, size=size, theme=theme)
    page = one.open("/?scope=all")
    one.check_page()
    items = page.locator("[data-item]")
    assert items.count() >= 3
    damages = [float(re.sub(r"[^\d.]", "", text) or 0) for text in items.locator(".loss b").all_inner_texts()]
    assert damages == sorted(damages, reverse=True)
    expect(items.first.locator(".chain li").first).to_be_visible()
    expect(items.first.locator(".rail, svg").first).to_be_visible()
    first = items.nth(1).locator("a.ono").first.inner_text()
    shown = items.count()
    later = items.nth(1).locator("details.menu")
    if size == WIDE:  # by keyboard alone: to the second row, put it off, say why
        for place in (0, 1):
            page.keyboard.press("j")
            expect(items.nth(place)).to_have_class(re.compile(r"\bcur\b"))
        page.keyboard.press("s")
        expect(later.locator("input[name=reason]")).to_be_visible()
    else:  # a phone's row has two actions; the rest stands on the warning's own page
        items.nth(1).locator("h2 a").click()
        page.wait_for_load_state("networkidle")
        later = page.locator("form[action$='/later/']")
    later.locator("input[name=reason]").fill("等供应商回电 / waiting for the supplier's call")
    later.locator("button").first.click()
    page.wait_for_load_state("networkidle")
    page = one.open("/?scope=all")
    put_off = page.locator("section", has=page.locator("h2", has_text=re.compile("已稍后|Put off|稍后")))
    expect(put_off).to_contain_text(first)
    assert page.locator("[data-item]").count() <= shown
    page.locator("[data-item]").first.locator(".act a.bt").first.click()
    page.wait_for_load_state("networkidle")
    expect(page.locator("h1")).to_be_visible()
    one.check_page()
    one.open("/warnings/")
    one.check_page()
