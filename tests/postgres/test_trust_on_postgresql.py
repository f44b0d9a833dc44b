"""What only a real PostgreSQL server can show: clashes done again, the trail's triggers, connections out of a pool,
work by the clock of several nodes."""

from __future__ import annotations

import subprocess
import sys

import pytest

from two_nodes import CLOCKS

pytestmark = [pytest.mark.postgres, pytest.mark.slow]

PROGRAM = """
import threading, time
import django
django.setup()
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from punctual.cli.setup import migrate
from punctual.platform.trouble import Trouble, retrying, trouble_of

assert settings.DATABASES["default"]["OPTIONS"]["pool"]["max_size"] == 8
migrate()
from punctual.platform.accounts.models import User
from punctual.platform.audit.chain import seal, verify
from punctual.platform.audit.models import AuditEntry
from punctual.platform.audit.services import record
from punctual.platform.numbering.models import NumberSeries

# Two transactions that take two rows in opposite order: a real deadlock.
rows = [NumberSeries.objects.create(series=name, year=2026) for name in ("A", "B")]

def clash(again):
    barrier, failures = threading.Barrier(2), []
    def work(order):
        first = True
        def once():
            nonlocal first
            with transaction.atomic():
                one, two = order
                NumberSeries.objects.filter(pk=one.pk).update(last=NumberSeries.objects.get(pk=one.pk).last + 1)
                if first:
                    first = False
                    barrier.wait(10)
                NumberSeries.objects.filter(pk=two.pk).update(last=NumberSeries.objects.get(pk=two.pk).last + 1)
        try:
            retrying(once) if again else once()
        except DatabaseError as error:
            failures.append(trouble_of(error))
        finally:
            connection.close()
    threads = [threading.Thread(target=work, args=[order]) for order in (rows, rows[::-1])]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    return failures

assert clash(again=False) == [Trouble.CLASH], "the control: without it one of the two fails"
before = [NumberSeries.objects.get(pk=row.pk).last for row in rows]
assert clash(again=True) == []
assert [NumberSeries.objects.get(pk=row.pk).last for row in rows] == [n + 2 for n in before]

# The audit trail is append-only for whoever comes by SQL.
user = User.objects.create_user("x", password="x", role="sales")
record(actor=user, verb="create", target=user)
assert seal() == 1 and verify().ok
statements = ["UPDATE audit_auditentry SET reason = 'x'", "DELETE FROM audit_auditentry", "DELETE FROM audit_auditseal"]
for statement in statements:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    except DatabaseError as error:
        assert "append-only" in str(error), error
    else:
        raise AssertionError(statement)
assert AuditEntry.objects.count() == 1 and verify().ok

from punctual.platform.doctor import examine
wrong = [one for one in examine() if not one["ok"] and one["check"] not in ("administrators", "disk")]
assert not wrong, wrong
connection.close()
print("ok")
"""


CONTROL = """
from django.db.models import QuerySet
QuerySet.select_for_update = lambda rows, *_args, **_named: rows
assert struck() > len(SCHEDULES), "the control: without the lock both queue it"
connection.close()
print("ok")
"""


def _run(program: str, environment: dict[str, str]) -> None:
    command = [sys.executable, "-c", program]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=600)
    assert run.stdout.strip().endswith("ok"), run.stdout + run.stderr[-3000:]


def test_clashes_are_done_again_the_trail_is_append_only_and_work_by_the_clock_is_queued_once(
    on_postgres: dict[str, str],
) -> None:
    _run(PROGRAM, on_postgres | {"PUNCTUAL_POOL": "8"})
    begin = "import django\ndjango.setup()\n"
    _run(begin + CLOCKS + CONTROL, on_postgres)
