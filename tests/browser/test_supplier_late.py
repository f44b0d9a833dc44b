"""A supplier is late, walked by a person: one date is changed, the orders it hits appear, a way out is chosen, the
supplier answers by its link without a sign-in."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from playwright.sync_api import expect

from browser.conftest import PHONE, WIDE, Open, Visit

FACES = [("zh", PHONE, "dark", 0), ("en", WIDE, "light", 1)]


@pytest.mark.parametrize(("language", "size", "theme", "at"), FACES)
def test_one_date_is_changed_the_hit_orders_appear_and_a_way_out_is_chosen(
    visit: Open, language: str, size: tuple[int, int], theme: str, at: int
) -> None:
    one = visit(user="supply.chain", language=language, size=size, theme=theme)
    _look_around(one)
    _change_a_date(one, at)
    _choose(one, at)


def _look_around(one: Visit) -> None:
    for path in ("/shortages/", "/purchase-orders/?state=confirmed", "/materials/", "/stock-items/", "/boms/"):
        one.open(path)
        one.check_page()
    for path in ("/purchase-requests/", "/supplier-scorecard/"):
        one.open(path)
        one.check_page()


def _change_a_date(one: Visit, at: int) -> None:
    """Of a line that orders wait for: what it does is shown before anything is changed."""
    page = one.open("/shortages/?lines=all")
    number = page.locator("#lines tbody tr", has_text="SO-").nth(at).locator("a[href^='/purchase-orders/']").first
    address = number.get_attribute("href") or ""
    one.open(address)
    one.check_page()
    form = page.locator("form[action$='/revise/']").first
    if form.count() == 0:
        confirm = page.locator("button[form=cf]")
        confirm.click()
        page.wait_for_load_state("networkidle")
        form = page.locator("form[action$='/revise/']").first
    day = dt.date.fromisoformat(form.locator("input[name=day]").input_value()) + dt.timedelta(days=40)
    form.locator("input[name=day]").fill(day.isoformat())
    form.locator("input[name=reason]").fill("铸件返工")
    form.locator("button").click()
    effect = page.locator(".eff").first
    expect(effect).to_be_visible()
    expect(effect.locator("a[href^='/orders/']").first).to_be_visible()
    one.check_page()
    effect.locator("button[name=commit]").click()
    page.wait_for_url(re.compile(r"/(shortages|purchase-orders)/"))
    page.wait_for_load_state("networkidle")
    expect(page.locator("#notices")).to_contain_text("PO-")


def _choose(one: Visit, at: int) -> None:
    """The most expensive shortage that has a way out."""
    page = one.open("/shortages/?state=stops")
    for number in range(min(6, page.locator(".shl li").count())):
        page.locator(".shl li").nth((number + at) % page.locator(".shl li").count()).locator("a").first.click()
        page.wait_for_load_state("networkidle")
        choice = page.locator("input[name=way]:checked")
        if choice.count() and page.locator("form[action$='/choose/'] button.pri").count():
            break
    expect(page.locator("input[name=way]").first).to_be_attached()
    if not page.locator("input[name=way]:checked").count():
        page.locator("input[name=way]").first.check()
    one.check_page()
    page.locator("form[action$='/choose/'] button.pri").click()
    page.wait_for_load_state("networkidle")
    expect(page.locator("#notices")).not_to_be_empty()


@pytest.mark.parametrize(("language", "size"), [("zh", PHONE), ("en", WIDE)])
def test_a_supplier_answers_by_its_link_once(visit: Open, language: str, size: tuple[int, int]) -> None:
    buyer = visit(user="supply.chain", language=language)
    page = buyer.open("/purchase-orders/?standing=unanswered")
    row = 0 if language == "zh" else 1
    address = page.locator("tbody a[href^='/purchase-orders/PO-']").nth(row).get_attribute("href") or ""
    buyer.open(address)
    page.locator("form[action$='/link/'] button").click()
    token = page.locator("code.lnk").inner_text()
    supplier = visit(language=language, size=size)
    found = supplier.open(token.removeprefix(supplier.server))
    supplier.check_page()
    later = (dt.datetime.now(dt.UTC).date() + dt.timedelta(days=60)).isoformat()
    for field in found.locator("input[type=date]").all():
        field.fill(later)
    found.locator("form:not([action]) button.pri").click()
    expect(found.locator("[role=status].note")).to_be_visible()
    supplier.open(token.removeprefix(supplier.server))
    expect(found.locator("[role=alert]")).to_be_visible()
    expect(found.locator("input[type=date]")).to_have_count(0)
    page = buyer.open(address)
    expect(page.locator("form[action$='/revise/']").first).to_be_visible()
