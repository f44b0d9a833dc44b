"""The demo company's orders and workbooks, and the import command on them."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest
from django.utils import timezone

from punctual.cli.main import main
from punctual.domain.orders.life import Health
from punctual.domain.orders.models import Order, OrderState
from punctual.domain.orders.selectors import orders_of, with_health
from punctual.domain.orders.services.imports import evaluated, upload
from punctual.platform.accounts.models import User

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def manager(demo_company, monkeypatch):
    monkeypatch.setattr("django.utils.timezone.localdate", lambda *_a, **_k: demo_company)
    return User.objects.get(username="order.manager")


def test_eighty_orders_stand_in_every_state_the_same_every_time(manager):
    assert Order.objects.count() == 80
    assert set(Order.objects.values_list("state", flat=True)) == set(OrderState.values)
    numbers = list(Order.objects.exclude(number=None).order_by("number").values_list("number", flat=True))
    assert len(numbers) == len(set(numbers))
    for name in (Health.ON_TIME, Health.AT_RISK, Health.LATE, Health.OVERDUE):
        assert with_health(orders_of(manager), [name], today=timezone.localdate(), at_risk_days=5).exists()
    amounts = list(Order.objects.order_by("pk").values_list("total_amount", flat=True))
    assert sum(1 for amount in amounts if amount > 0) == 80


@pytest.mark.skipif(timezone.localdate().isoformat() > "2027-02-01", reason="the dates of the workbooks are too near")
def test_the_workbooks_hold_what_their_names_say(manager):
    found = {}
    for path in sorted((ROOT / "demo").glob("*.xlsx")):
        item = upload(actor=manager, content=path.read_bytes(), name=path.name, today=timezone.localdate())
        result = evaluated(item, today=timezone.localdate())
        found[path.name[:2]] = (item.customer is not None, len(result.rows), result.error_count, result.warning_count)
    assert found == {"HT": (True, 6, 0, 0), "LK": (True, 8, 6, 3), "SL": (True, 500, 0, 0)}


def test_the_workbooks_are_what_their_script_writes(tmp_path):
    spec = importlib.util.spec_from_file_location("make_workbooks", ROOT / "demo" / "make_workbooks.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.main(tmp_path)
    from punctual.platform.sheets.reader import read_sheets

    for path in tmp_path.glob("*.xlsx"):
        kept = ROOT / "demo" / path.name
        assert read_sheets(path.read_bytes(), path.name) == read_sheets(kept.read_bytes(), path.name)


def test_the_import_command_prints_one_document(manager, capsys):
    path = next((ROOT / "demo").glob("LK*.xlsx"))
    assert main(["import", "orders", str(path), "--dry-run", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert set(told) == {"created", "updated", "refused", "orders", "rows"}
    assert told["created"] + told["refused"] == 8
    assert {"row", "field", "code", "message"} == set(told["rows"][0])
    before = Order.objects.count()
    assert main(["import", "orders", str(path), "--all-or-nothing", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["created"] == 0
    assert Order.objects.count() == before


def test_the_import_command_refuses_what_is_no_file(manager, capsys, tmp_path):
    (tmp_path / "x.xlsx").write_bytes(b"junk")
    for path in (tmp_path / "none.xlsx", tmp_path / "x.xlsx"):
        assert main(["import", "orders", str(path)]) == 2
        assert len(capsys.readouterr().err.strip().splitlines()) == 1
