"""Signing in, language, theme, palette: the frame around every page."""

from __future__ import annotations

import io
import re

import pdfplumber
import pytest
from playwright.sync_api import expect

from browser.conftest import PHONE, WIDE, Open

FACES = [("zh", WIDE, "light"), ("en", WIDE, "dark"), ("zh", PHONE, "dark"), ("en", PHONE, "light")]


@pytest.mark.parametrize(("language", "size", "theme"), FACES)
def test_signing_in_and_every_settings_page(visit: Open, language: str, size: tuple[int, int], theme: str) -> None:
    one = visit(language=language, size=size, theme=theme)
    one.open("/accounts/login/")
    one.check_page()
    one.type_sign_in("admin")
    for path in ("/me/settings/", "/settings/", "/settings/people/", "/inbox/"):
        one.open(path)
        one.check_page()


def test_a_wrong_password_is_refused_in_words(visit: Open) -> None:
    one = visit()
    page = one.open("/accounts/login/")
    page.fill("input[name=login]", "admin")
    page.fill("input[name=password]", "wrong-password")
    page.press("input[name=password]", "Enter")
    expect(page.locator(".note.late")).to_be_visible()


def test_the_language_switch_keeps_the_page(visit: Open) -> None:
    one = visit(user="sales")
    page = one.open("/inbox/")
    page.click("summary:has(.av)")
    page.click("button[name=language]")
    page.wait_for_load_state()
    assert page.url.endswith("/inbox/")
    assert page.locator("html").get_attribute("lang") == "en"


def test_the_theme_switch_is_remembered(visit: Open) -> None:
    one = visit(user="sales")
    page = one.open("/inbox/")
    page.click("header [data-act=theme]")
    page.reload()
    assert page.locator("html").get_attribute("data-bs-theme") == "dark"


def test_the_palette_opens_by_keyboard_and_leads_on(visit: Open) -> None:
    one = visit(user="admin", language="en")
    page = one.open("/inbox/")
    page.keyboard.press("Control+k")
    page.keyboard.type("settings")
    page.wait_for_selector("a.pal")
    page.keyboard.press("Escape")
    expect(page.locator("#palette")).to_be_hidden()
    page.keyboard.press("Control+k")
    page.keyboard.type("settings")
    page.wait_for_selector("a.pal")
    page.keyboard.press("Enter")
    page.wait_for_url("**/settings/")
    expect(page.locator("h1")).to_have_text("Settings")


def test_rows_are_chosen_changed_together_and_taken_back_by_keyboard(visit: Open) -> None:
    one = visit(user="order.manager", language="en")
    page = one.open("/orders/?sort=order")
    before = page.locator("tbody tr").count()
    assert before > 2
    page.locator("tbody input.ckb").nth(0).check()
    page.locator("tbody input.ckb").nth(2).click(modifiers=["Shift"])
    expect(page.locator("[data-count]")).to_have_text("3")
    page.click("[data-dialog=bulk-dialog]")
    form = page.locator("#bulk-dialog form:has(input[value=custom_shipping_mode])")
    form.locator("select").select_option("海运")
    form.locator("button").click()
    expect(page.locator("main tbody tr")).to_have_count(3)
    expect(page.locator("main tbody")).to_contain_text("Sea freight")
    one.check_page()
    page.locator("main form .bt.pri").click()
    expect(page.locator("#notices")).to_contain_text("changed")
    page.keyboard.press("Control+z")
    expect(page.locator("#notices")).to_contain_text("As it was before")


def test_the_selection_says_what_it_is_worth_in_each_currency_for_itself(visit: Open) -> None:
    page = visit(user="order.manager").open("/orders/?sort=amount")
    for currency in ("CNY", "EUR"):
        page.locator(f"tr[data-currency={currency}] td.ckc input").first.check(force=True)
    expect(page.locator("[data-sum]")).to_have_text(re.compile(r"^€[\d,]+ \+ ¥[\d,]+$|^¥[\d,]+ \+ €[\d,]+$"))


def test_a_row_opens_at_the_side_on_the_desk_and_is_chosen_by_touch_on_the_phone(visit: Open) -> None:
    one = visit(user="order.manager")
    page = one.open("/customers/")
    page.keyboard.press("j")
    page.keyboard.press("Space")
    name = page.locator("#peek a.ono").first
    expect(name).to_be_visible()
    first = name.inner_text()
    page.keyboard.press("j")
    expect(name).not_to_have_text(first)
    one.check_page()
    page.keyboard.press("Escape")
    expect(page.locator("#peek")).to_be_hidden()
    phone = visit(user="order.manager", size=PHONE, theme="dark")
    page = phone.open("/actions/")
    page.locator("[data-choose]").tap()
    page.locator("tbody tr").nth(0).tap()
    expect(page.locator("[data-count]")).to_have_text("1")
    expect(page.locator("#peek")).to_be_hidden()
    phone.check_page()


STILL_PRESSED = """() => [...document.querySelectorAll(
    "button,nav.seg,nav.tabs,summary,.side,.top,.p-nav,.bt,input:not([type=hidden],:disabled),textarea,select")]
    .filter(one => one.checkVisibility() && one.getBoundingClientRect().width > 2)
    .map(one => one.outerHTML.slice(0, 120))"""


def test_paper_has_what_the_page_says_and_nothing_to_press(visit: Open) -> None:
    one = visit(user="order.manager")
    page = one.open("/orders/?state=in_progress")
    order = page.locator("a.ono").first.get_attribute("href") or ""
    for path in ("/orders/?state=in_progress", order):
        page = one.open(path)
        page.emulate_media(media="print")
        assert page.evaluate(STILL_PRESSED) == [], path
        with pdfplumber.open(io.BytesIO(page.pdf(prefer_css_page_size=True))) as paper:
            assert {(round(sheet.width), round(sheet.height)) for sheet in paper.pages} == {(842, 595)}
            said = "".join(sheet.extract_text() for sheet in paper.pages)
        assert order.strip("/").split("/")[-1] in said
        assert len(said) > 300
        page.emulate_media(media="screen")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_tools_of_a_plan_stand_in_one_row_with_and_without_a_scenario(visit: Open, language: str) -> None:
    page = visit(user="planner", language=language).open("/plans/")
    plan = page.locator("tr[data-href]").first.get_attribute("data-href") or ""
    page.goto(f"{page.url.split('/plans/')[0]}{plan}")
    tools = page.locator("[data-part=tools]")
    scenario = tools.locator("[data-against] option[data-url]").first.get_attribute("value")
    assert scenario
    places = "(bar) => [...bar.children].filter((one) => one.offsetWidth > 1).map((one) => one.getBoundingClientRect())"
    for chosen in ("", scenario):
        tools.locator("[data-against]").select_option(chosen)
        expect(tools.locator("[data-part=scenario]")).to_be_visible(visible=bool(chosen))
        boxes = tools.evaluate(places)
        assert max(box["top"] for box in boxes) <= min(box["bottom"] for box in boxes), chosen
        assert max(box["right"] for box in boxes) <= 1440
    for name in ("critical", "float", "tail", "load"):
        assert tools.locator(f"[data-tool={name}]").inner_text().strip()
        assert tools.locator(f"[data-tool={name}]").get_attribute("title")


def test_tools_for_chosen_tasks_wait_until_one_is_chosen(visit: Open) -> None:
    page = visit(user="planner").open("/plans/")
    plan = page.locator("tr[data-href]").first.get_attribute("data-href") or ""
    page.goto(f"{page.url.split('/plans/')[0]}{plan}")
    rows = page.locator("#gantt [data-part=rows] [role=row]")
    rows.first.wait_for()
    link, details = (page.locator(f"[data-tool={name}]") for name in ("link", "open"))
    expect(link).to_be_disabled()
    rows.nth(1).click()
    expect(details).to_be_enabled()
    expect(link).to_be_disabled()


def test_what_a_dialog_was_refused_stands_in_it_beside_what_was_typed(visit: Open) -> None:
    one = visit(user="order.manager", language="en")
    one.expected.append("422")
    page = one.open("/service-cases/new/")
    page.select_option("select[name=customer]", index=1)
    page.fill("input[name=title]", "Scale shows nothing")
    with page.expect_navigation():
        page.locator("main form button.pri").first.click()
    page.locator("[data-dialog=rma-dialog]").click()
    dialog = page.locator("#rma-dialog")
    dialog.locator("[name=part]").fill("Load cell")
    dialog.locator("[name=quantity]").fill("0")
    dialog.locator("button.pri").click()
    expect(dialog.locator("[data-notice]")).to_be_visible()
    expect(dialog.locator("[name=part]")).to_have_value("Load cell")
    dialog.locator("[name=quantity]").fill("1")
    dialog.locator("button.pri").click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_text("Load cell")).to_be_visible()


def test_an_order_on_paper_is_one_column_and_nothing_lies_on_its_picture(visit: Open) -> None:
    one = visit(user="order.manager")
    page = one.open("/orders/?health=late")
    page.locator("tr[data-href] a").first.click()
    expect(page.locator(".pp1 canvas").first).to_be_visible()
    page.set_viewport_size({"width": 1040, "height": 800})
    page.emulate_media(media="print")
    picture, beside = page.locator(".pp1 canvas").first.bounding_box(), page.locator(".pp2").first.bounding_box()
    assert picture
    assert beside
    assert picture["y"] + picture["height"] <= beside["y"]
    columns = page.locator(".og").evaluate("node => getComputedStyle(node).gridTemplateColumns.split(' ').length")
    assert columns == 1
