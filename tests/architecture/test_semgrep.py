"""The house's own rules for safe code (tools/semgrep) find nothing in the product, and each finds its bad example."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "src" / "punctual"

pytestmark = pytest.mark.slow

# One sentence of each kind that may not be written, by the name of the rule that must find it.
BAD = {
    "sql-from-text": "def f(cursor, name):\n    cursor.execute(f\"SELECT * FROM t WHERE n = '{name}'\")\n",
    "html-by-hand": "from django.utils.safestring import mark_safe\n\ndef f(text):\n    return mark_safe(text)\n",
    "html-from-format": 'def f(name):\n    return format_html(f"<b>{name}</b>")\n',
    "call-outside-without-guard": "import requests\n",
    "xml-without-guard": "import xml.etree.ElementTree as tree\n\ndef f(path):\n    return tree.parse(path)\n",
    "archive-without-guard": "import zipfile\n\ndef f(path):\n    return zipfile.ZipFile(path)\n",
    "code-from-data": "import pickle\n\ndef f(data):\n    return pickle.loads(data)\n",
    "secret-compared-by-equals": "def f(link, given):\n    return link.token == given\n",
    "chance-for-secrets": "import random\n\ndef f():\n    token = random.randbytes(8)\n    return token\n",
    "cookie-in-the-open": 'def f(response):\n    response.set_cookie("a", "b", httponly=True)\n',
    "request-without-its-token": (
        "from django.views.decorators.csrf import csrf_exempt\n\n@csrf_exempt\ndef f(request):\n    pass\n"
    ),
    "day-of-the-machine": "import datetime as dt\n\ndef f():\n    return dt.date.today()\n",
    "secret-in-the-log": 'def f(logger, token):\n    logger.info("came with %s", token)\n',
    "page-asks-the-model-directly": "def f(request, pk):\n    return Order.objects.get(pk=pk)\n",
    "script-in-the-page": '<button type="button" onclick="go()">Go</button>\n',
    "unescaped-in-the-page": "<p>{{ comment.text|safe }}</p>\n",
}


@pytest.fixture(scope="module")
def semgrep(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], set[tuple[str, str]]]:
    """``semgrep(folder)``: (rule, file) of what it finds there and in the product; nothing is sent anywhere."""
    patch = pytest.MonkeyPatch()
    patch.setenv("PUNCTUAL_VENV", sys.prefix)
    spec = importlib.util.spec_from_file_location("punctual_run", ROOT / "run.py")
    assert spec is not None
    assert spec.loader is not None
    run: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(run)
    patch.undo()
    program = run.scanner()
    if program is None:
        warnings.warn("Semgrep could not be installed: the house's rules were NOT checked", stacklevel=1)
        pytest.skip("Semgrep could not be installed: the house's rules were NOT checked")
    home = tmp_path_factory.mktemp("semgrep")
    quiet = {"SEMGREP_SETTINGS_FILE": str(home / "settings"), "HOME": str(home), "SEMGREP_SEND_METRICS": "off"}

    def scan(folder: Path) -> set[tuple[str, str]]:
        command = [program, "scan", "--quiet", "--json", "--metrics=off", "--disable-version-check", "--no-git-ignore"]
        outcome = subprocess.run(
            [*command, "--jobs=1", "--config", ROOT / "tools" / "semgrep", SOURCES, folder],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, **quiet, "PATH": os.pathsep.join([str(program.parent), os.environ["PATH"]])},
        )
        found = json.loads(outcome.stdout)
        assert not found["errors"], found["errors"]
        assert len(found["paths"]["scanned"]) > 1000, "the product itself was not read"
        return {(hit["check_id"].rpartition(".")[2], hit["path"]) for hit in found["results"]}

    return scan


def test_the_rules_find_their_bad_examples_and_nothing_in_the_product(
    semgrep: Callable[[Path], set[tuple[str, str]]], tmp_path: Path
) -> None:
    rules = (ROOT / "tools" / "semgrep" / "house.yaml").read_text()
    assert {line.split()[-1] for line in rules.splitlines() if line.startswith("  - id:")} == set(BAD)
    folder = tmp_path / "punctual" / "web" / "bad"
    folder.mkdir(parents=True)
    files = {rule: folder / (rule + (".html" if text.startswith("<") else ".py")) for rule, text in BAD.items()}
    for rule, text in BAD.items():
        files[rule].write_text(text)
    found = semgrep(tmp_path)
    missed = {rule for rule, path in files.items() if (rule, str(path)) not in found}
    assert not missed
    assert not {hit for hit in found if not hit[1].startswith(str(tmp_path))}
