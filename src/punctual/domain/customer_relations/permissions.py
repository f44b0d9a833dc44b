"""Who looks after customers."""

from punctual.kernel.wording import N_
from punctual.platform.accounts.models import Role
from punctual.platform.accounts.permissions import OFFICE, grant

CARE = [Role.ORDER_MANAGER, Role.SALES]

grant("requests.view", N_("see customers' requests"), OFFICE)
grant(
    "requests.change",
    N_("record and answer customers' requests"),
    [*CARE, Role.SUPPLY_CHAIN, Role.PLANNER, Role.QUALITY],
)
grant("requests.rules", N_("set response times and reply templates"), [Role.ORDER_MANAGER])
grant("meetings.view", N_("see meetings with customers"), OFFICE)
grant("meetings.change", N_("call meetings and write minutes"), [*CARE, Role.QUALITY])
grant("meetings.approve", N_("approve and send minutes"), CARE)
grant("feedback.view", N_("see customers' feedback"), OFFICE)
grant("feedback.change", N_("send surveys and answer feedback"), [*CARE, Role.QUALITY])
grant("tracking.change", N_("give customers a tracking link and say what it shows"), CARE)
