"""Who puts a view on everybody's page."""

from punctual.kernel.wording import N_
from punctual.platform.accounts.models import Role
from punctual.platform.accounts.permissions import grant

grant("views.share", N_("share saved views with everybody"), [role for role in Role if role != Role.WORKER])
