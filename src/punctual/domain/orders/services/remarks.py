"""Comments and files on an order."""

from __future__ import annotations

from typing import IO

from django.db import transaction

from punctual.domain.orders.selectors import order_by_id
from punctual.domain.orders.services.review import page_of
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.attachments.models import Attachment
from punctual.platform.attachments.services import attach, remove
from punctual.platform.comments.models import Comment
from punctual.platform.comments.services import add_comment


@transaction.atomic
def comment_on_order(*, actor: User, order_id: int, text: str) -> Comment:
    """Say something; ``@name`` tells that person."""
    require(actor, "orders.comment")
    order = order_by_id(actor, order_id)
    return add_comment(actor=actor, target=order, text=text, url=page_of(order))


@transaction.atomic
def attach_to_order(*, actor: User, order_id: int, file: IO[bytes], name: str) -> Attachment:
    """Keep a file with the order."""
    require(actor, "orders.comment")
    return attach(actor=actor, target=order_by_id(actor, order_id), file=file, name=name)


@transaction.atomic
def detach_from_order(*, actor: User, order_id: int, attachment_id: int) -> None:
    """Take a file off the order."""
    require(actor, "orders.change")
    remove(actor=actor, target=order_by_id(actor, order_id), attachment_id=attachment_id)
