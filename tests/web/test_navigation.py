"""What the side and the settings lead to is there for whoever is shown it; pages beside them look as they should."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client

from punctual.platform.accounts.models import Role


def _refused(browser: Client, links: set[str]) -> dict[str, int]:
    answers = {link: browser.get(link).status_code for link in links}
    return {link: status for link, status in answers.items() if status >= 400}


@pytest.mark.parametrize("role", Role.values)
def test_no_link_of_the_side_or_the_settings_leads_to_a_refusal(signed_in: Callable[[str], Client], role: str) -> None:
    browser = signed_in(role)
    page = browser.get("/settings/").content.decode()
    bars = re.findall(r'<nav class="(?:snv|side|p-nav)[^>]*>.*?</nav>', page, re.DOTALL)
    links = set(re.findall(r'href="(/[^"#]*)"', "".join(bars)))
    assert {"/settings/people/", "/tasks/"} <= links
    assert _refused(browser, links) == {}


def test_the_documentation_of_the_api_shows_code_as_code(signed_in: Callable[[str], Client]) -> None:
    page = signed_in("worker").get("/api-documentation/").content.decode()
    assert "``" not in page
    assert "<code>waiting</code>" in page


def test_switching_the_second_factor_on_is_a_button(signed_in: Callable[[str], Client]) -> None:
    page = signed_in("sales").get("/accounts/2fa/").content.decode()
    assert re.search(r'<a class="bt" href="/accounts/2fa/totp/activate/">', page)
