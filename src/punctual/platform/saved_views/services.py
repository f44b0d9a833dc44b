"""Keep, list and drop views."""

from __future__ import annotations

from typing import Final

from django.db.models import Q, QuerySet

from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import Role, User
from punctual.platform.accounts.permissions import require
from punctual.platform.records import get_or_not_found
from punctual.platform.saved_views.models import FirstView, SavedView

MOST_VIEWS: Final = 20
"""Of one person on one page: each is counted whenever the page is opened."""


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
    if shared:
        require(actor, "views.share")
    others = SavedView.objects.filter(user=actor, page=page).exclude(name=name)
    if others.count() >= MOST_VIEWS:
        text = N_("You have %(most)d views here already. Drop one first.")
        raise Refusal(Reason("saved_view.most", text, {"most": MOST_VIEWS}))
    kept = {"query": query.replace("%00", "").replace("\0", "")[:1000], "shared": shared}
    view, _ = SavedView.objects.update_or_create(user=actor, page=page, name=name, defaults=kept)
    return view


def delete_view(*, actor: User, view_id: int) -> None:
    """One's own; an administrator any that is shared."""
    mine = Q(user=actor) | (Q(shared=True) if actor.role == Role.ADMINISTRATOR else Q())
    get_or_not_found(SavedView.objects.filter(mine), pk=view_id).delete()


def first_view(actor: User, page: str) -> SavedView | None:
    """The one with which the page opens, while the actor still sees it."""
    found = FirstView.objects.filter(user=actor, page=page).select_related("view").first()
    return found.view if found is not None and (found.view.shared or found.view.user_id == actor.pk) else None


def open_first(*, actor: User, view_id: int) -> None:
    """Let the page open with this view, or, where it does, as it did before."""
    view = get_or_not_found(SavedView.objects.filter(Q(user=actor) | Q(shared=True)), pk=view_id)
    dropped, _kinds = FirstView.objects.filter(user=actor, page=view.page, view=view).delete()
    if not dropped:
        FirstView.objects.update_or_create(user=actor, page=view.page, defaults={"view": view})
