"""What a customer's contact sees, in both themes, and what a finger has to hit on the first page."""

from __future__ import annotations

import io

import pdfplumber
import pytest
from playwright.sync_api import expect

from browser.conftest import PASSWORD, PHONE, WIDE, Open


@pytest.mark.parametrize(("language", "size"), [("zh", PHONE), ("en", WIDE)])
def test_what_a_customers_contact_sees_is_clean_in_both_themes(
    visit: Open, language: str, size: tuple[int, int]
) -> None:
    one = visit(language=language, size=size)
    faults = []
    for path in ("/portal/sign-in/", "/portal/forgot/", "/t/nonsense/", "/s/nonsense/"):
        one.page.goto(f"{one.server}{path}")
        faults += one.faults_of_both()
    page = one.open("/portal/sign-in/")
    page.fill("input[name=email]", "contact0@c001.example")
    page.fill("input[name=password]", PASSWORD)
    page.locator("main form button.pri").click()
    page.wait_for_url("**/portal/")
    faults += one.faults_of_both()
    order = page.locator("a[href^='/portal/orders/']").first.get_attribute("href") or ""
    for path in (order, "/portal/requests/"):
        one.open(path)
        faults += one.faults_of_both()
    one.expected.append("404 (Not Found)")
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_an_order_of_a_customer_on_paper_is_upright_and_tells_what_was_asked(visit: Open, language: str) -> None:
    one = visit(language=language)
    page = one.open("/portal/sign-in/")
    page.fill("input[name=email]", "contact0@c001.example")
    page.fill("input[name=password]", PASSWORD)
    page.locator("main form button.pri").click()
    page.wait_for_url("**/portal/")
    page = one.open(page.locator("a[href^='/portal/orders/']").first.get_attribute("href") or "")
    asked = page.locator("details summary b").first.inner_text()
    page.emulate_media(media="print")
    fields = page.locator("main").locator("input:not([type=hidden]), textarea, button").locator("visible=true")
    assert fields.count() == 0
    with pdfplumber.open(io.BytesIO(page.pdf(prefer_css_page_size=True))) as paper:
        assert {(round(sheet.width), round(sheet.height)) for sheet in paper.pages} == {(595, 842)}
        assert asked in "".join(sheet.extract_text() for sheet in paper.pages)


def test_what_is_pressed_on_the_phone_is_as_large_as_a_finger(visit: Open) -> None:
    page = visit("order.manager", size=PHONE).open("/")
    links = page.locator("svg.pfl a").locator("visible=true")
    expect(links.first).to_be_visible()
    box = page.locator("svg.pfl").locator("visible=true").bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= PHONE[0], "all bars are seen without moving the drawing sideways"
    heights = [links.nth(at).bounding_box() for at in range(links.count())]
    assert {round(box["height"]) for box in heights if box} == {44}


@pytest.mark.parametrize("path", ["/ncr/", "/warnings/"])
def test_a_title_on_the_phone_stands_clear_of_its_button(visit: Open, path: str) -> None:
    """Of one long word, or with its state beside it."""
    page = visit("order.manager", language="en", size=PHONE).open(path)
    if path == "/warnings/":
        page.goto(page.locator("main a[href^='/warnings/']:not([href*='settings'])").first.evaluate("one => one.href"))
    title, button = (page.locator(f".ph {part}").first.bounding_box() for part in ("h1", "> .bt.pri"))
    assert title
    assert button
    beside = title["x"] + page.locator(".ph h1").first.evaluate("one => one.scrollWidth") <= button["x"]
    above = title["y"] + title["height"] <= button["y"]
    assert beside or above
