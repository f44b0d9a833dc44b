"""A program of its own, for ``tests/platform/test_upgrade_of_a_company.py``: brings the kept company in PUNCTUAL_DATA
up to date and says as one JSON object what became of it."""

from __future__ import annotations

import json
import re
import sys
from decimal import Decimal
from typing import Any

from punctual.cli.setup import migrate, set_up

set_up()
migrate()

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.utils import translation  # noqa: E402

from older_company import FILE, KEPT, ROBOT, WEBHOOK  # noqa: E402
from punctual.domain.orders.models import Order, OrderState  # noqa: E402
from punctual.platform.accounts.models import User  # noqa: E402
from punctual.platform.attachments.models import Attachment  # noqa: E402
from punctual.platform.attachments.services import path_of  # noqa: E402
from punctual.platform.audit.chain import seal  # noqa: E402
from punctual.platform.doctor import audit_trail, examine  # noqa: E402
from punctual.platform.notifications.models import Robot, Webhook  # noqa: E402


def rows() -> dict[str, int]:
    found = {}
    with connection.cursor() as cursor:
        for name in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT count(*) FROM "{name}"')
            found[name] = cursor.fetchone()[0]
    return found


def orders_over_the_api(browser: Client) -> list[list[Any]]:
    """Number, value and state of every order that has a number."""
    found = browser.get("/api/v1/orders?limit=200").json()
    assert found["total"] == len(found["items"]), found["total"]
    told = [[one["number"], one["total_amount"], one["state"]] for one in found["items"] if one["number"]]
    return sorted([number, str(Decimal(str(amount)).normalize()), state] for number, amount, state in told)


def pages(browser: Client) -> dict[str, int]:
    """What the sidebar leads to, the order's page, its later part and its plan for an order of each state, and the
    first thing of each list."""
    addresses = {"/", *re.findall(r'href="(/[^"#?]*)"', browser.get("/").content.decode())}
    for state in OrderState.values:
        for order in Order.objects.filter(state=state)[:1]:
            addresses |= {f"/orders/{order.key}/", f"/orders/{order.key}/later/"}
            if hasattr(order, "plan"):
                addresses.add(f"/plans/{order.key}/")
    lists = [one for one in addresses if one.count("/") == 2]
    for address in lists:
        body = browser.get(address).content.decode()
        addresses |= set(re.findall(rf'href="({address}[^/"#?]+/)"', body)[:1])
    return {one: browser.get(one).status_code for one in sorted(addresses) if not one.startswith(("/static", "/acc"))}


def main() -> None:
    counts = rows()
    admin = User.objects.get(username="admin")
    photo = Attachment.objects.get(name="现场.txt")
    path_of(photo.sha256).parent.mkdir(parents=True, exist_ok=True)
    path_of(photo.sha256).write_bytes(FILE)
    browser = Client()
    browser.cookies[settings.SESSION_COOKIE_NAME] = KEPT["session"]
    signed_in = browser.get("/me/settings/").status_code
    browser.force_login(admin)
    fetched = browser.get(f"/api/v1/orders/{photo.target_id}/attachments/{photo.pk}")
    before = audit_trail()
    seal()
    with translation.override("en"):
        wrong = [one for one in examine() if not one["ok"]]
    told = {
        "rows": counts,
        "signed_in": signed_in,
        "robot": Robot.objects.get().address == ROBOT,
        "webhook": Webhook.objects.get().url == WEBHOOK,
        "file": b"".join(fetched.streaming_content).decode(),
        "orders": orders_over_the_api(browser),
        "pages": pages(browser),
        "trail": [before, audit_trail()],
        "wrong": wrong,
    }
    json.dump(told, sys.stdout, ensure_ascii=False)


main()
