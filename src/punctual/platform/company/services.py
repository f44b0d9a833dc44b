"""Read and change the company's own facts."""

from __future__ import annotations

from django.db import transaction

from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.audit.services import differences, record
from punctual.platform.company.models import Company
from punctual.platform.one_row import the_row
from punctual.platform.records import lock, save_next


def company() -> Company:
    """The company; made nameless the first time."""
    return the_row(Company, name="")


@transaction.atomic
def change_company(*, actor: User, name: str, expected_version: int | None) -> Company:
    """Rename the company."""
    require(actor, "settings.manage")
    name = name.strip()
    if not name or len(name) > 120:
        raise Refusal(Reason("company.name", N_("Give the company a name of 1 to 120 characters."), field="name"))
    company()
    found = lock(Company.objects.all(), expected_version=expected_version, pk=1)
    changes = differences({"name": found.name}, {"name": name})
    if changes:
        found.name = name
        save_next(found, fields=["name"])
        record(actor=actor, verb="change", target=found, changes=changes)
    return found
