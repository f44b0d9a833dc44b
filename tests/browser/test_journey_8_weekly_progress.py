"""Weekly progress: my tasks on the phone, the effect of a report before it is sent, taken back; the board."""

from __future__ import annotations

import math
import re

import pytest
from playwright.sync_api import expect

from browser.conftest import PHONE, WIDE, Open


@pytest.mark.parametrize(("language", "theme"), [("zh", "light"), ("en", "dark")])
def test_a_worker_reports_in_seconds_and_sees_what_it_does(visit: Open, language: str, theme: str) -> None:
    one = visit(user="worker", language=language, size=PHONE, theme=theme)
    page = one.open("/tasks/")
    one.check_page()
    card = page.locator("article.tk:not(.blk)", has=page.locator("input[name=percent]")).first
    name = card.locator(".tkn").inner_text()
    for share in ("90", "75"):
        if not card.locator(f"input[name=percent][value='{share}']").is_checked():
            card.locator(f"input[name=percent][value='{share}'] + span").click()
            break
    expect(card.locator(".fx .note").first).to_be_visible()
    left = card.locator("input[name=remaining_days]")
    begun = float(left.get_attribute("placeholder") or 0)
    half = math.floor(2 * begun) / 2  # a press goes to the next half day
    for act, days in (("greater", half + 0.5), ("less", half)):
        card.locator(f"[data-act={act}]").click()
        expect(left).to_have_value(re.compile(rf"^{days:g}(\.0)?$"))
    left.fill("")
    card.locator("button.pri").click()
    page.wait_for_load_state("networkidle")
    if page.locator(".note.warn").count():  # asked back: it is right
        page.locator("article.tk button.pri").first.click()
        page.wait_for_load_state("networkidle")
    expect(page.locator("#notices")).to_contain_text(re.compile("已汇报|已报|Reported"))
    page = one.open("/tasks/?tab=reported")
    expect(page.locator("ul.ls li").first).to_contain_text(name.split(" ", 1)[-1][:6])
    one.check_page()
    page.locator("form[action$='/undo/'] button").first.click()
    page.wait_for_load_state("networkidle")
    expect(page.locator("#notices")).to_contain_text(re.compile("已撤回|已收回|Taken back"))


def test_a_card_is_moved_on_the_board_by_keyboard(visit: Open) -> None:
    one = visit(user="planner", language="zh", size=WIDE)
    page = one.open("/tasks/board/?scope=all&whole=1")
    one.check_page()
    card = page.locator("[data-column=ready] article.kc").first
    name = card.locator("a").first.inner_text()
    card.locator("summary").focus()
    page.keyboard.press("Enter")
    card.locator("input[name=reason]").fill("补位")
    card.locator("button[value=doing]").focus()
    page.keyboard.press("Enter")
    page.wait_for_load_state("networkidle")
    expect(page.locator("[data-column=doing] article.kc", has_text=name).first).to_be_visible()
