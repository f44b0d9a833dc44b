"""Refuse a workbook that would hurt before the reader opens it: it lays out the whole rectangle that its cells span.

Two cells in opposite corners of a sheet of five kilobytes would ask for hundreds of gigabytes.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from enum import StrEnum
from typing import Final

LARGEST_UNPACKED: Final = 300 * 1024 * 1024
MOST_MEMBERS: Final = 10_000
LONGEST_TAG: Final = 65_536
MOST_EMPTY: Final = 200_000
"""Formatted cells without a value beyond the limits; they are not laid out, but nobody has so many in earnest."""

_FAR_ROW: Final = rb"0*(?:[1-9]\d{5,}|[6-9]\d{4}|5[1-9]\d{3}|50[1-9]\d\d)"
"""Beyond row 50,099; what lies between is counted by the reader."""
_FAR_COLUMN: Final = rb"(?:[A-Z]{3,}|G[S-Z]|[H-Z][A-Z])"
_REFERENCE: Final = rb"\br\s*=\s*[\"'](?:" + _FAR_COLUMN + rb"\d+|[A-Z]{1,2}" + _FAR_ROW + rb")[\"']"
_FAR_CELL: Final = re.compile(rb"<(?:\w+:)?c\s[^<>]*?" + _REFERENCE, re.IGNORECASE)
_FAR_ROW_OF_UNPLACED: Final = re.compile(
    rb"<(?:\w+:)?row\s[^<>]*?\br\s*=\s*[\"']" + _FAR_ROW + rb"[\"'][^<>]*>\s*<(?:\w+:)?c(?![^<>]*\br\s*=)[\s/>]",
    re.IGNORECASE,
)
_OTHER_FORMATS: Final = frozenset({"xl/workbook.bin", "content.xml", "mimetype"})


class Harm(StrEnum):
    """What is wrong with a zipped workbook."""

    DAMAGED = "damaged"
    BOMB = "bomb"
    TOO_FAR = "too_far"


def harm_of(content: bytes) -> tuple[Harm | None, int]:
    """The harm a file would do, if any, and the bytes it says it unpacks to."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            unpacked = sum(member.file_size for member in members)
            if unpacked > LARGEST_UNPACKED or len(members) > MOST_MEMBERS:
                return Harm.BOMB, unpacked
            names = {member.filename for member in members}
            if "xl/workbook.xml" not in names or names & _OTHER_FORMATS:
                return Harm.DAMAGED, unpacked
            for member in members:
                if member.filename.lower().endswith((".xml", ".rels")):
                    text = archive.read(member)
                    if b"\0" in text[:8]:
                        return Harm.DAMAGED, unpacked
                    if _reaches_too_far(text):
                        return Harm.TOO_FAR, unpacked
    except (zipfile.BadZipFile, ValueError, EOFError, NotImplementedError, OSError, RuntimeError, zlib.error):
        return Harm.DAMAGED, 0
    return None, unpacked


def _reaches_too_far(text: bytes) -> bool:
    """Whether a cell with a value lies outside what is read at all."""
    for empty, found in enumerate(_FAR_CELL.finditer(text)):
        end = text.find(b">", found.end(), found.end() + LONGEST_TAG)
        if empty > MOST_EMPTY or end < 0 or text[end - 1 : end] != b"/":
            return True
    return _FAR_ROW_OF_UNPLACED.search(text) is not None
