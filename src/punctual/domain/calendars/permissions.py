"""Who reads and who changes working calendars."""

from punctual.kernel.wording import N_
from punctual.platform.accounts.models import Role
from punctual.platform.accounts.permissions import EVERY_ROLE, grant

grant("calendars.read", N_("see working calendars"), EVERY_ROLE)
grant("calendars.change", N_("change working calendars"), [Role.ORDER_MANAGER, Role.PLANNER])
