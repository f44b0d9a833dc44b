"""A real Chromium against a real server with the demo company. All browser tests share one of each."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from migrated import migrated_database

ROOT = Path(__file__).resolve().parents[2]
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
PASSWORD = "punctual-demo"
WIDE, PHONE = (1440, 900), (390, 844)
DECIDED_BY_COLOURS = ["color-contrast", "link-in-text-block"]
"""The rules of axe whose answer a theme can change."""
SERIOUS = """async (options) => (await axe.run(options)).violations
    .filter((one) => ["serious", "critical"].includes(one.impact))
    .map((one) => `${one.id}: ${one.nodes[0].html.slice(0, 200)}`)"""
TWO_OF_EACH = """(without) => {
  if (without) for (const one of document.querySelectorAll(without)) one.replaceChildren();
  const says = new Set(["class", "style", "role", "type", "tabindex"]);
  const built = (one) => {
    const said = (at) => (says.has(at.name) || !at.value ? `${at.name}=${at.value}` : at.name);
    const names = [...one.attributes].map(said);
    const text = [...one.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    const looks = `${one.tagName} ${names.sort()} ${text} (${[...one.children].map(built)})`;
    looksOf.set(one, looks);
    return looks;
  };
  const looksOf = new Map();
  built(document.body);
  const thin = (parent) => {
    const seen = new Map();
    for (const one of [...parent.children]) {
      const times = (seen.get(looksOf.get(one)) ?? 0) + 1;
      seen.set(looksOf.get(one), times);
      if (times > 2 && !one.matches("td, th, col")) one.remove();
      else thin(one);
    }
  };
  thin(document.body);
}"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser" in str(item.path).replace(os.sep, "/"):
            item.add_marker(pytest.mark.browser)


def _chromium() -> str | None:
    given = os.environ.get("PUNCTUAL_CHROMIUM", "")
    if given:
        return None if given == "none" else given
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next((path for name in names if (path := shutil.which(name))), None)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Served:
    """A running ``punctual serve`` and the folder of its data."""

    address: str
    data: Path

    def environment(self) -> dict[str, str]:
        """For another process beside it."""
        return {**_plain_environment(), "PUNCTUAL_DATA": str(self.data)}


def _plain_environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PUNCTUAL_", "DJANGO_"))}
    return {**kept, "PYTHONPATH": str(ROOT / "src")}


@pytest.fixture(scope="session")
def server(served: Served) -> str:
    return served.address


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """``punctual serve`` with the demo company in a folder of its own; PUNCTUAL_SERVED and PUNCTUAL_SERVED_DATA name
    one that runs already, which spares whoever writes a journey its minutes."""
    if address := os.environ.get("PUNCTUAL_SERVED"):
        yield Served(address, Path(os.environ.get("PUNCTUAL_SERVED_DATA", "")))
        return
    port = _free_port()
    folder = tmp_path_factory.mktemp("served")
    (folder / "data").mkdir()
    shutil.copyfile(migrated_database(), folder / "data" / "punctual.db")
    log = (folder / "log").open("wb")
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "punctual",
            "serve",
            "--port",
            str(port),
            "--whole-demo",
            "--data",
            str(folder / "data"),
        ],
        env=_plain_environment(),
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_until_ready(address, process, folder / "log")
        yield Served(address, folder / "data")
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
        log.close()


def _wait_until_ready(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 600
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()[-3000:]
        try:
            with urllib.request.urlopen(f"{address}/readyz", timeout=5) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
    raise AssertionError(f"the server did not start:\n{log.read_text()[-3000:]}")


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """Gone with the last browser test: while Playwright runs, Django takes every other test for an asynchronous one."""
    path = _chromium()
    if path is None:
        warnings.warn("NO BROWSER: the browser tests were skipped; install Chromium", stacklevel=1)
        pytest.skip("NO BROWSER: install Chromium to run the browser tests")
    with sync_playwright() as playwright:
        executable = None if path == "playwright" else path
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield browser
        browser.close()


SESSIONS: dict[tuple[str, str], Any] = {}
"""Server and name → the session of whoever has signed in there already: every typed sign-in costs two pages and a
password's hash."""


@dataclass
class Visit:
    """One person at one browser; everything the browser complains of is kept and checked at the end."""

    server: str
    context: BrowserContext
    page: Page
    language: str
    complaints: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)
    """Parts of complaints that the test provokes on purpose."""

    def open(self, path: str, *, settle: bool = True) -> Page:
        """``settle`` waits half a second for what a page fetches by itself; where the next step waits for what it
        needs, that is time for nothing."""
        answer = self.page.goto(f"{self.server}{path}")
        assert answer is not None
        assert answer.status < 400, f"{path}: {answer.status}"
        if settle:
            self.page.wait_for_load_state("networkidle")
        return self.page

    def sign_in(self, name: str, then: str = "/") -> Page:
        """As that person, on the page ``then``: typed the first time, later with the session that it gave."""
        self.context.clear_cookies(name="sessionid")
        if known := SESSIONS.get((self.server, name)):
            self.context.add_cookies([known])
            self.page.goto(f"{self.server}{then}")
            if "/accounts/login" not in self.page.url:
                return self.page
        return self.type_sign_in(name, then)

    def type_sign_in(self, name: str, then: str = "/") -> Page:
        """By name and password on the page that asks for them."""
        self.page.goto(f"{self.server}/accounts/login/?next={then}")
        self.page.fill("input[name=login]", name)
        self.page.fill("input[name=password]", PASSWORD)
        self.page.press("input[name=password]", "Enter")
        self.page.wait_for_url(lambda url: "/accounts/login" not in url)
        session = next(one for one in self.context.cookies() if one["name"] == "sessionid")
        kept = {"name": "sessionid", "value": session["value"], "url": self.server, "httpOnly": True}
        SESSIONS[self.server, name] = kept
        return self.page

    def show(self, theme: str) -> None:
        """The page as it stands in the other theme, without loading it again."""
        self.page.evaluate("theme => document.documentElement.setAttribute('data-bs-theme', theme)", theme)

    def check_page(self) -> None:
        """No serious accessibility violation and no sideways scrolling."""
        found = self.faults()
        assert not found, "\n".join(found)

    def check_both(self) -> None:
        """The same in both themes, the page loaded once."""
        found = self.faults_of_both()
        assert not found, "\n".join(found)

    def faults(self, **options: object) -> list[str]:
        """What :meth:`check_page` finds, a line each; ``options`` are axe's."""
        from axe_playwright_python.sync_playwright import Axe

        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(Axe().axe_script)
        found = self.page.evaluate(SERIOUS, {"resultTypes": ["violations"], "preload": False, **options})
        return [f"{self.page.url} {fault}" for fault in found] + self._too_wide()

    def _too_wide(self) -> list[str]:
        size = self.page.viewport_size
        assert size is not None
        # A phone's own window grows with what sticks out, so the screen's width is what counts.
        width = self.page.evaluate("document.documentElement.scrollWidth")
        return [f"{self.page.url} is {width} px wide on a screen of {size['width']}"] if width > size["width"] else []

    def faults_of_both(self, *, alike: bool = True, without: str = "") -> list[str]:
        """Every rule in the theme in which the page stands; in the other one what colours decide. Without ``alike``
        of things that are built alike two are asked, and nothing that ``without`` selects: much quicker on a page of
        many rows."""
        found = self._too_wide()
        if not alike:
            self.page.evaluate(TWO_OF_EACH, without)
        first = self.page.locator("html").get_attribute("data-bs-theme") or "light"
        second = "dark" if first == "light" else "light"
        found += [f"{first}: {fault}" for fault in self.faults()]
        self.show(second)
        found += [f"{second}: {fault}" for fault in self.faults(runOnly=DECIDED_BY_COLOURS)]
        self.show(first)
        return found


Open = Callable[..., Visit]


@pytest.fixture
def visit(chromium: Browser, server: str) -> Iterator[Open]:
    """``visit(user=…, language="zh", size=WIDE, theme="light")`` opens a browser of that person."""
    visits: list[Visit] = []

    def enter(user: str = "", language: str = "zh", size: tuple[int, int] = WIDE, theme: str = "light") -> Visit:
        phone = size[0] < 600
        context = chromium.new_context(
            viewport={"width": size[0], "height": size[1]},
            locale="zh-CN" if language == "zh" else "en-GB",
            color_scheme=theme,  # type: ignore[arg-type]
            reduced_motion="reduce",
            is_mobile=phone,
            has_touch=phone,
            accept_downloads=True,
        )
        context.set_default_timeout(45_000)
        cookie = {"name": "django_language", "value": "zh-hans" if language == "zh" else "en", "url": server}
        context.add_cookies([cookie, {"name": "theme", "value": theme, "url": server}])  # type: ignore[list-item]
        one = Visit(server, context, context.new_page(), language)
        _listen(one)
        visits.append(one)
        if user:
            one.sign_in(user)
        return one

    yield enter
    for one in visits:
        one.context.close()
        left = [text for text in one.complaints if not any(part in text for part in one.expected)]
        assert not left, "\n".join(left)


def _listen(one: Visit) -> None:
    host = urlsplit(one.server).netloc

    def on_console(message: Any) -> None:
        if message.type in {"error", "warning"}:
            one.complaints.append(f"console: {message.text} ({message.location.get('url', '')})")

    def on_request(request: Any) -> None:
        parts = urlsplit(request.url)
        if parts.scheme.startswith("http") and parts.netloc != host:
            one.complaints.append(f"foreign host: {request.url}")

    one.page.on("console", on_console)
    one.page.on("pageerror", lambda error: one.complaints.append(f"script error: {error}"))
    one.page.on("request", on_request)
