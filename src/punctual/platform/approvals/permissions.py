"""Who may see and decide approvals; which role a step asks for decides the rest."""

from punctual.kernel.wording import N_
from punctual.platform.accounts.models import Role
from punctual.platform.accounts.permissions import OFFICE, grant

grant("approvals.view", N_("see approvals"), OFFICE)
grant("approvals.decide", N_("approve and reject"), OFFICE)
grant("approvals.rules", N_("set approval chains"), [Role.ORDER_MANAGER, Role.MANAGER])
