"""Who reports, watches, repairs and tells."""

from punctual.kernel.wording import N_
from punctual.platform.accounts.models import Role
from punctual.platform.accounts.permissions import EVERY_ROLE, OFFICE, grant

STEERING = [Role.ORDER_MANAGER, Role.PLANNER]

grant("progress.own", N_("report on own tasks and those of the own team"), EVERY_ROLE)
grant("progress.view", N_("see progress reports"), OFFICE)
grant("warnings.view", N_("see early warnings"), OFFICE)
grant(
    "warnings.handle",
    N_("hand on and put off early warnings"),
    [Role.ORDER_MANAGER, Role.PLANNER, Role.SUPPLY_CHAIN, Role.QUALITY, Role.SALES, Role.FINANCE, Role.MANAGER],
)
grant("warnings.rules", N_("set when a warning is given"), [Role.ORDER_MANAGER, Role.MANAGER])
grant("health.override", N_("override the health of an order"), [Role.ORDER_MANAGER, Role.MANAGER])
grant("recovery.view", N_("see ways out for late orders"), [*STEERING, Role.SUPPLY_CHAIN, Role.SALES, Role.MANAGER])
grant("recovery.compute", N_("compute ways out for late orders"), STEERING)
grant("recovery.apply", N_("apply a way out"), [Role.ORDER_MANAGER])
grant("notices.view", N_("see change notices"), EVERY_ROLE)
grant("notices.send", N_("send change notices and messages to customers"), STEERING)
grant("reports.view", N_("see status reports and the dashboard"), OFFICE)
grant("reports.schedule", N_("have reports sent by themselves"), [Role.ORDER_MANAGER, Role.MANAGER])
