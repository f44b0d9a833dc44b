"""CONTRIBUTING's "A field" leads to a field that works: a test follows it, step by step, in a copy of the product."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from migrated import migrated_database

ROOT = Path(__file__).resolve().parents[2]

STEPS = (
    "Model and migration",
    "rule if it can be wrong",
    "service argument",
    "form and\ntemplate",
    "both catalogues",
)
"""What the paper says; a step that is reworded there is looked at here."""

WISH = '{"name": found.name, "motto": found.motto}, {"name": name, "motto": motto}'
FIELD = (
    '<div class="fld"><label class="lb" for="motto">{% trans "Motto" %}</label>'
    '<input class="inp" id="motto" name="motto" value="{{ found.motto }}"></div>'
)
WORDS = {"Motto": "座右铭", "A motto has at most 80 characters.": "座右铭最多 80 个字符。"}

TRY = """
import django
django.setup()
from django.test import Client
from punctual.kernel.refusal import Refusal
from punctual.platform.accounts.models import User
from punctual.platform.audit.models import AuditEntry
from punctual.platform.catalogues import missing, unused
from punctual.platform.company.models import Company
from punctual.platform.company.services import change_company, company

boss = User.objects.create_user("boss", password="x", role="administrator")
try:
    change_company(actor=boss, name="x", motto="m" * 81, expected_version=None)
except Refusal as refusal:
    assert refusal.codes == {"company.motto"}, refusal.codes
else:
    raise AssertionError("too long a motto was taken")
browser = Client()
browser.force_login(boss)
assert "座右铭" in browser.get("/settings/").content.decode()
sent = {"name": "华辰", "motto": "准时", "version": company().version}
assert browser.post("/settings/", sent).status_code == 302
assert Company.objects.get().motto == "准时"
assert "准时" in browser.get("/settings/").content.decode()
story = AuditEntry.objects.filter(target_type="company").latest("id")
assert {"field": "motto", "old": "", "new": "准时"} in story.changes, story.changes
assert not missing() and not unused(), (missing(), unused())
print("ok")
"""


def _replace(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{file.name}: {old!r} stands {text.count(old)} times"
    file.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.slow
@pytest.mark.skipif("postgres" in os.environ.get("DATABASE_URL", ""), reason="followed on a SQLite file")
def test_a_field_added_as_the_paper_says_works(tmp_path: Path) -> None:
    paper = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    part = paper[paper.index("## A field") : paper.index("## Words")]
    assert all(step in part for step in STEPS), part
    copy = tmp_path / "src"
    shutil.copytree(ROOT / "src", copy, ignore=shutil.ignore_patterns("__pycache__", "*.nbi", "*.nbc"))
    package = copy / "punctual"
    # Model
    _replace(
        package / "platform/company/models.py",
        "    is_demo = ",
        '    motto = models.CharField(_("Motto"), max_length=80, blank=True)\n    is_demo = ',
    )
    # Rule and service argument: it lands in the audit by ``differences``
    service = package / "platform/company/services.py"
    _replace(service, "name: str, expected_version", 'name: str, motto: str = "", expected_version')
    too_long = 'Reason("company.motto", N_("A motto has at most 80 characters."), field="motto")'
    rule = f"    if len(motto) > 80:\n        raise Refusal({too_long})\n    company()\n    found = lock"
    _replace(service, "    company()\n    found = lock", rule)
    _replace(service, '{"name": found.name}, {"name": name}', WISH)
    _replace(service, "        found.name = name\n", "        found.name, found.motto = name, motto\n")
    _replace(service, 'fields=["name"]', 'fields=["name", "motto"]')
    # Form and template
    view = package / "web/account/views.py"
    given_name = 'actor=actor, name=request.POST.get("name", ""), '
    _replace(view, given_name + "expected", given_name + 'motto=request.POST.get("motto", ""), expected')
    buttons = '{% if may_change %}<div class="row-f mt8">'
    _replace(package / "web/templates/account/company.html", buttons, FIELD + buttons)
    # Both catalogues
    with (package / "locale/zh_Hans/platform.po").open("a", encoding="utf-8") as words:
        for english, chinese in WORDS.items():
            words.write(f'\nmsgid "{english}"\nmsgstr "{chinese}"\n')
    data = tmp_path / "var"
    data.mkdir()
    shutil.copyfile(migrated_database(), data / "punctual.db")
    foreign = ("PYTEST_", "DJANGO_", "PUNCTUAL_", "DATABASE_URL")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    given = {"PYTHONPATH": str(copy), "PUNCTUAL_DATA": str(data), "DJANGO_SETTINGS_MODULE": "punctual.config.settings"}

    def run(*command: str) -> str:
        done = subprocess.run(
            [sys.executable, *command], cwd=tmp_path, env=kept | given, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
        return done.stdout

    run("-m", "punctual", "manage", "makemigrations", "company", "-n", "motto")
    run("-m", "punctual", "manage", "migrate", "company")
    assert run("-c", TRY).endswith("ok\n")
