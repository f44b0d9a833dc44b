"""Who may do what with change orders."""

from punctual.kernel.wording import N_
from punctual.platform.accounts.models import Role
from punctual.platform.accounts.permissions import OFFICE, grant

grant("changes.view", N_("see change orders"), OFFICE)
grant("changes.cost", N_("see what a change order costs"), OFFICE)
grant("changes.raise", N_("raise, analyse and submit change orders"), [Role.ORDER_MANAGER, Role.SALES])
grant("changes.apply", N_("apply and take back change orders"), [Role.ORDER_MANAGER])
