"""Who may see, make and change plans and their templates. A budget tells what an order will cost: who sees no costs
sees none."""

from punctual.kernel.wording import N_
from punctual.platform.accounts.models import Role
from punctual.platform.accounts.permissions import OFFICE, grant

grant("plans.view", N_("see plans"), OFFICE)
grant("plans.make", N_("make plans and keep baselines"), [Role.ORDER_MANAGER, Role.PLANNER])
grant("plans.edit", N_("change plans"), [Role.ORDER_MANAGER, Role.PLANNER])
grant(
    "plans.report",
    N_("report progress of tasks"),
    [Role.ORDER_MANAGER, Role.PLANNER, Role.SUPPLY_CHAIN, Role.QUALITY],
)
grant(
    "plans.see_budget",
    N_("see budgets of plans and templates"),
    [Role.ORDER_MANAGER, Role.FINANCE, Role.MANAGER, Role.PLANNER],
)
grant("templates.view", N_("see plan templates"), OFFICE)
grant("templates.edit", N_("change plan templates"), [Role.ORDER_MANAGER, Role.PLANNER])
