"""Every kind of page once: no serious accessibility fault in either theme, none wider than the screen, and none that no
link leads to. Pages are found as people find them, by following links; one address stands for each kind.

Two hundred pages take many minutes, so this is walked when it is asked for: PUNCTUAL_EVERY_PAGE=1 python3 run.py test
tests/browser/test_every_page.py
"""

from __future__ import annotations

import os
import re
from collections import Counter, defaultdict, deque
from pathlib import Path
from urllib.parse import urlsplit
from zlib import crc32

import pytest
from django.urls import Resolver404, resolve

from browser.conftest import Open, Visit

TABLE = Path(__file__).resolve().parents[1] / "web" / "permission_matrix.txt"
FILES = {
    "acceptance_certificate", "acceptance_file", "calendar_export", "capa_report", "change_file", "debit_note",
    "delivery_file", "delivery_note", "delivery_packing", "document_file", "import_errors", "import_original",
    "import_template", "inspection_file", "inspection_report", "meeting_paper", "ncr_file", "openapi-json",
    "order_file", "order_risks_report", "purchase_order_pdf", "request_file", "task_sheet",
}  # fmt: skip
PARTS = {
    "dashboard_earned", "home_timeline", "ncr_preview", "order_customer", "order_later", "order_peek",
    "order_products", "palette", "plan_phases", "promise_import", "promise_lines", "promise_order",
    "shortage_lines",
    "shortage_ways",
}  # fmt: skip
"""What stands within another page."""
OTHERS = {"healthz", "metrics", "readyz", "portal_forgot", "portal_sign_in", "track_enter"}
"""For machines, and what a customer sees: that is walked by whoever comes from outside."""
NOT_IN_THE_DEMO = {"notice", "purchase_order_edit", "quality_point", "quality_point_new"}
"""What only a notice, a draft purchase or a plan under revision leads to; the journeys make some of them."""
WHILE_SOMETHING_WAITS = ("/notices/drafts/", "/requests/inbox/")
"""Linked only while something waits in them."""
MOST_READ = 12
FRAME = ".side, .top, #palette, #keys"
"""The same around every page, and looked at with the first."""
LEFT_OUT = FILES | PARTS | OTHERS | NOT_IN_THE_DEMO
LINKS = """() => [...document.querySelectorAll("a[href^='/'], [data-href^='/']")]
    .map(one => one.dataset.href ?? one.getAttribute("href"))"""
LINK_IN_TEXT = re.compile(r"""\s(?:data-)?href=["'](/[^"'#]*)""")
PART_IN_TEXT = re.compile(r"""\shx-get=["'](/[^"']*)["'] hx-trigger=["']load["']""")
SETTLED = "() => !document.querySelector('.htmx-request')"


def _kind(address: str) -> str:
    """Which page it is, whatever record it shows; empty for what is none of ours."""
    try:
        return resolve(urlsplit(address).path).url_name or ""
    except Resolver404:
        return ""


def _pages() -> set[str]:
    """The kinds of page that the reviewed table opens to an administrator."""
    rows = re.findall(r"^/\S* \[(\w+)\] .*administrator=200/", TABLE.read_text(), re.MULTILINE)
    return set(rows) - LEFT_OUT


class Walk:
    """Follows the links of one person; of every kind of page the first address is shown, others are only read."""

    def __init__(self, one: Visit) -> None:
        self.one = one
        self.seen: set[str] = {"home", *map(_kind, WHILE_SOMETHING_WAITS)}
        self.waiting = deque(["/", *WHILE_SOMETHING_WAITS])
        self.known: set[str] = set(self.waiting)
        self.spare: dict[str, set[str]] = defaultdict(set)
        self.read: Counter[str] = Counter()
        self.faults: list[str] = []

    def note(self, links: list[str]) -> None:
        for link in links:
            address, kind = link.split("#")[0], _kind(link)
            if not kind or kind in LEFT_OUT or address in self.known:
                continue
            self.known.add(address)
            if kind in self.seen:
                self.spare[kind].add(address)
            else:
                self.seen.add(kind)
                self.waiting.append(address)

    def go(self, wanted: set[str]) -> None:
        while self.waiting or self.look_further(wanted):
            while self.waiting:
                self.show(self.waiting.popleft())

    def show(self, address: str) -> None:
        page = self.one.page
        answer = page.goto(f"{self.one.server}{address}", wait_until="load")
        assert answer is not None
        page.wait_for_function(SETTLED)
        self.note(page.evaluate(LINKS))
        if answer.status >= 400:
            self.faults.append(f"{address}: {answer.status}")
        self.faults += self.one.faults_of_both(alike=False, without="" if address == "/" else FRAME)

    def text(self, address: str) -> str:
        """The page, or the part of it that comes later, as it is sent."""
        return self.one.page.request.get(f"{self.one.server}{address.replace('&amp;', '&')}").text()

    def look_further(self, wanted: set[str]) -> bool:
        """A page that only some records lead to: reads others of each kind, here one and there one, until one does;
        first of the kinds whose names the missing ones begin with."""
        missing = tuple(wanted - self.seen)
        near = {kind for kind in self.spare if any(name.startswith(kind) for name in missing)}
        for kind, addresses in sorted(self.spare.items(), key=lambda item: (item[0] not in near, len(item[1]))):
            while addresses and self.read[kind] < MOST_READ and wanted - self.seen:
                self.read[kind] += 1
                one = min(addresses, key=lambda address: crc32(address.encode()))
                addresses.remove(one)
                text = self.text(one)
                text += "".join(map(self.text, PART_IN_TEXT.findall(text)))
                self.note([link.replace("&amp;", "&") for link in LINK_IN_TEXT.findall(text)])
                if self.waiting:
                    return True
        return False


@pytest.mark.skipif(not os.environ.get("PUNCTUAL_EVERY_PAGE"), reason="takes many minutes: PUNCTUAL_EVERY_PAGE=1")
def test_every_kind_of_page_is_clean_in_both_themes_and_a_link_leads_to_it(visit: Open) -> None:
    walk, wanted = Walk(visit(user="admin")), _pages()
    walk.go(wanted)
    assert not walk.faults, "\n".join(walk.faults)
    assert sorted(wanted - walk.seen) == []
