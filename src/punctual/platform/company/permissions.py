"""Who keeps what holds for the whole company."""

from punctual.kernel.wording import N_
from punctual.platform.accounts.models import Role
from punctual.platform.accounts.permissions import OFFICE, grant

grant("rates.view", N_("see exchange rates"), OFFICE)
grant("rates.set", N_("keep exchange rates"), [Role.FINANCE])
