"""A change order from the order's page to its next revision with the customer's signature; a delivery with its
acceptance signed on the screen; a partly delivered order to its last payment and its closing. Both languages, wide
and on the phone."""

from __future__ import annotations

import base64
import re

import pytest
from playwright.sync_api import Page, expect

from browser.conftest import PHONE, WIDE, Open, Visit

FACES = [("zh", WIDE, "light"), ("en", PHONE, "dark")]
PHOTO = {
    "name": "装箱.png",
    "mimeType": "image/png",
    "buffer": base64.b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    ),
}
INK = """() => {
  const canvas = document.querySelector("[data-pad] canvas");
  return canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.some((byte) => byte);
}"""
"""Whether something is drawn on the pad."""
FILE = {"name": "合格证.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4 certificate"}


def _order_in_progress(one: Visit, index: int) -> str:
    """The address of a running order without a change order under way."""
    one.open("/orders/?state=in_progress&sort=order")
    links = one.page.locator("table.ol a.ono")
    return str(links.nth(index).get_attribute("href"))


def _press(page: Page, verb: str) -> None:
    page.once("dialog", lambda dialog: dialog.accept())
    with page.expect_navigation():
        page.locator(f"form[action$='/do/{verb}/'] button").first.click()
    page.wait_for_load_state("networkidle")


def _draw(page: Page) -> None:
    canvas = page.locator("[data-pad] canvas").locator("visible=true")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 30, box["y"] + 80)
    page.mouse.down()
    page.mouse.move(box["x"] + 120, box["y"] + 30, steps=4)
    page.mouse.move(box["x"] + 200, box["y"] + 90, steps=4)
    page.mouse.up()
    assert page.locator("[data-pad] input[name=signature]").input_value().startswith("data:image/png;base64,")


def _approve_until_done(one: Visit, title: str) -> None:
    """Whoever is asked says yes, level by level."""
    for name in ("planner", "finance", "manager"):
        one.sign_in(name)
        page = one.open("/approvals/")
        link = page.locator("tbody tr", has_text=title).locator("a").first
        if not link.count():
            continue
        link.click()
        page.wait_for_load_state("networkidle")
        one.check_page()
        with page.expect_navigation():
            page.locator("button[value=approve]").click()


@pytest.mark.parametrize(("language", "size", "theme"), FACES)
def test_a_change_is_analysed_approved_signed_by_the_customer_and_applied(
    visit: Open, language: str, size: tuple[int, int], theme: str
) -> None:
    one = visit(user="order.manager", language=language, size=size, theme=theme)
    order = _order_in_progress(one, 4 if language == "zh" else 5)
    page = one.open(f"{order}change/")
    title = f"加一天培训 {language}"
    page.fill("#title", title)
    page.fill("input[name='task-0-name']", "加开培训")
    page.fill("input[name='task-0-days']", "1")
    page.fill("input[name='task-0-amount']", "1600")
    with page.expect_navigation():
        page.locator("button[name=analyse]").click()
    expect(page.locator("h1")).to_contain_text(re.compile(r"CO-\d{4}-\d{5}"))
    expect(page.locator(".kfig")).to_be_visible()
    one.check_page()
    address = page.url.removeprefix(one.server)
    _press(page, "submit")
    _approve_until_done(one, title)
    one.sign_in("order.manager")
    page = one.open(address)
    with page.expect_navigation():
        page.locator("form[action$='/link/'] button").click()
    link = page.locator(".note code.brk").inner_text()
    one.context.clear_cookies(name="sessionid")
    page.goto(link)
    one.check_both()
    page.fill("#name", "李工")
    _draw(page)
    with page.expect_navigation():
        page.locator("button[value=agree]").click()
    page.goto(link)
    expect(page.locator(".why")).to_be_visible()
    one.expected.append("422")
    one.sign_in("order.manager")
    page = one.open(address)
    _press(page, "apply")
    expect(page.locator("a[href*='/revisions/']").first).to_be_visible()
    one.check_page()


@pytest.mark.parametrize(("language", "size", "theme"), FACES[1:])
def test_an_acceptance_is_signed_on_the_screen_and_the_gates_say_what_is_missing(
    visit: Open, language: str, size: tuple[int, int], theme: str
) -> None:
    one = visit(user="order.manager", language=language, size=size, theme=theme)
    order = _order_in_progress(one, 6 if language == "zh" else 7)
    page = one.open(f"{order}deliver/")
    with page.expect_navigation():
        page.locator("main form button.pri").click()
    expect(page.locator(".gates li").first).to_be_visible()
    one.check_page()
    page.select_option("select[name=kind]", "fat")
    with page.expect_navigation():
        page.locator("form[action$='/acceptances/'] button").first.click()
    one.check_page()
    for select in page.locator("select[name^=verdict-]").all():
        select.select_option("met")
    if page.locator("select[name^=verdict-]").count():
        with page.expect_navigation():
            page.locator("button[formaction$='/do/change/']").click()
    _draw(page)
    page.locator("#signer").evaluate("field => field.removeAttribute('required')")
    with page.expect_navigation():
        page.locator("form[action$='/do/pass/'] button.pri").click()
    expect(page.locator(".why").first).to_be_visible()
    page.wait_for_function(INK)
    one.expected.append("422")
    page.fill("#signer", "周建平")
    with page.expect_navigation():
        page.locator("form[action$='/do/pass/'] button.pri").click()
    expect(page.locator("img.sgimg")).to_be_visible()
    one.check_page()


@pytest.mark.parametrize(("language", "size", "theme", "index"), [(*FACES[0], 0), (*FACES[1], -1)])
def test_what_is_left_of_an_order_goes_out_is_accepted_paid_and_the_order_closed(
    visit: Open, language: str, size: tuple[int, int], theme: str, index: int
) -> None:
    """Journey 12: every gate is opened by whom it belongs to; what is still open at the end is done by name."""
    one = visit(user="supply.chain", language=language, size=size, theme=theme)
    one.open("/orders/?state=partially_delivered&sort=order")
    links = one.page.locator("table.ol a.ono").all()
    order = [href for href in [str(link.get_attribute("href")) for link in links] if _has_room(one, href)][index]
    delivery = _prepare_the_rest(one, order)
    _witness(one, order)
    _pay_all(one, order)
    _ship_and_receive(one, delivery)
    acceptance = _accept_with_an_open_item(one, order)
    _pay_all(one, order)
    page = one.sign_in("order.manager", then=f"{order}close/")
    expect(page.locator("[role=alert] li").first).to_be_visible()  # the open item stands in the way
    _do_the_open_item(one, acceptance)
    page = one.sign_in("order.manager", then=f"{order}close/")
    one.check_page()
    page.fill("#lessons", "装箱照片当天拍 / photos on the day")
    with page.expect_navigation():
        page.locator("form:has(#lessons) button.pri").click()
    page.wait_for_load_state("networkidle")
    expect(page.locator("#lessons")).to_have_count(0)
    one.check_page()
    _look_after(one, visit(language=language, size=PHONE), order)


def _has_room(one: Visit, order: str) -> bool:
    """Whether something of an order is in no delivery yet: where all of it is, the way leads to that delivery."""
    return one.open(f"{order}deliver/", settle=False).url.endswith("/deliver/")


def _prepare_the_rest(one: Visit, order: str) -> str:
    page = one.open(f"{order}deliver/")
    with page.expect_navigation():
        page.locator("main form button.pri").click()
    page.wait_for_load_state("networkidle")
    one.check_page()
    expect(page.locator("details.lockd")).to_be_visible()
    page.set_input_files("#delivery-photo", PHOTO)  # type: ignore[arg-type]
    with page.expect_navigation():
        page.locator("form:has(#delivery-photo) button").click()
    expect(page.locator(".dph img")).to_have_count(1)
    page.wait_for_load_state("networkidle")
    page.set_input_files("#delivery-doc", FILE)  # type: ignore[arg-type]
    with page.expect_navigation():
        page.locator("form:has(#delivery-doc) button").last.click()
    page.wait_for_load_state("networkidle")
    return page.url.split("#")[0].removeprefix(one.server)


def _witness(one: Visit, order: str) -> None:
    """The customer saw the point pass; its name is on record."""
    page = one.sign_in("quality", then=order.replace("/orders/", "/quality/plans/"))
    with page.expect_navigation():
        page.locator("tr", has_text="FAT").locator("form[action$='/inspect/'] button").click()
    page.wait_for_load_state("networkidle")
    for answer in page.locator("label:has(input[name^=check-][value=yes])").all():
        answer.click()
    page.set_input_files("input[name=photo]", {**FILE, "name": "节拍.pdf"})  # type: ignore[arg-type]
    page.fill("input[name=witness]", "张工")
    with page.expect_navigation():
        page.locator("[data-submit]").click()
    page.wait_for_load_state("networkidle")
    expect(page.locator("#verdict .st.ok")).to_be_visible()


def _pay_all(one: Visit, order: str) -> None:
    """Whatever is open, milestone by milestone."""
    page = one.sign_in("finance", then=f"{order}payments/")
    one.check_page()
    buttons = page.locator("button[data-dialog^=pay-]")
    for left in range(buttons.count(), 0, -1):
        dialog = page.locator(f"#{buttons.first.get_attribute('data-dialog')}")
        buttons.first.click()
        dialog.locator("input[name=reference]").fill("REC-1")
        dialog.locator("button.pri").click()
        expect(buttons).to_have_count(left - 1)
        page.wait_for_load_state("networkidle")


def _ship_and_receive(one: Visit, delivery: str) -> None:
    page = one.sign_in("supply.chain", then=delivery)
    page.locator("button[data-dialog=ship-dialog]").click()
    page.fill("#carrier", "德顺物流")
    page.locator("#ship-dialog button.pri").click()
    page.locator("button[data-dialog=receive-dialog]").click()
    page.fill("#received_by", "李工")
    _draw(page)
    with page.expect_navigation():
        page.locator("#receive-dialog button.pri").click()
    page.wait_for_load_state("networkidle")
    expect(page.locator(".step .dn").nth(2)).to_be_visible()
    one.check_page()


def _accept_with_an_open_item(one: Visit, order: str) -> str:
    page = one.sign_in("order.manager", then=order)
    form = page.locator("form[action$='/acceptances/']")
    form.locator("select").select_option("final")
    with page.expect_navigation():
        form.locator("button").click()
    page.wait_for_load_state("networkidle")
    for select in page.locator("select[name^=verdict-]").all():
        select.select_option("met")
    if page.locator("select[name^=verdict-]").count():
        with page.expect_navigation():
            page.locator("button[formaction$='/do/change/']").click()
    page.fill("#p-title", "备份参数光盘 1 份")
    page.select_option("#p-grade", "C")
    page.select_option("#p-owner", label="林晓岚")
    page.fill("#p-due", "2027-12-01")
    with page.expect_navigation():
        page.locator("form[action$='/do/punch/'] button").click()
    page.fill("#signer", "周建平")
    page.check("#with_punch")
    _draw(page)
    with page.expect_navigation():
        page.locator("form[action$='/do/pass/'] button.pri").click()
    expect(page.locator("img.sgimg")).to_be_visible()
    one.check_page()
    return page.url.removeprefix(one.server)


def _do_the_open_item(one: Visit, acceptance: str) -> None:
    page = one.open(acceptance)
    page.locator("main .ls a[href^='/actions/']").first.click()
    page.wait_for_load_state("networkidle")
    with page.expect_navigation():
        page.locator("form[action$='/complete/'] button").click()


def _look_after(one: Visit, guest: Visit, order: str) -> None:
    """The warranty of a line runs and a fault becomes a case; the customer was asked by itself and answers with one
    click."""
    page = one.open(order)
    label = page.locator("h1").inner_text().strip()
    page.locator("[data-dialog=warranty-dialog]").click()
    page.locator("#w-serials").fill("SN-1")
    with page.expect_navigation():
        page.locator("#warranty-dialog button.pri").click()
    page.locator("[data-dialog=link-dialog]").click()
    page.locator("#link-name").fill("张工")
    with page.expect_navigation():
        page.locator("#link-dialog button.pri").click()
    link = page.locator("code.brk").first.inner_text()
    page = one.open(f"/service-cases/new/?order={label}")
    page.fill("#id_title", "夹具松动 / loose clamp")
    page.fill("#id_serial", "SN-1")
    with page.expect_navigation():
        page.locator("main form button.pri").first.click()
    expect(page.locator("main .st.ok").first).to_contain_text(re.compile("在保|warranty"))
    one.check_page()
    theirs = guest.open("/" + link.split("/", 3)[3])
    theirs.locator("main form button").click()
    theirs.wait_for_url("**/track/**")
    asked = "() => fetch(location.href).then((it) => it.text()).then((text) => text.includes('stars'))"
    theirs.wait_for_function(asked, polling=500)
    theirs.reload()
    with theirs.expect_navigation():
        theirs.locator(".stars button").nth(3).click()
    expect(theirs.locator(".stars button[aria-pressed=true]")).to_have_attribute("value", "4")
