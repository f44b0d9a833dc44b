"""Both catalogues are complete."""

import io
import re
from gettext import GNUTranslations
from pathlib import Path

from django.utils.translation import override

from punctual.platform import catalogues
from punctual.platform.accounts.permissions import Listed
from punctual.web import formatting

WEB = Path(formatting.__file__).parent
SOURCES = WEB.parent


def test_every_sentence_has_its_chinese() -> None:
    gaps = catalogues.missing()
    assert not gaps, "\n".join(f"{text!r}  in {', '.join(sorted(files))}" for text, files in sorted(gaps.items()))


def test_what_counts_stands_with_its_plural() -> None:
    assert not catalogues.uncounted()


def test_what_counts_is_found_where_it_is_only_said_by_every_python() -> None:
    read = GNUTranslations(io.BytesIO(catalogues.merged().to_binary()))
    words = catalogues.chinese()
    assert {text: read._catalog.get(text) for text in words} == words  # type: ignore[attr-defined]
    assert read.ngettext("%(n)s more", "%(n)s more", 2) == words["%(n)s more"]


def test_no_sentence_is_kept_that_nothing_uses() -> None:
    assert not catalogues.unused()


def test_places_agree_in_both_languages() -> None:
    assert not catalogues.wrong_places()


def test_clauses_and_names_are_parted_in_the_readers_language() -> None:
    """``pause`` and ``colon`` do; an English comma between two words of a page stands in Chinese sentences, too."""
    bare = re.compile(r"(?:\}\}|%\})(?:</b>|</span>)?[,:] ")
    inside = re.compile(r"\{% blocktrans.*?\{% endblocktrans %\}", re.DOTALL)
    pages = [path for path in WEB.rglob("*.html") if path.name != "api.html"]
    assert not [
        str(path.relative_to(WEB)) for path in pages if bare.search(inside.sub("{{ words }}", path.read_text()))
    ]
    with override("en"):
        assert (formatting.pause(), formatting.colon()) == (", ", ": ")
    with override("zh-hans"):
        assert (formatting.pause(), formatting.colon()) == ("，", "：")


def test_pages_part_the_words_of_a_list_in_the_readers_language() -> None:
    """``listed`` and ``comma`` do; a Chinese comma written into a page stands in English sentences, too."""
    texts = {path: path.read_text() for path in SOURCES.rglob("*") if path.suffix in {".html", ".py"}}
    marks = {".html": "、", ".py": '、".join'}
    ours = {SOURCES / "platform" / "accounts" / "permissions.py"}
    found = [path for path, text in texts.items() if marks[path.suffix] in text.replace("'", '"') and path not in ours]
    assert not found
    islands = SOURCES.parents[1] / "frontend" / "src"
    assert not [path for path in islands.rglob("*.ts") if 'join("、")' in path.read_text()]
    with override("en"):
        assert formatting.listed(["a", 1]) == "a, 1"
        assert str(Listed(["a", 1])) == "a, 1"
    with override("zh-hans"):
        assert formatting.listed(["a", 1]) == "a、1"
