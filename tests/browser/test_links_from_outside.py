"""What people see who have no account: every page that opens by a link alone, the way in, and the pages of refusal. All
are clean in both themes, on the desk and on the phone; where a change is signed is looked at in its own journey."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from browser.conftest import PHONE, WIDE, Open, Served

PROGRAM = Path(__file__).with_name("links_from_outside.py")


@pytest.fixture(scope="module")
def links(served: Served) -> dict[str, str]:
    environment = {**served.environment(), "DJANGO_SETTINGS_MODULE": "punctual.config.settings"}
    made = subprocess.run([sys.executable, str(PROGRAM)], env=environment, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr[-2000:]
    return dict(json.loads(made.stdout.splitlines()[-1]))


@pytest.mark.parametrize(("language", "size"), [("zh", PHONE), ("en", WIDE)])
def test_every_page_opened_by_a_link_alone_is_clean(
    visit: Open, links: dict[str, str], language: str, size: tuple[int, int]
) -> None:
    one = visit(language=language, size=size)
    faults = []
    assert set(links) == {"track", "survey", "document", "supplier", "8d", "welcome"}
    for name, address in links.items():
        page = one.open(address, settle=False)
        faults += [f"{name} {fault}" for fault in one.faults_of_both()]
        if name == "track" and size == WIDE:  # which uses the link up
            page.locator("main form button").click()
            page.wait_for_url("**/track/**")
            faults += one.faults_of_both()
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(("language", "size"), [("en", PHONE), ("zh", WIDE)])
def test_the_way_in_and_the_pages_of_refusal_are_clean(visit: Open, language: str, size: tuple[int, int]) -> None:
    one = visit(language=language, size=size)
    faults = []
    for address in ("/accounts/login/", "/accounts/password/reset/", "/accounts/password/reset/key/1-x/"):
        one.page.goto(f"{one.server}{address}")
        faults += one.faults_of_both()
    one.sign_in("planner")
    for address, status in (("/settings/system/", 403), ("/orders/none/", 404), ("/nowhere/", 404)):
        answer = one.page.goto(f"{one.server}{address}")
        assert answer is not None
        assert answer.status == status
        faults += one.faults_of_both()
    one.expected += ["403 (Forbidden)", "404 (Not Found)"]
    assert not faults, "\n".join(faults)
