"""Who may see, write and settle risks."""

from punctual.kernel.wording import N_
from punctual.platform.accounts.models import Role
from punctual.platform.accounts.permissions import OFFICE, grant

grant("risks.view", N_("see risks"), OFFICE)
grant(
    "risks.write",
    N_("enter, assess and change risks"),
    [
        Role.ORDER_MANAGER,
        Role.PLANNER,
        Role.QUALITY,
        Role.SUPPLY_CHAIN,
        Role.SALES,
    ],
)
grant("risks.decide", N_("choose responses, record that a risk occurred, close risks"), [Role.ORDER_MANAGER])
grant("risks.settings", N_("set the risk matrix and the library of typical risks"), [Role.ORDER_MANAGER])
