"""What the writer of a text is told about the people mentioned in it."""

from __future__ import annotations

from django.db.models import Model
from django.utils.translation import gettext as _

from punctual.platform.accounts.models import User
from punctual.platform.comments.following import sees
from punctual.platform.comments.services import mentioned_in
from punctual.web.formatting import listed


def untold(actor: User, target: Model, text: str) -> str:
    """Who was mentioned in vain, in a sentence; empty where everybody heard of it."""
    blind = [one.name for one in mentioned_in(text, actor) if not sees(one, target)]
    words = _("Not told, because they may not see it: %(names)s.")
    return words % {"names": listed(blind)} if blind else ""
