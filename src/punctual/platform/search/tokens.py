"""How text becomes tokens, the same for documents and for queries.

Chinese has no blanks between words, and FTS5's trigram tokenizer finds nothing shorter than three characters; so a
run of Han characters is kept as single characters, as overlapping bigrams, and as overlapping bigrams of its pinyin's
initials. A character that is read in several ways is found by each of them (重庆 by cq and zq): the dictionary of
phrases that would tell which one is meant takes 45 MB in every process and knows few names.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import pairwise, product

os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")  # read when it is loaded
from pypinyin import Style, pinyin

_HAN = re.compile(r"[㐀-䶿一-鿿]+")
_WORD = re.compile(r"[a-z0-9]+")
LONGEST_PREFIX = 12


def _normal(text: str) -> str:
    return unicodedata.normalize("NFKC", text).lower()


def document_tokens(texts: Iterable[str]) -> list[str]:
    """Every token under which a document is found; sorted, each once."""
    tokens: set[str] = set()
    for text in texts:
        normal = _normal(text)
        for run in _HAN.findall(normal):
            tokens.update(run)
            tokens.update(run[i : i + 2] for i in range(len(run) - 1))
            tokens.update(_initials(run))
        for word in _WORD.findall(normal):
            tokens.update(f"w{word[:length]}" for length in range(1, min(len(word), LONGEST_PREFIX) + 1))
        compact = "".join(_WORD.findall(normal))
        # Numbers are found by any tail of their parts: "00043" and "2026-00043" both find SO-2026-00043.
        tokens.update(f"w{compact[-length:]}" for length in range(3, min(len(compact), 16) + 1))
    return sorted(tokens)


def _initials(run: str) -> Iterator[str]:
    """The initials of every two neighbours, in every reading."""
    readings = [set(one) for one in pinyin(run, style=Style.FIRST_LETTER, heteronym=True)]
    for two in pairwise(readings):
        for letters in product(*two):
            yield f"py{''.join(letters)}"


def query_tokens(query: str) -> list[list[str]]:
    """For each part of the query the tokens of which one must be there; all parts must."""
    return [list(alternatives) for alternatives in _parts(_normal(query))]


def _parts(query: str) -> Iterator[tuple[str, ...]]:
    for run in _HAN.findall(query):
        if len(run) == 1:
            yield (run,)
        else:
            yield from ((run[i : i + 2],) for i in range(len(run) - 1))
    for word in _WORD.findall(query):
        whole = f"w{word[:LONGEST_PREFIX]}"
        if word.isalpha() and len(word) >= 2:
            yield from ((whole, f"py{first}{second}") for first, second in pairwise(word[:LONGEST_PREFIX]))
        else:
            yield (whole,)
