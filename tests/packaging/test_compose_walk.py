"""The compose file walked without containers: its database and Redis as programs of the test, then each service's own
command with its own environment, secrets as files; somebody signs in, submits an order, and the planner plans it.

Not imitated: the image, networks, limits of memory and the read-only file system.
"""

from __future__ import annotations

import datetime as dt
import http.client
import json
import os
import re
import secrets
import shlex
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psycopg
import pytest
import yaml

from migrated import SOURCE

pytestmark = [pytest.mark.postgres, pytest.mark.slow, pytest.mark.own_database]

DEPLOY = SOURCE.parent / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
HOST = "punctual.example.com"
PASSWORD = "a-long-word-of-the-walk"
PATIENCE = 240
"""Seconds that anything may take on a busy machine; how long a stop may take is said by the file."""
COMPANY = """
import django
django.setup()
import datetime as dt
from django.utils import timezone
from punctual.flows.demo import build_master_data
from punctual.flows.demo.templates import build_templates
build_master_data(timezone.localdate())
build_templates()
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def seconds(text: str) -> float:
    return float(text.removesuffix("s"))


def image_environment() -> dict[str, str]:
    """What the Dockerfile's last stage sets, without its PATH."""
    last = (DEPLOY / "Dockerfile").read_text().rpartition("\nFROM ")[2]
    (line,) = re.findall(r"^ENV (.*)$", last, re.MULTILINE)
    return dict(word.split("=", 1) for word in shlex.split(line) if not word.startswith("PATH="))


def health_question(port: int) -> list[str]:
    """The image's own, of the port that is served here."""
    asked = (DEPLOY / "Dockerfile").read_text().partition("HEALTHCHECK")[2].partition("CMD ")[2].splitlines()[0]
    program, *words = shlex.split(asked)
    assert program == "python"
    return [sys.executable, *(word.replace(":8000", f":{port}") for word in words)]


@dataclass
class Walk:
    """Where the containers' places lie here."""

    folder: Path
    database_url: str
    web_port: int = field(default_factory=free_port)
    redis_port: int = field(default_factory=free_port)
    mark: str = field(default_factory=lambda: secrets.token_hex(8))

    def environment(self, name: str) -> dict[str, str]:
        service = COMPOSE["services"][name]
        told = self.folder / "secrets" / name
        told.mkdir(parents=True, exist_ok=True)
        contents = {"punctual_secret": "walked-" * 10, "database_url": self.database_url}
        for secret in service["secrets"]:
            (told / secret).write_text(contents[secret] + "\n")
        files = self.folder / "files"
        files.mkdir(exist_ok=True)
        places = {
            "/run/secrets/": f"{told}/",
            "/var/lib/punctual": str(files),
            "//redis:6379": f"//127.0.0.1:{self.redis_port}",
            "${PUNCTUAL_HOST}": HOST,
        }
        given = image_environment() | {key: str(value) for key, value in service["environment"].items()}
        for there, here in places.items():
            given = {key: value.replace(there, here) for key, value in given.items()}
        assert not [value for value in given.values() if "${" in value]
        kept = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
        return kept | given | {"PYTHONPATH": str(SOURCE), "WALK": self.mark}

    def command(self, name: str) -> list[str]:
        program, *words = COMPOSE["services"][name]["command"]
        assert program == "punctual"
        own_port = ["--port", str(self.web_port)] if words[0] == "serve" else []
        return [sys.executable, "-m", "punctual", *words, *own_port]

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()[-3000:]

    @contextmanager
    def started(self, name: str) -> Iterator[subprocess.Popen[bytes]]:
        """Left, it has been told to stop as Docker tells it, and has ended well within its time."""
        with (self.folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                self.command(name), env=self.environment(name), stdout=log, stderr=log, start_new_session=True
            )
        grace = seconds(COMPOSE["services"][name].get("stop_grace_period", "10s"))
        early: int | None = None
        try:
            yield process
            early = process.poll()
        finally:
            process.terminate()
            began = time.monotonic()
            while process.poll() is None and time.monotonic() - began < grace:
                time.sleep(0.05)
            process.kill()
            status = process.wait()
        assert early is None, f"{name} ended by itself: {self.log(name)}"
        assert status == 0, f"{name} told to stop ended with {status} within {grace:.0f} s: {self.log(name)}"

    def left_behind(self) -> list[str]:
        """Processes that somebody of the walk has started and nobody has ended."""
        found = []
        for place in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if f"WALK={self.mark}".encode() in (place / "environ").read_bytes().split(b"\0"):
                    found.append((place / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        return found


class Browser:
    """Behind the proxy, which has ended TLS: cookies and the form's token are kept as a browser does."""

    def __init__(self, port: int) -> None:
        self.port, self.cookies = port, SimpleCookie()

    def ask(self, path: str, *, form: dict[str, str] | None = None, data: Any = None) -> tuple[int, str, str]:
        """(status, where to, body)."""
        headers = {"Host": HOST, "X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.7"}
        headers["Cookie"] = "; ".join(f"{name}={one.value}" for name, one in self.cookies.items())
        body = None
        if form is not None:
            body, headers["Content-Type"] = urlencode(form), "application/x-www-form-urlencoded"
        elif data is not None:
            body, headers["Content-Type"] = json.dumps(data), "application/json"
        if body is not None:
            headers |= {"Referer": f"https://{HOST}/", "X-CSRFToken": self.cookies["__Host-csrf"].value}
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            link.request("GET" if body is None else "POST", path, body, headers)
            answer = link.getresponse()
            for one in answer.headers.get_all("Set-Cookie") or []:
                self.cookies.load(one)
            return answer.status, answer.headers.get("Location", ""), answer.read().decode()
        finally:
            link.close()

    def api(self, path: str, data: Any = None) -> Any:
        status, _where, body = self.ask(f"/api/v1{path}", data=data)
        assert status < 300, body[:2000]
        return json.loads(body)


def until(what: Callable[[], Any], why: Callable[[], str]) -> Any:
    deadline = time.monotonic() + PATIENCE
    while not (found := what()):
        assert time.monotonic() < deadline, why()
        time.sleep(0.5)
    return found


def database_of_the_file(server: Any) -> str:
    """The role and database that the file names: no superuser."""
    wanted = COMPOSE["services"]["database"]["environment"]
    user, name = wanted["POSTGRES_USER"], wanted["POSTGRES_DB"]
    with psycopg.connect(server.get_uri(), autocommit=True) as link:
        link.execute(f"CREATE ROLE {user} LOGIN PASSWORD 'walked'")
        link.execute(f"CREATE DATABASE {name} OWNER {user}")
    there = psycopg.conninfo.conninfo_to_dict(server.get_uri())
    return f"postgres://{user}:walked@/{name}?" + urlencode({"host": there["host"], "port": there.get("port", "5432")})


@contextmanager
def redis_of_the_file(walk: Walk) -> Iterator[None]:
    """Where it is not installed the services go without, as they must."""
    program, *words = COMPOSE["services"]["redis"]["command"]
    if shutil.which(program) is None:
        yield
        return
    place = ["--port", str(walk.redis_port), "--bind", "127.0.0.1", "--dir", str(walk.folder)]
    process = subprocess.Popen([program, *words, *place], stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


def signs_in(browser: Browser) -> None:
    status, _where, page = browser.ask("/accounts/login/")
    assert status == 200
    (token,) = re.findall(
        r'name="csrfmiddlewaretoken" value="([^"]+)"', page.partition('action="/accounts/login/"')[2]
    )[:1]
    sent = {"csrfmiddlewaretoken": token, "login": "chen", "password": PASSWORD}
    status, where, page = browser.ask("/accounts/login/", form=sent)
    assert (status, where) == (302, "/"), page[:2000]
    assert browser.ask("/")[0] == 200


def submits_an_order(browser: Browser) -> str:
    """A machine at its list price, on the first of some far days that is no holiday; its number."""
    customer = next(one for one in browser.api("/customers?limit=50")["items"] if one["currency"] == "CNY")
    machines = [one for one in browser.api("/products?limit=100")["items"] if float(one["minimum_order_quantity"]) == 1]
    machine = next(one for one in machines if one["lead_time_days"] and one["prices"])
    prices = [one for one in machine["prices"] if one["currency"] == "CNY"]
    price = max(prices, key=lambda one: one["valid_from"])["amount"]
    said = ""
    for weeks in (60, 63, 66):
        today = dt.datetime.now(dt.UTC).date()
        wednesday = today + dt.timedelta(weeks=weeks, days=2 - today.weekday())
        day = wednesday.isoformat()
        line = {"model": machine["model"], "quantity": "1", "unit_price": price, "requested_date": day}
        made = browser.api("/orders", {"customer": customer["id"], "lines": [line]})
        status, _where, said = browser.ask(f"/api/v1/orders/{made['id']}/submit", data={"version": made["version"]})
        if status == 200:
            return str(json.loads(said)["number"])
        said = str(browser.api(f"/orders/{made['id']}/check"))
    raise AssertionError(said)


def test_the_services_of_the_compose_file_work_together_and_end_in_their_time(postgres: Any, tmp_path: Path) -> None:
    walk = Walk(tmp_path, database_of_the_file(postgres))
    services = COMPOSE["services"]
    with redis_of_the_file(walk):
        once = subprocess.run(
            walk.command("migrate"), env=walk.environment("migrate"), capture_output=True, text=True, timeout=PATIENCE
        )
        assert once.returncode == 0, once.stdout + once.stderr
        for name in ("web", "worker", "planner"):
            assert services[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
        own = walk.environment("web")
        new_person = ["user", "chen", "--role", "administrator", "--password", PASSWORD]
        for words in (["-m", "punctual", *new_person], ["-c", COMPANY]):
            settings = {"DJANGO_SETTINGS_MODULE": "punctual.config.settings"}
            run = subprocess.run([sys.executable, *words], env=own | settings, capture_output=True, text=True)
            assert run.returncode == 0, run.stdout + run.stderr
        with ExitStack() as stack:
            for name in ("web", "worker", "planner"):
                stack.enter_context(walk.started(name))
            asked = health_question(walk.web_port)
            until(lambda: subprocess.run(asked, capture_output=True).returncode == 0, lambda: walk.log("web"))
            browser = Browser(walk.web_port)
            signs_in(browser)
            key = submits_an_order(browser)
            until(
                lambda: [one for one in browser.api("/schedule-runs")["items"] if one["state"] == "done"],
                lambda: f"{key}: {browser.api('/schedule-runs')['items']} {walk.log('worker')} {walk.log('planner')}",
            )
            assert browser.api(f"/orders/{key}")["state"] == "in_review"
    assert until(lambda: not walk.left_behind(), lambda: f"still there: {walk.left_behind()}")
