"""What every test may use: people of each role, a frozen day, the catalogues compiled."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import sqlite3
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from django.test import Client
from hypothesis import settings

from postgres_server import postgres_server
from receiving import Receiver

# A busy machine is no fault of the example. The same examples in every run, so that what lands is what was seen;
# PUNCTUAL_EXPLORE=1 looks for new ones.
settings.register_profile("punctual", deadline=None, derandomize=not os.environ.get("PUNCTUAL_EXPLORE"))
settings.load_profile("punctual")

TODAY = dt.date(2026, 11, 23)
TOGETHER = (
    "tests/browser/",
    "tests/platform/test_upgrade_of_a_company.py",
    "tests/postgres/test_backup_on_postgresql.py",
    "tests/platform/test_web_processes.py",
    "tests/packaging/test_through_proxies.py",
    "tests/packaging/test_wheel.py",
)
"""Whose tests share what takes long to make: each goes to one worker as a whole."""


def pytest_configure() -> None:
    """SELECTs are written as they are in earnest, and each text taken over is compared with a fresh one."""
    from django.db.backends.sqlite3.base import DatabaseWrapper

    DatabaseWrapper.ops_class.compiler_module = "punctual.platform.sqlite.compiler"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long ones first: what starts last runs alone, and the other cores wait for it."""
    items.sort(key=lambda item: (not item.get_closest_marker("postgres"), not item.get_closest_marker("slow")))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """All browser tests to one worker, since they share a server, as do the web processes' tests, those behind a proxy
    and those of the wheel, which is built once. The permission table to two, each of which fills its company once.

    The parallel run's own groups are a suffix of each test's name, which this pytest's names no longer take.
    """
    from xdist.scheduler import LoadScopeScheduling

    class Grouped(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            for group in TOGETHER:
                if nodeid.startswith(group):
                    return group
            if nodeid.startswith("tests/web/test_permission_matrix.py"):
                part = nodeid.rpartition("[")[2].rstrip("]")
                return f"permission table {int(part) % 2 if part.isdecimal() else 0}"
            return nodeid

    return Grouped(config, log)


@pytest.fixture
def postgres() -> Iterator[Any]:
    """The server (``get_uri()``, ``pgdata``); it lives as long as the test."""
    with postgres_server() as server:
        yield server


@pytest.fixture(autouse=True)
def nothing_cached() -> None:
    """What another test counted is nothing to this one."""
    from django.core.cache import cache

    cache.clear()


@pytest.fixture
def person(db: None) -> Callable[[str], object]:
    """``person("sales")`` is somebody of that role; the same one each time within a test."""
    from punctual.platform.accounts.models import User

    def make(role: str) -> User:
        name = role.replace("_", ".")
        found = User.objects.filter(username=name).first()
        return found or User.objects.create_user(
            username=name, email=f"{name}@example.test", password="punctual-demo", role=role, display_name=name
        )

    return make


@pytest.fixture
def signed_in(client: Client, person: Callable[[str], object]) -> Callable[[str], Client]:
    """A browser of somebody of that role."""

    def enter(role: str) -> Client:
        client.force_login(person(role))  # type: ignore[arg-type]
        return client

    return enter


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    """Where messages arrive that go out to programs and chat groups."""
    settings.OUTGOING_LOOPBACK = True
    settings.OUTGOING_TIMEOUT = 0.5
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def django_db_setup(request: pytest.FixtureRequest, django_db_blocker: object) -> None:
    """The outcome of real migrations, made once for all workers and copied; that the models give the same is tested."""
    from django.db import connection

    if connection.vendor != "sqlite":
        from punctual.platform.first_tables import finish_tables

        request.getfixturevalue("django_db_setup")
        with django_db_blocker.unblock():  # type: ignore[attr-defined]
            finish_tables()
        return
    from migrated import migrated_database

    # Django would first make every table from the models, which takes seconds and is written over.
    with patch("django.core.management.call_command"):
        request.getfixturevalue("django_db_setup")
    with django_db_blocker.unblock(), sqlite3.connect(migrated_database()) as source:  # type: ignore[attr-defined]
        connection.ensure_connection()
        source.backup(connection.connection)
        # Tests that commit are followed by emptying every table, which the audit trail's own guards would refuse.
        guards = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'audit%'"
        for (name,) in connection.connection.execute(guards).fetchall():
            connection.connection.execute(f"DROP TRIGGER {name}")


@pytest.fixture(scope="module")
def demo_company(django_db_setup: None, django_db_blocker: object) -> Iterator[dt.date]:
    """The demo company for one file of tests; gives its today. What a test changes is rolled back after it."""
    from demo_world import DAY
    from demo_world import demo_company as filled

    with django_db_blocker.unblock(), filled():  # type: ignore[attr-defined]
        yield DAY


def _run_of(config: pytest.Config) -> str:
    """How the workers of this run call it; alone, the process itself."""
    nodes = config.pluginmanager.getplugin("dsession")
    return str(nodes.nodemanager.testrunuid) if nodes and nodes.nodemanager else str(os.getpid())


def pytest_sessionfinish(session: pytest.Session) -> None:
    """The built company goes with the run that built it, and what Python compiled of programs in temporary folders."""
    if hasattr(session.config, "workerinput"):
        return
    for file in Path(tempfile.gettempdir()).glob(f"punctual-demo-{_run_of(session.config)}*"):
        file.unlink(missing_ok=True)
    if sys.pycache_prefix:
        shutil.rmtree(Path(sys.pycache_prefix, *Path(tempfile.gettempdir()).parts[1:]), ignore_errors=True)
