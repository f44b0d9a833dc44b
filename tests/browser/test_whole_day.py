"""One day of an order manager: the morning list, the late order, a question answered, a meeting whose line becomes
work, its minutes to the customer, and nothing left unread in the evening."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from browser.conftest import PHONE, WIDE, Open, Visit


@pytest.mark.parametrize(("language", "size"), [("zh", PHONE), ("en", WIDE)])
def test_a_day_from_the_morning_list_to_nothing_left(visit: Open, language: str, size: tuple[int, int]) -> None:
    one = visit(user="order.manager", language=language, size=size)
    page = one.page
    late = page.locator("[data-item] a.ono").first.get_attribute("href") or ""
    _put_off_the_second(page)
    page = one.open(late, settle=False)
    page.locator("main a[href^='/recover/']").locator("visible=true").first.click()
    expect(page.locator("ol.chain li").first).to_be_visible()
    asked = _answer(one, f"{language}: 已安排，周五前给您 / on its way, by Friday")
    _meet(one, f"把 FAT 大纲发给客户 {language}")
    # The action item that came of it is done before the evening.
    done = page.locator("form[action$='/complete/'] button").locator("visible=true").first
    done.click()
    expect(done).to_be_hidden()
    page = one.open("/requests/", settle=False)
    assert asked not in page.locator(".rql").inner_html()
    page = one.open("/", settle=False)
    read = page.locator("form[action$='/read/'] button")
    if read.count():
        read.click()
    expect(page.locator("main")).to_contain_text(re.compile("没有变动|Nothing has moved since"))
    one.check_page()


def _put_off_the_second(page: Page) -> None:
    """It waits until tomorrow, with a reason."""
    page.locator("[data-item] h2 a").nth(1).click()
    form = page.locator("form[action$='/later/']").first
    form.locator("input[name=reason]").fill("等供应商回电 / waiting for a call")
    form.locator("button").first.click()
    expect(page.locator("#notices .success")).to_be_visible()


def _answer(one: Visit, text: str) -> str:
    """The most urgent question gets its answer and is settled; returns its address."""
    page = one.open("/requests/", settle=False)
    address = page.locator(".rql a").first.get_attribute("href") or ""
    assert address.startswith("/requests/REQ-")
    page = one.open(address, settle=False)
    page.locator("form textarea[name=text]").first.fill(text)
    page.locator("button[value=reply_resolve]").locator("visible=true").first.click()
    expect(page.locator("main")).to_contain_text(text)
    return address.split("?")[0]


def _meet(one: Visit, said: str) -> None:
    """A planned meeting begins; a line becomes an action item; the minutes go out. Ends on the action item's page."""
    page = one.open("/meetings/?state=planned&sort=starts", settle=False)
    page = one.open(page.locator("tr[data-href]").first.get_attribute("data-href") or "", settle=False)
    _press(page, "start")
    page.locator("#line-text").fill(said)
    page.locator("button[name=kind][value=action]").click()
    made = page.locator("#said .to a").first
    expect(made).to_be_visible()
    one.check_page()
    to = made.get_attribute("href") or ""
    for verb in ("end", "approve", "send"):
        _press(page, verb)
    expect(page.locator("main .ph")).to_contain_text(re.compile("纪要已发送|Minutes sent"))
    expect(one.open(to, settle=False).locator("h1")).to_contain_text(said)


def _press(page: Page, verb: str) -> None:
    with page.expect_navigation():
        page.locator(f"form[action$='/do/{verb}/'] button").locator("visible=true").first.click()
