"""Journey 10, on the phone in both languages: an incoming lot is counted and measured, rejected, contained, decided;
the supplier answers its 8D report by the link."""

from __future__ import annotations

import re
import urllib.parse

import pytest
from playwright.sync_api import Page, expect

from browser.conftest import PHONE, WIDE, Open, Visit


@pytest.mark.parametrize(("language", "item"), [("zh", "导向轴"), ("en", "罩壳")])
def test_a_lot_that_fails_on_the_phone_becomes_a_decision_and_an_8d(visit: Open, language: str, item: str) -> None:
    """The first one is measured with limits, the second one counted."""
    one = visit("quality", language=language, size=PHONE)
    page = one.open("/inspections/?state=open,started")
    one.check_page()
    lot = page.locator("table tr", has_text=item).locator("a[href^='/inspections/']").first
    _count_and_reject(one, lot.get_attribute("href") or "", measured=language == "zh")
    expect(page).to_have_url(re.compile(r"/ncr/\d+/"))
    one.check_page()
    _contain(page)
    _decide(one, page)
    _start_8d(one, page)


def _count_and_reject(one: Visit, address: str, *, measured: bool) -> None:
    page = one.open(address)
    one.check_page()
    ac = int(page.locator("#inspect").get_attribute("data-ac") or 0)
    submit = page.locator("[data-submit]")
    accepting = submit.inner_text()
    for _ in range(ac + 1):
        page.locator("[data-step='1']").click()
    assert submit.inner_text() != accepting  # the verdict turns at Re, before anything is sent
    expect(page.locator("[data-why]")).to_contain_text(f"Re {ac + 1}")
    if measured:
        values = page.locator("[data-value]")
        limit = values.first.get_attribute("data-upper") or ""
        values.first.locator("input").fill(str(float(limit) + 1))
        expect(values.first.locator("[data-high]")).to_be_visible()
        values.first.locator("input").fill(limit)
        expect(values.first.locator("[data-ok]")).to_be_visible()
    with page.expect_navigation():
        submit.click()
    page.wait_for_load_state("networkidle")
    judged = page.context.new_page()
    judged.goto(f"{one.server}{address}")
    verdict = judged.locator("[data-verdict]")
    expect(verdict).to_have_text(verdict.get_attribute("data-reject") or "?")  # and so it stays
    judged.close()


def _contain(page: Page) -> None:
    page.fill("input[name=place-0]", "IQC")
    page.fill("input[name=action-0]", "red tag 挂红牌")
    with page.expect_navigation():
        page.locator("form[action$='/do/contain/'] button").click()
    page.wait_for_load_state("networkidle")


def _decide(one: Visit, page: Page) -> None:
    form = page.locator("form[action$='/do/dispose/']")
    form.locator("select[name=disposition]").select_option("return")
    form.locator("select[name=cause]").select_option("supplier")
    form.locator("input[name=cost]").fill("3400")
    form.locator("input[name=supplier_share]").fill("2100")
    form.locator("input[name=note]").focus()
    expect(page.locator("#preview li", has_text="2,100")).to_be_visible()  # what follows, before it is decided
    with page.expect_navigation():
        page.locator("form[action$='/do/dispose/'] button.pri").click()
    page.wait_for_load_state("networkidle")
    one.check_page()
    for language in ("zh-hans", "en"):
        paper = page.locator(f"a[href*='/debit-notes/'][href$='{language}']")
        assert page.request.get(f"{one.server}{paper.get_attribute('href')}").body().startswith(b"%PDF")


def _start_8d(one: Visit, page: Page) -> None:
    with page.expect_navigation():
        page.locator("form[action$='/8d/'] button").click()
    page.wait_for_load_state("networkidle")
    one.check_page()
    with page.expect_navigation():
        page.locator("form[action$='/do/link/'] button").click()
    page.wait_for_load_state("networkidle")
    link = page.locator("input[readonly]").input_value()
    one.context.clear_cookies(name="sessionid")
    page = one.open(urllib.parse.urlsplit(link).path)
    one.check_page()
    form = page.locator("form:has(input[name=step][value='5'])")
    form.locator("textarea").fill("首件对刀写进作业指导书")
    with page.expect_navigation():
        form.locator("button").click()
    expect(page.locator("[role=status] .i, .note.ok").first).to_be_visible()


LISTS = (
    "/quality/", "/ncr/", "/8d/", "/charts/", "/quality/plans/", "/quality/severity/", "/quality/reviews/",
    "/quality/gauges/", "/quality/templates/", "/ncr/new/", "/inspections/new/", "/quality/costs/", "/suppliers/7/",
    "/requests/table/?kind=complaint",
)  # fmt: skip


@pytest.mark.parametrize(("language", "theme", "at"), [("zh", "light", 0), ("en", "dark", 1)])
def test_every_page_of_quality_is_readable(visit: Open, language: str, theme: str, at: int) -> None:
    """Half of the pages each; they are made of the same parts."""
    one = visit("quality", language=language, size=WIDE, theme=theme)
    for path in LISTS[at::2]:
        one.open(path)
        one.check_page()
    page = one.open("/charts/")
    one.open(page.locator("table a[href^='/charts/']").first.get_attribute("href") or "")
    expect(page.locator("figure[data-chart] canvas").first).to_be_visible()
    one.check_page()
