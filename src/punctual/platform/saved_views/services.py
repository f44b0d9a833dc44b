"""Keep, list and drop views."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.records import get_or_not_found
from punctual.platform.saved_views.models import SavedView


def views_for(actor: User, page: str) -> QuerySet[SavedView]:
    """One's own and the shared ones of a page."""
    return SavedView.objects.filter(Q(user=actor) | Q(shared=True), page=page)


def save_view(*, actor: User, page: str, name: str, query: str, shared: bool = False) -> SavedView:
    """Keep the query under the name; the same name again replaces it."""
    name = name.strip()
    if not name or len(name) > 60:
        raise Refusal(
            Reason(code="saved_view.name", text=N_("Give the view a name of 1 to 60 characters."), field="name")
        )
    view, _ = SavedView.objects.update_or_create(
        user=actor, page=page, name=name, defaults={"query": query[:1000], "shared": shared}
    )
    return view


def delete_view(*, actor: User, view_id: int) -> None:
    """Only one's own."""
    get_or_not_found(SavedView.objects.filter(user=actor), pk=view_id).delete()
