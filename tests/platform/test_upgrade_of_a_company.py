"""A whole company that an older state of the product wrote (``older_company.py`` says how) is brought up to date.

Orders in every state, plans, stock, deliveries, quality, risks, customers, service and money lose nothing.
"""

from __future__ import annotations

import json
import lzma
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest

from migrated import SOURCE
from older_company import HERE, KEPT, ROBOT, SECRET

pytestmark = [pytest.mark.slow, pytest.mark.own_database]
TESTS = Path(__file__).resolve().parents[1]
DJANGOS_OWN: Final = {"django_content_type", "django_migrations", "auth_permission"}
"""They grow with the tables that are new."""
INDEX: Final = "search_fts_"
"""What the full-text index keeps for itself: how many rows it takes is its own affair."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("older")
    (made / "punctual.db").write_bytes(lzma.decompress((HERE / "older_company.db.xz").read_bytes()))
    return made


@pytest.fixture(scope="module")
def told(folder: Path) -> dict[str, Any]:
    foreign = ("PYTEST_", "DJANGO_", "PUNCTUAL_", "DATABASE_URL")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    given = {
        "PUNCTUAL_DATA": str(folder),
        "PUNCTUAL_SECRET": SECRET,
        "PYTHONPATH": os.pathsep.join([str(SOURCE), str(TESTS)]),
    }
    program = [sys.executable, str(TESTS / "upgraded_company.py")]
    run = subprocess.run(program, env=kept | given, capture_output=True, text=True, check=False, timeout=1200)
    assert run.returncode == 0, run.stderr[-3000:]
    answer: dict[str, Any] = json.loads(run.stdout)
    return answer


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
    told: dict[str, Any], folder: Path
) -> None:
    assert (told["signed_in"], told["robot"], told["webhook"]) == (200, True, True)
    assert told["file"] == "客户现场照片.txt"
    whole = b"".join(path.read_bytes() for path in folder.glob("punctual.db*"))
    # The trail of that day names a webhook by its address; nothing of the trail is ever altered.
    assert ROBOT.encode() not in whole
    assert b"SECtyped" not in whole
    assert KEPT["session"].encode() not in whole
