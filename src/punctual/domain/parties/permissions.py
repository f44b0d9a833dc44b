"""Who reads and who changes customers and suppliers."""

from punctual.kernel.wording import N_
from punctual.platform.accounts.models import Role
from punctual.platform.accounts.permissions import OFFICE, grant

grant("customers.read", N_("see customers"), OFFICE)
grant("customers.change", N_("change customers and contacts"), [Role.ORDER_MANAGER, Role.SALES])
grant("suppliers.read", N_("see suppliers"), OFFICE)
grant("suppliers.change", N_("change suppliers"), [Role.SUPPLY_CHAIN])
