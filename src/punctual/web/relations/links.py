"""What a request has to do with, as it is shown."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from punctual.platform.targets import TARGETS


def shown_link(one: Any) -> dict[str, Any]:
    target = TARGETS.get(one.target_type)
    url = ""
    if target is not None:
        # What has a number of its own is called by it first.
        key = one.target_id if target.url_key == "pk" else one.label.split(" ")[0]
        url = reverse(target.url_name, args=[key])
    return {"label": one.label, "icon": target.icon if target else "link", "url": url}
