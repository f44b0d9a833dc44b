"""A whole company that an older state of the product wrote (``older_company.py`` says how) is brought up to date, on
SQLite as it is and on PostgreSQL, where its backup is restored.

Orders in every state, plans, stock, deliveries, quality, risks, customers, service and money lose nothing.
"""

from __future__ import annotations

import json
import lzma
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest

from older_company import HERE, KEPT, ROBOT, SECRET
from postgres_server import postgres_server, program_environment

pytestmark = [pytest.mark.slow, pytest.mark.own_database]
TESTS = Path(__file__).resolve().parents[1]
DJANGOS_OWN: Final = {"django_content_type", "django_migrations", "auth_permission"}
"""They grow with the tables that are new."""
INDEX: Final = "search_fts"
"""What the full-text index keeps for itself: how many rows it takes is its own affair."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("older")
    (made / "punctual.db").write_bytes(lzma.decompress((HERE / "older_company.db.xz").read_bytes()))
    return made


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def environment(request: pytest.FixtureRequest, folder: Path) -> Iterator[dict[str, str]]:
    """Of a program on that company: on the file itself, or on PostgreSQL after moving there."""
    own = program_environment(folder, PUNCTUAL_SECRET=SECRET)
    if request.param == "sqlite":
        yield own
        return
    with postgres_server() as server:
        _run(own, "-m", "punctual", "backup", str(folder / "before.tar.gz"))
        moved = own | {"DATABASE_URL": server.get_uri()}
        _run(moved, "-m", "punctual", "restore", str(folder / "before.tar.gz"))
        yield moved


@pytest.fixture(scope="module")
def told(environment: dict[str, str]) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(_run(environment, str(TESTS / "upgraded_company.py")))
    return answer


def _run(environment: dict[str, str], *arguments: str) -> str:
    command = [sys.executable, *arguments]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=1200)
    assert run.returncode == 0, run.stderr[-3000:]
    return run.stdout


def test_every_table_has_the_rows_that_it_had(told: dict[str, Any]) -> None:
    before = {name: count for name, count in KEPT["rows"].items() if name not in DJANGOS_OWN and INDEX not in name}
    assert len(before) > 120
    assert sum(before.values()) > 20_000
    assert {name: told["rows"].get(name) for name in before} == before


def test_every_order_has_its_number_value_and_state(told: dict[str, Any]) -> None:
    before = [[number, str(Decimal(str(amount)).normalize()), state] for number, amount, state in KEPT["orders"]]
    assert {state for _number, _amount, state in before} >= {
        "in_progress",
        "closed",
        "accepted",
        "cancelled",
        "on_hold",
    }
    assert told["orders"] == sorted(before)


def test_pages_of_every_kind_open(told: dict[str, Any]) -> None:
    assert len(told["pages"]) > 60
    assert {address: status for address, status in told["pages"].items() if status != 200} == {}


def test_the_trail_is_unbroken_and_the_doctor_content(told: dict[str, Any]) -> None:
    assert [one["ok"] for one in told["trail"]] == [True, True], told["trail"]
    assert "rows fit their seals" in told["trail"][1]["finding"]
    assert told["wrong"] == []


def test_who_was_signed_in_stays_so_and_what_was_typed_plain_is_sealed_and_still_read(
    told: dict[str, Any], folder: Path, environment: dict[str, str]
) -> None:
    assert (told["signed_in"], told["robot"], told["webhook"]) == (200, True, True)
    assert told["file"] == "客户现场照片.txt"
    if address := environment.get("DATABASE_URL"):
        command = ["pg_dump", "--data-only", "--inserts", address]
        whole = subprocess.run(command, env=environment, capture_output=True, check=True).stdout
        assert len(whole) > 1_000_000
    else:
        whole = b"".join(path.read_bytes() for path in folder.glob("punctual.db*"))
    # The trail of that day names a webhook by its address; nothing of the trail is ever altered.
    assert ROBOT.encode() not in whole
    assert b"SECtyped" not in whole
    assert KEPT["session"].encode() not in whole
