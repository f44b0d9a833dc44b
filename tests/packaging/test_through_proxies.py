"""The proxies of deploy/ run with their own files in front of a served Punctual, and do what they must."""

from __future__ import annotations

import http.client
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from migrated import SOURCE, migrated_database

DEPLOY = SOURCE.parent / "deploy"
HOST = "punctual.example.com"
MEGABYTE = 1 << 20

pytestmark = [
    pytest.mark.slow,
    pytest.mark.own_database,
    pytest.mark.skipif(not (shutil.which("nginx") or shutil.which("caddy")), reason="neither nginx nor caddy is here"),
]
Answer = tuple[int, http.client.HTTPMessage, bytes]


def needs(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} is not installed here")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def ask(
    port: int, path: str, *, tls: bool = False, body: bytes | None = None, host: str = HOST, **given: str
) -> Answer:
    headers = {"Host": host} | {name.replace("_", "-"): value for name, value in given.items()}
    trusting = ssl._create_unverified_context()  # the certificate is made for the test
    link = (
        http.client.HTTPSConnection("127.0.0.1", port, timeout=60, context=trusting)
        if tls
        else http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    )
    try:
        link.request("GET" if body is None else "POST", path, body, headers)
        answer = link.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        link.close()


@contextmanager
def running(command: list[str], port: int, *, path: str, tls: bool = False, **environment: str) -> Iterator[None]:
    """A program of its own until it answers, and its end afterwards."""
    process = subprocess.Popen(command, env=os.environ | environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        deadline = time.monotonic() + 180
        while True:
            try:
                if ask(port, path, tls=tls)[0] == 200:
                    break
            except OSError:
                pass
            if process.poll() is not None or time.monotonic() > deadline:
                process.kill()
                raise AssertionError(process.communicate()[1].decode()[-3000:])
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.communicate(timeout=60)


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a served Punctual that stands behind a proxy with TLS."""
    data, port = tmp_path_factory.mktemp("served"), free_port()
    shutil.copyfile(migrated_database(), data / "punctual.db")
    given = {
        "PYTHONPATH": str(SOURCE),
        "PUNCTUAL_DATA": str(data),
        "PUNCTUAL_HOSTS": f"{HOST},127.0.0.1",
        "PUNCTUAL_URL": f"https://{HOST}",
        "PUNCTUAL_HTTPS": "1",
        "PUNCTUAL_PROXY": "1",
        "DJANGO_SETTINGS_MODULE": "punctual.config.settings",
    }
    command = [sys.executable, "-m", "punctual", "serve", "--no-demo", "--no-worker", "--processes", "1"]
    with running([*command, "--port", str(port)], port, path="/readyz", **given):
        yield port


@pytest.fixture(scope="module")
def nginx(backend: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, int]]:
    """The ports without and with TLS of nginx with our file; only ports and folders are the test's."""
    place, plain, secure = tmp_path_factory.mktemp("nginx"), free_port(), free_port()
    make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1"]
    make += ["-subj", f"/CN={HOST}", "-keyout", f"{place}/key.pem", "-out", f"{place}/fullchain.pem"]
    subprocess.run(make, check=True, capture_output=True)
    ours = (DEPLOY / "nginx.conf").read_text()
    for theirs, tests in (
        ("/etc/ssl/punctual", str(place)),
        ("127.0.0.1:8000", f"127.0.0.1:{backend}"),
        ("listen 80;", f"listen 127.0.0.1:{plain};"),
        ("listen 443 ssl", f"listen 127.0.0.1:{secure} ssl"),
    ):
        assert theirs in ours
        ours = ours.replace(theirs, tests)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    folders = "".join(f"{kind}_temp_path {place}/{kind};" for kind in kinds)
    user = "user root;" if os.geteuid() == 0 else ""
    frame = f"{user} daemon off; pid {place}/pid; error_log {place}/log; events {{}}"
    (place / "nginx.conf").write_text(f"{frame} http {{ access_log off; {folders}\n{ours}\n}}")
    command = ["nginx", "-p", str(place), "-c", str(place / "nginx.conf"), "-e", str(place / "log")]
    tried = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
    assert "test is successful" in tried.stderr, tried.stderr
    with running(command, secure, path="/healthz", tls=True):
        yield plain, secure


@needs("nginx")
@needs("openssl")
def test_nginx_refuses_what_is_too_large_and_who_asks_for_metrics(nginx: tuple[int, int]) -> None:
    _, secure = nginx
    assert ask(secure, "/metrics", tls=True)[0] == 403
    whole = b"x=" + b"a" * (55 * MEGABYTE)
    kind = "application/x-www-form-urlencoded"
    status, headers, _ = ask(secure, "/accounts/login/", tls=True, body=whole, Content_Type=kind)
    assert status == 403  # the form has no token; it came as far as that
    assert "X-Request-ID" in headers
    status, headers, _ = ask(secure, "/accounts/login/", tls=True, body=b"", Content_Length=str(61 * MEGABYTE))
    assert status == 413
    assert "X-Request-ID" not in headers


@needs("nginx")
@needs("openssl")
def test_nginx_serves_pages_over_tls_only_with_a_number_of_its_own(nginx: tuple[int, int]) -> None:
    plain, secure = nginx
    status, headers, _ = ask(plain, "/orders/?page=2", X_Forwarded_Proto="https")
    assert (status, headers["Location"]) == (301, f"https://{HOST}/orders/?page=2")
    status, headers, page = ask(secure, "/accounts/login/", tls=True, X_Request_ID="chosen-by-the-client")
    assert status == 200
    assert re.fullmatch("[0-9a-f]{32}", headers["X-Request-ID"])
    assert headers["Strict-Transport-Security"].startswith("max-age=")
    assert "default-src" in headers["Content-Security-Policy"]
    assert all(cookie.startswith("__Host-") for cookie in headers.get_all("Set-Cookie") or [])
    style = re.search(rb'href="(/static/[^"]+\.css)"', page)
    assert style
    status, headers, _ = ask(secure, style[1].decode(), tls=True, Accept_Encoding="gzip")
    assert (status, headers["Content-Encoding"]) == (200, "gzip")
    assert "max-age" in headers["Cache-Control"]


@pytest.fixture(scope="module")
def caddy(backend: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of Caddy with our file, without TLS, for which it would ask an authority."""
    place, port = str(tmp_path_factory.mktemp("caddy")), free_port()
    told = {"PUNCTUAL_HOST": f"http://{HOST}:{port}", "PUNCTUAL_UPSTREAM": f"127.0.0.1:{backend}"}
    told |= {"CADDY_ADMIN": f"127.0.0.1:{free_port()}", "HOME": place, "XDG_DATA_HOME": place, "XDG_CONFIG_HOME": place}
    command = ["caddy", "run", "--adapter", "caddyfile", "--config", str(DEPLOY / "Caddyfile")]
    with running(command, port, path="/readyz", **told):
        yield port


@needs("caddy")
def test_caddy_replaces_what_a_client_writes_into_trusted_headers_and_tells_that_it_stands_between(
    backend: int, caddy: int
) -> None:
    """The control is the server itself, which believes whoever is connected."""
    for port, status in ((backend, 200), (caddy, 301)):
        assert ask(port, "/accounts/login/", X_Forwarded_Proto="https")[0] == status
    for port, status in ((backend, 200), (caddy, 403)):
        assert ask(port, "/metrics")[0] == status
    for port, same in ((backend, True), (caddy, False)):
        said = ask(port, "/healthz", X_Request_ID="chosen-by-the-client")[1]["X-Request-ID"]
        assert (said == "chosen-by-the-client") is same


@needs("caddy")
def test_caddy_finds_the_server_healthy_under_the_name_it_asks_by(caddy: int) -> None:
    """Its own question comes every ten seconds with the upstream's name; who doesn't answer it is left out."""
    time.sleep(11)
    assert ask(caddy, "/healthz")[0] == 200
