"""Who serves customers after delivery."""

from punctual.kernel.wording import N_
from punctual.platform.accounts.models import Role
from punctual.platform.accounts.permissions import EVERY_ROLE, OFFICE, grant

grant("service.view", N_("see service cases, warranties and visits"), OFFICE)
grant(
    "service.change",
    N_("open and steer service cases, visits and returns"),
    [Role.ORDER_MANAGER, Role.SALES, Role.QUALITY],
)
grant(
    "service.parts",
    N_("take spare parts out of stock for service cases"),
    [Role.ORDER_MANAGER, Role.SUPPLY_CHAIN, Role.QUALITY],
)
grant("service.visit", N_("report own visits and have them signed"), EVERY_ROLE)
