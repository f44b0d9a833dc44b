"""Where things stand on a phone: the one primary button beside the title, nothing beside the screen, and nothing that
arrives later above what is read already."""

from __future__ import annotations

import pytest

from browser.conftest import PHONE, Open

LANGUAGES = pytest.mark.parametrize("language", ["zh", "en"])
WIDER = "(box) => box.scrollWidth - box.clientWidth"


@LANGUAGES
def test_the_one_primary_button_of_a_list_stands_beside_its_title(visit: Open, language: str) -> None:
    one = visit(user="order.manager", language=language, size=PHONE)
    for address in ("/orders/", "/requests/", "/customers/", "/risks/"):
        page = one.open(address)
        title, button = page.locator(".ph h1").bounding_box(), page.locator(".ph > .bt.pri").bounding_box()
        assert title is not None
        assert button is not None
        assert abs(title["y"] + title["height"] / 2 - button["y"] - button["height"] / 2) < 4, address
        assert title["x"] + title["width"] <= button["x"], address
        one.check_page()


@LANGUAGES
def test_what_comes_later_in_an_item_of_the_morning_stands_lower(visit: Open, language: str) -> None:
    page = visit(user="order.manager", language=language, size=PHONE).open("/?scope=all")
    item = page.locator("[data-item]").first
    tops = item.evaluate("(item) => [...item.children].map((part) => part.getBoundingClientRect().top)")
    assert len(tops) == 3
    assert tops == sorted(tops)


@LANGUAGES
def test_the_costs_of_an_order_and_the_links_of_its_warnings_fit(visit: Open, language: str) -> None:
    one = visit(user="order.manager", language=language, size=PHONE)
    page = one.open("/?scope=all")
    key = page.locator("[data-item] a.ono").first.inner_text().strip()
    page = one.open(f"/costs/{key}/")
    assert page.locator(".scx").first.evaluate(WIDER) <= 1
    one.check_page()
    page = one.open(f"/orders/{key}/")
    head = page.locator(".cd-h", has=page.locator(f"a[href='/costs/{key}/']")).first
    lefts = head.locator(".more > a").evaluate_all(
        "(links) => links.map((one) => [one.getBoundingClientRect().top, one.getBoundingClientRect().left])"
    )
    edge = head.locator("h2").evaluate("(title) => title.parentElement.getBoundingClientRect().left")
    rows = {top: min(left for other, left in lefts if other == top) for top, _left in lefts}
    assert all(left - edge < 20 for left in rows.values()), "each row of links begins at the left"


@LANGUAGES
def test_a_check_box_is_hit_by_a_finger_with_its_words_and_the_ledger_stands_in_its_card(
    visit: Open, language: str
) -> None:
    one = visit(user="order.manager", language=language, size=PHONE)
    page = one.open("/settings/scheduling/")
    label = page.locator("label", has=page.locator("input.ckb")).first.bounding_box()
    assert label is not None
    assert label["height"] >= 44
    one.check_page()
    page = one.open("/promises/")
    assert page.locator(".cmp2").evaluate("(box) => box.parentElement.scrollWidth - box.parentElement.clientWidth") <= 1
