"""The wording: sentences of code and templates, their Chinese in ``locale/zh_Hans/*.po``, compiled without gettext.

English is the language of the sources. Each subject keeps its own .po file; all are compiled into one ``django.mo``.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import polib

PACKAGE: Final = Path(__file__).resolve().parent.parent
LOCALE: Final = PACKAGE / "locale"
MARKERS: Final = {"N_", "_", "gettext", "gettext_lazy", "pgettext", "ngettext", "ngettext_lazy"}
_TRANS = re.compile(r"""\{%-?\s*trans(?:late)?\s+(?:"([^"]+)"|'([^']+)')""")
_BLOCK = re.compile(r"\{%\s*blocktrans(?:late)?\b([^%]*)%\}(.*?)\{%\s*endblocktrans(?:late)?\s*%\}", re.S)
_PLURAL = re.compile(r"\{%\s*plural\s*%\}")
_PLACE = re.compile(r"\{\{\s*([\w.]+)[^}]*\}\}")


def sources() -> Iterator[tuple[str, Path]]:
    """Every (sentence, file) in use."""
    for path in sorted(PACKAGE.rglob("*.py")):
        if "migrations" not in path.parts:
            yield from ((text, path) for text in _of_python(path.read_text()))
    for path in sorted((PACKAGE / "web" / "templates").rglob("*.html")):
        yield from ((text, path) for text in _of_template(path.read_text()))


def _counted() -> Iterator[tuple[str, str]]:
    """Every (sentence of one, sentence of many) in use."""
    for path in sorted(PACKAGE.rglob("*.py")):
        if "migrations" in path.parts:
            continue
        for texts in _calls(path.read_text()):
            if len(texts) == 2:
                yield texts[0], texts[1]
    for path in sorted((PACKAGE / "web" / "templates").rglob("*.html")):
        for texts in _blocks(path.read_text()):
            if len(texts) == 2:
                yield texts[0], texts[1]


def _of_python(source: str) -> Iterator[str]:
    for texts in _calls(source):
        yield from texts


def _calls(source: str) -> Iterator[list[str]]:
    """The sentences of each marker; two where it counts."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name not in MARKERS:
            continue
        count = 2 if name.startswith("ngettext") else 1
        yield [
            argument.value
            for argument in node.args[:count]
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str) and argument.value
        ]


def _of_template(source: str) -> Iterator[str]:
    for double, single in _TRANS.findall(source):
        # Django looks a template sentence up with its per cent signs doubled.
        yield (double or single).replace("%", "%%")
    for texts in _blocks(source):
        yield from texts


def _blocks(source: str) -> Iterator[list[str]]:
    """The sentences of each block; two where it counts."""
    for options, body in _BLOCK.findall(source):
        texts = []
        for part in _PLURAL.split(body):
            text = part if "trimmed" not in options else " ".join(line.strip() for line in part.strip().splitlines())
            texts.append(_PLACE.sub(r"%(\1)s", text.replace("%", "%%")))
        yield texts


def chinese() -> dict[str, str]:
    """Sentence → Chinese, from every .po file. Two files that say different things of one sentence are an error."""
    words: dict[str, str] = {}
    for path in sorted((LOCALE / "zh_Hans").glob("*.po")):
        for entry in polib.pofile(str(path), encoding="utf-8"):
            pairs = [(entry.msgid, entry.msgstr or entry.msgstr_plural.get(0, ""))]
            if entry.msgid_plural:
                pairs.append((entry.msgid_plural, entry.msgstr_plural.get(0, "")))
            for text, translation in pairs:
                if words.get(text, translation) != translation:
                    raise ValueError(f"{path.name}: “{text}” is “{words[text]}” elsewhere and “{translation}” here")
                words[text] = translation
    return words


def compile_catalogues(*, only_if_older: bool = True) -> bool:
    """Write ``locale/zh_Hans/LC_MESSAGES/django.mo`` and an empty English one; returns whether anything was written."""
    target = LOCALE / "zh_Hans" / "LC_MESSAGES" / "django.mo"
    english = LOCALE / "en" / "LC_MESSAGES" / "django.mo"
    made_from = [*(LOCALE / "zh_Hans").glob("*.po"), Path(__file__)]
    newest = max(path.stat().st_mtime for path in made_from)
    if only_if_older and target.exists() and english.exists() and target.stat().st_mtime >= newest:
        return False
    _save(merged(), target)
    empty = polib.POFile()
    empty.metadata = {
        "Content-Type": "text/plain; charset=UTF-8",
        "Language": "en",
        "Plural-Forms": "nplurals=2; plural=(n != 1);",
    }
    _save(empty, english)
    return True


def merged() -> polib.POFile:
    """All .po files as one. What counts stands in it without its plural, too: where one page counts a sentence and
    another only says it, older Pythons (3.11.2 is one) don't look among the plurals."""
    catalogue = polib.POFile()
    catalogue.metadata = {
        "Content-Type": "text/plain; charset=UTF-8",
        "Language": "zh_Hans",
        "Plural-Forms": "nplurals=1; plural=0;",
    }
    parts = sorted((LOCALE / "zh_Hans").glob("*.po"))
    plurals = {
        entry.msgid: entry.msgid_plural for path in parts for entry in polib.pofile(str(path)) if entry.msgid_plural
    }
    for text, translation in sorted(chinese().items()):
        catalogue.append(polib.POEntry(msgid=text, msgstr=translation))
        if text in plurals:
            catalogue.append(polib.POEntry(msgid=text, msgid_plural=plurals[text], msgstr_plural={0: translation}))
    return catalogue


def _save(catalogue: polib.POFile, target: Path) -> None:
    """At once or not at all: several processes may compile at the same moment."""
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_suffix(f".{os.getpid()}")
    catalogue.save_as_mofile(str(draft))
    draft.replace(target)


def missing() -> dict[str, set[str]]:
    """Sentences without Chinese → the files that use them."""
    words = chinese()
    gaps: dict[str, set[str]] = {}
    for text, path in sources():
        if not words.get(text):
            gaps.setdefault(text, set()).add(str(path.relative_to(PACKAGE)))
    return gaps


def uncounted() -> list[str]:
    """Sentences that count something, and whose Chinese would not be found: one and many must stand as one entry."""
    entries = (entry for path in (LOCALE / "zh_Hans").glob("*.po") for entry in polib.pofile(str(path)))
    known = {(entry.msgid, entry.msgid_plural) for entry in entries if entry.msgid_plural}
    return sorted({one for one, many in _counted() if (one, many) not in known})


def unused() -> set[str]:
    """Sentences of the .po files that nothing uses any more."""
    return set(chinese()) - {text for text, _ in sources()}


def wrong_places() -> list[str]:
    """Sentences whose Chinese names other places than the English."""
    named = re.compile(r"%\((\w+)\)")
    return [
        text for text, words in chinese().items() if words and set(named.findall(text)) != set(named.findall(words))
    ]
