"""The documentation builds: no link leads nowhere, and both languages have the same guides."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_site", ROOT / "tools" / "docs_site.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["docs_site"] = module
    spec.loader.exec_module(module)
    return module


def test_the_site_builds_and_every_link_leads_somewhere(tool: ModuleType, tmp_path: Path) -> None:
    assert tool.build(tmp_path) == []
    pages = list(tmp_path.rglob("*.html"))
    assert len(pages) > 40
    for page in pages:
        for address in re.findall(r'(?:href|src)="([^"#]+)', page.read_text(encoding="utf-8")):
            if not re.match(r"[a-z]+:", address):
                assert (page.parent / address).exists(), f"{page.relative_to(tmp_path)}: {address}"


def test_a_link_that_leads_nowhere_is_found(tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tool.Page("adr", "adr/x.html", "x", "[gone](nowhere.md)", ROOT / "docs" / "adr" / "x.md")
    monkeypatch.setattr(tool, "pages_of", lambda language: iter([page]))
    assert tool.build(tmp_path) == ["docs/adr/x.md: nowhere.md"] * 2


def test_both_languages_have_the_same_guides() -> None:
    for section in ("user", "admin"):
        names = {
            language: {
                path.name.removesuffix(f".{language}.md") for path in (ROOT / "docs" / section).glob(f"*.{language}.md")
            }
            for language in ("en", "zh")
        }
        assert names["en"] == names["zh"]
        assert names["en"]


def test_the_security_table_names_tests_that_exist() -> None:
    """Each row of the table says which test proves it; a test that was renamed or removed takes its row with it."""
    text = (ROOT / "docs" / "security" / "asvs.md").read_text(encoding="utf-8")
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", text)
    assert len(named) > 30
    for file, test in named:
        assert f"def {test}(" in (ROOT / file).read_text(encoding="utf-8"), f"{file}::{test}"


def test_what_the_page_of_proof_names_can_be_started() -> None:
    """Tests, benchmarks and faults by their names, the same ones in both languages; no fault is left out."""
    from faults.cases import CASES

    named = {}
    for language in ("en", "zh"):
        text = (ROOT / "docs" / "admin" / f"proof.{language}.md").read_text(encoding="utf-8")
        rows = [line for line in text.splitlines() if line.startswith("| ") and "`" in line]
        assert len(rows) > 25
        named[language] = [re.findall(r"`([^`]+)`", row.split("|")[2]) for row in rows]
        assert all(named[language])
    assert named["en"] == named["zh"]
    found = [name for row in named["en"] for name in row if "=" not in name]
    for name in found:
        kind, _, fault = name.partition(" ")
        if kind == "faults":
            assert fault in CASES
            continue
        file, _, test = name.partition("::")
        assert file.startswith(("tests/", "benchmarks/")), name
        assert f"def {test}(" in (ROOT / file).read_text(encoding="utf-8") if test else (ROOT / file).exists(), name
    assert {name.removeprefix("faults ") for name in found if name.startswith("faults ")} == set(CASES)


def test_bandit_finds_nothing() -> None:
    # The engine reads no input of strangers but through engine/formats, whose parsers have tests of their own.
    left_out = "*/migrations/*,*/engine/*"
    command = [sys.executable, "-m", "bandit", "-q", "-r", "src", "-c", "pyproject.toml", "-x", left_out]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout[-3000:]
