"""Journey 9, a meeting without preparation, and the customer's side: link, question, survey; in both languages."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from browser.conftest import Open, Visit

PHONE = (390, 844)


def _planned(page: Page) -> str:
    found = page.locator("tr[data-href]").first.get_attribute("data-href")
    assert found
    return found


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_meeting_is_held_and_its_lines_become_what_their_keys_say(visit: Open, language: str) -> None:
    one = visit(user="order.manager", language=language)
    page = one.open("/meetings/?state=planned&sort=starts")
    address = _planned(page)
    page = one.open(address)
    assert page.locator(".pk").count() >= 5
    page.locator("form[action$='/do/start/'] button").click()
    page.wait_for_load_state("networkidle")
    lines = page.locator(".mn li:not(.cur)")
    # Typed one after the other without waiting; a line leaves the field at once and is kept in its turn.
    for text, key in (("主线体先发", "Enter"), ("周五前给底座图", "Alt+a"), ("赶工还没批", "Alt+i")):
        page.locator("#line-text").fill(f"{text} {language}")
        page.locator("#line-text").press(key)
    expect(lines).to_have_count(3)
    assert lines.nth(1).locator(".to a").count() == 1
    outside = one.open(f"{address}?view=customer").locator(".mn").inner_text()
    assert "赶工还没批" not in outside
    page = one.open(address)
    for verb in ("end", "approve", "send"):
        page.locator(f"form[action$='/do/{verb}/'] button").first.click()
        page.wait_for_load_state("networkidle")
    assert page.locator("form[action$='/do/send/'] button").count() == 1


def test_names_quotes_and_decisions_are_noted_from_the_keyboard_and_the_phone_has_the_field_first(visit: Open) -> None:
    one = visit(user="order.manager", language="zh")
    page = one.open("/meetings/?state=planned&sort=starts")
    for row in page.locator("tr[data-href]").all():
        address = row.get_attribute("data-href")
        assert address
        if one.open(address).locator("#wanted .st").count():
            break
        page = one.open("/meetings/?state=planned&sort=starts")
    page = one.open(address)
    page.locator("form[action$='/do/start/'] button").click()
    field, picks = page.locator("#line-text"), page.locator("#line-pick [role=option]")
    lines = page.locator("#said li")
    field.press_sequentially("催外协件 @")
    expect(picks.first).to_have_attribute("aria-selected", "true")
    field.press("Enter")
    expect(field).to_have_value("催外协件 ")
    field.press("Enter")
    expect(lines).to_have_count(1)
    expect(lines.first.locator(".to")).to_be_visible()  # whoever was named has an action now
    field.press_sequentially("按 /")
    expect(field).to_have_attribute("aria-expanded", "true")
    field.press("Escape")
    expect(field).to_have_attribute("aria-expanded", "false")
    field.fill("")
    page.locator("[data-settle]").first.press("Enter")
    expect(field).to_be_focused()
    field.press("End")
    field.press_sequentially("就按方案 B")
    field.press("Enter")
    expect(page.locator("#wanted .st.ok")).to_have_count(1)
    phone = visit(user="order.manager", language="zh", size=PHONE).open(address)
    place = phone.locator("#line-text").bounding_box()
    pack = phone.locator(".pk").first.bounding_box()
    assert place is not None
    assert pack is not None
    assert place["y"] < pack["y"]


def _names_released(one: Visit, address: str, *, released: bool) -> None:
    page = one.open(address)
    page.locator("[name=show_contact]").set_checked(released)
    page.locator("main form button.pri").click()
    page.wait_for_load_state("networkidle")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_customer_opens_the_link_asks_and_the_question_is_on_our_desk(visit: Open, language: str) -> None:
    one = visit(user="order.manager", language=language)
    order = one.open("/orders/?state=in_progress").locator("a.ono").first.get_attribute("href")
    assert order
    page = one.open(order)
    rule = page.locator("a.more[href^='/customers/'][href$='/tracking/']").first.get_attribute("href")
    assert rule
    _names_released(one, rule, released=False)
    page = one.open(order)
    page.locator("[data-dialog=link-dialog]").click()
    page.locator("#link-name").fill("张工")
    page.locator("#link-dialog button.pri").click()
    page.wait_for_load_state("networkidle")
    address = page.locator("#tracking code, code.brk").first.inner_text()
    assert address.startswith(f"http://localhost:{urlsplit(one.server).port}/t/"), "it opens on this very server"
    page.locator("#tracking [data-act=copy]").click()
    expect(page.locator(".toast2", has_text={"zh": "已复制。", "en": "Copied."}[language])).to_be_visible()
    path = urlsplit(address).path
    guest = visit(user="", language=language, size=PHONE)
    theirs = guest.open(path)
    theirs.locator("main form button").click()
    theirs.wait_for_url("**/track/**")
    assert theirs.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    question = f"能提前三天吗 {language}"
    theirs.locator("#q").fill(question)
    theirs.locator("form:has(#q) button").click()
    theirs.wait_for_load_state("networkidle")
    assert question in theirs.locator("main").inner_text()
    assert "林晓岚" not in theirs.locator("main").inner_text()
    assert question in one.open("/requests/?scope=all").locator(".rql").inner_text()
    _names_released(one, rule, released=True)
    theirs.reload()
    expect(theirs.locator(".ctc")).to_contain_text("林晓岚")
    expect(theirs.locator(".ctc a[href^='tel:']")).to_be_visible()
    assert theirs.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
