"""Who sees and steers schedules, promises and capacity."""

from punctual.kernel.wording import N_
from punctual.platform.accounts.models import Role
from punctual.platform.accounts.permissions import OFFICE, grant

grant("scheduling.view", N_("see schedules, load and forecasts"), OFFICE)
grant("scheduling.run", N_("start a schedule run"), [Role.ORDER_MANAGER, Role.PLANNER, Role.SUPPLY_CHAIN])
grant("scheduling.level", N_("apply levelling proposals and lock tasks"), [Role.ORDER_MANAGER, Role.PLANNER])
grant("scheduling.absence", N_("enter absences and breakdowns"), [Role.ORDER_MANAGER, Role.PLANNER, Role.SUPPLY_CHAIN])
grant("scheduling.scenario", N_("make and apply scenarios"), [Role.ORDER_MANAGER, Role.PLANNER, Role.MANAGER])
grant("scheduling.settings", N_("set how the company schedules and promises"), [Role.ORDER_MANAGER])
grant("promises.view", N_("see promises to customers"), OFFICE)
grant("promises.give", N_("give and change promised dates"), [Role.ORDER_MANAGER, Role.SALES])
grant("promises.exception", N_("promise below the company's floor"), [Role.ORDER_MANAGER, Role.MANAGER])
