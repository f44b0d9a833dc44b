"""``run.py``, which makes the environment in which everything else runs."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def run_py() -> ModuleType:
    spec = importlib.util.spec_from_file_location("run_py", ROOT / "run.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_what_python_compiles_is_kept_outside_the_checkout_whatever_the_shell_says(
    run_py: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.delenv("PYTHONPYCACHEPREFIX", raising=False)
    monkeypatch.setattr(run_py, "ENVIRONMENT", tmp_path)
    program = "import punctual.kernel.queues as it; print(it.__cached__)"
    run = subprocess.run(
        [sys.executable, "-c", program], env=run_py._environment(), capture_output=True, text=True, check=True
    )
    kept = Path(run.stdout.strip())
    assert kept.is_relative_to(tmp_path / "bytecode")
    assert kept.exists()


def test_a_place_that_was_chosen_for_it_stays(run_py: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPYCACHEPREFIX", "/chosen")
    assert run_py._environment()["PYTHONPYCACHEPREFIX"] == "/chosen"


def test_programs_of_deploy_that_are_there_are_not_fetched(run_py: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    def fetch(*_command: object, **_named: object) -> None:
        raise AssertionError("fetched")

    monkeypatch.setattr(run_py.subprocess, "run", fetch)
    monkeypatch.setattr(run_py.shutil, "which", lambda program: f"/usr/bin/{program}")
    assert run_py.ensure_proxies() == ""
    monkeypatch.setattr(run_py.shutil, "which", lambda program: None)
    assert run_py.ensure_proxies() == ""
