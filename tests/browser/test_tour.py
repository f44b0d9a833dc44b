"""The pictures of the tour and of the guides by role and by journey are made by walking them, with ``PUNCTUAL_TOUR=1``
set. Without the variable the same walks check that every picture still shows what its page shows.

Nothing is written on these walks but what one of them computes: the company is the same after them.
"""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from browser.conftest import PASSWORD, PHONE, Open, Visit
from browser.pictures import picture

ROOT = Path(__file__).resolve().parents[2]
WORKBOOK = next((ROOT / "demo").glob("LK-PO-*.xlsx"))
LANGUAGES = ["zh", "en"]
DAYS = {
    "admin": "/settings/people/",
    "sales": "/requests/",
    "supply.chain": "/shortages/",
    "planner": "/capacity/",
    "quality": "/inspections/?state=open,started",
    "finance": "/payments/",
    "manager": "/dashboard/",
}
"""Where the day of those begins who don't begin it on the start page."""
PUT_OFF = "section:has(.i use[href$='#clock-pause']), form[action$='/read/']"
"""On the start page: what somebody has put off, and the button for what nobody has read."""
MOVERS = ".hb:has(table.mini)"
"""Whom a promise would move."""


def _first(page: Page, selector: str, attribute: str = "href") -> str:
    found = page.locator(selector).first.get_attribute(attribute)
    assert found
    return found


def _of(one: Visit, path: str, *texts: str, link: str = "a") -> str:
    """The address behind the first row of a list that says all of ``texts``."""
    rows = one.open(path, settle=False).locator("main tbody tr")
    for text in texts:
        rows = rows.filter(has_text=text)
    found = rows.first.locator(link).first.get_attribute("href")
    assert found, f"{path} has no row of {texts}"
    return found


def _order(one: Visit, customer: str, state: str = "in_progress") -> str:
    return _of(one, f"/orders/?state={state}&sort=order", customer, link="a.ono")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_of_the_tour_is_as_its_picture_shows(visit: Open, language: str) -> None:
    one = visit(user="order.manager", language=language)
    one.open("/", settle=False)
    picture(one, "home", without=PUT_OFF)
    page = one.open("/orders/?health=overdue,late,at_risk&sort=promised", settle=False)
    picture(one, "orders")
    _upload(one)
    picture(one, "import", without=MOVERS)
    one.page.once("dialog", lambda dialog: dialog.accept())
    one.page.locator("form[action$='/drop/'] button").click()
    order = _order(one, "南京博泰")
    one.open(order, settle=False)
    picture(one, "order")
    one.open("/reviews/", settle=False)
    picture(one, "review")
    page = one.open(order.replace("/orders/", "/plans/"), settle=False)
    page.locator("#gantt [data-part=rows] [role=row]").first.wait_for()
    picture(one, "plan")
    template = _first(one.open("/plan-templates/", settle=False), "tr[data-href]", "data-href")
    one.open(template, settle=False)
    picture(one, "template")
    one.open("/calendars/", settle=False)
    picture(one, "calendar")
    phone = visit(user="order.manager", language=language, size=PHONE)
    phone.open(order, settle=False)
    picture(phone, "phone")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_role_begins_its_day_as_its_picture_shows(visit: Open, language: str) -> None:
    one = visit(language=language)
    for user, path in DAYS.items():
        one.sign_in(user, then=path)
        picture(one, f"role-{user.replace('.', '-')}", user=user)
    one.context.clear_cookies(name="sessionid")
    page = one.open("/portal/sign-in/", settle=False)
    page.fill("input[name=email]", "contact0@c001.example")
    page.fill("input[name=password]", PASSWORD)
    page.locator("main form button.pri").click()
    page.wait_for_url("**/portal/")
    one.open(_first(page, "a[href^='/portal/orders/']"), settle=False)
    picture(one, "role-contact")


@pytest.mark.parametrize("language", LANGUAGES)
def test_orders_are_promised_reviewed_and_repaired_as_the_pictures_show(visit: Open, language: str) -> None:
    one = visit(user="sales", language=language)
    page = one.open("/orders/new/", settle=False)
    page.locator("#f-customer").select_option(label="南京博泰药业有限公司")
    page.locator("#f-po").fill("PO-2611-08")
    later = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=210)
    later += dt.timedelta(days=2 - later.weekday())
    for column, text in ((2, "HC-VI30"), (5, "1"), (9, later.isoformat())):
        page.locator(f"table.ent tbody tr:first-child td:nth-child({column})").click()
        page.keyboard.type(text)
        page.keyboard.press("Enter")
    for kind in ("nobody", "negotiated"):
        expect(page.locator(f"[data-offer={kind}]")).to_be_visible(timeout=60_000)
    picture(one, "promise", user="sales", without=MOVERS)
    one.sign_in("quality", then=_order(one, "济南力博", "in_review"))
    picture(one, "sign", user="quality", at="#sign", without=MOVERS)
    one.sign_in("order.manager")
    page = one.open("/", settle=False)
    page.locator("[data-item] details.menu > summary").first.click()
    picture(one, "later", of="[data-item] details[open]", without=PUT_OFF)
    page = one.open("/rush/", settle=False)
    page.locator("main li", has_text="济南力博").locator("a").first.click()
    page.locator("nav.sld").first.locator("a").first.click(timeout=60_000)
    expect(page.locator(".cmp2 b")).to_have_count(5)
    picture(one, "rush")
    _compute_ways_out(one)
    picture(one, "recover", at="table.opt")


@pytest.mark.parametrize("language", LANGUAGES)
def test_suppliers_changes_and_lots_are_as_the_pictures_show(visit: Open, language: str) -> None:
    one = visit(user="supply.chain", language=language)
    page = one.open(_of(one, "/purchase-orders/?state=confirmed", "安控电气", "×2"), settle=False)
    form = page.locator("form[action$='/revise/']").first
    day = dt.date.fromisoformat(form.locator("input[name=day]").input_value()) + dt.timedelta(days=10)
    form.locator("input[name=day]").fill(day.isoformat())
    form.locator("input[name=reason]").fill("铸件返工")
    form.locator("button").click()
    expect(page.locator(".eff").first).to_be_visible()
    picture(one, "late-date", user="supply.chain", of="li:has(form[action$='/revise/'])")
    one.open("/shortages/?state=stops", settle=False)
    expect(page.locator("input[name=way]").first).to_be_attached()
    picture(one, "shortage", user="supply.chain")
    one.sign_in("order.manager")
    one.open(_of(one, "/changes/", "单组份阀"), settle=False)
    picture(one, "change")
    one.open(_order(one, "成都天岳").rstrip("/") + "/risks/", settle=False)
    if not page.locator("svg .s-acc").count():
        page.locator("form[action$='/risks/compute/'] button").click()
    expect(page.locator("svg .s-acc")).to_be_visible(timeout=120_000)
    picture(one, "risk")
    one.open("/risks/review/", settle=False)
    picture(one, "risk-review")
    one.sign_in("quality")
    one.open(_of(one, "/ncr/", "导轨划伤"), settle=False)
    picture(one, "nonconformity", user="quality")


@pytest.mark.parametrize("language", LANGUAGES)
def test_meetings_and_deliveries_are_as_the_pictures_show(visit: Open, language: str) -> None:
    one = visit(user="order.manager", language=language)
    page = one.open("/meetings/?state=planned&sort=starts", settle=False)
    one.open(str(page.locator("tr[data-href]").last.get_attribute("data-href")), settle=False)
    picture(one, "meeting")
    one.open(_of(one, "/deliveries/", "SVC-TRN"), settle=False)
    picture(one, "delivery")
    one.open(str(one.page.locator("main a[href^='/acceptances/']").last.get_attribute("href")), settle=False)
    picture(one, "acceptance")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_phone_is_as_the_pictures_show(visit: Open, language: str) -> None:
    one = visit(user="worker", language=language, size=PHONE)
    page = one.open("/tasks/", settle=False)
    picture(one, "role-worker", user="worker")
    card = page.locator("article.tk:not(.blk)", has=page.locator("input[name=percent]")).first
    for share in ("90", "75"):
        if not card.locator(f"input[name=percent][value='{share}']").is_checked():
            card.locator(f"input[name=percent][value='{share}'] + span").click()
            break
    expect(card.locator(".fx .note").first).to_be_visible()
    card.evaluate("one => { one.scrollIntoView(); scrollBy(0, -64); }")
    picture(one, "report", user="worker", of="article.tk fieldset")
    one.sign_in("quality")
    page = one.open(_of(one, "/inspections/?state=open,started", "RAIL-20"), settle=False)
    for _ in range(int(page.locator("#inspect").get_attribute("data-ac") or 0) + 1):
        page.locator("[data-step='1']").click()
    picture(one, "inspection", user="quality")


def _compute_ways_out(one: Visit) -> None:
    """Of an order for which there are any; the dearest two belong to the journeys of other tests."""
    links = one.open("/?scope=all").locator(".act a.bt[href^='/recover/']")
    for address in [str(link.get_attribute("href")) for link in links.all()[2:]]:
        page = one.open(address, settle=False)
        ways = page.locator("table.opt tbody tr:not(.now0)")
        none = page.locator("main section.rgap .cd-b.t2 p")
        if not ways.count():
            page.locator("main form[method=post] button.pri").first.click()
        expect(ways.or_(none).first).to_be_visible(timeout=150_000)
        if ways.count():
            return
    pytest.fail("no late order has a way out")


def _upload(one: Visit) -> None:
    page = one.open("/imports/", settle=False)
    page.set_input_files("input[type=file]", WORKBOOK)
    page.wait_for_url(re.compile(r"/imports/\d+/"))
    expect(page.locator("[data-offer=nobody]")).to_be_visible(timeout=60_000)
