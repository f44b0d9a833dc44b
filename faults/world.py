"""A small installation of its own for a case, in a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


@contextmanager
def folder() -> Iterator[Path]:
    """A folder with a migrated SQLite database in it; gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="punctual-fault-") as name:
        os.environ["PUNCTUAL_DATA"] = name
        os.environ["PUNCTUAL_SECRET"] = "only for faults"
        os.environ["PUNCTUAL_LOG"] = "CRITICAL"
        os.environ["DJANGO_SETTINGS_MODULE"] = "punctual.config.settings"
        if "DATABASE_URL" not in os.environ:
            from migrated import migrated_database

            shutil.copyfile(migrated_database(), Path(name) / "punctual.db")
        yield Path(name)


def start() -> None:
    """Django on that folder, in this process."""
    import django

    django.setup()


def in_another_process(program: str, *arguments: str) -> tuple[int, str]:
    """Run a piece of Python on the same folder; returns its exit status (negative: the signal) and what it printed."""
    code = "import sys; sys.path[:0] = " + repr(sys.path[:4]) + "\nfrom faults import world\nworld.start()\n" + program
    run = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=ROOT, capture_output=True, text=True, check=False, timeout=300
    )
    return run.returncode, run.stdout + (run.stderr if run.returncode > 0 else "")


def kill_at(point: str, *, let_pass: int = 0) -> None:
    """Let this process die by SIGKILL just ``before`` or just ``after`` the next commit, or a later one."""
    import signal

    from django.db import connection

    real: Callable[[], Any] = connection._commit  # type: ignore[attr-defined]

    passed: list[None] = []

    def commit() -> Any:
        if len(passed) < let_pass:
            passed.append(None)
            return real()
        if point == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = real()
        os.kill(os.getpid(), signal.SIGKILL)
        return result

    connection._commit = commit  # type: ignore[attr-defined]


def token_of(name: str, role: str = "order_manager") -> str:
    """A person of that role and a token of theirs."""
    from punctual.platform.accounts.models import ApiToken, User

    user, _ = User.objects.get_or_create(username=name, defaults={"role": role})
    return ApiToken.issue(user=user, name="faults")[1]


def post(token: str, address: str, key: str = "", body: object = None) -> tuple[int, dict[str, Any], bool]:
    """Status, answer and whether it was a repetition of an earlier answer, as a program would see them."""
    from django.test import Client

    headers = {"Authorization": f"Bearer {token}"} | ({"Idempotency-Key": key} if key else {})
    client = Client(raise_request_exception=False)
    answer = client.post(address, json.dumps(body or {}), content_type="application/json", headers=headers)
    try:
        content = json.loads(answer.content)
    except ValueError:
        content = {}
    return answer.status_code, content, "Idempotent-Replay" in answer
