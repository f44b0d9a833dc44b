"""Who reads and who changes resources; what an hour costs is not for everybody."""

from punctual.kernel.wording import N_
from punctual.platform.accounts.models import Role
from punctual.platform.accounts.permissions import EVERY_ROLE, OFFICE, grant

grant("resources.read", N_("see people, equipment and outsourced services"), EVERY_ROLE)
grant("resources.see_cost", N_("see hourly costs"), [role for role in OFFICE if role is not Role.SALES])
grant(
    "resources.change",
    N_("change people, equipment and outsourced services"),
    [Role.ORDER_MANAGER, Role.PLANNER, Role.SUPPLY_CHAIN],
)
