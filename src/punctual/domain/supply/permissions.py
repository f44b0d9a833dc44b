"""Who may see and change materials, stock and purchases; costs are for those who answer for them."""

from punctual.kernel.wording import N_
from punctual.platform.accounts.models import Role
from punctual.platform.accounts.permissions import OFFICE, grant

grant("supply.view", N_("see materials, stock and purchases"), OFFICE)
grant(
    "supply.see_costs",
    N_("see costs of materials and purchases"),
    [Role.SUPPLY_CHAIN, Role.ORDER_MANAGER, Role.FINANCE, Role.MANAGER],
)
grant("supply.change", N_("change materials, stock and purchases"), [Role.SUPPLY_CHAIN])
grant("supply.dates", N_("record dates that suppliers give"), [Role.SUPPLY_CHAIN, Role.ORDER_MANAGER])
grant("supply.decide", N_("choose a way out of a shortage"), [Role.SUPPLY_CHAIN, Role.ORDER_MANAGER])
grant("supply.reserve", N_("reserve and release material"), [Role.SUPPLY_CHAIN, Role.ORDER_MANAGER, Role.PLANNER])
