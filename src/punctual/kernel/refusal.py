"""A refusal: everything that speaks against a request, all at once, as data.

Rules return *every* reason; services raise one :class:`Refusal` that carries them; faces word it in the
reader's language, put it beside the field it names, and answer 422 (API) or exit status 2 (command line).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from punctual.kernel.wording import Word


class Severity(StrEnum):
    """An error forbids; a warning may be waived by name with a reason."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that is wrong: what, where, and what would be right.

    ``code``    stable name for programs, dotted: ``order.line.quantity_below_minimum``.
    ``text``    English sentence with ``%(name)s`` places; it is the key of the catalogues (mark it with ``N_``).
    ``params``  values for the places; data, never translated, except a ``Word``.
    ``field``   name of the field it belongs to, empty for the whole.
    ``row``     1-based row (order line, sheet row) or None.
    """

    code: str
    text: str
    params: Mapping[str, object] = field(default_factory=dict)
    field: str = ""
    row: int | None = None
    severity: Severity = Severity.ERROR

    @property
    def is_error(self) -> bool:
        return self.severity is Severity.ERROR

    def worded(self, translate: Callable[[str], str] = str) -> str:
        """The sentence in the language of ``translate`` (default: English)."""
        sentence = translate(self.text)
        if not self.params:
            return sentence
        return sentence % {
            name: translate(value) if isinstance(value, Word) else value for name, value in self.params.items()
        }

    def at(self, *, row: int | None = None, field: str | None = None) -> Reason:
        """The same reason at another place."""
        return replace(self, row=self.row if row is None else row, field=self.field if field is None else field)

    def as_data(self, translate: Callable[[str], str] = str) -> dict[str, object]:
        """Plain data for JSON: code, message, severity and, where known, field and row."""
        data: dict[str, object] = {
            "code": self.code,
            "message": self.worded(translate),
            "severity": self.severity.value,
        }
        if self.field:
            data["field"] = self.field
        if self.row is not None:
            data["row"] = self.row
        return data


class Refusal(Exception):
    """The request is refused and nothing has changed. Carries at least one reason."""

    def __init__(self, *reasons: Reason) -> None:
        if not reasons:
            raise ValueError("a refusal needs at least one reason")
        self.reasons: tuple[Reason, ...] = reasons
        super().__init__("; ".join(reason.worded() for reason in reasons))

    @property
    def codes(self) -> frozenset[str]:
        return frozenset(reason.code for reason in self.reasons)


class Forbidden(Refusal):
    """The actor may see the thing but may not do this (API 403). What it may not see is simply not found."""


class NotFound(Refusal):
    """There is no such thing for this actor: absent and invisible look the same (API 404)."""


class Conflict(Refusal):
    """Somebody else changed the thing in between (API 409)."""

    def __init__(self, *reasons: Reason, current_version: int, changes: Iterable[Mapping[str, object]] = ()) -> None:
        super().__init__(*reasons)
        self.current_version = current_version
        self.changes = tuple(changes)


def refuse_if(reasons: Iterable[Reason]) -> None:
    """Raise one Refusal with all errors among ``reasons``; warnings alone pass."""
    errors = tuple(reason for reason in reasons if reason.is_error)
    if errors:
        raise Refusal(*errors)
