"""XML from strangers: no document type, no entities, no external references, bounded size and depth."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import IO, Final
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_

MOST_BYTES: Final = 256 * 1024 * 1024
MOST_DEPTH: Final = 64
MOST_ELEMENTS: Final = 20_000_000


def elements(stream: IO[bytes] | bytes, what: str) -> Iterator[tuple[int, Element]]:
    """Finished elements with their depth (root = 0), namespaces removed from their tags.

    The caller clears what it has used. Raises Refusal for broken XML, a document type or entity declaration, more than
    256 MiB, 64 levels or 20 million elements; ``what`` names the file in the sentence.
    """
    source = _Limited(io.BytesIO(stream) if isinstance(stream, bytes) else stream, what)
    depth = -1
    count = 0
    try:
        for event, element in iterparse(source, events=("start", "end"), forbid_dtd=True):
            if event == "start":
                depth += 1
                count += 1
                if depth >= MOST_DEPTH:
                    raise _refusal(
                        "xml.too_deep", N_("%(what)s nests elements deeper than %(most)s levels"), what, MOST_DEPTH
                    )
                if count > MOST_ELEMENTS:
                    raise _refusal(
                        "xml.too_many", N_("%(what)s holds more than %(most)s elements"), what, MOST_ELEMENTS
                    )
            else:
                element.tag = element.tag.rpartition("}")[2]
                yield depth, element
                depth -= 1
    except DefusedXmlException as error:
        raise Refusal(
            Reason(
                code="xml.forbidden",
                text=N_("%(what)s declares a document type or entities, which a plan never needs; save it without"),
                params={"what": what},
            )
        ) from error
    except (ParseError, LookupError, ValueError) as error:
        line, column = getattr(error, "position", (1, 0))
        raise Refusal(
            Reason(
                code="xml.broken",
                text=N_("%(what)s is no readable XML: line %(line)s, column %(column)s; save it again as XML"),
                params={"what": what, "line": line, "column": column + 1},
            )
        ) from error


def _refusal(code: str, text: str, what: str, most: int) -> Refusal:
    return Refusal(Reason(code=code, text=text, params={"what": what, "most": most}))


class _Limited:
    """A stream that refuses to give more than MOST_BYTES."""

    def __init__(self, stream: IO[bytes], what: str) -> None:
        self._stream = stream
        self._left = MOST_BYTES
        self._what = what

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise _refusal("xml.too_large", N_("%(what)s is larger than %(most)s bytes"), self._what, MOST_BYTES)
        return data
