"""Tryton as the peer of ``web.py``: installed from PyPI into an environment of its own, filled, and asked the same."""

from __future__ import annotations

import base64
import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PACKAGES = ["trytond", "trytond-sale", "proteus", "gunicorn"]
SALES = 60

SET_UP = """
import datetime, sys
from decimal import Decimal
from proteus import Model, Wizard, config
from trytond.modules.company.tests.tools import create_company, get_company
from trytond.modules.account.tests.tools import create_chart, create_fiscalyear, get_accounts
config = config.set_trytond("sqlite:///" + sys.argv[1], config_file=sys.argv[2])
Module = Model.get("ir.module")
Module.click(Module.find([("name", "=", "sale")]), "activate")
Wizard("ir.module.activate_upgrade").execute("upgrade")
create_company()
company = get_company()
create_chart(company)
accounts = get_accounts(company)
Party, Uom = Model.get("party.party"), Model.get("product.uom")
customer = Party(name="Customer"); customer.save()
Category, Template = Model.get("product.category"), Model.get("product.template")
category = Category(name="x", accounting=True, account_expense=accounts["expense"], account_revenue=accounts["revenue"])
category.save()
unit, = Uom.find([("name", "=", "Unit")])
template = Template(name="Machine", default_uom=unit, type="goods", salable=True, list_price=Decimal("710"),
                    account_category=category)
template.save()
product, = template.products
Term = Model.get("account.invoice.payment_term")
term = Term(name="Term"); term.lines.new(type="remainder"); term.save()
Sale = Model.get("sale.sale")
sale = Sale(party=customer, payment_term=term)
for _ in range(5):
    line = sale.lines.new(); line.product = product; line.quantity = 2
sale.save()
for _ in range(int(sys.argv[3]) - 1):
    Sale.duplicate([sale])
Sale.click(Sale.find([]), "quote")  # as a running order has its total stored, a draft's is computed each time
address, = customer.addresses
print("ready", customer.id, address.id, product.id, unit.id, term.id, company.id, company.currency.id)
"""


def _run(*command: str | Path, **environment: str) -> str:
    run = subprocess.run(
        [str(part) for part in command], env=os.environ | environment, capture_output=True, text=True, check=False
    )
    if run.returncode:
        raise SystemExit(f"{command[0]}: {run.stderr[-2000:]}")
    return run.stdout


@dataclass(frozen=True)
class Peer:
    """Tryton, answering: the list of fifty sales, and a sale of five lines made and confirmed."""

    port: int
    version: str
    list: Any
    create_and_confirm: Any


@contextmanager
def tryton(processes: int) -> Iterator[Peer]:
    """Installed, filled and served by so many processes with four threads each, which is what its requests need."""
    with tempfile.TemporaryDirectory(prefix="tryton-bench-") as name:
        folder = Path(name)
        _run(sys.executable, "-m", "venv", folder / "venv")
        scripts = folder / "venv" / "bin"
        _run(scripts / "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES)
        config = folder / "trytond.conf"
        config.write_text(f"[database]\nuri = sqlite://\npath = {folder}\n[session]\nsuper_pwd =\n")
        (folder / "password").write_text("benchmark-password")
        database = folder / "peer.sqlite"
        database.touch()
        admin = [scripts / "trytond-admin", "-c", config, "-d", "peer", "--all", "--email", "a@example.test", "-p"]
        _run(*admin, TRYTONPASSFILE=str(folder / "password"))
        (folder / "set_up.py").write_text(SET_UP)
        told = _run(scripts / "python", folder / "set_up.py", "peer", config, str(SALES)).split()
        versions = json.loads(_run(scripts / "pip", "list", "--format", "json"))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        command = [scripts / "gunicorn", "--workers", str(processes), "--threads", "4", "--bind", f"127.0.0.1:{port}"]
        server = subprocess.Popen(
            [*map(str, command), "--log-level", "warning", "trytond.application:app"],
            env=os.environ | {"TRYTOND_CONFIG": str(config), "TRYTOND_DATABASE_NAMES": "peer"},
        )
        try:
            session = _log_in(port)
            yield Peer(
                port,
                next(one["version"] for one in versions if one["name"] == "trytond"),
                _list(session),
                _create(session, told[1:]),
            )
        finally:
            server.terminate()
            server.wait(20)


def _call(
    link: http.client.HTTPConnection, method: str, parameters: list[Any], session: str, *, plain: bool = False
) -> Any:
    headers = {"Content-Type": "application/json", "Accept-Encoding": "identity" if plain else "gzip"}
    if session:
        headers["Authorization"] = f"Session {session}"
    link.request("POST", "/peer/rpc/", json.dumps({"id": 1, "method": method, "params": parameters}), headers)
    answer = link.getresponse()
    content = answer.read()
    assert answer.status == 200, (method, answer.status, content[:300])
    if answer.getheader("Content-Encoding") == "gzip":
        return content
    data = json.loads(content)
    assert not (isinstance(data, dict) and data.get("error")), data
    return data["result"] if isinstance(data, dict) else data


def _log_in(port: int) -> str:
    for _ in range(1200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.1)
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    link.request(
        "POST",
        "/peer/rpc/",
        json.dumps({"id": 1, "method": "common.db.login", "params": ["admin", {"password": "benchmark-password"}]}),
        {"Content-Type": "application/json"},
    )
    user, key = json.loads(link.getresponse().read())["result"][:2]
    return base64.b64encode(f"admin:{user}:{key}".encode()).decode()


def _create(session: str, ids: list[str]) -> Any:
    """A sale of five lines made, quoted and confirmed, in three calls as its client does it."""
    party, address, product, unit, term, company, currency = map(int, ids)
    line = {"product": product, "unit": unit, "quantity": 2, "unit_price": {"__class__": "Decimal", "decimal": "710"}}
    sale = {
        "party": party,
        "invoice_party": party,
        "shipment_party": party,
        "invoice_address": address,
        "shipment_address": address,
        "payment_term": term,
        "company": company,
        "currency": currency,
        "lines": [["create", [{**line, "type": "line", "sequence": n} for n in range(5)]]],
    }

    def ask(link: http.client.HTTPConnection, number: int) -> None:
        made = _call(link, "model.sale.sale.create", [[sale], {"company": company}], session, plain=True)
        for step in ("quote", "confirm"):
            _call(link, f"model.sale.sale.{step}", [made, {"company": company}], session)

    return ask


def _list(session: str) -> Any:
    fields = ["number", "party.rec_name", "state", "total_amount", "sale_date", "create_date", "rec_name"]

    def ask(link: http.client.HTTPConnection, number: int) -> None:
        _call(link, "model.sale.sale.search_read", [[], 0, 50, [["id", "DESC"]], fields, {}], session)

    return ask
