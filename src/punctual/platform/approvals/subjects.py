"""What can be asked for: each subject registers its name, its standard chain and what follows a decision."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from punctual.platform.approvals.rules import Level

if TYPE_CHECKING:
    from punctual.platform.accounts.models import User
    from punctual.platform.approvals.models import ApprovalRequest

Decided = Callable[["ApprovalRequest", "User", bool, str], None]
"""(request, who decided last, approved, comment), inside the decision's transaction."""


@dataclass(frozen=True, slots=True)
class Subject:
    """``label`` is a catalogue key; ``standard`` holds where the company has set no rule for this subject."""

    name: str
    label: str
    icon: str
    standard: tuple[Level, ...]
    decided: Decided


SUBJECTS: Final[dict[str, Subject]] = {}


def register(subject: Subject) -> None:
    if subject.name in SUBJECTS:
        raise ValueError(f"approval subject {subject.name} is registered twice")
    SUBJECTS[subject.name] = subject
