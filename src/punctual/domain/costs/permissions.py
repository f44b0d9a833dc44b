"""Who sees what an order costs, who books it, who approves time. Sales and the shop floor see no costs."""

from punctual.kernel.wording import N_
from punctual.platform.accounts.models import Role
from punctual.platform.accounts.permissions import EVERY_ROLE, grant

grant(
    "costs.view",
    N_("see costs of orders"),
    [Role.ORDER_MANAGER, Role.FINANCE, Role.MANAGER, Role.PLANNER],
)
grant("costs.book", N_("book expenses and commitments"), [Role.ORDER_MANAGER, Role.FINANCE])
grant("costs.own_time", N_("book own working time"), EVERY_ROLE)
grant("costs.approve_time", N_("approve working time"), [Role.ORDER_MANAGER, Role.PLANNER, Role.FINANCE])
