"""Which files are taken from outside: every reason at once, and none against what customers really send."""

from __future__ import annotations

import pytest

from punctual.domain.customer_relations.rules import LARGEST_FILE, MOST_AT_ONCE, MOST_FILES, FileFact, against_files

PDF = FileFact("drawing.pdf", 10, b"%PDF-1.7")


def codes(*files: FileFact, kept: int = 0) -> list[str]:
    return [reason.code for reason in against_files(files, kept=kept)]


@pytest.mark.parametrize(
    ("file", "code"),
    [
        (FileFact("setup.exe", 10, b"MZ"), "files.kind"),
        (FileFact("page.html", 10, b"<html>"), "files.kind"),
        (FileFact("drawing.svg", 10, b"<svg>"), "files.kind"),
        (FileFact("all.zip", 10, b"PK\x03\x04"), "files.kind"),
        (FileFact("macro.xlsm", 10, b"PK\x03\x04"), "files.kind"),
        (FileFact("README", 10, b"x"), "files.kind"),
        (FileFact("photo.jpg.exe", 10, b"\xff\xd8\xff"), "files.kind"),
        (FileFact("photo.jpg", 10, b"MZ\x90"), "files.content"),
        (FileFact("drawing.PDF", 10, b"<html>"), "files.content"),
        (FileFact("film.mp4", 10, b"\x7fELF"), "files.content"),
        (FileFact("list.csv", 10, b"#!/bin/sh"), "files.content"),
        (FileFact("photo.jpg", LARGEST_FILE + 1, b"\xff\xd8\xff"), "files.large"),
        (FileFact("photo.jpg", 0, b""), "files.empty"),
    ],
)
def test_what_is_not_taken_is_refused_by_name(file: FileFact, code: str) -> None:
    (reason,) = against_files([file])
    assert reason.code == code
    assert reason.params["name"] == file.name


def test_too_many_are_refused_in_a_message_and_in_a_request() -> None:
    assert codes(*[PDF] * (MOST_AT_ONCE + 1)) == ["files.many"]
    assert codes(PDF, PDF, kept=MOST_FILES - 1) == ["files.full"]
    assert codes(PDF, kept=MOST_FILES - 1) == []


def test_every_reason_is_told_at_once() -> None:
    wrong = [FileFact("a.exe", 1, b"MZ"), FileFact("b.pdf", 0, b""), FileFact("c.png", 5, b"%PDF"), *[PDF] * 3]
    assert codes(*wrong) == ["files.many", "files.kind", "files.empty", "files.content"]


@pytest.mark.parametrize(
    ("name", "begin"),
    [
        ("故障 照片.JPG", b"\xff\xd8\xff\xe0"),
        ("shot.png", b"\x89PNG\r\n"),
        ("IMG_1.HEIC", b"\0\0\0\x24ftypheic"),
        ("film.mov", b"\0\0\0\x14ftypqt"),
        ("part.dwg", b"AC1032"),
        ("part.STEP", b"ISO-10303-21;"),
        ("part.dxf", b"  0\r\nSECTION"),
        ("list.xlsx", b"PK\x03\x04"),
        ("letter.doc", b"\xd0\xcf\x11\xe0\xa1"),
        ("note.txt", "泵在漏".encode()),
    ],
)
def test_pictures_papers_drawings_and_films_are_taken(name: str, begin: bytes) -> None:
    assert codes(FileFact(name, 2000, begin)) == []
