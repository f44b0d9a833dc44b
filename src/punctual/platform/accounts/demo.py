"""The demo company's sign-ins: one a role, and only where demo data is."""

from __future__ import annotations

from typing import Final

from punctual.platform.accounts.models import Role, User

DEMO_PASSWORD: Final = "punctual-demo"  # noqa: S105 - said aloud on the sign-in page of the demo
DEMO_NAMES: Final = {
    Role.ADMINISTRATOR: "admin",
    Role.ORDER_MANAGER: "order.manager",
    Role.SALES: "sales",
    Role.SUPPLY_CHAIN: "supply.chain",
    Role.PLANNER: "planner",
    Role.QUALITY: "quality",
    Role.FINANCE: "finance",
    Role.WORKER: "worker",
    Role.MANAGER: "manager",
}


def demo_accounts() -> list[str]:
    """The names to show, in the order of the roles; empty without demo data."""
    from punctual.platform.company.models import Company

    if not Company.objects.filter(is_demo=True).exists():
        return []
    there = set(
        User.objects.filter(username__in=DEMO_NAMES.values(), is_active=True).values_list("username", flat=True)
    )
    return [name for name in DEMO_NAMES.values() if name in there]
