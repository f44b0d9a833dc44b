"""The house rules that nobody may forget."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.apps import apps

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "punctual"
TIERS = (
    ("aftersales",),
    ("delivery", "changes"),
    ("monitoring",),
    ("scheduling",),
    ("quality", "risks", "customer_relations", "supply", "costs"),
    ("actions",),
    ("plans",),
    ("orders", "resources"),
    ("parties", "catalog", "calendars"),
)


def _height(app_label: str, module: str) -> int:
    """How high an app stands: domain tiers count downwards from 100, platform is 0."""
    if module.startswith("punctual.platform") or not module.startswith("punctual."):
        return 0
    return next(100 - level for level, tier in enumerate(TIERS) if app_label in tier)


def test_imports_point_down_only() -> None:
    program = Path(sys.executable).parent / "lint-imports"
    run = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


def test_foreign_keys_point_down_only() -> None:
    wrong = []
    for model in apps.get_models():
        here = _height(model._meta.app_label, model.__module__)
        for field in model._meta.get_fields():
            target = getattr(field, "remote_field", None) and field.related_model
            if not target or field.auto_created or not isinstance(target, type):
                continue
            there = _height(target._meta.app_label, target.__module__)
            same_app = target._meta.app_label == model._meta.app_label
            if not same_app and (there > here or (there == here and here != 0)):
                wrong.append(f"{model._meta.label}.{field.name} → {target._meta.label}")
    assert not wrong


def test_digits_are_asked_for_by_what_a_number_is_made_of() -> None:
    """``"²".isdigit()`` is true and ``int("²")`` fails: what comes from outside is asked by ``isdecimal``."""
    of_bytes = "part[:1].isdigit()"  # bytes know ASCII digits only, and no isdecimal
    texts = {path: path.read_text().replace(of_bytes, "") for path in SOURCE.rglob("*.py")}
    found = [str(path.relative_to(SOURCE)) for path, text in texts.items() if ".isdigit()" in text]
    assert not found


def test_no_signal_receivers_in_our_own_code() -> None:
    of_a_column = re.compile(r"\.pre_save\b|pre_save_val\b")  # what a field does to a value before it is stored
    texts = {path: of_a_column.sub("", path.read_text()) for path in SOURCE.rglob("*.py")}
    words = ("@receiver(", "post_save", "pre_save")
    assert not [str(path.relative_to(SOURCE)) for path, text in texts.items() if any(one in text for one in words)]


ONE_FILE = {"cpm_kernels.py"}
"""numba's cache looks at one file only: kernels that call each other stay together."""


TOO_LONG = {"order-entry.ts": 640}
"""Rooms that have grown beyond the rule and wait to be parted; none of them may grow further."""


def test_files_stay_small() -> None:
    long = [
        f"{path.relative_to(ROOT)}: {count}"
        for path in [*SOURCE.rglob("*.py"), *(ROOT / "frontend" / "src").rglob("*.ts")]
        if "migrations" not in path.parts
        and path.name not in ONE_FILE
        and (count := len(path.read_text().splitlines())) > TOO_LONG.get(path.name, 560)
    ]
    assert not long


def test_engine_loads_fast_and_without_django_or_solver() -> None:
    code = (
        "import sys, pkgutil, importlib, punctual.engine as e\n"
        "print([m for m in ('django', 'ortools', 'numba') if m in sys.modules])"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONPATH": str(ROOT / "src")}
    )
    assert run.stdout.strip() == "[]"


def test_pages_do_not_load_the_solver() -> None:
    code = (
        "import os, django; os.environ['DJANGO_SETTINGS_MODULE']='punctual.config.settings'; django.setup()\n"
        "from django.urls import get_resolver; get_resolver().url_patterns; import punctual.config.urls\n"
        "import sys; print('ortools' in sys.modules)"
    )
    env = {"PYTHONPATH": str(ROOT / "src"), "PUNCTUAL_SECRET": "x", "PATH": "/usr/bin:/bin"}
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=env)
    assert run.stdout.strip() == "False"


@pytest.mark.django_db
def test_models_and_migrations_agree() -> None:
    from django.core.management import call_command

    said = io.StringIO()
    call_command("makemigrations", "--dry-run", stdout=said)
    assert said.getvalue().strip() == "No changes detected"
