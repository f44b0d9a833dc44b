"""Linting, formatting and strict types are part of the suite; so is the committed frontend bundle."""

from __future__ import annotations

import filecmp
import os
import re
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def _run(*command: str) -> None:
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


def test_the_linter_finds_nothing() -> None:
    _run(sys.executable, "-m", "ruff", "check", ".")


def test_everything_is_formatted() -> None:
    _run(sys.executable, "-m", "ruff", "format", "--check", ".")


def test_types_are_strict() -> None:
    _run(sys.executable, "-m", "mypy")


def test_lock_files_hold_names_versions_and_hashes_only() -> None:
    for lock in (ROOT / "requirements").glob("*.lock"):
        text = lock.read_text()
        assert "://" not in text
        assert "--hash=sha256:" in text


def test_every_icon_that_a_page_names_is_in_the_sprite() -> None:
    web = ROOT / "src" / "punctual" / "web"
    sprite = set(re.findall(r'id="([a-z0-9-]+)"', (web / "static" / "dist" / "icons.svg").read_text()))
    named = {
        (name, page.name)
        for page in (web / "templates").rglob("*.html")
        for name in re.findall(r"{% icon [\"']([a-z0-9-]+)[\"']", page.read_text())
    }
    assert len(named) > 300
    assert {(name, page) for name, page in named if name not in sprite} == set()


@pytest.mark.slow
def test_the_committed_bundle_is_what_the_sources_build(tmp_path: Path) -> None:
    if not shutil.which("node") or not shutil.which("npm"):
        warnings.warn("Node.js is not installed: the committed bundle was NOT compared with its sources", stacklevel=1)
        pytest.skip("Node.js is not installed: the committed bundle was NOT compared with its sources")
    work = tmp_path / "frontend"
    shutil.copytree(ROOT / "frontend", work, ignore=shutil.ignore_patterns("node_modules"))
    install = subprocess.run(
        ["npm", "ci", "--no-audit", "--no-fund"], cwd=work, capture_output=True, text=True, check=False
    )
    if install.returncode:
        warnings.warn("npm could not install: the committed bundle was NOT compared with its sources", stacklevel=1)
        pytest.skip(f"npm could not install the build tools: {install.stderr[-300:]}")
    built = tmp_path / "static"
    environment = {**os.environ, "PUNCTUAL_STATIC": str(built)}
    for command in (["npm", "run", "check"], ["npm", "run", "build"]):
        run = subprocess.run(command, cwd=work, capture_output=True, text=True, check=False, env=environment)
        assert run.returncode == 0, run.stdout + run.stderr
    committed = ROOT / "src" / "punctual" / "web" / "static"
    for folder in ("dist", "vendor"):
        names = sorted(path.name for path in (built / folder).iterdir())
        _, different, missing = filecmp.cmpfiles(built / folder, committed / folder, names, shallow=False)
        assert not different
        assert not missing
