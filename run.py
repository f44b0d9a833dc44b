#!/usr/bin/env python3
"""Starts Punctual on a machine that has only Python ≥ 3.11 with venv and pip.

    python3 run.py                 set up, migrate, load the demo company into an empty database, serve pages and worker
    python3 run.py test [ARGS]     the whole test suite; ARGS go to pytest
    python3 run.py COMMAND …       any sub-command of ``punctual`` (``python3 run.py --help`` lists them)

Only the standard library is used here: this file makes the environment in which everything else runs.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
ENVIRONMENT = Path(os.environ.get("PUNCTUAL_VENV") or ROOT / ".venv")
LOCKS = ROOT / "requirements"
SCRIPTS = ENVIRONMENT / ("Scripts" if os.name == "nt" else "bin")
PYTHON = SCRIPTS / ("python.exe" if os.name == "nt" else "python")
OLDEST = (3, 11)


def say(text: str) -> None:
    """Progress goes to standard error: standard output belongs to the command."""
    print(text, file=sys.stderr, flush=True)


def _stamp(lock: Path) -> str:
    return hashlib.sha256(lock.read_bytes() + repr(sys.version_info[:2]).encode()).hexdigest()


def ensure_environment(*, tests: bool) -> None:
    """Make ``.venv`` from the hash-locked list, unless it is there already; with the test tools when asked for."""
    lock = LOCKS / ("dev.lock" if tests else "runtime.lock")
    wanted = _stamp(lock)
    stamps = ENVIRONMENT / "installed"
    known = stamps.read_text().split() if stamps.exists() else []
    if wanted in known and PYTHON.exists():
        return
    began = time.monotonic()
    if not PYTHON.exists() or not _same_python():
        say("Punctual: making the environment (once) …")
        try:
            venv.EnvBuilder(with_pip=True, clear=True).create(ENVIRONMENT)
        except (subprocess.CalledProcessError, OSError) as error:
            sys.exit(
                f"Punctual: can't make {ENVIRONMENT}: {error}. Python needs its venv module (Debian: python3-venv)."
            )
        known = []
    say("Punctual: installing the locked packages" + (" with the test tools" if tests else "") + " …")
    if not _install(lock):
        sys.exit("Punctual: the packages could not be installed; see above. A package index must be reachable.")
    # The test list holds the runtime list with the same versions, so it counts for both.
    also = [_stamp(LOCKS / "runtime.lock")] if tests else []
    stamps.write_text("\n".join([wanted, *also, *(known if not tests else [])]) + "\n")
    say(f"Punctual: environment ready after {time.monotonic() - began:.0f} s")


def _same_python() -> bool:
    run = subprocess.run(
        [str(PYTHON), "-c", "import sys; print(sys.version_info[:2])"], capture_output=True, text=True, check=False
    )
    return run.returncode == 0 and run.stdout.strip() == str(tuple(sys.version_info[:2]))


def _install(lock: Path, python: Path = PYTHON) -> bool:
    """uv first (it installs in parallel), pip where uv can't; both check every hash."""
    pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check"]
    quiet = ["--quiet", "--no-input", "--require-hashes"]
    if subprocess.run([*pip, "install", *quiet, "-r", str(LOCKS / "installer.lock")], check=False).returncode == 0:
        uv = [str(SCRIPTS / "uv"), "pip", "install", "--quiet", "--python", str(python), "--require-hashes"]
        index = subprocess.run([*pip, "config", "get", "global.index-url"], capture_output=True, text=True, check=False)
        if index.returncode == 0 and index.stdout.strip():
            uv += ["--default-index", index.stdout.strip()]
        if subprocess.run([*uv, "-r", str(lock)], check=False).returncode == 0:
            return True
        say("Punctual: the fast installer failed; trying pip")
    return (
        subprocess.run([*pip, "--python", str(python), "install", *quiet, "-r", str(lock)], check=False).returncode == 0
    )


def scanner() -> Path | None:
    """Semgrep in an environment of its own, since its pins are nobody else's; ``None`` where it can't be installed."""
    lock, place = LOCKS / "semgrep.lock", ENVIRONMENT / "semgrep"
    stamp = place / "installed"
    if not stamp.exists() or stamp.read_text() != _stamp(lock):
        venv.EnvBuilder(with_pip=False, clear=True).create(place)
        if not _install(lock, place / SCRIPTS.name / PYTHON.name):
            return None
        stamp.write_text(_stamp(lock))
    return place / SCRIPTS.name / "semgrep"


def _environment() -> dict[str, str]:
    values = dict(os.environ)
    values["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT / "src"), values.get("PYTHONPATH", "")]))
    values["PATH"] = os.pathsep.join([str(SCRIPTS), values.get("PATH", "")])
    values.setdefault("PYTHONUTF8", "1")
    # Compiled once, whatever this shell says: without it each of the processes compiles everything anew, for more than
    # half of the time that it takes to start. Beside the environment it litters no checkout.
    values.pop("PYTHONDONTWRITEBYTECODE", None)
    values.setdefault("PYTHONPYCACHEPREFIX", str(ENVIRONMENT / "bytecode"))
    return values


def _call(arguments: list[str], environment: dict[str, str]) -> int:
    """Run and wait. At a terminal Ctrl-C reaches the child itself, which stops cleanly; a signal to this process
    alone is handed on."""
    child = subprocess.Popen(arguments, env=environment, cwd=None)
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    while True:
        try:
            return child.wait()
        except KeyboardInterrupt:
            try:
                return child.wait(2)
            except (subprocess.TimeoutExpired, KeyboardInterrupt):
                child.send_signal(signal.SIGINT)


# — tests —


def find_browser() -> str | None:
    """An installed Chromium or Chrome."""
    given = os.environ.get("PUNCTUAL_CHROMIUM")
    if given:
        return given
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
    paths = [shutil.which(name) for name in names]
    fixed = (
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
        r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    )
    return next((path for path in [*paths, *(f for f in fixed if Path(f).exists())] if path), None)


def ensure_browser() -> str | None:
    """The installed browser, else one installed the way the platform does; says aloud when there is none."""
    found = find_browser()
    if found:
        return found
    if shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        say("Punctual: no browser found; installing Debian's chromium and CJK fonts for the browser tests …")
        quiet = {"stdout": subprocess.DEVNULL, "env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}}
        subprocess.run(["apt-get", "update", "-qq"], check=False, **quiet)  # type: ignore[call-overload]
        subprocess.run(  # type: ignore[call-overload]
            ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium", "fonts-noto-cjk"],
            check=False,
            **quiet,
        )
        found = find_browser()
    if not found:
        say("Punctual: no browser found; trying Playwright's own …")
        run = subprocess.run([str(PYTHON), "-m", "playwright", "install", "chromium"], check=False)
        if run.returncode == 0:
            return "playwright"
    if not found:
        bar = "!" * 78
        say(f"{bar}\n!! NO BROWSER: the browser tests are skipped. Install Chromium and run again.\n{bar}")
    return found


def ensure_proxies() -> str:
    """Where nginx and Caddy lie for the tests of deploy/: unpacked beside the environment on Debian, since installed
    they would run as services. Without them those tests are skipped."""
    place = ENVIRONMENT / "proxies"
    folders = [place / "usr" / "sbin", place / "usr" / "bin"]
    if not shutil.which("apt-get") or (shutil.which("nginx") and shutil.which("caddy")):
        return ""
    if not place.exists():
        with tempfile.TemporaryDirectory() as here:
            fetch = ["apt-get", "-qq", "download", "nginx", "caddy"]
            if subprocess.run(fetch, cwd=here, stderr=subprocess.DEVNULL, check=False).returncode:
                say("Punctual: nginx and Caddy can't be fetched; the tests of deploy/ that run them are skipped")
                return ""
            for package in Path(here).glob("*.deb"):
                subprocess.run(["dpkg-deb", "-x", str(package), str(place)], check=True)
    return os.pathsep.join(map(str, folders))


def test(arguments: list[str]) -> int:
    """The whole suite: in parallel, browser tests grouped on one worker each."""
    ensure_environment(tests=True)
    environment = _environment()
    # Once and beside the other preparations: each process of a whole run that misses the planning engine compiles it.
    warming = None if arguments else subprocess.Popen([str(PYTHON), "-m", "punctual.engine.warm"], env=environment)
    browser = ensure_browser()
    environment["PUNCTUAL_CHROMIUM"] = browser or "none"
    environment["PATH"] = os.pathsep.join(filter(None, [environment["PATH"], ensure_proxies()]))
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    if warming:
        warming.wait()
    parallel = (
        []
        if any(a.startswith(("-n", "-p")) for a in arguments)
        else ["-n", str(min(4, os.cpu_count() or 2)), "--dist", "loadscope"]
    )
    os.chdir(ROOT)
    return _call([str(PYTHON), "-m", "pytest", *parallel, *arguments], environment)


def main() -> int:
    if sys.version_info < OLDEST:
        sys.exit(f"Punctual needs Python {OLDEST[0]}.{OLDEST[1]} or newer; this is {sys.version.split()[0]}.")
    arguments = sys.argv[1:]
    if arguments[:1] == ["test"]:
        return test(arguments[1:])
    ensure_environment(tests=False)
    return _call([str(PYTHON), "-m", "punctual", *arguments], _environment())


if __name__ == "__main__":
    sys.exit(main())
