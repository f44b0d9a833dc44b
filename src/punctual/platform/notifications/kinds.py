"""The kinds of notifications people choose among, and the kinds of events programs may hear of."""

from __future__ import annotations

from typing import Final

from punctual.kernel.wording import N_

KINDS: Final[dict[str, str]] = {
    "mention": N_("Somebody mentions me"),
    "follow": N_("Comments and changes on what I follow"),
    "action": N_("Action items given to me or finished for me"),
    "review": N_("Order reviews that wait for me"),
    "owner": N_("Orders given to me"),
    "customer_po": N_("Customers’ orders being read in"),
}
"""Kind → words (a catalogue key). Apps add theirs with :func:`register_kind`."""

EVENTS: Final[dict[str, str]] = {}
"""Event of the outbox that a webhook may hear → words."""


def register_kind(kind: str, label: str) -> None:
    KINDS[kind] = label


def register_event(kind: str, label: str) -> None:
    """Let webhooks hear this event of the outbox. Its payload must hold nothing that is not meant for them."""
    from punctual.platform.notifications.outgoing import tell_webhooks
    from punctual.platform.outbox.services import subscribe

    EVENTS[kind] = label
    subscribe(kind, tell_webhooks)
