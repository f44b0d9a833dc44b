"""A database of the tables before the last migrations, with data in it, is brought up to date and loses nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrated import WITH_SQL, said_by

PROGRAM = """

for app in ("audit", "accounts"):
    call_command("migrate", app, "0001", verbosity=0)
sql("INSERT INTO accounts_user (password, is_superuser, username, first_name, last_name, email, is_staff, is_active,"
    " date_joined, display_name, role, department, phone, language, theme, time_zone) VALUES ('x', 0, 'old', '', '',"
    " 'old@example.test', 0, 1, '2026-01-01', '王', 'sales', '', '', '', 'light', 'Asia/Shanghai')")
sql("INSERT INTO accounts_apitoken (name, digest, created_at, user_id) VALUES ('ERP', 'd', '2026-01-01',"
    " (SELECT id FROM accounts_user))")
sql("INSERT INTO audit_auditentry (at, verb, target_type, target_id, target_label, target_version, changes, reason,"
    " actor_id) VALUES ('2026-01-01', 'create', 'order', 7, 'SO-2026-00007', 1, '[]', '', NULL)")

call_command("migrate", verbosity=0)
from punctual.platform.accounts.models import ApiToken, User
from punctual.platform.audit.chain import seal, verify
user = User.objects.get()
assert (user.name, user.session_round) == ("王", 0)
token = ApiToken.objects.get()
assert (token.user_id, token.scope, token.expires_at) == (user.pk, "write", None)
assert seal() == 1 and verify().ok
print("ok")
"""


@pytest.mark.slow
@pytest.mark.own_database
def test_the_tables_of_the_first_migrations_come_up_to_date_with_their_data(tmp_path: Path) -> None:
    assert said_by(WITH_SQL + PROGRAM, tmp_path) == "ok"
