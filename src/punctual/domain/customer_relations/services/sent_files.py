"""Files that a customer sends along with their own words: looked at first, then kept with the request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO

from punctual.domain.customer_relations.models import CustomerRequest
from punctual.domain.customer_relations.rules import FileFact, against_files
from punctual.domain.customer_relations.selectors import files_from_customer
from punctual.kernel.refusal import Reason
from punctual.platform.attachments.services import attach


@dataclass(frozen=True, slots=True)
class SentFile:
    """As it came in; ``name`` is what the sender calls it."""

    name: str
    size: int
    file: IO[bytes]

    @property
    def plain_name(self) -> str:
        """Without what is not to be seen, such as signs that turn the direction of reading and hide an ending."""
        return "".join(sign for sign in self.name if sign.isprintable()).strip()

    def fact(self) -> FileFact:
        begin = self.file.read(16)
        self.file.seek(0)
        return FileFact(self.plain_name, self.size, begin)


def reasons_against(files: Sequence[SentFile], found: CustomerRequest | None = None) -> list[Reason]:
    """Every reason against keeping them with ``found``, or with a request that is only being made."""
    kept = len(files_from_customer([found]).get(found.pk, ())) if files and found is not None else 0
    return against_files([one.fact() for one in files], kept=kept)


def keep(files: Sequence[SentFile], found: CustomerRequest) -> None:
    """In the caller's transaction, with the words they belong to."""
    for one in files:
        attach(actor=None, target=found, file=one.file, name=one.plain_name)
