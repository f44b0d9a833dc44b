"""Fills a database for ``web.py``: a catalogue, a plan of 1,000 tasks, so many orders, somebody signed in. Prints JSON.

PUNCTUAL_DATA=… python benchmarks/web_world.py ORDERS
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests"), str(ROOT / "benchmarks")]
os.environ["DJANGO_SETTINGS_MODULE"] = "punctual.config.settings"
os.environ["PUNCTUAL_SYNC_JOBS"] = "1"


def main() -> None:
    import django

    if "DATABASE_URL" not in os.environ:
        from migrated import migrated_database

        shutil.copyfile(migrated_database(), Path(os.environ["PUNCTUAL_DATA"]) / "punctual.db")
    django.setup()
    import orders
    import plans
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.core.management import call_command
    from django.utils import timezone

    import ordering
    import planning
    from punctual.platform.accounts.models import ApiToken, User
    from punctual.platform.sealed_sessions import SessionStore

    if "DATABASE_URL" in os.environ:
        call_command("migrate", verbosity=0)
    user = User.objects.create_user("order.manager", password="x", role="order_manager", language="en")
    machine = ordering.catalogue()
    planning.template("T-1", machine)
    plan = plans.build(1000, user)
    ordering.customer()
    one = ordering.draft(user, *[ordering.line() for _ in range(5)])
    orders.fill(int(sys.argv[1]), timezone.localdate())
    call_command("collectstatic", interactive=False, verbosity=0)
    session = SessionStore()
    session[SESSION_KEY], session[HASH_SESSION_KEY] = str(user.pk), user.get_session_auth_hash()
    session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
    session.create()
    body = {"customer": ordering.customer().code, "lines": [ordering.line() for _ in range(5)]}
    told = {
        "session": session.session_key,
        "token": ApiToken.issue(user=user, name="benchmark")[1],
        "order": one.key,
        "gantt": plan.order.key,
        "body": body,
    }
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
