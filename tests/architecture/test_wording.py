"""Both catalogues are complete."""

import io
from gettext import GNUTranslations
from pathlib import Path

from django.utils.translation import override

from punctual.platform import catalogues
from punctual.web import formatting

WEB = Path(formatting.__file__).parent


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


def test_pages_part_the_words_of_a_list_in_the_readers_language() -> None:
    """``listed`` and ``comma`` do; a Chinese comma written into a page stands in English sentences, too."""
    texts = {path: path.read_text() for path in WEB.rglob("*") if path.suffix in {".html", ".py"}}
    marks = {".html": "、", ".py": '"、".join'}
    assert not [str(path.relative_to(WEB)) for path, text in texts.items() if marks[path.suffix] in text]
    with override("en"):
        assert formatting.listed(["a", 1]) == "a, 1"
    with override("zh-hans"):
        assert formatting.listed(["a", 1]) == "a、1"
