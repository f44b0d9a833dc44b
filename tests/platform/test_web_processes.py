"""``punctual serve`` with two web processes: they count as one, one goes on without the other, none stays behind."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import pytest

from migrated import SOURCE, migrated_database

pytestmark = [
    pytest.mark.slow,
    pytest.mark.own_database,
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc"),
]
RATE = 40
MAKE = """
from punctual.platform.accounts.models import User
from punctual.platform.accounts.services import issue_token
for name in ("one", "two", "three", "four"):
    user = User.objects.create_user(username=name, email=f"{name}@example.test", role="administrator", password="x")
    print("token", issue_token(actor=user, user=user, name="test"))
"""


@dataclass
class Served:
    process: subprocess.Popen[bytes]
    port: int
    data: Path
    tokens: list[str]

    def ask(
        self, path: str, *, method: str = "GET", body: str | None = None, **headers: str
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        """Over a connection of its own, so that either process may take it."""
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            link.request(method, path, body, headers)
            answer = link.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            link.close()

    def api(self, token: str, path: str, *, body: object = None) -> tuple[int, bytes]:
        method = "GET" if body is None else "POST"
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        text = None if body is None else json.dumps(body)
        status, _, read = self.ask(path, method=method, body=text, **headers)
        return status, read

    def figures(self) -> dict[str, float]:
        status, _, text = self.ask("/metrics")
        assert status == 200
        lines = [line for line in text.decode().splitlines() if line and not line.startswith("#")]
        return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}

    def web(self) -> list[int]:
        """The processes that answer pages."""
        return [pid for pid in _below(self.process.pid) if "granian" in _command(_parent(pid)) and _is_worker(pid)]


def _text(pid: int, name: str) -> str:
    try:
        return Path(f"/proc/{pid}/{name}").read_text()
    except (OSError, UnicodeDecodeError):
        return ""


def _command(pid: int) -> str:
    return _text(pid, "cmdline").replace("\0", " ")


def _parent(pid: int) -> int:
    told = _text(pid, "stat").rpartition(")")[2].split()
    return int(told[1]) if told else 0


def _is_alive(pid: int) -> bool:
    return _text(pid, "stat").rpartition(")")[2].split()[:1] not in ([], ["Z"])


def _is_worker(pid: int) -> bool:
    return "resource_tracker" not in _command(pid) and "punctual.engine.warm" not in _command(pid) and _is_alive(pid)


def _below(pid: int) -> list[int]:
    everybody = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal()]
    found, new = [], [pid]
    while new:
        new = [one for one in everybody if _parent(one) in new]
        found += new
    return found


def _until(is_so: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.02)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, str], list[str]]:
    """The environment of an installation of its own, and the tokens of four people."""
    data = tmp_path_factory.mktemp("served")
    shutil.copyfile(migrated_database(), data / "punctual.db")
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "DJANGO_", "PUNCTUAL_"))
    }
    told = {"PUNCTUAL_DATA": str(data), "PYTHONPATH": str(SOURCE), "PUNCTUAL_API_RATE": str(RATE), "TMPDIR": str(data)}
    command = [sys.executable, "-m", "punctual", "manage", "shell", "-c", MAKE]
    made = subprocess.run(command, env=kept | told, capture_output=True, text=True, check=True)
    return kept | told, [line.split()[1] for line in made.stdout.splitlines() if line.startswith("token ")]


@contextmanager
def serving(environment: dict[str, str], tokens: list[str]) -> Iterator[Served]:
    port = _free_port()
    command = [sys.executable, "-m", "punctual", "serve", "--no-demo", "--no-worker"]
    command += ["--port", str(port), "--processes", "2"]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    served = Served(process, port, Path(environment["PUNCTUAL_DATA"]), tokens)
    try:
        _until(lambda: len(_answering(served)) == 2, 180)
        yield served
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def _answering(served: Served) -> set[str]:
    """Processes that have counted a request of theirs."""
    try:
        served.ask("/healthz")
    except OSError:
        return set()
    counted = {path.stem.split("_")[1] for path in served.data.glob("punctual-metrics-*/histogram_*.db")}
    return counted & {str(pid) for pid in served.web()}


@pytest.fixture(scope="module")
def served(installed: tuple[dict[str, str], list[str]]) -> Iterator[Served]:
    """Nothing is left of it when it was stopped."""
    with serving(*installed) as found:
        yield found
        everything = [found.process.pid, *_below(found.process.pid)]
    assert found.process.returncode == 0
    _until(lambda: not [pid for pid in everything if _is_alive(pid)], 20)
    assert not list(found.data.glob("punctual-metrics-*"))


@pytest.mark.parametrize("count", ["0", "-1", "65", "many"])
def test_a_number_of_processes_that_can_not_be_is_refused(count: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "punctual", "serve", "--data", str(tmp_path / "new"), "--processes", count]
    run = subprocess.run(
        command, env=os.environ | {"PYTHONPATH": str(SOURCE)}, capture_output=True, text=True, check=False, timeout=60
    )
    assert run.returncode == 2
    assert len(run.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "new").exists()


def test_the_api_requests_of_one_user_are_one_count(served: Served) -> None:
    """Either process answers; a minute that ends meanwhile begins another count, so that it is tried again."""
    for token in served.tokens[:2]:
        minute = time.time() // 60
        told = [served.api(token, "/api/v1/me")[0] for _ in range(RATE + 20)]
        if time.time() // 60 == minute:
            assert told == [200] * RATE + [429] * 20
            return
    pytest.fail("two minutes ended during two dozen requests")


def test_tries_of_a_sign_in_are_counted_together(served: Served) -> None:
    _, headers, _ = served.ask("/portal/sign-in/")
    token = headers["Set-Cookie"].split("csrftoken=")[1].split(";")[0]
    body = urlencode({"email": "nobody@example.test", "password": "wrong-wrong", "csrfmiddlewaretoken": token})
    kind = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": f"csrftoken={token}"}
    pages = [served.ask("/portal/sign-in/", method="POST", body=body, **kind) for _ in range(12)]
    assert [status for status, _, _ in pages] == [422] * 12
    assert ["五分钟" in page.decode() for _, _, page in pages] == [False] * 5 + [True] * 7


def test_metrics_add_up_what_both_have_counted(served: Served) -> None:
    name = 'punctual_requests_total{method="GET",route="readyz",status="200"}'
    before = served.figures().get(name, 0.0)
    for _ in range(60):
        assert served.ask("/readyz")[0] == 200
    after = served.figures()
    assert after[name] == before + 60
    assert after['punctual_request_seconds_count{route="readyz"}'] == after[name]
    assert after["punctual_events_waiting"] == 0.0
    each = [path for path in served.data.glob("punctual-metrics-*/counter_*.db") if b"readyz" in path.read_bytes()]
    assert len(each) == 2, "both have answered some of them"


def test_a_backup_while_both_write_holds_what_was_acknowledged_and_an_unbroken_trail(
    served: Served, installed: tuple[dict[str, str], list[str]], tmp_path: Path
) -> None:
    kept: list[int] = []
    done = threading.Event()

    def write(token: str) -> None:
        while not done.wait(0.2):
            status, read = served.api(token, "/api/v1/webhooks", body={"url": "https://example.com/"})
            assert status in (201, 429)
            kept.extend([json.loads(read)["id"]] if status == 201 else [])

    def punctual(*words: str | Path) -> None:
        command = [sys.executable, "-m", "punctual", *map(str, words)]
        run = subprocess.run(command, env=installed[0], capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stdout + run.stderr

    writers = [threading.Thread(target=write, args=[token]) for token in served.tokens]
    for writer in writers:
        writer.start()
    _until(lambda: len(kept) > 3)
    before = set(kept)
    punctual("backup", tmp_path / "backup.tar.gz")
    _until(lambda: len(kept) > len(before), 120)  # the backup kept nobody from writing
    done.set()
    for writer in writers:
        writer.join()
    punctual("restore", tmp_path / "backup.tar.gz", "--force", "--data", tmp_path / "restored")
    punctual("doctor", "--audit", "--data", tmp_path / "restored")
    with sqlite3.connect(tmp_path / "restored" / "punctual.db") as file:
        restored = {pk for (pk,) in file.execute("SELECT id FROM notifications_webhook")}
        trail = file.execute("SELECT count(*) FROM audit_auditentry WHERE target_type = 'webhook'").fetchone()[0]
    assert before <= restored
    assert trail == len(restored), "each is there with its entry of the trail"


def test_one_that_is_killed_takes_nothing_along_and_is_started_again(served: Served) -> None:
    kept: list[int] = []
    failed: list[str] = []
    done = threading.Event()

    def write(token: str) -> None:
        while not done.is_set():
            try:
                status, read = served.api(token, "/api/v1/webhooks", body={"url": "https://example.com/"})
            except (OSError, http.client.HTTPException) as error:
                failed.append(repr(error))
                continue
            if status == 201:
                kept.append(json.loads(read)["id"])
            elif status == 429:
                return
            else:
                failed.append(str(status))

    writers = [threading.Thread(target=write, args=[token]) for token in served.tokens[2:]]
    for writer in writers:
        writer.start()
    _until(lambda: len(kept) > 5)
    first, second = served.web()
    os.kill(first, signal.SIGKILL)
    count = len(kept)
    _until(lambda: len(kept) > count + 10)  # the other goes on answering
    _until(lambda: second in served.web() and len(served.web()) == 2 and first not in served.web())
    done.set()
    for writer in writers:
        writer.join()
    assert served.process.poll() is None
    assert len(failed) <= 4, failed  # what the killed one had in its hands was not acknowledged
    with sqlite3.connect(served.data / "punctual.db") as file:
        stored = {pk for (pk,) in file.execute("SELECT id FROM notifications_webhook")}
    assert set(kept) <= stored


def test_a_web_server_that_is_killed_leaves_no_process_behind(installed: tuple[dict[str, str], list[str]]) -> None:
    with serving(*installed) as served:
        everything = [served.process.pid, *_below(served.process.pid)]
        os.kill(_parent(served.web()[0]), signal.SIGKILL)
        assert served.process.wait(30) == 1
    _until(lambda: not [pid for pid in everything if _is_alive(pid)], 20)
