"""The documentation builds: no link leads nowhere, and both languages have the same guides."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import polib
import pytest

from punctual.platform.accounts.models import Role

ROOT = Path(__file__).resolve().parents[2]
IMAGES = ROOT / "docs" / "user" / "images"


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


def test_no_mark_of_bold_text_is_left_on_the_pages_of_the_guide(tool: ModuleType, tmp_path: Path) -> None:
    """Between a full-width sign and a letter two stars neither open nor close."""
    tool.build(tmp_path)
    folders = ("tour", "roles", "journeys", "user", "admin")
    pages = [page for folder in folders for page in tmp_path.glob(f"*/{folder}/*")]
    assert len(pages) > 60
    assert [page.name for page in pages if "**" in page.read_text(encoding="utf-8")] == []


def test_a_link_that_leads_nowhere_is_found(tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tool.Page("adr", "adr/x.html", "x", "[gone](nowhere.md)", ROOT / "docs" / "adr" / "x.md")
    monkeypatch.setattr(tool, "pages_of", lambda language: iter([page]))
    assert tool.build(tmp_path) == ["docs/adr/x.md: nowhere.md"] * 2


def _guides(folder: str, language: str) -> dict[str, str]:
    """Name → text of every page in a folder of docs/ and below."""
    ending = f".{language}.md"
    found = (ROOT / "docs" / folder).rglob(f"*{ending}")
    return {path.name.removesuffix(ending): path.read_text(encoding="utf-8") for path in found}


def test_both_languages_have_the_same_guides() -> None:
    for folder in ("user", "user/roles", "user/journeys", "admin"):
        names = {language: set(_guides(folder, language)) for language in ("en", "zh")}
        assert names["en"] == names["zh"]
        assert names["en"]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_role_and_every_journey_has_a_page_with_a_picture(language: str) -> None:
    roles, journeys = _guides("user/roles", language), _guides("user/journeys", language)
    assert set(roles) == {str(role).replace("_", "-") for role in Role} | {"contact"}
    assert [name[:2] for name in sorted(journeys)] == [f"{number:02}" for number in range(1, 13)]
    start = _guides("user", language)["start"]
    for folder, pages in (("roles", roles), ("journeys", journeys)):
        for name, text in pages.items():
            pictures = re.findall(rf"!\[[^\]]+\]\(\.\./images/([\w-]+-{language}\.webp)\)", text)
            assert pictures, f"{name} has no picture"
            assert all((IMAGES / picture).exists() for picture in pictures), f"{name}: {pictures}"
            assert f"({folder}/{name}.{language}.md)" in start, f"the first page doesn't lead to {name}"


def test_every_picture_is_shown_by_a_page_of_its_language_and_has_its_labels() -> None:
    shown = set()
    for language in ("en", "zh"):
        for text in _guides("user", language).values():
            shown |= set(re.findall(rf"images/([\w-]+-{language})\.webp", text))
    kept = {name for name in json.loads((IMAGES / "labels.json").read_text(encoding="utf-8")) if " " not in name}
    assert shown == {path.stem for path in IMAGES.iterdir() if path.suffix != ".json"} == kept


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_guides_name_buttons_and_pages_as_the_screen_does(language: str) -> None:
    """What is bold and heads no paragraph is a sentence of the catalogue; ``…`` stands for what is filled in."""
    files = (ROOT / "src" / "punctual" / "locale" / "zh_Hans").glob("*.po")
    entries = [entry for file in files for entry in polib.pofile(str(file))]
    words = {text for entry in entries for text in ([entry.msgid] if language == "en" else [entry.msgstr])}
    if language == "en":
        words |= {entry.msgid_plural for entry in entries}
    else:
        words |= {text for entry in entries for text in entry.msgstr_plural.values()}
    words |= {re.sub(r" ?%\(\w+\)s ?", "…", text) for text in words if "%(" in text} | {"⋯"}
    wrong = []
    for folder in ("user/roles", "user/journeys"):
        for name, text in _guides(folder, language).items():
            for bold, after in re.findall(r"\*\*(.+?)\*\*(.)", text, flags=re.S):
                parts = [re.sub(r" ?… ?", "…", part) for part in re.sub(r"\s+", " ", bold).split(" → ")]
                if after != "：" and not bold.endswith((".", ":")):
                    wrong += [f"{name}: {part}" for part in parts if part not in words]
    assert not wrong


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
