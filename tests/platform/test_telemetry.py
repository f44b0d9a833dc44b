"""Faults and traces reach a real receiver, and nothing goes with them that the logs would not say."""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from migrated import SOURCE, migrated_database

pytestmark = pytest.mark.own_database

PROGRAM = """
import logging
from punctual.config.wsgi import application
from django.test import Client
from django.conf import settings
settings.ALLOWED_HOSTS = ["*"]
Client().get("/healthz")
Client().get("/t/" + "k" * 40 + "/")
try:
    raise ValueError("the tool said password=hunter22 and broke")
except ValueError:
    logging.getLogger("punctual").exception("a solve of SO-2026-00043 failed")
"""
SHUT = "import sys; sys.modules['sentry_sdk'] = None\n" + PROGRAM


class Receiver(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.got: dict[str, bytes] = {}


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        self.server.got[self.path] = self.server.got.get(self.path, b"") + body
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def _run(program: str, data: Path, **given: str) -> subprocess.CompletedProcess[str]:
    shutil.copyfile(migrated_database(), data / "punctual.db")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "DJANGO_", "OTEL_"))}
    environment = kept | {"PUNCTUAL_DATA": str(data), "PYTHONPATH": str(SOURCE)} | given
    command = [sys.executable, "-c", program]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)


def test_faults_and_traces_arrive_without_secrets(receiver: Receiver, tmp_path: Path) -> None:
    host = f"127.0.0.1:{receiver.server_address[1]}"
    told = _run(
        PROGRAM,
        tmp_path,
        PUNCTUAL_SENTRY_DSN=f"http://public@{host}/7",
        OTEL_EXPORTER_OTLP_ENDPOINT=f"http://{host}",
    )
    assert told.returncode == 0, told.stderr[-3000:]
    faults, traces = receiver.got["/api/7/envelope/"], receiver.got["/v1/traces"]
    assert b"a solve of SO-2026-00043 failed" in faults
    assert b"ValueError" in faults
    assert b"hunter22" not in faults
    assert b"healthz" in traces
    assert b"punctual-web" in traces
    assert b"kkkkkkkk" not in traces + faults


def test_without_the_packages_the_sentence_says_what_to_do(tmp_path: Path) -> None:
    told = _run(SHUT, tmp_path, PUNCTUAL_SENTRY_DSN="http://public@127.0.0.1:9/7")
    assert told.returncode != 0
    assert "sentry_sdk is not installed: pip install 'punctual[telemetry]'" in told.stderr


def test_nothing_is_sent_where_nothing_is_configured(tmp_path: Path) -> None:
    told = _run(PROGRAM + "\nimport sys; print('sentry_sdk' in sys.modules, 'opentelemetry' in sys.modules)", tmp_path)
    assert told.stdout.split()[-2:] == ["False", "False"], told.stderr[-2000:]
