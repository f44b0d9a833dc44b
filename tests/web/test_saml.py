"""Sign-in through SAML, tried with an identity provider of the tests' own (``saml_directory.py``)."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from migrated import said_by

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif("postgres" in os.environ.get("DATABASE_URL", ""), reason="tried on a SQLite file"),
]
PROGRAM = Path(__file__).resolve().parents[1] / "saml_directory.py"
UNTRUSTED = "answered can’t be trusted, so nobody is signed in"
ENDED = "begun in another browser, more than ten minutes ago, or is finished already"
NO_ACCOUNT = "You have no account here"


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    said = said_by(PROGRAM.read_text(), tmp_path_factory.mktemp("saml"))
    assert said.startswith("{"), said
    answers: dict[str, dict[str, Any]] = json.loads(said)
    return answers


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ("unsigned", UNTRUSTED),
        ("another key", UNTRUSTED),
        ("changed after signing", UNTRUSTED),
        ("wrong audience", UNTRUSTED),
        ("wrong recipient", UNTRUSTED),
        ("wrong issuer", UNTRUSTED),
        ("expired", UNTRUSTED),
        ("broken hash", UNTRUSTED),
        ("the directory refuses", UNTRUSTED),
        ("nobody asked", UNTRUSTED),
        ("for another request", UNTRUSTED),
        ("wrapped before", UNTRUSTED),
        ("wrapped around", UNTRUSTED),
        ("wrapped moved", UNTRUSTED),
        ("no XML", UNTRUSTED),
        ("entities", UNTRUSTED),
        ("too long", UNTRUSTED),
        ("replayed", ENDED),
        ("brought by another", ENDED),
        ("unknown person", NO_ACCOUNT),
        ("address not verified", NO_ACCOUNT),
        ("address of two people", NO_ACCOUNT),
        ("account closed", "Your account is closed"),
        ("the directory is away", "does not answer"),
        ("unsigned, in Chinese", "公司目录的应答不可信，因此没有登录任何人"),
        ("unknown person, in Chinese", "你在这里还没有账号"),
    ],
)
def test_nobody_is_signed_in_and_one_sentence_says_why(
    told: dict[str, dict[str, Any]], answer: str, sentence: str
) -> None:
    assert told[answer]["signed_in"] == ""
    assert sentence in told[answer]["says"], told[answer]


@pytest.mark.parametrize("time", ["good", "again", "first time"])
def test_a_good_answer_signs_in_whom_it_names(told: dict[str, dict[str, Any]], time: str) -> None:
    assert told[time]["signed_in"] == told["afterwards"]["wang"]


def test_the_directory_makes_nobody_and_gives_no_role_and_takes_no_password(told: dict[str, dict[str, Any]]) -> None:
    after = told["afterwards"]
    assert (after["people"], after["role"], after["password"], after["metadata"]) == (4, "sales", True, 200)


def test_a_link_does_not_sign_out_for_the_directory(told: dict[str, dict[str, Any]]) -> None:
    asked = told["signed out by another"]
    assert asked["signed_in"] == told["afterwards"]["wang"]
    assert UNTRUSTED in asked["says"]
