"""The sheet of keys, and a theme that is there before anything is painted."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from browser.conftest import Open

FIRST_FRAMES = """
window.frames_seen = [];
const look = () => {
  const body = document.body;
  if (body) window.frames_seen.push([document.documentElement.dataset.bsTheme, getComputedStyle(body).backgroundColor]);
  if (window.frames_seen.length < 12) requestAnimationFrame(look);
};
requestAnimationFrame(look);
"""


def _keys(page: Page) -> set[str]:
    return {" ".join(text.split()) for text in page.locator("#keys dt").locator("visible=true").all_inner_texts()}


def test_the_sheet_opens_by_its_key_lists_what_works_here_and_closes_by_escape(visit: Open) -> None:
    one = visit(user="order.manager", language="en")
    page, sheet = one.open("/orders/", settle=False), one.page.locator("#keys")
    page.keyboard.press("?")
    expect(sheet).to_be_visible()
    on_a_list = _keys(page)
    assert {"/", "F", "J K", "Space", "X", "C", "Ctrl K", "Esc"} <= on_a_list
    assert "T" not in on_a_list
    one.check_both()
    page.keyboard.press("j")
    expect(page.locator("tr.cur")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    page.keyboard.press("j")
    expect(page.locator("tr.cur")).to_have_count(1)
    one.open("/me/settings/", settle=False)
    page.keyboard.press("?")
    expect(sheet).to_be_visible()
    assert not _keys(page) & {"/", "F", "J K", "Space", "X", "E", "T"}
    expect(sheet.locator("[data-here]")).to_be_hidden()


def test_on_a_plan_the_sheet_has_the_keys_of_the_time_axis(visit: Open) -> None:
    one = visit(user="planner", language="en")
    page = one.open("/plans/", settle=False)
    one.open(page.locator("tr[data-href]").first.get_attribute("data-href") or "", settle=False)
    page.locator("#gantt [data-part=rows] [role=row]").first.wait_for()
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    assert {"T", "Ctrl Z"} <= _keys(page)
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("c")
    page.wait_for_url("**/capacity/")


def test_keys_are_letters_while_somebody_types(visit: Open) -> None:
    one = visit(user="order.manager", language="en")
    page = one.open("/orders/", settle=False)
    field = page.locator("main [data-search]")
    page.keyboard.press("/")
    expect(field).to_be_focused()
    page.keyboard.type("?jxcfgo")
    expect(field).to_have_value("?jxcfgo")
    expect(page.locator("#keys")).to_be_hidden()
    expect(page.locator("details.menu[open]")).to_have_count(0)
    assert page.url.endswith("/orders/")


@pytest.mark.parametrize(("chosen", "system"), [("dark", "light"), ("", "dark")])
def test_no_frame_of_a_dark_page_is_painted_light(visit: Open, chosen: str, system: str) -> None:
    """By choice against the system, and by the system where nothing was chosen."""
    one = visit(user="sales", theme=system)
    one.context.clear_cookies(name="theme")
    if chosen:
        one.context.add_cookies([{"name": "theme", "value": chosen, "url": one.server}])
    one.page.add_init_script(FIRST_FRAMES)
    for path in ("/orders/", "/"):
        page = one.open(path, settle=False)
        page.wait_for_function("() => window.frames_seen.length >= 12")
        seen = page.evaluate("() => window.frames_seen")
        assert {theme for theme, _ in seen} == {"dark"}
        for _, colour in seen:
            red, green, blue = (int(part) for part in colour[colour.index("(") + 1 : -1].split(",")[:3])
            assert max(red, green, blue) < 80, colour
