"""Who reads and who changes the catalogue; prices are for the office."""

from punctual.kernel.wording import N_
from punctual.platform.accounts.models import Role
from punctual.platform.accounts.permissions import EVERY_ROLE, OFFICE, grant

grant("catalog.read", N_("see products"), EVERY_ROLE)
grant("catalog.see_prices", N_("see list prices"), OFFICE)
grant("catalog.change", N_("change products and revisions"), [Role.ORDER_MANAGER, Role.PLANNER])
grant("catalog.change_prices", N_("change list prices"), [Role.ORDER_MANAGER, Role.SALES, Role.FINANCE])
