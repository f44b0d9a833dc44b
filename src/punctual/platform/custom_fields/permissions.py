"""Who decides which fields there are; their values belong to the thing that has them."""

from punctual.kernel.wording import N_
from punctual.platform.accounts.permissions import grant

grant("custom_fields.define", N_("define custom fields"), [])
