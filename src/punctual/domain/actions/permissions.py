"""Who may see and change action items. Everybody sees and finishes their own; these open the others'."""

from punctual.kernel.wording import N_
from punctual.platform.accounts.models import Role
from punctual.platform.accounts.permissions import EVERY_ROLE, OFFICE, grant

grant("actions.view_all", N_("see everybody's action items"), OFFICE)
grant("actions.open", N_("give somebody an action item"), OFFICE)
grant("actions.own", N_("finish own action items"), EVERY_ROLE)
grant("actions.steer", N_("change and cancel everybody's action items"), [Role.ORDER_MANAGER, Role.QUALITY])
