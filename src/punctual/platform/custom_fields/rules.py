"""What a custom field and a value in it must be: pure checks that return every reason."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from punctual.kernel.checks import Checker
from punctual.kernel.dates import NotADay, NoYear, parse_day
from punctual.kernel.quantity import NotANumber, parse_decimal
from punctual.kernel.refusal import Reason
from punctual.kernel.wording import N_
from punctual.platform.accounts.permissions import Listed

SUBJECTS: Final = ("order", "task", "customer")
KINDS: Final = ("text", "number", "day", "choice", "yes_no")
LONGEST_TEXT: Final = 500
MOST_OPTIONS: Final = 60
MOST_FIELDS: Final = 30
"""Of one subject, archived ones not counted."""
LARGEST: Final = Decimal(10) ** 15
YES: Final = frozenset({"yes", "y", "true", "1", "on", "是", "√", "✓"})
NO: Final = frozenset({"no", "n", "false", "0", "否", "×", "✕"})
_KEY: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")

Value = str | Decimal | dt.date | bool | None


@dataclass(frozen=True, slots=True)
class FieldFacts:
    """What an administrator tells of a field."""

    subject: str
    key: str
    label_zh: str = ""
    label_en: str = ""
    kind: str = "text"
    options: tuple[tuple[str, str], ...] = ()
    """Kept value and English words of each choice."""
    required: bool = False
    in_list: bool = True
    position: int = 0


def reasons_against_field(facts: FieldFacts) -> list[Reason]:
    """Everything that is wrong with the definition."""
    check = Checker("custom_field")
    if facts.subject not in SUBJECTS:
        check.add("subject", "unknown", N_("Fields can be added to orders, tasks and customers."))
    if facts.kind not in KINDS:
        check.add("kind", "unknown", N_("Choose what the field holds."))
    if not _KEY.fullmatch(facts.key):
        text = N_("The key is made of a–z, 0–9 and _, begins with a letter and has at most 40 characters.")
        check.add("key", "form", text)
    check.text("label_zh", N_("Chinese name"), facts.label_zh, longest=60)
    check.text("label_en", N_("English name"), facts.label_en, longest=60)
    if not (facts.label_zh.strip() or facts.label_en.strip()):
        check.add("label_zh", "missing", N_("Give the field a name in Chinese, in English, or in both."))
    if not 0 <= facts.position <= 9999:
        check.add("position", "range", N_("The place is a number from 0 to 9999."))
    if facts.kind == "choice":
        _check_options(check, facts.options)
    return check.reasons


def _check_options(check: Checker, options: Sequence[tuple[str, str]]) -> None:
    keys = [key for key, _english in options]
    if not 2 <= len(options) <= MOST_OPTIONS:
        text = N_("A choice has 2 to %(most)d choices, one a line.")
        check.add("options", "count", text, most=MOST_OPTIONS)
    elif len({key.lower() for key in keys}) < len(keys):
        check.add("options", "twice", N_("The same choice stands there twice."))
    elif any(not key or len(key) > 60 or len(english) > 60 or "," in key for key, english in options):
        check.add("options", "form", N_("Each choice has 1 to 60 characters and no comma."))
    for key, english in options:
        check.text("options", N_("Choices"), key + english, longest=130)


def read_value(facts: FieldFacts, given: Any, *, label: str) -> tuple[Value, Reason | None]:
    """A cell, form field or JSON value as the field keeps it; empty is None. A wrong one comes with one sentence."""

    def wrong(text: str, **params: object) -> tuple[Value, Reason]:
        shown = {"name": label, "value": str(given)[:60], **params}
        return None, Reason(f"custom.{facts.key}", text, shown, field=f"custom_{facts.key}")

    text = "" if given is None else str(given).strip()
    if text == "":
        return None, None
    if facts.kind == "number":
        return _number(given, text, wrong)
    if facts.kind == "day":
        return _day(given, text, wrong)
    if facts.kind == "yes_no":
        word = text.lower()
        if word in YES or word in NO:
            return word in YES, None
        return wrong(N_("“%(name)s” is yes or no; “%(value)s” is neither."))
    if facts.kind == "choice":
        for key, english in facts.options:
            if text.lower() in {key.lower(), english.lower()} - {""}:
                return key, None
        known = Listed(key for key, _english in facts.options[:12])
        return wrong(N_("“%(name)s” knows no “%(value)s”. Choose one of: %(known)s."), known=known)
    if len(text) > LONGEST_TEXT:
        words = N_("“%(name)s” has %(length)d characters; at most %(longest)d fit.")
        return wrong(words, length=len(text), longest=LONGEST_TEXT)
    if any(letter < " " and letter not in "\t\n\r" for letter in text):
        return wrong(N_("“%(name)s” holds characters that can't be printed."))
    return text, None


def _number(given: Any, text: str, wrong: Any) -> tuple[Value, Reason | None]:
    try:
        if isinstance(given, bool):
            raise NotANumber(text)
        number = parse_decimal(given if isinstance(given, int | float | Decimal) else text)
    except NotANumber:
        return wrong(N_("“%(name)s” is a number; write it as 1234.5."))  # type: ignore[no-any-return]
    if abs(number) >= LARGEST:
        return wrong(N_("“%(name)s” is larger than any number that can be kept."))  # type: ignore[no-any-return]
    return number, None


def _day(given: Any, text: str, wrong: Any) -> tuple[Value, Reason | None]:
    try:
        return parse_day(given if isinstance(given, dt.date) else text), None
    except (NotADay, NoYear):
        return wrong(N_("“%(name)s” is a day; write it as 2026-03-19."))  # type: ignore[no-any-return]


def missing(facts: FieldFacts, *, label: str) -> Reason:
    """The reason against an empty field that must be filled in."""
    text = N_("“%(name)s” must be filled in.")
    return Reason(f"custom.{facts.key}.missing", text, {"name": label}, field=f"custom_{facts.key}")
