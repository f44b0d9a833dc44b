"""Who may do what with orders."""

from punctual.kernel.wording import N_
from punctual.platform.accounts.models import Role
from punctual.platform.accounts.permissions import OFFICE, grant

grant("orders.view", N_("see orders"), OFFICE)
grant("orders.change", N_("enter, import and change orders"), [Role.ORDER_MANAGER, Role.SALES])
grant("orders.waive", N_("waive warnings of an order"), [Role.ORDER_MANAGER, Role.SALES])
grant("orders.submit", N_("submit orders for review"), [Role.ORDER_MANAGER, Role.SALES])
grant(
    "orders.review",
    N_("sign order reviews"),
    [Role.ORDER_MANAGER, Role.SALES, Role.SUPPLY_CHAIN, Role.PLANNER, Role.QUALITY, Role.FINANCE],
)
grant("orders.confirm", N_("confirm orders"), [Role.ORDER_MANAGER])
grant("orders.steer", N_("hold, resume, cancel orders and give them another owner"), [Role.ORDER_MANAGER])
grant("orders.comment", N_("comment on orders and attach files"), OFFICE)
grant("orders.rules", N_("set order checks and review rules"), [Role.ORDER_MANAGER])
