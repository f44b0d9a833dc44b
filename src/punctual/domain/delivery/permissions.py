"""Who may deliver, accept, see and enter money, and close."""

from punctual.kernel.wording import N_
from punctual.platform.accounts.models import Role
from punctual.platform.accounts.permissions import OFFICE, grant

grant("delivery.view", N_("see deliveries and acceptances"), OFFICE)
grant(
    "delivery.prepare",
    N_("prepare deliveries"),
    [Role.ORDER_MANAGER, Role.SALES, Role.SUPPLY_CHAIN],
)
grant("delivery.ship", N_("record shipments and receipts"), [Role.ORDER_MANAGER, Role.SUPPLY_CHAIN])
grant("delivery.release", N_("release a delivery by name"), [Role.ORDER_MANAGER, Role.MANAGER])
grant("delivery.accept", N_("record acceptances"), [Role.ORDER_MANAGER, Role.SALES, Role.QUALITY])
grant("delivery.close", N_("close orders with a review"), [Role.ORDER_MANAGER])
grant("delivery.settings", N_("set what is needed to ship"), [Role.ORDER_MANAGER, Role.MANAGER])
grant(
    "payments.view",
    N_("see payment milestones"),
    [Role.ORDER_MANAGER, Role.SALES, Role.FINANCE, Role.MANAGER],
)
grant("payments.plan", N_("set payment milestones"), [Role.ORDER_MANAGER, Role.FINANCE])
grant("payments.enter", N_("enter invoices and receipts"), [Role.FINANCE, Role.ORDER_MANAGER])
