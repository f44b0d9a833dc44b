"""How text becomes tokens, the same for documents and for queries.

Chinese has no blanks between words, and FTS5's trigram tokenizer finds nothing shorter than three characters; so a
run of Han characters is kept as single characters, as overlapping bigrams, and as overlapping bigrams of its pinyin's
initials and of its whole syllables. A character that is read in several ways is found by each of them (重庆 by cq and
zq): the dictionary of phrases that would tell which one is meant takes 45 MB in every process and knows few names.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import pairwise, product

os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")  # read when it is loaded
from pypinyin import Style, pinyin

_HAN = re.compile(r"[㐀-䶿一-鿿]+")
_WORD = re.compile(r"[a-z0-9]+")
_SYLLABLE = re.compile(
    r"(?:zh|ch|sh|[bpmfdtnlgkhjqxrzcsyw])?"
    r"(?:iang|iong|uang|ang|eng|ing|ong|ian|iao|uai|uan|ai|an|ao|ei|en|er|ia|ie|in|iu|ou|ua|ue|ui|un|uo|ve|[aeiouv])"
)
LONGEST_PREFIX = 12
LONGEST_PINYIN = 36


def _normal(text: str) -> str:
    return unicodedata.normalize("NFKC", text).lower()


def document_tokens(texts: Iterable[str]) -> list[str]:
    """Every token under which a document is found; sorted, each once."""
    return sorted(frozenset().union(*map(_tokens, texts)))


@lru_cache(256)
def _tokens(text: str) -> frozenset[str]:
    """Kept, since most orders name the same customers and products."""
    tokens: set[str] = set()
    normal = _normal(text)
    for run in _HAN.findall(normal):
        tokens.update(run)
        tokens.update(run[i : i + 2] for i in range(len(run) - 1))
        tokens.update(_initials(run))
        tokens.update(syllable_tokens(run))
    for word in _WORD.findall(normal):
        tokens.update(f"w{word[:length]}" for length in range(1, min(len(word), LONGEST_PREFIX) + 1))
    compact = "".join(_WORD.findall(normal))
    # Numbers are found by any tail of their parts: "00043" and "2026-00043" both find SO-2026-00043.
    tokens.update(f"w{compact[-length:]}" for length in range(3, min(len(compact), 16) + 1))
    return frozenset(tokens)


def _initials(run: str) -> Iterator[str]:
    """The initials of every two neighbours, in every reading."""
    readings = [set(one) for one in pinyin(run, style=Style.FIRST_LETTER, heteronym=True)]
    for two in pairwise(readings):
        for letters in product(*two):
            yield f"py{''.join(letters)}"


def syllable_tokens(run: str) -> Iterator[str]:
    """The whole pinyin of every character and of every two neighbours, in every reading, and what somebody has typed
    of the second: 南京 is found by nanj, nanji, nanjin and nanjing."""
    readings = [set(one) for one in pinyin(run, style=Style.NORMAL, heteronym=True, v_to_u=False)]
    for reading in readings:
        yield from (f"q{one}" for one in reading)
    for first, second in ((first, second) for two in pairwise(readings) for first, second in product(*two)):
        yield from (f"q{first}{second[:length]}" for length in range(1, len(second) + 1))


def _typed_syllables(word: str) -> list[str]:
    """The tokens of which each must be there if the word is pinyin; none if it is not. ``xian`` is one syllable here
    and two in 西安, whose pair reads the same."""
    syllables, at = [], 0
    while at < len(word) and (found := _SYLLABLE.match(word, at)):
        syllables.append(found[0])
        at = found.end()
    if word[at:]:
        # A consonant that begins the next syllable.
        if not syllables or len(word) - at > 2:
            return []
        syllables.append(word[at:])
    if len(syllables) == 1:
        return [f"q{syllables[0]}"]
    return [f"q{first}{second}" for first, second in pairwise(syllables)]


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
            # The word itself, or every two of its letters as initials, or every two of its syllables.
            pairs = list(pairwise(word[:LONGEST_PREFIX]))
            spoken = _typed_syllables(word[:LONGEST_PINYIN])
            for at, (first, second) in enumerate(pairs):
                yield whole, f"py{first}{second}", *spoken[at * len(spoken) // len(pairs) :][:1]
        else:
            yield (whole,)
