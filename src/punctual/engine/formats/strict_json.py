"""JSON as the planning files allow it: no NaN, no key twice, one clear refusal for anything unusable."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any, NoReturn

from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_


def decode(content: bytes) -> str:
    """UTF-8 text with or without a byte order mark."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        text = N_("the file is not UTF-8 text (byte %(place)d)")
        raise Refusal(Reason("file.not_utf8", text, {"place": error.start})) from error


def load_json(content: bytes) -> Any:
    """The JSON value; NaN, Infinity, a key given twice, other encodings and endless nesting are refused."""
    try:
        return json.loads(decode(content), parse_constant=_refuse_constant, object_pairs_hook=_unique)
    except json.JSONDecodeError as error:
        text = N_("the file is not JSON: %(why)s in line %(line)d, column %(column)d")
        params = {"why": error.msg, "line": error.lineno, "column": error.colno}
        raise Refusal(Reason("file.not_json", text, params)) from error
    except (RecursionError, ValueError) as error:
        text = N_("the file is not usable JSON: nested too deeply, or a number with too many digits")
        raise Refusal(Reason("file.not_json", text)) from error


def _refuse_constant(name: str) -> NoReturn:
    raise Refusal(Reason("file.not_a_number", N_("%(name)s is not a number that can be used"), {"name": name}))


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        twice = next(name for name, times in Counter(name for name, _ in pairs).items() if times > 1)
        raise Refusal(Reason("file.repeated_key", N_("the key %(key)s is given twice"), {"key": twice}))
    return result
