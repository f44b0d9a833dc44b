"""Who may see quality, inspect, decide and let pass. The shop floor sees the inspections that are its own."""

from punctual.kernel.wording import N_
from punctual.platform.accounts.models import Role
from punctual.platform.accounts.permissions import EVERY_ROLE, OFFICE, grant

grant("quality.view", N_("see quality plans, inspections and nonconformities"), OFFICE)
grant("quality.inspect", N_("inspect"), [Role.QUALITY, Role.WORKER])
grant("quality.report", N_("report a nonconformity"), EVERY_ROLE)
grant("quality.plan", N_("change quality plans"), [Role.QUALITY, Role.ORDER_MANAGER])
grant("quality.approve", N_("approve quality plans"), [Role.QUALITY, Role.MANAGER])
grant("quality.handle", N_("contain and verify nonconformities, lead corrective actions"), [Role.QUALITY])
grant("quality.dispose", N_("decide the disposition"), [Role.QUALITY, Role.MANAGER])
grant("quality.concede", N_("accept a deviation, let a quality gate pass"), [Role.QUALITY, Role.MANAGER])
grant("quality.book", N_("book the cost of quality"), [Role.QUALITY, Role.FINANCE])
grant(
    "quality.see_cost",
    N_("see the cost of quality"),
    [Role.QUALITY, Role.FINANCE, Role.ORDER_MANAGER, Role.MANAGER],
)
