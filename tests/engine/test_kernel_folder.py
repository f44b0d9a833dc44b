"""Where compiled functions go, also for an account that may write hardly anywhere."""

import os
import tempfile
from pathlib import Path

import pytest

from punctual.engine import kernel_folder as module
from punctual.engine.kernel_folder import NAMED, kernel_folder, name_kernel_folder


@pytest.fixture
def homeless(monkeypatch, tmp_path):
    """A system account without a home, beside a package that is not its own."""
    monkeypatch.setattr(module, "ENGINE", Path("/proc/nowhere"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("HOME", "/proc/nowhere")
    for name in (NAMED, "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    yield tmp_path
    os.environ.pop(NAMED, None)


def test_what_is_named_comes_first_then_the_package_then_the_user(homeless, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert kernel_folder() == tmp_path / "cache" / "punctual"
    name_kernel_folder()
    assert NAMED not in os.environ, "numba finds it by itself"
    monkeypatch.setattr(module, "ENGINE", tmp_path)
    assert kernel_folder() == tmp_path / "__pycache__"
    monkeypatch.setenv(NAMED, "/somewhere")
    assert kernel_folder() == Path("/somewhere")


@pytest.mark.parametrize("home", ["/proc/nowhere", None])
def test_an_account_without_a_home_has_a_folder_that_is_its_own(homeless, monkeypatch, home):
    if home is None:
        monkeypatch.delenv("HOME")
        monkeypatch.setattr(os.path, "expanduser", lambda path: path)  # as it is for a number without a name
    name_kernel_folder()
    folder = Path(os.environ.pop(NAMED))
    assert folder.parent == homeless
    assert folder.stat().st_mode & 0o777 == 0o700
    assert kernel_folder() == folder, "the next one finds what this one has compiled"


def test_a_folder_that_somebody_else_may_write_is_not_taken(homeless):
    """What is kept there is run."""
    trap = kernel_folder()
    trap.chmod(0o777)
    assert kernel_folder() != trap
    trap.rmdir()
    (homeless / "theirs").mkdir()
    trap.symlink_to(homeless / "theirs")
    assert kernel_folder() != trap
