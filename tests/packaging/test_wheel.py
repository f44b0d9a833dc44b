"""The built wheel gives the `punctual` command, and `punctual serve` works far from any checkout."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import time
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

import pytest

from migrated import migrated_database

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.slow


def _run(*command: str | Path, cwd: Path, **environment: str) -> str:
    foreign = ("PYTEST_", "DJANGO_", "PUNCTUAL_", "PYTHONPATH", "DATABASE_URL")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    run = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=kept | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert run.returncode == 0, run.stdout[-2000:] + run.stderr[-3000:]
    return run.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built out of a copy of what is committed or would be, so that nothing stray gets in."""
    copy = tmp_path_factory.mktemp("source")
    for name in ("src", "requirements", "tools"):
        ignored = shutil.ignore_patterns("__pycache__", "*.nbi", "*.nbc", "*.mo")
        shutil.copytree(ROOT / name, copy / name, ignore=ignored)
    for name in ("pyproject.toml", "README.md", "LICENSE", "THIRD_PARTY_NOTICES.md"):
        shutil.copy(ROOT / name, copy / name)
    target = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--no-deps", "--no-build-isolation"]
    _run(*pip, "--quiet", "--wheel-dir", target, ".", cwd=copy)
    return next(target.glob("punctual-*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of commands of a new environment: the wheel, and the locked packages that are installed already."""
    folder = tmp_path_factory.mktemp("environment")
    _run(sys.executable, "-m", "uv", "venv", "--quiet", "--python", sys.executable, folder, cwd=folder)
    scripts = folder / ("Scripts" if os.name == "nt" else "bin")
    python = scripts / "python"
    install = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--offline", "--no-deps", "--python", python]
    _run(*install, wheel, cwd=folder)
    packages = Path(_run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder).strip())
    (packages / "the-locked-ones.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return scripts


def test_the_wheel_holds_the_product_its_licence_and_its_needs(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        about = archive.read(next(name for name in names if name.endswith(".dist-info/METADATA"))).decode()
    assert not [name for name in names if not name.startswith(("punctual/", "punctual-"))]
    for part in ("web/static/dist/", "web/templates/base.html", "locale/zh_Hans/platform.po", "audit/migrations/"):
        assert any(part in name for name in names), part
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert any(name.endswith("licenses/THIRD_PARTY_NOTICES.md") for name in names)
    asked = {re.match(r"[A-Za-z0-9-]+", line)[0].lower() for line in re.findall(r"Requires-Dist: (.*)", about)}  # type: ignore[index]
    for line in (ROOT / "requirements" / "runtime.in").read_text().split():
        assert re.match(r"[A-Za-z0-9-]+", line)[0].lower() in asked  # type: ignore[index]
    changes = (ROOT / "CHANGELOG.md").read_text()
    version = re.search(r"^Version: (.*)$", about, flags=re.M)
    assert version
    assert f"## {version[1]}" in changes


def test_commands_work_outside_a_checkout(installed: Path, tmp_path: Path) -> None:
    assert "serve" in _run(installed / "punctual", "--help", cwd=tmp_path)
    assert '"working": true' in _run(installed / "punctual", "workday", "2026-02-14", "--json", cwd=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_serve_works_outside_a_checkout(installed: Path, tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    data = tmp_path / "var"
    data.mkdir()
    # Migrated already: what is tried here is where the program finds its parts.
    shutil.copyfile(migrated_database(), data / "punctual.db")
    foreign = ("PYTEST_", "DJANGO_", "PUNCTUAL_", "PYTHONPATH", "DATABASE_URL")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    kept["PATH"] = f"{installed}{os.pathsep}{kept['PATH']}"
    log = (tmp_path / "log").open("w")
    server = subprocess.Popen(
        [installed / "punctual", "serve", "--no-demo", "--no-worker", "--port", str(port)],
        cwd=tmp_path,
        env=kept,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        page = _page(f"http://127.0.0.1:{port}/accounts/login/", server)
        style = re.search(r'href="(/static/css/design[^"]*)"', page)
        assert style, page[:1000]
        assert "--" in _page(f"http://127.0.0.1:{port}{style[1]}", server)
    except AssertionError:
        sys.stdout.write((tmp_path / "log").read_text()[-3000:])
        raise
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(20)
        log.close()
    with socket.socket() as probe:  # however early the stop came, nothing is left that answers
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def _page(address: str, server: subprocess.Popen[bytes]) -> str:
    for _ in range(1200):
        try:
            with urllib.request.urlopen(address, timeout=10) as answer:
                return str(answer.read().decode())
        except (urllib.error.URLError, OSError):
            assert server.poll() is None, "the server has ended"
            time.sleep(0.1)
    raise AssertionError(f"no answer from {address}")


def test_the_notices_name_every_locked_package() -> None:
    _run(sys.executable, ROOT / "tools" / "notices.py", "--check", cwd=ROOT)
