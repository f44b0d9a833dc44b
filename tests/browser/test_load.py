"""Who has too much to do, who could do it instead, and who does what: the load, and names on tasks."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from browser.conftest import PHONE, WIDE, Open


@pytest.mark.parametrize(("language", "size", "theme"), [("zh", WIDE, "light"), ("en", PHONE, "dark")])
def test_a_planner_reads_the_load_and_puts_a_name_on_a_task(
    visit: Open, language: str, size: tuple[int, int], theme: str
) -> None:
    one = visit(user="planner", language=language, size=size, theme=theme)
    page = one.open("/capacity/?by=resource")
    page.locator("table.hm td.l5 a").first.click()
    page.wait_for_load_state("networkidle")
    expect(page.locator("#picked tbody a.ono").first).to_be_visible()
    one.check_page()
    one.open("/capacity/swaps/")
    one.check_page()
    page = one.open("/capacity/names/?weeks=8")
    one.check_page()
    row = page.locator("li", has=page.locator("form.nmf")).first
    task = row.locator("a.b").get_attribute("href")
    assert task
    with page.expect_navigation():
        row.locator("form.nmf button").click()
    expect(page.locator("#notices")).to_contain_text(re.compile("由 .* 来做|does “"))
    page = one.open(task)
    one.check_page()
    with page.expect_navigation():
        page.locator("form[action$='/unname/'] button").first.click()
    expect(page.locator("form[action$='/unname/']")).to_have_count(0)


@pytest.mark.parametrize(("language", "theme"), [("zh", "dark"), ("en", "light")])
def test_the_load_stands_under_the_plan_and_the_schedule_beside_it(visit: Open, language: str, theme: str) -> None:
    one = visit(user="planner", language=language, size=WIDE, theme=theme)
    page = one.open("/capacity/?by=team")
    page.locator("table.hm td.l5 a").first.click()
    page.locator("#picked tbody a[href^='/plans/']").first.click()  # quotations have no plan to go to
    strip = page.locator("[data-part=load]")
    expect(strip.locator("[data-load=team] option").first).to_be_attached()
    expect(strip.locator("[data-load=chart] g rect").first).to_be_attached()
    one.check_page()
    page.locator("[data-tool=load]").click()
    expect(strip).to_be_hidden()
    page.locator("[data-tool=load]").click()
    expect(strip).to_be_visible()
    expect(page.locator("[data-part=chart] .f-what")).to_have_count(0)
    page.locator("[data-against]").select_option("/placed")
    expect(page.locator("[data-part=chart] .f-what").first).to_be_attached()
