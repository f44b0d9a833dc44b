"""The pictures of the ten-minute tour are made by walking it, with ``PUNCTUAL_TOUR=1`` set.

Without the variable the same walk checks that every page of the tour is there and that its picture is in the docs.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page

from browser.conftest import Open, Visit

ROOT = Path(__file__).resolve().parents[2]
IMAGES = ROOT / "docs" / "user" / "images"
WORKBOOK = next((ROOT / "demo").glob("LK-PO-*.xlsx"))
NAMES = ("home", "orders", "import", "order", "review", "plan", "template", "calendar", "phone")


def _picture(page: Page, name: str, language: str) -> None:
    path = IMAGES / f"{name}-{language}.png"
    if os.environ.get("PUNCTUAL_TOUR"):
        page.screenshot(path=path)
    assert path.exists(), f"the tour has no picture {path.name}: make it with PUNCTUAL_TOUR=1"


def _first(page: Page, selector: str, attribute: str = "href") -> str:
    found = page.locator(selector).first.get_attribute(attribute)
    assert found
    return found


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_of_the_tour_is_there(visit: Open, language: str) -> None:
    one = visit(user="order.manager", language=language)
    _picture(one.open("/"), "home", language)
    page = one.open("/orders/?health=overdue,late,at_risk&sort=promised")
    _picture(page, "orders", language)
    order = _first(page, "a.ono")
    _upload(one)
    _picture(one.page, "import", language)
    one.page.once("dialog", lambda dialog: dialog.accept())
    one.page.locator("form[action$='/drop/'] button").click()
    one.page.wait_for_load_state("networkidle")
    _picture(one.open(order), "order", language)
    _picture(one.open("/reviews/"), "review", language)
    page = one.open(order.replace("/orders/", "/plans/"))
    page.locator("#gantt [data-part=rows] [role=row]").first.wait_for()
    _picture(page, "plan", language)
    template = _first(one.open("/plan-templates/"), "tr[data-href]", "data-href")
    _picture(one.open(template), "template", language)
    _picture(one.open("/calendars/"), "calendar", language)
    phone = visit(user="order.manager", language=language, size=(390, 844))
    _picture(phone.open(order), "phone", language)


def _upload(one: Visit) -> None:
    page = one.open("/imports/")
    page.set_input_files("input[type=file]", WORKBOOK)
    page.wait_for_url(re.compile(r"/imports/\d+/"))
    page.wait_for_load_state("networkidle")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_tour_shows_every_picture_and_no_other(language: str) -> None:
    text = (ROOT / "docs" / "user" / f"tour.{language}.md").read_text()
    shown = set(re.findall(r"images/([\w-]+\.png)", text))
    assert shown == {f"{name}-{language}.png" for name in NAMES}
